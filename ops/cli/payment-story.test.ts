/** Golden outputs of stories, of what fires next, and of the lists: tables to the letter, JSON by its members. */
import { expect } from "chai";
import { checkOf, openOperationsOf } from "./payment-check.ts";
import { checksAnswer, storyAnswer, stuckAnswer } from "./payment-json.ts";
import { nextOf } from "./payment-next.ts";
import { renderChecks } from "./payment-resolve.ts";
import { renderStory } from "./payment-story.ts";
import type { StuckPayment } from "../../storage/index.ts";
import { AT_MS, notice, PAYMENT, REFUND, row, SALE, sale, sampleStory, storyInDoubt } from "./sample-story.ts";
import { renderStuck } from "./stuck-table.ts";

const look = (nowMs: number, isWide = false) => ({ nowMs, isWide, timeZone: "UTC" });
/** Ids are made of numbers, and long. */
const plain = (text: string): string =>
  text
    .replaceAll(PAYMENT, "PAYMENT")
    .replaceAll(SALE, "SALE")
    .replaceAll(/(evt|whe|mer)_[0-9a-z]{26}/g, "$1_ID");

const CAPTURED = `payment   PAYMENT  captured  12.34 EUR  automatic capture
merchant  mer_ID  reference "order-1"
gateway   stripe  acct_1  pi_1
amounts   authorized 12.34 EUR, captured 12.34 EUR
created   2026-11-23 08:00:00.990 (59s ago)
owner     node-1  epoch 3  slot 7 owned

V  TIME                     FACT            STATUS               OPERATION       CAUSE          DETAIL
1  2026-11-23 08:00:01.000  accepted        created -> pending   sale submitted  request:req_1
   asked    POST /v1/payments with key "order-1"
2  2026-11-23 08:00:02.000  outcomeUnknown  pending              sale unknown    gateway        outcome_unknown
3  2026-11-23 08:00:03.000  captured        pending -> captured  sale succeeded  webhook
   told     2026-11-23 08:00:02.500  stripe payment_intent.succeeded acct_1|evt_a: charged 12.34 EUR; applied
   booked   capture 12.34 EUR: debit gateway_receivable, credit merchant_payable
   answered 201, stored for key "order-1"
   sent     event 3 payment.captured evt_ID to whe_ID: waiting, 1 attempt, answered 503
   heard    2026-11-23 08:00:03.400  stripe payment_intent.succeeded acct_1|evt_b: charged 12.34 EUR; no_change

Next:
  delivery 2026-11-23 08:01:30.000 (in 30s)  evt_ID  payment.captured is sent to whe_ID, attempt 2`;

const IN_DOUBT_NEXT = `Next:
  check    2026-11-23 08:00:11.000 (in 6.0s)  SALE  sale: makes the create again, to learn the id; it moves no money (rule "no id yet": no id was committed, so nothing was confirmed: the same create brings the same id)
  deadline 2026-11-23 08:15:01.000 (in 14m56s)  SALE  sale: from then on it is only read or canceled, and people are told`;

const DRY_RUN = `sale SALE  unknown  12.34 EUR at stripe
  because     outcome_unknown
  tries       2
  next check  2026-11-23 08:00:11.000 (in 6.0s)
  deadline    2026-11-23 08:15:01.000 (in 14m56s)
  rule        "read": reads it at the gateway
              because the object itself is the strongest evidence
              passed over: details lost, read, details lost, late and never submitted, late, id unknown, late charge, late charge, no cancel, no id yet, never submitted, ended without executing
  then        if that shows nothing: "grace": does nothing but plan the next check
              because the first call may still run
  key         4.0s old of 23h, known per account
  evidence    1. the create again, to learn the id
            * 2. the PaymentIntent by its id
              3. the confirm again with the same key
              4. webhook: a hint, the PaymentIntent decides
              5. cancel of the unconfirmed PaymentIntent, then a read [not now: fromDeadline]
              6. settlement report: by PaymentIntent or our reference
  inputs      hasReference, keyAge 4.0s, absenceIsProven, sinceFirstTry 4.0s`;

