/**
 * Captures, cancels and refunds on real parts: what each token brings about at each gateway, as answer, payment and
 * effects in the gateway's own log; then the bounds under races (faults.md rows 54-57, I1, I9, I20, G2, G3).
 */
import { expect } from "chai";
import { effectsOf } from "./rig/charge-log.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { type Answer, cancel, capture, limitRate, Merchant, payment, read, refund } from "./rig/merchant.ts";
import { tellOfOperation } from "./rig/simulators.ts";

const WITHIN_MS = 60_000;
const MANUAL = { capture_method: "manual" } as const;

/** A request about the payment that a case has made. */
interface Step {
  readonly ask: "capture" | "cancel" | "refund";
  readonly body?: Readonly<Record<string, unknown>>;
  /** Of the final answer. */
  readonly status: number;
  readonly code?: string;
}
interface Case {
  readonly name: string;
  readonly gateway: "stripe" | "adyen";
  readonly body: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
  /** Members of the payment in the end. */
  readonly ends: Readonly<Record<string, unknown>>;
  /** Lines of the gateway's log, in its units. */
  readonly effects: readonly string[];
}

const step = (ask: Step["ask"], status: number, amount?: number, code?: string): Step => ({
  ask,
  status,
  ...(amount !== undefined && { body: { amount } }),
  ...(code !== undefined && { code }),
});
const REFUSED = "payment_declined";
const WRONG = "invalid_transition";
const UNSPEAKABLE = "amount_out_of_range";
const OVER = "amount_exceeds_refundable";
const at =
  (gateway: Case["gateway"]) =>
  (name: string, body: Case["body"], steps: readonly Step[], ends: Case["ends"], effects: readonly string[]): Case => ({
    name,
    gateway,
    body: { amount: 1_000, ...body },
    steps,
    ends,
    effects,
  });
const stripe = at("stripe");
const adyen = at("adyen");
const token = (payment_method: string): Readonly<Record<string, unknown>> => ({ payment_method });

