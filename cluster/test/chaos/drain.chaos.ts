/** A13: a node that is asked to end under load answers everybody whom it has heard, refuses who comes later, and is gone. */
import { expect } from "chai";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster, isReady, until } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { limitRate, Merchant, payment } from "../rig/merchant.ts";

const IN_FLIGHT = 40;
const EXIT_WITHIN_MS = 30_000;
const WITHIN_MS = 60_000;
const SLOW = payment({ payment_method: "tok_slow_5s" });

describe("a node that is asked to end", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;

  before(async () => {
    cluster = await Cluster.start();
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  it("A13 SIGTERM under load: no reset, 503 with Retry-After for what is new, gone within 30 s", async () => {
    const { nodePid } = cluster;
    const waiting = Array.from({ length: IN_FLIGHT }, (_, n) =>
      merchant.create(`slow-${n}`, SLOW).catch((error: Error) => error),
    );
    await until("all are accepted", WITHIN_MS, async () => {
      const rows = await cluster.query("SELECT 1 FROM idempotency WHERE key LIKE 'slow-%'");
      return rows.length === IN_FLIGHT;
    });
    const { body } = await merchant.create("quick", payment());
    // New connections find nobody: the answer is for those who have one.
    await Promise.all(Array.from({ length: 2 * IN_FLIGHT }, () => merchant.get(String(body["id"]))));
    process.kill(nodePid, "SIGTERM");
    const late = payWhile(() => isAlive(nodePid));
    for (const answer of await Promise.all(waiting)) {
      if (answer instanceof Error) throw answer; // a reset
      expect([201, 202], answer.text).to.include(answer.status);
    }
    await until("it is gone", EXIT_WITHIN_MS, async () => !isAlive(nodePid));
    expect(await late, "refused while it ended").to.be.greaterThan(0);
    await until(
      "the next one serves",
      WITHIN_MS,
      async () => cluster.nodePid !== nodePid && (await isReady(cluster.info)),
    );
    for (let n = 0; n < IN_FLIGHT; n++) await merchant.createUntilFinal(`slow-${n}`, SLOW, WITHIN_MS);
    const keys = readCharges(cluster.info).map(({ key }) => key);
    expect(new Set(keys).size, "each once").to.equal(keys.length);
  });

  /** New requests as long as the node lives: how many were refused. */
  async function payWhile(lives: () => boolean): Promise<number> {
    let refused = 0;
    for (let n = 0; lives(); n++) {
      const answer = await merchant.create(`late-${n}`, payment()).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 10)); // pace of the client, decides nothing
      if (answer === undefined || answer.status === 201) continue; // no connection; or it came before the signal
      expect(answer.status, answer.text).to.equal(503);
      expect(answer.headers["retry-after"]).to.be.a("string");
      refused++;
    }
    return refused;
  }

  it("leaves the books in order", () => expectInvariants(cluster));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
