/**
 * One key, many requests, on all four routes that take one (faults.md B1-B3, I13, I14): one effect, and one answer in the
 * end. What a key of one route means elsewhere: nothing.
 */
import { expect } from "chai";
import { effectsOf, readCharges } from "../rig/charge-log.ts";
import { Cluster } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { type Call, cancel, capture, create, limitRate, Merchant, payment, refund } from "../rig/merchant.ts";

const REQUESTS = 50;
const WITHIN_MS = 60_000;
const GATEWAYS = ["stripe", "adyen"] as const;
type Gateway = (typeof GATEWAYS)[number];
/** Slow: the gateway takes seconds, so the other requests come while the first one runs, however slow the machine is. */
type Pace = "slow" | "quick";

interface Asked {
  readonly call: Call;
  /** The payment that it is about; null: the one that it makes. */
  readonly id: string | null;
}
interface KeyedRoute {
  readonly name: string;
  /** What is paid first; null: the call itself pays. */
  readonly before: Readonly<Record<string, unknown>> | null;
  /** Tokens that make it slow; null: none does. */
  readonly slowToken: string | null;
  call(key: string, id: string, gateway: Gateway, more?: Readonly<Record<string, unknown>>): Call;
  /** Another body that the route would take too; null: there is none. */
  other(key: string, id: string): Call | null;
  readonly effects: readonly string[];
  readonly status: number;
}

const MANUAL = { amount: 1_000, capture_method: "manual" };
const ROUTES: readonly KeyedRoute[] = [
  {
    name: "create_payment",
    before: null,
    slowToken: "tok_slow_5s",
    call: (key, _, gateway, more) => create(key, payment({ amount: 1_000, gateway, ...more })),
    other: (key) => create(key, payment({ amount: 1_001, gateway: "stripe" })),
    effects: ["sale 1000"],
    status: 201,
  },
  {
    name: "capture_payment",
    before: MANUAL,
    slowToken: null,
    call: (key, id) => capture(key, id, { amount: 700 }),
    other: (key, id) => capture(key, id, { amount: 701 }),
    effects: ["authorize 1000", "capture 700"],
    status: 200,
  },
  {
    name: "cancel_payment",
    before: MANUAL,
    slowToken: null,
    call: (key, id) => cancel(key, id),
    other: () => null,
    effects: ["authorize 1000", "void 1000"],
    status: 200,
  },
  {
    name: "create_refund",
    before: { amount: 1_000 },
    slowToken: "tok_refund_pending",
    call: (key, id) => refund(key, id, { amount: 100 }),
    other: (key, id) => refund(key, id, { amount: 100, reason: "another" }),
    effects: ["sale 1000", "refund 100"],
    status: 201,
  },
];