describe("a payment's story in words", () => {
  it("tells a sale that a notice ended", () => {
    const story = sampleStory();
    expect(plain(renderStory(story, look(story.readAtMs)))).to.equal(CAPTURED);
  });

  it("says what fires next of a sale in doubt, and when", () => {
    const story = storyInDoubt();
    expect(plain(renderStory(story, look(story.readAtMs))))
      .to.match(/authorized|nothing yet/)
      .and.include(IN_DOUBT_NEXT);
  });

  it("shows amounts, owners and keys when there is room", () => {
    const text = renderStory(sampleStory(), look(AT_MS + 60_000, true));
    expect(text).to.match(/^3 .* authorized 12\.34 EUR, captured 12\.34 EUR +0\/13 +3 +node-1$/m);
    expect(text).to.include(sale().gatewayKey);
  });

  it("says aloud that a row was changed", () => {
    const rows = [row(1, { submits: true }), row(2, { isHashRight: false })];
    expect(renderStory(sampleStory({ rows }), look(AT_MS))).to.match(/^2 .* HASH WRONG$/m);
  });

  it("says what it does not show", () => {
    const text = renderStory(sampleStory({ notices: null, findings: null, rowsLeftOut: 12 }), look(AT_MS));
    expect(text.split("\n").filter((line) => line.startsWith("not shown: "))).to.have.length(3);
  });

  it("has integers, UTC and snake_case as JSON, and the command to go on with", () => {
    const { kind, items, nextSteps } = storyAnswer(storyInDoubt());
    expect(kind).to.equal("PaymentStory");
    const [item] = JSON.parse(JSON.stringify(items));
    expect(item.payment).to.include({ amount: 1234, authorized: 0, created_at: "2026-11-23T08:00:00.990Z" });
    expect(item.rows[0]).to.include({
      submits: true,
      hash_right: true,
      from_status: "created",
    });
    expect(item.next[0]).to.include({ what: "check", at: "2026-11-23T08:00:11.000Z", about: SALE });
    expect(item.timeline[0].lines[0]).to.include({ kind: "asked", at: "2026-11-23T08:00:01.000Z" });
    expect(JSON.stringify(items)).not.to.match(/"[a-z]+[A-Z]\w*":/);
    expect(nextSteps).to.deep.equal([`npx payctl payment resolve ${PAYMENT} --dry-run`]);
  });
});

describe("what fires next of a payment", () => {
  const whats = (...args: Parameters<typeof nextOf>): readonly string[] => nextOf(...args).map(({ what }) => what);

  it("nothing, when it is at rest", () => expect(whats(sampleStory({ events: [] }))).to.deep.equal(["nothing"]));

  it("people, when a difference is open or a notice is parked for good", () => {
    const parked = notice("evt_p", { state: "parked", verdict: "forbidden" });
    const again = notice("evt_q", { state: "parked", verdict: "forbidden", nextTryAtMs: AT_MS + 70_000 });
    expect(whats(sampleStory({ events: [], notices: [parked, again] }))).to.deep.equal(["notice", "person"]);
  });

  it("a flag for people, once the deadline has passed", () => {
    const story = { ...storyInDoubt(), readAtMs: AT_MS + 1_000_000 };
    const [step, ...others] = nextOf(story);
    expect(step?.text).to.match(/^sale: flags it for people, then .*; the noted time has passed/);
    expect(others).to.deep.equal([]);
    expect(nextOf({ ...story, operations: [{ ...story.operations[0]!, needsReview: true }] })[0]?.text).not.to.match(
      /flags/,
    );
  });

  it("a cancel waits for what runs", () => {
    const story = storyInDoubt();
    const cancel = sale({ id: REFUND, kind: "void", state: "submitted", endedAtMs: null });
    const payment = { ...story.payment, cancelOperationId: REFUND };
    const steps = nextOf({ ...story, payment, operations: [...story.operations, cancel] });
    expect(steps.map(({ what, about }) => [what, about])).to.deep.include(["cancel", REFUND]);
  });
});