const AT_STRIPE: readonly Case[] = [
  stripe(
    "54 a capture of all of it, once",
    MANUAL,
    [step("capture", 200), step("capture", 409, undefined, WRONG), step("cancel", 409, undefined, WRONG)],
    { status: "captured", amount_captured: 1_000, pending: null },
    ["authorize 1000", "capture 1000"],
  ),
  stripe(
    "54 a capture of a part releases the rest",
    MANUAL,
    [step("capture", 422, 1_001, "amount_exceeds_capturable"), step("capture", 200, 600)],
    { status: "captured", amount_authorized: 1_000, amount_captured: 600 },
    ["authorize 1000", "capture 600"],
  ),
  stripe(
    "a capture that the gateway refuses leaves the authorization, which can be voided",
    { ...MANUAL, ...token("tok_capture_fails") },
    [step("capture", 402, 600, REFUSED), step("capture", 402, undefined, REFUSED), step("cancel", 200)],
    { status: "canceled", amount_captured: 0, failure: null },
    ["authorize 1000", "void 1000"],
  ),
  stripe(
    "G2 a capture that takes place without an answer",
    { ...MANUAL, ...token("tok_capture_timeout_charged") },
    [step("capture", 200, 700)],
    { status: "captured", amount_captured: 700 },
    ["authorize 1000", "capture 700"],
  ),
  stripe(
    "56 a void, and nothing after it",
    MANUAL,
    [step("cancel", 200), step("capture", 409, undefined, WRONG), step("refund", 409, undefined, WRONG)],
    { status: "canceled", amount_captured: 0 },
    ["authorize 1000", "void 1000"],
  ),
  stripe(
    "55 refunds, of parts and then of the rest",
    {},
    [
      step("refund", 201, 300),
      step("refund", 422, 701, OVER),
      step("refund", 201, 200),
      step("refund", 201),
      step("refund", 422, undefined, OVER),
    ],
    { status: "captured", amount_captured: 1_000, amount_refunded: 1_000 },
    ["sale 1000", "refund 300", "refund 200", "refund 500"],
  ),
  stripe(
    "55 refunds of a partial capture",
    MANUAL,
    [
      step("refund", 409, 1, WRONG),
      step("capture", 200, 400),
      step("refund", 422, 401, OVER),
      step("refund", 201, 400),
    ],
    { status: "captured", amount_captured: 400, amount_refunded: 400 },
    ["authorize 1000", "capture 400", "refund 400"],
  ),
  stripe(
    "a refund that the gateway refuses frees its amount",
    token("tok_refund_fails"),
    [step("refund", 402, 700, REFUSED), step("refund", 402, undefined, REFUSED)],
    { status: "captured", amount_refunded: 0, failure: null },
    ["sale 1000"],
  ),
  stripe(
    "G2 a refund that takes place without an answer",
    token("tok_refund_timeout_refunded"),
    [step("refund", 201, 400)],
    { amount_refunded: 400 },
    ["sale 1000", "refund 400"],
  ),
  stripe(
    "a refund that the gateway takes its time for",
    token("tok_refund_pending"),
    [step("refund", 201, 250)],
    { amount_refunded: 250 },
    ["sale 1000", "refund 250"],
  ),
  stripe(
    "Apple Pay",
    { ...MANUAL, ...token("tok_applepay") },
    [step("capture", 200), step("refund", 201)],
    { status: "captured", amount_refunded: 1_000 },
    ["authorize 1000", "capture 1000", "refund 1000"],
  ),
  stripe("Google Pay", token("tok_googlepay"), [step("refund", 201, 1)], { amount_refunded: 1 }, [
    "sale 1000",
    "refund 1",
  ]),
  stripe(
    "31 yen have no decimals",
    { currency: "JPY", amount: 500, ...MANUAL },
    [step("capture", 200, 321), step("refund", 201, 21)],
    { amount_captured: 321, amount_refunded: 21 },
    ["authorize 500", "capture 321", "refund 21"],
  ),
  stripe(
    "31 krónur have none, and two at the gateway",
    { currency: "ISK", amount: 500, ...MANUAL },
    [step("capture", 200, 321), step("refund", 201, 21)],
    { amount_captured: 321, amount_refunded: 21 },
    ["authorize 50000", "capture 32100", "refund 2100"],
  ),
  stripe(
    "31 dinars have three decimals, of which the gateway says two",
    { currency: "KWD", amount: 12_340, ...MANUAL },
    [
      step("capture", 422, 12_345, "amount_exceeds_capturable"),
      step("capture", 422, 12_339, UNSPEAKABLE),
      step("capture", 200, 12_330),
      step("refund", 422, 1, UNSPEAKABLE),
      step("refund", 201, 10),
    ],
    { status: "captured", amount_captured: 12_330, amount_refunded: 10 },
    ["authorize 12340", "capture 12330", "refund 10"],
  ),
];

