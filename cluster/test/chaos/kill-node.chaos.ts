/**
 * A1-A8 and A11: the node is killed with SIGKILL at seeded random moments under load of all four operations. Whatever it
 * was doing, each key ends with one answer and at most one effect, and nothing that was acknowledged is lost.
 */
import { expect } from "chai";
import { chargesOf, standingMinor } from "../rig/charge-log.ts";
import { Cluster, isReady, until } from "../rig/cluster.ts";
import { inParallel } from "../rig/in-parallel.ts";
import { expectInvariants } from "../rig/invariants.ts";
import {
  type Answer,
  type Call,
  cancel,
  capture,
  create,
  limitRate,
  Merchant,
  payment,
  refund,
} from "../rig/merchant.ts";
import { seededRandom } from "../rig/seeded-random.ts";

const KILLS = 50;
const CLIENTS = 12;
const THINK_MS = 25; // a shopper's pace: enough load to be hit, few enough keys to look at each
const AWAY_MS = 500; // a shop that is down, or says so, is not asked again at once
const CHECKERS = 40;
const SETTLED_WITHIN_MS = 120_000;
const AMOUNT = 1_999;
const BODIES = [
  payment({ amount: AMOUNT }),
  payment({ amount: AMOUNT, capture_method: "manual" }),
  payment({ amount: AMOUNT, capture_method: "manual" }),
  payment({ amount: AMOUNT, payment_method: "tok_decline_insufficient_funds" }),
];

/** Charged, but the answer is 500: its cancel, sent while that is in doubt, makes us give the charge back. */
const DOUBTED = payment({ amount: AMOUNT, gateway: "stripe", payment_method: "tok_error_500_charged" });
const DOUBTED_SHARE = 0.1;

/** One request as its client remembers it. */
interface Asked {
  readonly merchant: Merchant;
  readonly call: Call;
  /** Of its final answer; null: it depends on what came first. */
  readonly status: 200 | 201 | 402 | null;
  /** Every answer with a body of ours. */
  readonly answers: Answer[];
}

const isAway = (answer: Answer | undefined): boolean => answer === undefined || answer.status === 503;
const byNumber = (a: number, b: number): number => a - b;

/** A request and the answer to its first try; undefined: it was reset. */
type Sent = readonly [asked: Asked, answer: Answer | undefined];

/** Operations that have no end yet. */
const OPEN = "FROM operation o WHERE o.state IN ('submitted', 'unknown')";
/** Those that had just begun. */
const YOUNG = `SELECT DISTINCT o.kind ${OPEN} AND o.submitted_at > now() - interval '1 second'`;

