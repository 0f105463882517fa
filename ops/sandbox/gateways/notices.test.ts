/** What the cluster's own readers make of everything that the simulators tell. */
import { expect } from "chai";
import { createAdyenNoticeReader, createStripeNoticeReader } from "../../../actors/gateways/index.ts";
import { mintId } from "../../../actors/domain/index.ts";
import type { GatewayNotice } from "../../../actors/index.ts";
import { adyenMessages } from "./adyen-events.ts";
import { recordOfLate } from "./effects.ts";
import type { Happening, HappeningKind } from "./happening.ts";
import { type PaymentRecord, UNTOUCHED } from "./payment-record.ts";
import { stripeMessages } from "./stripe-events.ts";
import { ADYEN_STYLE, STRIPE_STYLE } from "./webhook-channel.ts";

const NOW_MS = Date.parse("2026-11-01T00:00:00Z");
const SECRET = "whsec_of_the_notices_test";
const HMAC_KEY = "0123456789ABCDEF".repeat(4);
const ACCOUNT = "acct_notices";
const idOf = <P extends "op" | "pay">(prefix: P, nth: number) =>
  mintId(prefix, 7, NOW_MS, new Uint8Array(16).fill(nth));
const [CHARGE, LATER] = [idOf("op", 1), idOf("op", 2)];
const PAYMENT = idOf("pay", 1);

const READERS = {
  stripe: createStripeNoticeReader({
    secrets: [SECRET],
    livemode: false,
    knowsAccount: (account) => account === ACCOUNT,
    endpointAccount: null,
  }),
  adyen: createAdyenNoticeReader({
    hmacKeys: [HMAC_KEY],
    basicAuth: null,
    live: false,
    knowsAccount: (account) => account === ACCOUNT,
  }),
};

const charged = (kind: "authorize" | "sale"): PaymentRecord => ({
  ...UNTOUCHED,
  at: NOW_MS,
  account: ACCOUNT,
  key: "key",
  fingerprint: "",
  answer: "ok",
  step: "charge",
  stepAmount: 1000,
  stepOperation: CHARGE,
  stepReference: "",
  id: "pi_0123456789ABCDEF",
  operationId: CHARGE,
  paymentId: PAYMENT,
  amount: 1000,
  currency: "EUR",
  manual: kind === "authorize",
  token: "tok_visa",
  state: kind === "authorize" ? "authorized" : "captured",
  captured: kind === "authorize" ? 0 : 1000,
});
const later = (step: "capture" | "refund" | "void"): PaymentRecord => ({
  ...charged("sale"),
  key: "later",
  step,
  stepAmount: 400,
  stepOperation: LATER,
  stepReference: "MODIFICATION",
  captured: 400,
  ...(step === "capture" && { captureOperation: LATER }),
  ...(step === "void" && { state: "canceled" as const, captured: 0 }),
});
const late = (kind: "capture_failed" | "refund_failed" | "dispute" | "dispute_won" | "expire", cause: PaymentRecord) =>
  recordOfLate(kind, `${cause.key}-late`, cause.stepAmount, cause, cause);

const RECORDS: { readonly [K in HappeningKind]: PaymentRecord } = {
  authorize: charged("authorize"),
  sale: charged("sale"),
  capture: later("capture"),
  void: later("void"),
  technical_cancel: later("void"),
  refund: later("refund"),
  refund_settled: later("refund"),
  refund_failed: late("refund_failed", later("refund")),
  capture_failed: late("capture_failed", later("capture")),
  dispute: late("dispute", charged("sale")),
  dispute_won: late("dispute_won", charged("sale")),
  dispute_lost: charged("sale"),
  expire: late("expire", charged("authorize")),
};
const recordOf = ({ kind, success }: Happening): PaymentRecord =>
  success ? RECORDS[kind] : { ...RECORDS[kind], answer: "declined", ...(kind === "sale" && { state: "declined" }) };