/** Adyen says `received`, and a webhook tells the end: the client that repeats its request hears it like one of Stripe's. */
const AT_ADYEN: readonly Case[] = [
  adyen(
    "54 a capture of all of it, once",
    MANUAL,
    [step("capture", 200), step("capture", 409, undefined, WRONG), step("cancel", 409, undefined, WRONG)],
    { status: "captured", amount_captured: 1_000, pending: null },
    ["authorize 1000", "capture 1000"],
  ),
  adyen(
    "a capture that is refused leaves the authorization, which can be voided",
    { ...MANUAL, ...token("tok_capture_fails") },
    [step("capture", 402, 600, REFUSED), step("capture", 402, undefined, REFUSED), step("cancel", 200)],
    { status: "canceled", amount_captured: 0, failure: null },
    ["authorize 1000", "void 1000"],
  ),
  adyen(
    "G2 a capture that takes place without an answer",
    { ...MANUAL, ...token("tok_capture_timeout_charged") },
    [step("capture", 200, 900)],
    { status: "captured", amount_captured: 900 },
    ["authorize 1000", "capture 900"],
  ),
  adyen(
    "56 a void, and nothing after it",
    MANUAL,
    [step("cancel", 200), step("capture", 409, undefined, WRONG), step("refund", 409, undefined, WRONG)],
    { status: "canceled", amount_captured: 0 },
    ["authorize 1000", "void 1000"],
  ),
  adyen(
    "55 refunds, of parts and then of the rest",
    {},
    [step("refund", 201, 300), step("refund", 422, 701, OVER), step("refund", 201, 700), step("refund", 422, 1, OVER)],
    { status: "captured", amount_refunded: 1_000, pending: null },
    ["sale 1000", "refund 300", "refund 700"],
  ),
  adyen(
    "a refund that is refused frees its amount",
    token("tok_refund_fails"),
    [step("refund", 402, 700, REFUSED), step("refund", 402, undefined, REFUSED)],
    { status: "captured", amount_refunded: 0, failure: null },
    ["sale 1000"],
  ),
  adyen(
    "G2 a refund that takes place without an answer",
    token("tok_refund_timeout_refunded"),
    [step("refund", 201, 100)],
    { amount_refunded: 100 },
    ["sale 1000", "refund 100"],
  ),
  adyen("Apple Pay", token("tok_applepay"), [step("refund", 201)], { status: "captured", amount_refunded: 1_000 }, [
    "sale 1000",
    "refund 1000",
  ]),
  adyen("31 yen", { currency: "JPY", amount: 500 }, [step("refund", 201, 21)], { amount_refunded: 21 }, [
    "sale 500",
    "refund 21",
  ]),
  adyen("31 krónur", { currency: "ISK", amount: 500 }, [step("refund", 201, 21)], { amount_refunded: 21 }, [
    "sale 50000",
    "refund 2100",
  ]),
  adyen(
    "31 dinars, to the last of three decimals",
    { currency: "KWD", amount: 12_345, ...MANUAL },
    [step("capture", 200, 12_341)],
    { status: "captured", amount_captured: 12_341 },
    ["authorize 12345", "capture 12341"],
  ),
];

/** A modification at Adyen whose webhook is lost, until somebody sends one: nothing else ends it. */
interface Received {
  readonly name: string;
  readonly kind: "capture" | "void" | "refund";
  readonly body: Case["body"];
  readonly success: boolean;
  /** What is refused meanwhile. */
  readonly meanwhile: readonly Step[];
  /** Of the request, once the webhook has come. */
  readonly status: number;
  readonly ends: Case["ends"];
}
const BUSY: readonly Step[] = [
  step("capture", 409, undefined, "operation_in_doubt"),
  step("cancel", 409, undefined, "operation_in_doubt"),
];
const RECEIVED: readonly Received[] = [
  {
    name: "57 a capture is received, and nothing else may begin; CAPTURE true",
    kind: "capture",
    body: { ...MANUAL, ...token("tok_webhook_lost") },
    success: true,
    meanwhile: [...BUSY, step("refund", 409, undefined, WRONG)],
    status: 200,
    ends: { status: "captured", amount_captured: 1_000, pending: null },
  },
  {
    name: "a capture that will be refused looks the same; CAPTURE false",
    kind: "capture",
    body: { ...MANUAL, ...token("tok_capture_fails_unheard") },
    success: false,
    meanwhile: BUSY,
    status: 402,
    ends: { status: "authorized", amount_captured: 0, pending: null },
  },
  {
    name: "57 a void is received, and nothing else may begin; CANCELLATION true",
    kind: "void",
    body: { ...MANUAL, ...token("tok_webhook_lost") },
    success: true,
    meanwhile: BUSY,
    status: 200,
    ends: { status: "canceled", pending: null },
  },
  {
    name: "55 a refund is received, and others overlap within the bound; REFUND true",
    kind: "refund",
    body: token("tok_webhook_lost"),
    success: true,
    meanwhile: [step("refund", 422, 1, OVER)],
    status: 201,
    ends: { status: "captured", amount_refunded: 1_000 },
  },
  {
    name: "a refund that will be refused looks the same; REFUND false",
    kind: "refund",
    body: token("tok_refund_fails_unheard"),
    success: false,
    meanwhile: [step("refund", 422, 1, OVER)],
    status: 402,
    ends: { status: "captured", amount_refunded: 0 },
  },
];

const CASES = [...AT_STRIPE, ...AT_ADYEN];