describe("a node killed under load", function () {
  this.timeout(600_000);
  const random = seededRandom();
  const asked: Asked[] = [];
  /** Pairs of a capture and a cancel of one payment. */
  const races: (readonly [Asked, Asked])[] = [];
  /** Payments and the cancels that were sent while they were in doubt, or a little later. */
  const doubted: (readonly [id: string, cancel: Asked])[] = [];
  const hits = new Map<string, number>();
  let cluster: Cluster;
  let merchants: Merchant[] = [];

  before(async () => {
    cluster = await Cluster.start();
    merchants = await Merchant.signInMany(cluster.info, 3);
    await limitRate(cluster, merchants, 100_000);
  });
  after(async () => {
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
  });

  async function send(merchant: Merchant, call: Call, status: Asked["status"]): Promise<Sent> {
    const one: Asked = { merchant, call, status, answers: [] };
    asked.push(one);
    const answer = await merchant.send(call).catch(() => undefined);
    if (answer !== undefined) one.answers.push(answer);
    return [one, answer];
  }

  /** Buys on and on, and does something with what it bought; what is not final at once is taken up again at the end. */
  async function buy(client: number, goesOn: () => boolean): Promise<void> {
    for (let n = 0; goesOn(); n++) {
      const merchant = merchants[(client + n) % merchants.length] as Merchant;
      const body = BODIES[(client * 7 + n) % BODIES.length] as (typeof BODIES)[number];
      const key = `client-${client}-${n}`;
      if (random.next() < DOUBTED_SHARE) await cancelInDoubt(merchant, key);
      const isDeclined = body["payment_method"] !== "tok_visa";
      const [, made] = await send(merchant, create(key, body), isDeclined ? 402 : 201);
      if (made?.status === 201) await goOn(merchant, key, made);
      await new Promise((resolve) => setTimeout(resolve, isAway(made) ? AWAY_MS : THINK_MS));
    }
  }

  async function cancelInDoubt(merchant: Merchant, own: string): Promise<void> {
    const key = `${own}-doubted`;
    const made = send(merchant, create(key, DOUBTED), null);
    const known = await Promise.race([made, merchant.paymentOfKey(key).catch(() => undefined)]);
    const id = typeof known === "string" ? known : known?.[1]?.body["id"];
    if (typeof id === "string") doubted.push([id, (await send(merchant, cancel(`${key}-cancel`, id), null))[0]]);
    await made;
  }

  async function goOn(merchant: Merchant, key: string, { body }: Answer): Promise<void> {
    const id = String(body["id"]);
    const chance = random.next();
    if (body["status"] === "captured") return giveBack(merchant, key, id, AMOUNT);
    if (chance < 0.3) return void (await send(merchant, cancel(`${key}-cancel`, id), 200));
    if (chance < 0.4) {
      const both = [capture(`${key}-capture`, id), cancel(`${key}-cancel`, id)];
      const [[one], [other]] = (await Promise.all(both.map((call) => send(merchant, call, null)))) as [Sent, Sent];
      races.push([one, other]);
      return;
    }
    const amount = 1 + Math.floor(random.next() * AMOUNT);
    const [, captured] = await send(merchant, capture(`${key}-capture`, id, { amount }), 200);
    if (captured?.status === 200) await giveBack(merchant, key, id, amount);
  }

  /** Two refunds at once that fit. */
  async function giveBack(merchant: Merchant, key: string, id: string, most: number): Promise<void> {
    if (most < 2 || random.next() < 0.4) return;
    const first = 1 + Math.floor(random.next() * (most - 1));
    await Promise.all(
      [first, most - first].map((amount, n) => send(merchant, refund(`${key}-refund-${n}`, id, { amount }), 201)),
    );
  }

  /** Kills the node now, and remembers which operations had just begun. */
  async function kill(): Promise<void> {
    const pid = cluster.nodePid;
    process.kill(pid, "SIGKILL");
    const rows = await cluster.query<{ kind: string }>(YOUNG);
    for (const kind of new Set(rows.map((row) => row.kind))) hits.set(kind, (hits.get(kind) ?? 0) + 1);
    await until(
      "the node is started again",
      30_000,
      async () => cluster.nodePid !== pid && (await isReady(cluster.info)),
    );
  }

  it(`A1-A8, A11 ${KILLS} kills: the node comes back each time (seed ${random.seed})`, async () => {
    let goesOn = true;
    const clients = Array.from({ length: CLIENTS }, (_, client) => buy(client, () => goesOn));
    for (let n = 0; n < KILLS; n++) {
      await new Promise((resolve) => setTimeout(resolve, 30 + random.next() * 900)); // the random moment
      await kill();
    }
    goesOn = false;
    await Promise.all(clients);
    const kinds = Map.groupBy(asked, ({ call }) => call.path.split("/")[4] ?? "create");
    const told = [...kinds].map(([kind, ones]) => `${kind} ${ones.length}`).join(", ");
    const hit = [...hits].map(([kind, n]) => `${kind} ${n}`).join(", ");
    console.log(`      ${told}; of ${KILLS} kills so many hit an open one: ${hit}; seed ${random.seed}`);
    const first = (hits.get("authorize") ?? 0) + (hits.get("sale") ?? 0);
    const later = ["capture", "void", "refund"].map((kind) => hits.get(kind) ?? 0);
    expect(first, "kills that hit an open authorize or sale").to.be.greaterThan(10);
    expect(Math.min(...later), "kills that hit an open capture, void, refund").to.be.greaterThan(0);
  });

  it("I5 nothing is open after 120 s", () =>
    until(
      "no operation is open",
      SETTLED_WITHIN_MS,
      async () => (await cluster.query(`SELECT o.id ${OPEN}`)).length === 0,
    ));

  it("A2, A7, A8, A11 every key ends in one final answer, byte-equal to whatever was acknowledged before", async () => {
    await inParallel(asked, CHECKERS, async ({ merchant, call, status, answers }) => {
      const final = await merchant.untilFinal(call, SETTLED_WITHIN_MS); // a breaker may be open meanwhile
      if (status !== null) expect(final.status, `${call.key}: ${final.text}`).to.equal(status);
      const name = final.body["payment_id"] ?? final.body["id"];
      for (const answer of answers) {
        if (answer.status === 202) expect(answer.body["payment_id"] ?? answer.body["id"], call.key).to.equal(name);
        else if ([200, 201, 402].includes(answer.status))
          expect([answer.status, answer.text], call.key).to.deep.equal([final.status, final.text]);
        else expect([409, 503], `${call.key}: ${answer.text}`).to.include(answer.status);
      }
    });
  });

  it("A11 of a capture and a cancel at once exactly one has won", async () => {
    await inParallel(races, CHECKERS, async (race) => {
      const ends = await Promise.all(race.map(({ merchant, call }) => merchant.untilFinal(call, 30_000)));
      expect(ends.map(({ status }) => status).sort(byNumber), ends.map(({ text }) => text).join("\n")).to.deep.equal([
        200, 409,
      ]);
    });
    console.log(`      ${races.length} pairs`);
    expect(races.length).to.be.greaterThan(0);
  });

  it("A11 what was canceled in doubt has no charge left standing, and what was canceled too late has one", async () => {
    const ends = { 200: 0, 409: 0 };
    await inParallel(doubted, CHECKERS, async ([id, { merchant, call }]) => {
      const { status } = await merchant.untilFinal(call, 30_000);
      expect(Object.keys(ends).map(Number), id).to.include(status);
      ends[status as 200 | 409]++;
      const standing = standingMinor(chargesOf(cluster.info, id));
      expect(standing, `what the shopper misses of ${id}`).to.equal(status === 200 ? 0n : BigInt(AMOUNT));
    });
    const given = await cluster.query("SELECT FROM journal WHERE gateway_key IS NOT NULL AND cause = 'compensation'");
    console.log(
      `      ${ends[200]} canceled, ${given.length} of them by giving the charge back; ${ends[409]} too late`,
    );
    expect(ends[200]).to.be.greaterThan(0);
  });

  it("I4 every acknowledged payment is readable, and not as it was earlier", async () => {
    let acknowledged = 0;
    await inParallel(asked, CHECKERS, async ({ merchant, answers }) => {
      for (const { status, body } of answers) {
        if (status > 202 || body["object"] !== "payment") continue;
        acknowledged++;
        const found = await merchant.get(String(body["id"]));
        expect(found.status).to.equal(200);
        expect(Number(found.body["version"])).to.be.at.least(Number(body["version"]));
      }
    });
    console.log(`      ${acknowledged} acknowledged payments read back`);
    expect(acknowledged).to.be.greaterThan(KILLS);
  });

  it("I1-I20 books, charge log and journal agree", () => expectInvariants(cluster));
});
