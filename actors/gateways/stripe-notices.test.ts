/** Stripe's events, rightly signed by its SDK, to notices: every type that we know, and everything that is odd. */
import { hash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import type { NoticeClaim } from "../ports/notices.ts";
import { failureOf } from "./failures.ts";
import {
  bytes,
  CAPTURE_OP,
  NOW_MS,
  onlyNotice,
  OP,
  PAY,
  readStripe,
  readStripeEvent,
  stripeEvent,
  stripeHeader,
  stripeReader,
} from "./notice-rig.ts";
import { STRIPE_CLAIMS, STRIPE_INFORMATIONAL } from "./stripe-claims.ts";
import type { Json } from "./verdicts.ts";

const metadata = { operation_id: OP, payment_id: PAY };
const intent = (more: Json = {}): Json => ({
  object: "payment_intent",
  id: "pi_1",
  amount: 1000,
  amount_capturable: 900,
  amount_received: 800,
  currency: "eur",
  metadata,
  ...more,
});
const refund = (status: unknown, more: Json = {}): Json => ({
  object: "refund",
  id: "re_1",
  amount: 300,
  currency: "eur",
  payment_intent: "pi_1",
  metadata,
  status,
  ...more,
});
const charge = (more: Json = {}): Json => ({
  object: "charge",
  id: "ch_1",
  amount: 1000,
  currency: "eur",
  payment_intent: "pi_1",
  metadata: {},
  ...more,
});
const dispute = (status: unknown, more: Json = {}): Json => ({
  object: "dispute",
  id: "dp_1",
  amount: 700,
  currency: "eur",
  payment_intent: "pi_1",
  metadata: {},
  status,
  ...more,
});
const disputed = (state: string | null, funds: string | null = null): NoticeClaim =>
  ({ kind: "dispute", reference: "dp_1", state, funds }) as NoticeClaim;

const insufficient = {
  kind: "declined",
  failure: failureOf("insufficient_funds", "insufficient_funds"),
} as const;
const generic = (gatewayCode: string | null): NoticeClaim => ({
  kind: "declined",
  failure: failureOf("generic_decline", gatewayCode),
});
const PI = "payment_intent";

describe("Stripe notices", function () {
  this.timeout(60_000); // its properties are many small hashes
  const cases: ReadonlyArray<readonly [type: string, object: Json, claim: NoticeClaim, amount: string | null]> = [
    [`${PI}.amount_capturable_updated`, intent(), { kind: "authorized" }, "900"],
    [`${PI}.succeeded`, intent(), { kind: "charged" }, "800"],
    [
      `${PI}.succeeded`,
      intent({ metadata: { ...metadata, capture_operation_id: CAPTURE_OP } }),
      { kind: "captured" },
      "800",
    ],
    [
      `${PI}.succeeded`,
      intent({ metadata: { ...metadata, capture_operation_id: "op_1" } }),
      { kind: "unclear", why: "capture_operation_id" },
      "800",
    ],
    [
      `${PI}.payment_failed`,
      intent({ last_payment_error: { code: "card_declined", decline_code: "insufficient_funds" } }),
      insufficient,
      "1000",
    ],
    [
      `${PI}.payment_failed`,
      intent({ last_payment_error: { code: "expired_card" } }),
      { kind: "declined", failure: failureOf("expired_card", "expired_card") },
      "1000",
    ],
    [`${PI}.payment_failed`, intent(), generic(null), "1000"],
    [`${PI}.payment_failed`, intent({ last_payment_error: { code: "a\u0000b" } }), generic("a?b"), "1000"],
    [`${PI}.canceled`, intent({ cancellation_reason: "requested_by_customer" }), { kind: "voided" }, "1000"],
    [`${PI}.canceled`, intent({ cancellation_reason: null }), { kind: "voided" }, "1000"],
    [`${PI}.canceled`, intent(), { kind: "voided" }, "1000"],
    [`${PI}.canceled`, intent({ cancellation_reason: "automatic" }), { kind: "expired" }, "1000"],
    [`${PI}.canceled`, intent({ cancellation_reason: "expired" }), { kind: "expired" }, "1000"],
    [`${PI}.processing`, intent(), { kind: "processing" }, "1000"],
    [`${PI}.requires_action`, intent(), { kind: "processing" }, "1000"],
    ...["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"].flatMap(
      (type): (readonly [string, Json, NoticeClaim, string])[] => [
        [type, refund("succeeded"), { kind: "refunded" }, "300"],
        [type, refund("pending"), { kind: "processing" }, "300"],
        [type, refund("requires_action"), { kind: "processing" }, "300"],
        [type, refund(null), { kind: "processing" }, "300"],
        [
          type,
          refund("failed", { failure_reason: "lost_or_stolen_card" }),
          { kind: "refundFailed", failure: failureOf("card_closed", "lost_or_stolen_card") },
          "300",
        ],
        [type, refund("canceled"), { kind: "refundFailed", failure: failureOf("canceled", null) }, "300"],
        [type, refund("null"), { kind: "processing" }, "300"],
        [type, refund("invented_tomorrow"), { kind: "unclear", why: "status" }, "300"],
        [type, refund(undefined), { kind: "unclear", why: "status" }, "300"],
        [type, refund(7), { kind: "unclear", why: "status" }, "300"],
        [type, refund("toString"), { kind: "unclear", why: "status" }, "300"],
      ],
    ),
    ["charge.expired", charge(), { kind: "expired" }, "1000"],
    ["charge.dispute.created", dispute("needs_response"), disputed("needs_response"), "700"],
    ["charge.dispute.created", dispute("warning_needs_response"), disputed("inquiry"), "700"],
    ["charge.dispute.updated", dispute("warning_under_review"), disputed("inquiry"), "700"],
    ["charge.dispute.updated", dispute("under_review"), disputed("under_review"), "700"],
    ["charge.dispute.updated", dispute("appeal_under_review"), disputed("under_review"), "700"],
    ["charge.dispute.updated", dispute("appeal_needs_response"), disputed("needs_response"), "700"],
    ["charge.dispute.updated", dispute("prevented"), disputed("reversed"), "700"],
    ["charge.dispute.updated", dispute("lost"), disputed("lost"), "700"],
    ["charge.dispute.updated", dispute("invented_tomorrow"), disputed(null), "700"],
    ["charge.dispute.updated", dispute(null), disputed(null), "700"],
    ["charge.dispute.updated", dispute("__proto__"), disputed(null), "700"],
    ["charge.dispute.closed", dispute("won"), disputed("won"), "700"],
    ["charge.dispute.closed", dispute("lost"), disputed("lost", "lost"), "700"],
    ["charge.dispute.closed", dispute("warning_closed"), disputed("expired"), "700"],
    ["charge.dispute.funds_withdrawn", dispute("needs_response"), disputed("needs_response", "held"), "700"],
    ["charge.dispute.funds_reinstated", dispute("won"), disputed("won", "released"), "700"],
    ["payout.paid", {}, { kind: "none", why: "informational" }, null],
    ["payout.failed", {}, { kind: "none", why: "informational" }, null],
    ["payout.canceled", {}, { kind: "none", why: "informational" }, null],
    ["payout.reconciliation_completed", {}, { kind: "none", why: "informational" }, null],
    ["invented.tomorrow", intent(), { kind: "none", why: "unknown_type" }, null],
    ["toString", intent(), { kind: "none", why: "unknown_type" }, null],
    ["__proto__", intent(), { kind: "none", why: "unknown_type" }, null],
  ];
  for (const [type, object, claim, amount] of cases)
    it(`${type} ${JSON.stringify(object["status"]) ?? ""} -> ${JSON.stringify(claim)}`, () => {
      const notice = readStripeEvent(type, object);
      expect(notice.claim).to.deep.equal(claim);
      expect(notice.amount).to.equal(amount);
      expect(notice.type).to.equal(type);
    });

  it("have a case for every type that is subscribed to", () => {
    const known = [...Object.keys(STRIPE_CLAIMS), ...Object.keys(STRIPE_INFORMATIONAL)];
    expect(known).to.have.length(20);
    expect(known.filter((type) => !cases.some(([tried]) => tried === type))).to.deep.equal([]);
  });

  const subjects: ReadonlyArray<readonly [name: string, type: string, object: Json, subject: Json]> = [
    [
      "an intent leads by the ids in its metadata",
      `${PI}.succeeded`,
      intent(),
      { operationId: OP, paymentId: PAY, paymentReference: "pi_1", reference: null, currency: "EUR" },
    ],
    [
      "a captured intent speaks of its capture",
      `${PI}.succeeded`,
      intent({ metadata: { ...metadata, capture_operation_id: CAPTURE_OP } }),
      { operationId: CAPTURE_OP, paymentId: PAY, paymentReference: "pi_1", reference: null },
    ],
    [
      "an intent without our metadata has a reference alone",
      `${PI}.succeeded`,
      intent({ metadata: {} }),
      { operationId: null, paymentId: null, paymentReference: "pi_1", reference: null },
    ],
    [
      "ids of another form are none",
      `${PI}.succeeded`,
      intent({ metadata: { operation_id: PAY, payment_id: "pay_1" } }),
      { operationId: null, paymentId: null },
    ],
    [
      "a refund has a name of its own",
      "refund.updated",
      refund("succeeded"),
      { operationId: OP, paymentId: PAY, paymentReference: "pi_1", reference: "re_1" },
    ],
    [
      "a charge leads to its intent",
      "charge.expired",
      charge(),
      { operationId: null, paymentId: null, paymentReference: "pi_1", reference: null },
    ],
    ["a charge may have ids", "charge.expired", charge({ metadata }), { operationId: OP, paymentId: PAY }],
    [
      "a charge without an intent leads nowhere",
      "charge.expired",
      charge({ payment_intent: null }),
      { paymentReference: null },
    ],
    [
      "a dispute leads to its intent",
      "charge.dispute.created",
      dispute("lost"),
      { operationId: null, paymentId: null, paymentReference: "pi_1", reference: null },
    ],
  ];
  for (const [name, type, object, subject] of subjects)
    it(name, () => expect(readStripeEvent(type, object)).to.deep.include(subject));

  it("name themselves by account and event, and their bytes by SHA-256", () => {
    const payload = JSON.stringify(stripeEvent(`${PI}.succeeded`, intent()));
    expect(onlyNotice(readStripe(payload))).to.deep.include({
      gateway: "stripe",
      account: "acct_1",
      dedupeKey: "acct_1|evt_1",
      bodyHash: hash("sha256", payload),
    });
  });
  it("with the same id and other content have the same key and another hash", () => {
    const first = readStripeEvent(`${PI}.succeeded`, intent());
    const second = readStripeEvent(`${PI}.succeeded`, intent({ amount_received: 801 }));
    expect(second.dedupeKey).to.equal(first.dedupeKey);
    expect(second.bodyHash).to.not.equal(first.bodyHash);
  });

  const quarantined: ReadonlyArray<readonly [name: string, more: Json, why: string]> = [
    ["another account", { account: "acct_2" }, "account"],
    ["no account", { account: undefined }, "account"],
    ["an account that is no text", { account: 7 }, "account"],
    ["an empty account", { account: "" }, "account"],
    ["live against test", { livemode: true }, "mode"],
    ["no mode", { livemode: undefined }, "mode"],
    ["a mode that is no boolean", { livemode: "false" }, "mode"],
  ];
  for (const [name, more, why] of quarantined)
    it(`${name} -> quarantined`, () =>
      expect(readStripeEvent(`${PI}.succeeded`, intent(), more).claim).to.deep.equal({ kind: "quarantined", why }));
  it("test against live -> quarantined", () => {
    const event = stripeEvent(`${PI}.succeeded`, intent());
    expect(onlyNotice(readStripe(event, stripeReader({ livemode: true }))).claim).to.deep.equal({
      kind: "quarantined",
      why: "mode",
    });
    const live = readStripe({ ...event, livemode: true }, stripeReader({ livemode: true }));
    expect(onlyNotice(live).claim).to.deep.equal({ kind: "charged" });
  });
  it("without an account are the endpoint's own", () => {
    const reader = stripeReader({ endpointAccount: "acct_1" });
    for (const account of [undefined, null]) {
      const event = stripeEvent(`${PI}.succeeded`, intent(), { account });
      expect(onlyNotice(readStripe(event, reader))).to.deep.include({
        account: "acct_1",
        dedupeKey: "acct_1|evt_1",
        claim: { kind: "charged" },
      });
    }
  });

  const amounts: ReadonlyArray<readonly [name: string, more: Json]> = [
    ["missing", { amount_received: undefined }],
    ["null", { amount_received: null }],
    ["a text", { amount_received: "800" }],
    ["a fraction", { amount_received: 8.5 }],
    ["negative", { amount_received: -800 }],
    ["huge", { amount_received: 1e300 }],
    ["of no currency", { currency: undefined }],
    ["of a currency that we do not take", { currency: "xxx" }],
  ];
  for (const [name, more] of amounts)
    it(`a success whose amount is ${name} -> unclear`, () => {
      const notice = readStripeEvent(`${PI}.succeeded`, intent(more));
      expect(notice.amount).to.equal(null);
      expect(notice.claim).to.deep.equal({ kind: "unclear", why: "amount" });
    });
  it("moved funds of a dispute without an amount -> unclear; a label needs none", () => {
    const object = dispute("won", { amount: null });
    expect(readStripeEvent("charge.dispute.funds_reinstated", object).claim.kind).to.equal("unclear");
    expect(readStripeEvent("charge.dispute.updated", object).claim).to.deep.equal(disputed("won"));
  });
  it("amounts are our minor units: Stripe's two decimals of ISK are none of ours", () => {
    expect(readStripeEvent(`${PI}.succeeded`, intent({ currency: "isk", amount_received: 500 })).amount).to.equal("5");
    expect(readStripeEvent(`${PI}.succeeded`, intent({ currency: "jpy", amount_received: 5 })).amount).to.equal("5");
  });

  for (const object of [undefined, null, 7, [], {}, charge(), refund("succeeded")])
    it(`${JSON.stringify(object)?.slice(0, 50)} as the object of an intent's event -> unclear`, () =>
      expect(readStripeEvent(`${PI}.canceled`, object as Json).claim).to.deep.equal({
        kind: "unclear",
        why: "object",
      }));
  for (const id of [undefined, null, 7, "", "pi_\u0000"])
    it(`an intent whose id is ${JSON.stringify(id)} -> unclear`, () =>
      expect(readStripeEvent(`${PI}.canceled`, intent({ id })).claim).to.deep.equal({ kind: "unclear", why: "id" }));
  it("a dispute without a name -> unclear", () =>
    expect(readStripeEvent("charge.dispute.created", dispute("lost", { id: null })).claim.kind).to.equal("unclear"));

  const malformed: ReadonlyArray<readonly [name: string, payload: string]> = [
    ["no JSON", "{"],
    ["an empty body", ""],
    ["a list", "[]"],
    ["null", "null"],
    ["a BOM", `\uFEFF${JSON.stringify(stripeEvent(`${PI}.succeeded`, intent()))}`],
    ["no id", JSON.stringify(stripeEvent(`${PI}.succeeded`, intent(), { id: undefined }))],
    ["an id of 10 MB", JSON.stringify(stripeEvent(`${PI}.succeeded`, intent(), { id: "e".repeat(10_000_000) }))],
    ["an id that no database keeps", JSON.stringify(stripeEvent(`${PI}.succeeded`, intent(), { id: "e\u0000" }))],
    ["no type", JSON.stringify(stripeEvent(undefined as never, intent()))],
  ];
  for (const [name, payload] of malformed) {
    it(`${name}, rightly signed -> malformed`, () => expect(readStripe(payload)).to.equal("malformed"));
    it(`${name}, not signed -> the bad signature wins`, () => {
      const headers = { "stripe-signature": stripeHeader("other") };
      expect(stripeReader().read(bytes(payload), headers, NOW_MS)).to.equal("invalid_signature");
      expect(stripeReader().read(bytes(payload), {}, NOW_MS)).to.equal("invalid_signature");
    });
  }

  it("never throw and are always plain data, whatever a signed body says", () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("__proto__", "constructor", "toString", "x".repeat(100_000), "1e999", OP, PAY),
    );
    const object = fc.dictionary(
      fc.constantFrom("id", "object", "status", "amount", "amount_received", "currency", "metadata", "__proto__"),
      fc.oneof(odd, fc.constantFrom("payment_intent", "refund", "dispute", "charge", "eur")),
    );
    const members = fc.constantFrom("id", "type", "data", "account", "livemode", "__proto__", "constructor");
    const changes = fc.dictionary(members, fc.oneof(odd, fc.constantFrom(...Object.keys(STRIPE_CLAIMS))));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(STRIPE_CLAIMS)), object, changes, (type, part, more) => {
        const read = readStripe(stripeEvent(type, { ...intent(), ...part }, more));
        if (read === "malformed") return;
        expect(structuredClone(onlyNotice(read))).to.deep.equal(onlyNotice(read));
        expect(JSON.stringify(read).length).to.be.below(5_000);
      }),
      { numRuns: 300 },
    );
  });

  it("refuse to start with a blank secret", () =>
    expect(() => stripeReader({ secrets: [" "] })).to.throw(/secrets\[0\]/));
});
