/**
 * G1-G8: gateways that cannot be reached, are busy, hang, and lie. Times are short, and for the most part nothing is told
 * unasked, so that an operation in doubt ends by what the resolver does. Whatever happens: one charge or none, and nothing
 * fails without a fact.
 */
import { expect } from "chai";
import { type AddressInfo, createServer, type Server } from "node:net";
import { bytesOfId } from "../../../actors/domain/index.ts";
import { effectsOf } from "../rig/charge-log.ts";
import { Cluster, until } from "../rig/cluster.ts";
import { findingsOf } from "../rig/findings.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { type Answer, limitRate, Merchant } from "../rig/merchant.ts";
import { limitArgs, QUICK, restartWith } from "../rig/node-settings.ts";
import { heal, order, requestsOf, sendNotice, type Simulated } from "../rig/simulators.ts";
import {
  bodyOf,
  chargeOf,
  GATEWAYS,
  LONG_S,
  type Method,
  METHODS,
  MISMATCHES,
  pendingOf,
  statusOf,
  TOKEN_CASES,
  type TokenCase,
} from "./gateway-cases.ts";

const WITHIN_MS = 60_000;
/** How often one key may come, in an operation that takes a minute at most. */
const SAME_KEY_MAX = 8;

describe("gateway faults", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;
  /** Speaks no TLS. */
  let plain: Server;
  /** First answers while neither gateway can be reached. */
  let unreachable: readonly Answer[] = [];
  /** The token cases run side by side. */
  const running = new Map<string, Promise<void>>();

  before(async () => {
    plain = createServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((listens) => plain.listen(0, "127.0.0.1", listens));
    const tls = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    const limits = limitArgs({ ...QUICK, breakerFailuresMin: 10_000 }); // each case by itself, not what many together bring
    cluster = await Cluster.start("--stripe-url", "http://gateway.invalid", "--adyen-url", tls, ...limits);
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
    unreachable = await Promise.all(
      GATEWAYS.map((gateway) => merchant.create(`unreachable-${gateway}`, bodyOf(gateway, "automatic"))),
    );
    const { stripe, adyen } = cluster.info.gateways;
    await restartWith(cluster, ({ gateways, ...settings }) => ({
      ...settings,
      gateways: {
        ...gateways,
        stripe: { ...gateways.stripe, baseUrl: stripe.url },
        adyen: { ...gateways.adyen, baseUrl: adyen.url },
      },
    }));
    for (const gateway of GATEWAYS) await order(cluster, gateway, "mode", { mute: true });
    for (const one of TOKEN_CASES)
      for (const gateway of GATEWAYS)
        for (const method of METHODS) running.set(nameOf(one, gateway, method), run(one, gateway, method));
    for (const end of running.values()) end.catch(() => {}); // each is awaited by its test
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
    plain?.close();
  });

  const nameOf = ({ token }: TokenCase, gateway: Simulated, method: Method): string => `${token}-${gateway}-${method}`;
  async function run(one: TokenCase, gateway: Simulated, method: Method): Promise<void> {
    const name = nameOf(one, gateway, method);
    const body = bodyOf(gateway, method, one.token);
    const first = await merchant.create(name, body);
    const isUncharged = one.uncharged?.includes(gateway) === true;
    const status = isUncharged ? 402 : 201;
    expect(one.isLate === true ? [202] : [202, status], `${name}: ${first.text}`).to.include(first.status);
    const final = await merchant.createUntilFinal(name, body, WITHIN_MS);
    expect(final.status, final.text).to.equal(status);
    const ended = (isUncharged ? final.body["payment"] : final.body) as Answer["body"];
    const id = String(ended["id"]);
    if (first.status === 202) expect(first.body["id"]).to.equal(id);
    expect(effectsOf(cluster.info, id)).to.deep.equal(isUncharged ? [] : [chargeOf(method)]);
    expect(ended["status"]).to.equal(isUncharged ? "failed" : statusOf(method));
    const asked = await keysAsked(gateway, id);
    expect(asked.size, `keys of ${name}`).to.be.at.most(gateway === "stripe" ? 2 : 1); // Stripe's: create and confirm
    for (const [key, times] of asked) expect(times, `${name}: ${key}`).to.be.at.most(SAME_KEY_MAX);
  }

  /** How often each key of a payment's first operation came to its gateway. */
  async function keysAsked(gateway: Simulated, id: string): Promise<ReadonlyMap<string, number>> {
    const own = await gatewayKeyOf(cluster, id);
    const keys = (await requestsOf(cluster, gateway)).flatMap(({ key }) =>
      key?.startsWith(own) === true ? [key] : [],
    );
    return new Map([...Map.groupBy(keys, (key) => key)].map(([key, times]) => [key, times.length]));
  }

  for (const one of TOKEN_CASES)
    for (const gateway of GATEWAYS)
      for (const method of METHODS) {
        const end = one.uncharged?.includes(gateway) === true ? "failed" : statusOf(method);
        it(`${one.row} ${gateway}: ${one.token}, ${method}: ${end}, by polling alone`, () =>
          running.get(nameOf(one, gateway, method)));
      }

  describe("refused for a while", () => {
    const first = new Map<string, Answer>();
    /** One after the other, for a gateway that refuses takes no orders; they end beside each other. */
    before(async () => {
      await Promise.allSettled(running.values()); // they are not to be refused
      for (const fault of ["rateLimitSeconds", "refuseSeconds"] as const)
        for (const gateway of GATEWAYS) {
          await order(cluster, gateway, "mode", { [fault]: LONG_S });
          const key = `${fault}-${gateway}`;
          first.set(key, await merchant.create(key, bodyOf(gateway, "automatic")));
          await heal(cluster);
        }
    });

    for (const gateway of GATEWAYS) {
      it(`G4 ${gateway}: 429 to everything is no decline: 202, then charged`, async () => {
        expect(first.get(`rateLimitSeconds-${gateway}`)?.status).to.equal(202);
        await endsCharged(`rateLimitSeconds-${gateway}`, gateway, "automatic");
      });
      it(`G1 ${gateway}: refused connections: 202, tried again with the same key, charged once`, async () => {
        const { status, body } = first.get(`refuseSeconds-${gateway}`) as Answer;
        expect([status, (body["pending"] as Answer["body"])["reason"]]).to.deep.equal([202, "gateway_unreachable"]);
        await endsCharged(`refuseSeconds-${gateway}`, gateway, "automatic");
      });
    }
  });

  async function endsCharged(key: string, gateway: Simulated, method: Method, token = "tok_visa"): Promise<void> {
    const final = await merchant.createUntilFinal(key, bodyOf(gateway, method, token), WITHIN_MS);
    expect([final.status, final.body["status"]], final.text).to.deep.equal([201, statusOf(method)]);
    expect(effectsOf(cluster.info, String(final.body["id"]))).to.deep.equal([chargeOf(method)]);
  }

  it("G1 a name that does not resolve, and a TLS handshake that fails: 202, then charged once", async () => {
    for (const { status, text } of unreachable) expect(status, text).to.equal(202);
    for (const gateway of GATEWAYS) await endsCharged(`unreachable-${gateway}`, gateway, "automatic");
  });

  for (const fault of ["notFoundSeconds", "readsDownSeconds"] as const)
    it(`G8 stripe: a query that fails is no evidence, whoever asks for it: pending until it speaks (${fault})`, async () => {
      await order(cluster, "stripe", "mode", { [fault]: LONG_S });
      const token = "tok_error_500_charged"; // its replays bring the 500 for ever: only a read can tell
      const { status, body } = await merchant.create(fault, bodyOf("stripe", "automatic", token));
      expect(status).to.equal(202);
      const id = String(body["id"]);
      const reference = String((await merchant.get(id)).body["gateway_reference"]);
      const readsOf = async (): Promise<readonly number[]> =>
        (await requestsOf(cluster, "stripe"))
          .filter(({ method, path }) => method === "GET" && path.includes(reference))
          .map((read) => read.status);
      const hint = () => sendNotice(cluster, "stripe", { payment: id, type: "payment_intent.succeeded" });
      await until("it was asked in vain, again and again", WITHIN_MS, async () => {
        for (const receipt of await hint()) expect(receipt.status).to.equal(200);
        return (await readsOf()).length >= 3;
      });
      expect((await readsOf()).filter((read) => read < 400)).to.deep.equal([]);
      expect((await merchant.get(id)).body["status"]).to.equal("pending");
      await heal(cluster);
      await hint();
      await endsCharged(fault, "stripe", "automatic", token);
    });

  for (const gateway of GATEWAYS)
    for (const [token, finding] of MISMATCHES)
      it(`G6 ${gateway}: ${token}: 202, in review, reported, nothing posted`, async () => {
        const key = `mismatch-${gateway}-${token}`;
        const first = await merchant.create(key, bodyOf(gateway, "automatic", token));
        const id = String(first.body["id"]);
        await until(
          "it is in review",
          WITHIN_MS,
          async () => pendingOf(await merchant.get(id))["needs_review"] === true,
        );
        const again = await merchant.create(key, bodyOf(gateway, "automatic", token));
        expect([again.status, again.body["amount_captured"]]).to.deep.equal([202, 0]);
        expect(await findingsOf(cluster, id)).to.deep.equal([finding]);
        const postings = await cluster.query("SELECT FROM ledger_entry WHERE payment_id = encode($1, 'hex')::uuid", [
          bytesOfId(id),
        ]);
        expect(postings.length, "postings").to.equal(0);
      });

  describe("afterwards", () => {
    it("leaves the books in order, but for what waits for people", () =>
      expectInvariants(cluster, ["G6 a payment is in review"]));
  });
});

/** Of the payment's first operation. */
async function gatewayKeyOf(cluster: Cluster, id: string): Promise<string> {
  const [row] = await cluster.query<{ readonly key: string }>(
    `SELECT gateway_key AS key FROM operation WHERE payment_id = encode($1, 'hex')::uuid ORDER BY submitted_at LIMIT 1`,
    [bytesOfId(id)],
  );
  if (row === undefined) throw new Error(`${id} has no operation`);
  return row.key;
}