describe("one key, many requests", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  let merchant: Merchant;
  /** They wait for slow gateways: they run side by side. */
  const running = new Map<AtOnce, Promise<void>>();
  before(async () => {
    cluster = await Cluster.start();
    merchants = await Merchant.signInMany(cluster.info, 2);
    merchant = merchants[0] as Merchant;
    await limitRate(cluster, merchants, 100_000);
    for (const one of ALL) running.set(one, sendAtOnce(one));
    for (const end of running.values()) end.catch(() => {}); // each is awaited by its test
  });
  after(async () => {
    await Promise.all(merchants.map((one) => one.close()));
    await cluster?.dispose();
  });

  async function prepare(
    route: KeyedRoute,
    gateway: Gateway,
    key: string,
    pace: Pace = "quick",
    by = merchant,
  ): Promise<Asked> {
    const more = pace === "slow" && route.slowToken !== null ? { payment_method: route.slowToken } : {};
    if (route.before === null) return { call: route.call(key, "", gateway, more), id: null };
    const id = await by.pay(`before-${key}`, payment({ ...route.before, gateway, ...more }));
    return { call: route.call(key, id, gateway), id };
  }

  interface AtOnce {
    readonly gateway: Gateway;
    readonly route: KeyedRoute;
    /** Tokens that the requests are spread over. */
    readonly senders: number;
  }
  const ALL: readonly AtOnce[] = GATEWAYS.flatMap((gateway) =>
    ROUTES.flatMap((route) => [1, 2].map((senders) => ({ gateway, route, senders }))),
  );

  async function sendAtOnce({ gateway, route, senders }: AtOnce): Promise<void> {
    const key = `${senders}-${route.name}-${gateway}`;
    const { call, id } = await prepare(route, gateway, key, "slow");
    const again = await Merchant.signIn(cluster.info, 0);
    const hands = [merchant, again].slice(0, senders);
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, (_, n) => (hands[n % senders] as Merchant).send(call)),
    );
    const { status } = route;
    const last = await merchant.untilFinal(call, WITHIN_MS);
    expect(last.status, last.text).to.equal(status);
    for (const answer of answers) {
      if (answer.status === 409) expect(answer.body["code"]).to.equal("idempotency_key_in_use");
      else if (answer.status === 202) expect(answer.body["id"]).to.equal(last.body["id"]);
      else expect([answer.status, answer.text]).to.deep.equal([status, last.text]);
    }
    if (route.slowToken !== null)
      expect(
        answers.some((answer) => answer.status === 409),
        "requests overlapped",
      ).to.equal(true);
    const repeats = await Promise.all(Array.from({ length: 20 }, () => again.send(call)));
    for (const repeat of repeats) {
      expect([repeat.status, repeat.body["id"]]).to.deep.equal([status, last.body["id"]]);
      if (status === 202) continue;
      expect([repeat.text, repeat.headers["idempotent-replayed"], repeat.headers["content-type"]]).to.deep.equal([
        last.text,
        "true",
        last.headers["content-type"],
      ]);
    }
    expect(effectsOf(cluster.info, id ?? String(last.body["id"]))).to.deep.equal(route.effects);
    await again.close();
  }

  for (const one of ALL) {
    const row = one.senders === 1 ? "B1" : "B2 over all nodes, of which there is one, with two tokens,";
    it(`${row} ${REQUESTS} of ${one.route.name} at once through ${one.gateway}: one effect, one final result`, () =>
      running.get(one));
  }

  for (const route of ROUTES)
    it(`B3 the key of ${route.name} with another body, route or payment is refused and moves nothing`, async () => {
      const key = `only-${route.name}`;
      const { call, id } = await prepare(route, "stripe", key);
      const first = await merchant.untilFinal(call, WITHIN_MS);
      const own = id ?? String(first.body["id"]);
      const elsewhere = await merchant.pay(`elsewhere-${key}`, payment({ ...route.before, gateway: "stripe" }));
      const before = readCharges(cluster.info).length;
      const foreign = ROUTES.filter((one) => one !== route).map((one) => one.call(key, own, "stripe"));
      const moved = route.before === null ? [] : [route.call(key, elsewhere, "stripe")];
      const other = route.other(key, own);
      for (const wrong of [...foreign, ...moved, ...(other === null ? [] : [other])]) {
        const answer = await merchant.send(wrong);
        expect([answer.status, answer.body["code"]], `${wrong.path} ${JSON.stringify(wrong.body)}`).to.deep.equal([
          422,
          "idempotency_key_reuse",
        ]);
      }
      expect(readCharges(cluster.info).length, "effects at gateways").to.equal(before);
      expect((await merchant.send(call)).text, "the key still means what it meant").to.equal(first.text);
    });

  for (const route of ROUTES)
    it(`B3 the key of ${route.name} is another merchant's own`, async () => {
      const key = `shared-${route.name}`;
      const asked = await Promise.all(merchants.map((one) => prepare(route, "stripe", key, "quick", one)));
      const answers = await Promise.all(merchants.map((one, n) => one.untilFinal((asked[n] as Asked).call, WITHIN_MS)));
      expect(answers.map(({ status }) => status)).to.deep.equal([route.status, route.status]);
      expect(answers[0]?.body["id"]).to.not.equal(answers[1]?.body["id"]);
      for (const [n, answer] of answers.entries()) {
        expect(answer.body["merchant_id"]).to.equal(merchants[n]?.id);
        expect(effectsOf(cluster.info, asked[n]?.id ?? String(answer.body["id"]))).to.deep.equal(route.effects);
      }
    });

  it("leaves the books in order", () => expectInvariants(cluster));
});