function noticesAt(gateway: "stripe" | "adyen", happening: Happening): readonly GatewayNotice[] {
  const messages = (gateway === "stripe" ? stripeMessages : adyenMessages)(recordOf(happening), happening, NOW_MS);
  return messages.flatMap(({ body }) => {
    const written =
      gateway === "stripe"
        ? STRIPE_STYLE.write([body], { url: "", secret: SECRET }, NOW_MS)
        : ADYEN_STYLE.write([body], { url: "", hmacKey: HMAC_KEY, basicAuth: null }, NOW_MS);
    const notices = READERS[gateway].read(Buffer.from(written.body), written.headers, NOW_MS);
    if (typeof notices === "string") throw new Error(`${body}: ${notices}`);
    return notices;
  });
}

/** `claim amount operation`, the operation as `charge`, `later` or none. */
function summaryOf({ claim, amount, operationId }: GatewayNotice): string {
  const operation = operationId === CHARGE ? " charge" : operationId === LATER ? " later" : "";
  const funds = claim.kind === "dispute" && claim.funds !== null ? `(${claim.funds})` : "";
  return `${claim.kind}${funds} ${amount}${operation}`;
}

type Row = readonly [kind: HappeningKind, success: boolean, stripe: readonly string[], adyen: readonly string[]];
const ROWS: readonly Row[] = [
  ["authorize", true, ["authorized 1000 charge"], ["authorized 1000 charge"]],
  ["sale", true, ["charged 1000 charge"], ["authorized 1000 charge"]],
  ["sale", false, ["declined 1000 charge"], ["declined 1000 charge"]],
  ["capture", true, ["captured 400 later"], ["captured 400 later"]],
  ["capture", false, [], ["captureFailed 400 later"]],
  ["void", true, ["voided 1000 charge"], ["voided 1000 later"]],
  ["void", false, [], ["voidFailed 1000 later"]],
  ["technical_cancel", true, [], ["voided 1000 charge"]],
  ["refund", true, ["refunded 400 later"], ["refunded 400 later"]],
  ["refund", false, ["refundFailed 400 later", "refundFailed 400 later"], ["refundFailed 400 later"]],
  ["refund_settled", true, ["refunded 400 later", "refunded 400 later"], []],
  [
    "refund_failed",
    true,
    ["refundFailed 400 later", "refundFailed 400 later", "refundFailed 400 later"],
    ["refundReversed 400 later"],
  ],
  ["capture_failed", true, [], ["captureReversed 400 later"]],
  ["dispute", true, ["dispute 1000", "dispute(held) 1000"], ["dispute(held) 1000 charge"]],
  ["dispute_won", true, ["dispute(released) 1000", "dispute 1000"], ["dispute(released) 1000 charge"]],
  ["dispute_lost", true, ["dispute(lost) 1000"], ["dispute(lost) 1000 charge"]],
  ["expire", true, ["expired 1000", "expired 1000 charge"], ["expired 1000 charge"]],
];

describe("what the cluster's readers make of the simulators' webhooks", () => {
  for (const [kind, success, stripe, adyen] of ROWS)
    it(`${kind} ${success}`, () => {
      expect(noticesAt("stripe", { kind, success }).map(summaryOf)).to.deep.equal(stripe);
      expect(noticesAt("adyen", { kind, success }).map(summaryOf)).to.deep.equal(adyen);
    });

  it("each names the payment, and a modification its own reference", () => {
    for (const [kind, success] of ROWS)
      for (const gateway of ["stripe", "adyen"] as const)
        for (const notice of noticesAt(gateway, { kind, success })) {
          // Adyen's EXPIRE names no original: only our reference leads to its payment.
          const named = notice.type === "EXPIRE" ? null : "pi_0123456789ABCDEF";
          expect(notice.paymentReference, `${gateway} ${notice.type}`).to.equal(named);
          if (gateway === "adyen" && notice.operationId === LATER)
            expect(notice.reference, notice.type).to.equal("MODIFICATION");
        }
  });
});
