/**
 * A1-A8: the node is killed with SIGKILL at seeded random moments under load. Whatever it was doing, each key ends with
 * one answer and at most one charge, and nothing that was acknowledged is lost.
 */
import { expect } from "chai";
import { Cluster, isReady, until } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { type Answer, Merchant, payment } from "../rig/merchant.ts";
import { seededRandom } from "../rig/seeded-random.ts";

const KILLS = 50;
const CLIENTS = 12;
const THINK_MS = 25; // a shopper's pace: enough load to be hit, few enough keys to look at each
const CHECKERS = 40;
const SETTLED_WITHIN_MS = 60_000;
const BODIES = [
  payment(),
  payment({ capture_method: "manual" }),
  payment({ payment_method: "tok_decline_insufficient_funds" }),
];

/** One purchase as its client remembers it. */
interface Purchase {
  readonly key: string;
  readonly merchant: Merchant;
  readonly body: Readonly<Record<string, unknown>>;
  /** Every answer with a body of ours. */
  readonly answers: Answer[];
}

describe("a node killed under load", function () {
  this.timeout(600_000);
  const random = seededRandom();
  const purchases: Purchase[] = [];
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  let openWhenKilled = 0;

  before(async () => {
    cluster = await Cluster.start();
    merchants = await Promise.all([0, 1, 2].map((index) => Merchant.signIn(cluster.info, index)));
  });
  after(async () => {
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
  });

  /** Buys on and on; a purchase that is not final at once is taken up again at the end. */
  async function buy(client: number, goesOn: () => boolean): Promise<void> {
    for (let n = 0; goesOn(); n++) {
      const purchase: Purchase = {
        key: `client-${client}-${n}`,
        merchant: merchants[(client + n) % merchants.length] as Merchant,
        body: BODIES[(client * 7 + n) % BODIES.length] as Purchase["body"],
        answers: [],
      };
      purchases.push(purchase);
      const answer = await purchase.merchant.create(purchase.key, purchase.body).catch(() => undefined);
      if (answer !== undefined) purchase.answers.push(answer);
      await new Promise((resolve) => setTimeout(resolve, THINK_MS));
    }
  }

  /** Kills the node now; true when an operation was open at that moment. */
  async function kill(): Promise<boolean> {
    const pid = cluster.nodePid;
    process.kill(pid, "SIGKILL");
    const rows = await cluster.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM payment_current WHERE status = 'pending'",
    );
    await until(
      "the node is started again",
      30_000,
      async () => cluster.nodePid !== pid && (await isReady(cluster.info)),
    );
    return rows.some(({ n }) => n > 0);
  }

  it(`A1-A8 ${KILLS} kills: the node comes back each time (seed ${random.seed})`, async () => {
    let goesOn = true;
    const clients = Array.from({ length: CLIENTS }, (_, client) => buy(client, () => goesOn));
    for (let n = 0; n < KILLS; n++) {
      await new Promise((resolve) => setTimeout(resolve, 30 + random.next() * 400)); // the random moment
      if (await kill()) openWhenKilled++;
    }
    goesOn = false;
    await Promise.all(clients);
    console.log(
      `      ${purchases.length} purchases; ${openWhenKilled} of ${KILLS} kills hit an open operation; seed ${random.seed}`,
    );
    expect(openWhenKilled, "kills that hit an open operation").to.be.greaterThan(10);
  });

  it("nothing is pending after 60 s", () =>
    until("no payment is pending", SETTLED_WITHIN_MS, async () => {
      const rows = await cluster.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM payment_current WHERE status = 'pending'",
      );
      return rows.every(({ n }) => n === 0);
    }));

  it("A2, A7, A8 every key ends in one final answer, byte-equal to whatever was acknowledged before", async () => {
    await forEach(purchases, async ({ key, merchant, body, answers }) => {
      const final = await merchant.createUntilFinal(key, body, 30_000);
      const declined = body["payment_method"] !== "tok_visa";
      expect(final.status, `${key}: ${final.text}`).to.equal(declined ? 402 : 201);
      for (const answer of answers) {
        if (answer.status === 201 || answer.status === 402)
          expect([answer.status, answer.text], key).to.deep.equal([final.status, final.text]);
        else if (answer.status === 202)
          expect(answer.body["id"], key).to.equal(final.body["id"] ?? final.body["payment_id"]);
        else expect([409, 503], `${key}: ${answer.text}`).to.include(answer.status);
      }
    });
  });

  it("I4 every acknowledged payment is readable", async () => {
    let acknowledged = 0;
    await forEach(purchases, async ({ merchant, answers }) => {
      for (const { status, body } of answers) {
        if (status !== 201) continue;
        acknowledged++;
        const read = await merchant.get(String(body["id"]));
        expect([read.status, read.body["status"]]).to.deep.equal([200, body["status"]]);
      }
    });
    console.log(`      ${acknowledged} acknowledged payments read back`);
    expect(acknowledged).to.be.greaterThan(KILLS);
  });

  it("I1-I11 books, charge log and journal agree", () => expectInvariants(cluster));
});

/** Runs `work` over all items, some at a time; rejects with the first failure. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: CHECKERS }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
