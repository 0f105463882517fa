/** B5: clients that leave right after the body. The process serves on, and each key then gets its answer for one effect. */
import { expect } from "chai";
import { connect } from "node:net";
import { readCharges } from "./rig/charge-log.ts";
import { Cluster } from "./rig/cluster.ts";
import { inParallel } from "./rig/in-parallel.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { type Call, cancel, capture, create, limitRate, Merchant, payment, refund } from "./rig/merchant.ts";

const ABORTS = 1_000;
const AT_ONCE = 25;
const WITHIN_MS = 60_000;
/** Refunds of one payment: it has as many minor units. */
const REFUNDS_EACH = 50;
const MANUAL = { amount: 1_000, capture_method: "manual", gateway: "stripe" };

interface Left {
  readonly merchant: Merchant;
  readonly call: Call;
}

describe("clients that leave right after the body", function () {
  this.timeout(240_000);
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  let nodePid = 0;
  let port = 0;
  const left: Left[] = [];

  before(async () => {
    cluster = await Cluster.start();
    nodePid = cluster.nodePid;
    port = Number(new URL(cluster.info.apiUrl).port);
    merchants = await Merchant.signInMany(cluster.info, 3);
    await limitRate(cluster, merchants, 100_000);
  });
  after(async () => {
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
  });

  /** Sends the request, and once its bytes have left this process resets the connection, or closes it. */
  const leave = ({ merchant, call: { path, key, body } }: Left, n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body ?? {});
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${merchant.token}\r\nX-Idempotency-Key: ${key}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
          () => (n % 2 === 0 ? socket.resetAndDestroy() : socket.destroy()),
        );
      });
      socket.on("close", () => resolve());
      socket.on("error", reject);
    });

  /** The requests, a quarter each of the four routes, with the payments that they are about. */
  async function plan(): Promise<void> {
    const quarter = ABORTS / 4;
    await inParallel(
      Array.from({ length: quarter }, (_, n) => n),
      AT_ONCE,
      async (n) => {
        const merchant = merchants[n % merchants.length] as Merchant;
        const [held, canceled] = await Promise.all(
          ["capture", "cancel"].map((what) => merchant.pay(`for-${what}-${n}`, payment(MANUAL), WITHIN_MS)),
        );
        left.push(
          { merchant, call: create(`create-${n}`, payment({ gateway: "stripe" })) },
          { merchant, call: capture(`capture-${n}`, held as string, { amount: 600 }) },
          { merchant, call: cancel(`cancel-${n}`, canceled as string, {}) },
        );
        if (n % REFUNDS_EACH !== 0) return;
        const sold = await merchant.pay(`for-refunds-${n}`, payment({ gateway: "stripe", amount: REFUNDS_EACH }));
        for (let i = 0; i < REFUNDS_EACH; i++)
          left.push({ merchant, call: refund(`refund-${n}-${i}`, sold, { amount: 1 }) });
      },
    );
  }

  it(`B5 ${ABORTS} aborts on all four routes leave the process serving, with the same pid`, async () => {
    await plan();
    expect(left.length).to.equal(ABORTS);
    await inParallel(left.entries(), AT_ONCE, ([n, one]) => leave(one, n));
    expect((await (merchants[0] as Merchant).create("afterwards", payment())).status).to.equal(201);
    expect(cluster.nodePid).to.equal(nodePid);
  });

  it("B5 each of the keys gets its final answer, for one effect", async () => {
    let replayed = 0;
    await inParallel(left, AT_ONCE, async ({ merchant, call }) => {
      const answer = await merchant.untilFinal(call, WITHIN_MS);
      if (answer.headers["idempotent-replayed"] === "true") replayed++;
      const status = call.path.endsWith("payments") || call.path.endsWith("refunds") ? 201 : 200;
      expect(answer.status, `${call.path} ${call.key}: ${answer.text}`).to.equal(status);
    });
    console.log(`      ${replayed} of ${ABORTS} had been served though nobody waited`);
    expect(replayed, "requests that were served though nobody waited").to.be.greaterThan(0);
    const perOperation = Map.groupBy(readCharges(cluster.info), ({ key }) => key);
    for (const [key, charges] of perOperation) expect(charges.length, `effects of ${key}`).to.equal(1);
    const kinds = Map.groupBy(readCharges(cluster.info), ({ kind }) => kind);
    const quarter = ABORTS / 4;
    expect([kinds.get("capture")?.length, kinds.get("void")?.length, kinds.get("refund")?.length]).to.deep.equal([
      quarter,
      quarter,
      quarter,
    ]);
    expect(cluster.nodePid).to.equal(nodePid);
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