describe("what the resolver would do, from what a database knows", () => {
  const rules = (story: ReturnType<typeof storyInDoubt>, atMs: number): readonly string[] =>
    openOperationsOf(story).map((operation) => checkOf(story, operation, atMs).explanation.rule);
  const referenced = (story = storyInDoubt()) => ({
    ...story,
    payment: { ...story.payment, gatewayReference: "pi_1" },
  });

  it("prints the rule, its inputs and the evidence", () => {
    const story = referenced();
    const checks = openOperationsOf(story).map((operation) => checkOf(story, operation, story.readAtMs));
    const [block] = renderChecks(story, checks, look(story.readAtMs)).split("\n\n");
    expect(plain(block ?? "")).to.equal(DRY_RUN);
    const [item] = JSON.parse(JSON.stringify(checksAnswer(story, checks).items));
    expect(item).to.include({ id: SALE, rule: "read", step: "query", payment_id: PAYMENT });
    expect(item.inputs).to.include({
      has_reference: true,
      key_age_ms: 4_000,
      past_deadline: false,
    });
    expect(item.when_undecided).to.include({ rule: "grace" });
  });

  it("says that no rule fires when nothing is open", () =>
    expect(renderChecks(sampleStory(), [], look(AT_MS))).to.match(/is captured: no operation is open/));

  const adyen = (more: Parameters<typeof storyInDoubt>[0] = {}) => {
    const story = storyInDoubt(more);
    return { ...story, payment: { ...story.payment, gateway: "adyen" as const } };
  };
  for (const [what, story, afterMs, rule] of [
    ["within the grace", adyen(), 20_999, "grace"],
    ["after the grace", adyen(), 21_000, "same key again"],
    ["before the deadline", adyen(), 900_999, "same key again"],
    ["at the deadline", adyen(), 901_000, "late charge"],
    ["never submitted, by this owner", adyen({ pendingReason: "gateway_unreachable" }), 5_000, "never submitted"],
    [
      "never submitted, by another",
      adyen({ pendingReason: "gateway_unreachable", submittedEpoch: "2" }),
      25_000,
      "same key again",
    ],
    ["a refund of our own, late", adyen({ kind: "refund", isCompensation: true }), 902_000, "late compensation"],
    ["a refund that was asked for, late", adyen({ kind: "refund" }), 902_000, "late, nothing to ask"],
  ] as const)
    it(`${what}: ${rule}`, () => expect(rules(story, AT_MS + afterMs)).to.deep.equal([rule]));

  it("gives a new owner its own grace: it knows no try of the one before", () => {
    const story = adyen({ submittedEpoch: "2" });
    const young = { ...story, owner: { ...story.owner, epochStartedAtMs: AT_MS + 100_000 } };
    expect(rules(young, AT_MS + 119_000)).to.deep.equal(["grace"]);
    expect(rules(young, AT_MS + 120_000)).to.deep.equal(["same key again"]);
  });
});

describe("payments that are stuck", () => {
  const one: StuckPayment = {
    paymentId: PAYMENT,
    merchantId: sampleStory().merchantId,
    status: "pending",
    gateway: "adyen",
    why: "open_operation",
    sinceAtMs: AT_MS,
    tries: 2,
    nextCheckAtMs: AT_MS + 75_000,
    operation: {
      id: SALE,
      kind: "sale",
      state: "unknown",
      amountMinor: "5000",
      currency: "JPY",
      pendingReason: "outcome_unknown",
      deadlineAtMs: AT_MS + 900_000,
    },
    notice: null,
  };
  const parked: StuckPayment = {
    ...one,
    paymentId: null,
    merchantId: null,
    status: null,
    why: "notice_parked",
    nextCheckAtMs: null,
    operation: null,
    notice: notice("evt_n", { state: "parked", verdict: "unknown_payment" }),
  };

  it("is a table", () =>
    expect(plain(renderStuck([one, parked], look(AT_MS + 60_000)))).to.equal(
      [
        "PAYMENT                         STATUS   WHY            WHAT                                      GATEWAY  REASON           AGE  TRIES  NEXT CHECK  DEADLINE",
        "PAYMENT  pending  open           sale 5000 JPY                             adyen    outcome_unknown  1m   2      in 15s      in 14m",
        "(none of ours)                  -        notice parked  payment_intent.succeeded unknown_payment  adyen    -                1m   2      -           -",
      ].join("\n"),
    ));

  it("is JSON", () => {
    const { items, nextSteps } = stuckAnswer([parked, one]);
    expect(items[1]).to.deep.include({ id: PAYMENT, why: "open_operation", next_check_at: "2026-11-23T08:01:15.000Z" });
    expect(items[1]?.["operation"]).to.include({ amount: 5_000, deadline_at: "2026-11-23T08:15:00.000Z" });
    expect(nextSteps).to.deep.equal([`npx payctl payment why ${PAYMENT}`]);
  });
});