describe("later operations", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let merchant: Merchant;
  /** Some wait for time-outs: they run side by side. */
  const running = new Map<Case, Promise<void>>();
  before(async () => {
    cluster = await Cluster.start();
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
    for (const one of CASES) running.set(one, run(one));
    for (const end of running.values()) end.catch(() => {}); // each is awaited by its test
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  const CALLS = { capture, cancel, refund } as const;

  /** The final answer to a step, and that its key brings the same again. */
  async function take({ ask, body, status, code }: Step, key: string, id: string): Promise<Answer> {
    const call = CALLS[ask](key, id, body);
    const answer = await (status === 409 // it may be final or not: it must come at once
      ? merchant.send(call)
      : merchant.untilFinal(call, WITHIN_MS));
    expect([answer.status, answer.body["code"]], `${ask}: ${answer.text}`).to.deep.equal([status, code]);
    if (status === 409 || status === 422) return answer;
    const again = await merchant.send(call);
    expect(again.status).to.equal(status);
    expect([again.text, again.headers["idempotent-replayed"]]).to.deep.equal([answer.text, "true"]);
    return answer;
  }

  async function run({ name, gateway, body, steps, ends, effects }: Case): Promise<void> {
    const own = `${gateway} ${name}`.replaceAll(/\W+/g, "-");
    const id = await merchant.pay(own, payment({ gateway, ...body }));
    for (const [n, one] of steps.entries()) {
      const answer = await take(one, `${own}-${n}`, id);
      if (one.ask !== "refund" || answer.status >= 400) continue;
      const found = await merchant.send(read(`/v1/refunds/${String(answer.body["id"])}`));
      expect(found.body).to.include({ payment_id: id, status: "succeeded", amount: answer.body["amount"] });
    }
    expect((await merchant.get(id)).body).to.deep.include(ends);
    expect(effectsOf(cluster.info, id)).to.deep.equal(effects);
  }

  for (const one of CASES) it(`${one.gateway}: ${one.name}`, () => running.get(one));

  it("stripe: 31 an amount of three decimals that the gateway cannot say is refused, and nothing is begun", async () => {
    const answer = await merchant.create(
      "unspeakable",
      payment({ gateway: "stripe", currency: "KWD", amount: 12_345 }),
    );
    expect([answer.status, answer.body["code"]]).to.deep.equal([422, UNSPEAKABLE]);
    expect((await merchant.send(read("/v1/idempotency/unspeakable"))).status).to.equal(404);
  });

  const ASKED = { capture, void: cancel, refund } as const;
  for (const { name, kind, body, success, meanwhile, status, ends } of RECEIVED)
    it(`adyen: ${name}`, async () => {
      const own = `received ${name}`.replaceAll(/\W+/g, "-");
      const id = await merchant.pay(own, payment({ gateway: "adyen", amount: 1_000, ...body }));
      const call = ASKED[kind](`${own}-asked`, id);
      const asked = await merchant.untilFinal(call, WITHIN_MS, "orPending");
      expect(asked.status, asked.text).to.equal(202);
      const path = kind === "refund" ? `/v1/refunds/${String(asked.body["id"])}` : `/v1/payments/${id}`;
      await until("Adyen says that it has it", WITHIN_MS, async () => {
        const { pending } = (await merchant.send(read(path))).body as { readonly pending: Answer["body"] | null };
        return pending?.["reason"] === "gateway_processing";
      });
      for (const [n, one] of meanwhile.entries()) await take(one, `${own}-${n}`, id);
      expect((await merchant.send(call)).status, "no time ends it").to.equal(202);
      await tellOfOperation(cluster, id, kind, success);
      const final = await merchant.untilFinal(call, WITHIN_MS);
      expect(final.status, final.text).to.equal(status);
      expect((await merchant.get(id)).body).to.deep.include(ends);
    });

  it("a token goes to the merchant's first gateway that knows it, and a later operation to the same", async () => {
    const id = await merchant.pay("elsewhere", payment({ amount: 1_000, ...token("tok_adyen_only") }));
    expect((await merchant.get(id)).body["gateway"]).to.equal("adyen");
    await merchant.untilFinal(refund("elsewhere-r", id), WITHIN_MS);
    expect(effectsOf(cluster.info, id)).to.deep.equal(["sale 1000", "refund 1000"]);
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
