import { expect } from "chai";
import fc from "fast-check";
import { gatewayKeyOf, mintId } from "./ids.ts";
import { type LateFact, lateTransition } from "./late-transition.ts";
import type { LedgerKind } from "./ledger.ts";
import { OPERATION_KINDS, OPERATION_STATES, type OperationKind, type OperationState } from "./operation.ts";
import { type Dispute, type Operation, type Payment, PAYMENT_STATUSES, type PaymentStatus } from "./payment.ts";
import { accept } from "./transition.ts";

const AT_MS = 1_750_000_000_000;
const merchantId = mintId("mer", 0, AT_MS, new Uint8Array(8));
const SAMPLE: Operation = {
  id: mintId("op", 0, AT_MS, new Uint8Array(8)),
  kind: "sale",
  state: "submitted",
  amountMinor: 1_000n,
  gatewayKey: gatewayKeyOf(merchantId, "k", "sale", 1),
  attempt: 1,
  submittedAtMs: AT_MS,
  deadlineAtMs: AT_MS + 1,
  reference: null,
  pendingReason: null,
  needsReview: false,
  failure: null,
  note: null,
};
const { payment: ACCEPTED } = accept(
  {
    id: mintId("pay", 0, AT_MS, new Uint8Array(8)),
    merchantId,
    slot: 0,
    amountMinor: 1_000n,
    currency: "EUR",
    captureMethod: "automatic",
    gateway: "adyen",
    gatewayAccount: "a",
    merchantReference: null,
    description: null,
    metadataJson: "{}",
    createdAtMs: AT_MS,
  },
  SAMPLE,
);
const failure = { code: "card_closed", retryable: false, customerAction: null, gatewayCode: null };
const dispute = (funds: Dispute["funds"], more: Partial<Dispute> = {}): Dispute => ({
  reference: "dp_1",
  state: "needs_response",
  amount: "400",
  funds,
  ...more,
});
const operationOf = (kind: OperationKind, state: OperationState, amountMinor = 1_000n): Operation => ({
  ...SAMPLE,
  kind,
  state,
  amountMinor,
});

function paymentIn(status: PaymentStatus, more: Partial<Payment> = {}): Payment {
  const taken = status === "captured" ? 1_000n : 0n;
  return {
    ...ACCEPTED,
    status,
    authorizedMinor: status === "authorized" ? 1_000n : taken,
    capturedMinor: taken,
    operation: operationOf("sale", "succeeded"),
    ...more,
  };
}

type Row = readonly [
  name: string,
  fact: LateFact,
  payment: Payment,
  operation: Operation,
  expected:
    | { readonly status: PaymentStatus; readonly postings: readonly LedgerKind[]; readonly state: OperationState }
    | "refused",
];
const lateSale: LateFact = { kind: "lateCaptured", reference: "pi" };
const moved = (status: PaymentStatus, postings: readonly LedgerKind[], state: OperationState = "succeeded") => ({
  status,
  postings,
  state,
});

const rows: readonly Row[] = [
  [
    "a sale told as failed was charged",
    lateSale,
    paymentIn("failed"),
    operationOf("sale", "failed"),
    moved("captured", ["capture"]),
  ],
  [
    "after a cancel too",
    lateSale,
    paymentIn("canceled"),
    operationOf("sale", "failed"),
    moved("captured", ["capture"]),
  ],
  [
    "an authorization told as failed holds",
    { kind: "lateAuthorized", reference: "pi" },
    paymentIn("failed"),
    operationOf("authorize", "failed"),
    moved("authorized", ["hold"]),
  ],
  ["a success is not late", lateSale, paymentIn("captured"), operationOf("sale", "succeeded"), "refused"],
  ["an open operation is not late", lateSale, paymentIn("failed"), operationOf("sale", "unknown"), "refused"],
  [
    "a refused capture took place",
    { kind: "captured", reference: null },
    paymentIn("authorized"),
    operationOf("capture", "failed", 700n),
    moved("captured", ["hold_release", "capture"]),
  ],
  [
    "not while another one is open",
    { kind: "captured", reference: null },
    paymentIn("authorized", { operation: operationOf("void", "submitted") }),
    operationOf("capture", "failed"),
    "refused",
  ],
  [
    "a refused void took place",
    { kind: "voided", reference: null },
    paymentIn("authorized"),
    operationOf("void", "failed"),
    moved("canceled", ["hold_release"]),
  ],
  [
    "a capture fails late",
    { kind: "captureReversed", failure },
    paymentIn("captured"),
    operationOf("sale", "succeeded"),
    moved("captured", ["capture_reverse"], "failed"),
  ],
  [
    "not below what was refunded",
    { kind: "captureReversed", failure },
    paymentIn("captured", { refundedMinor: 1n }),
    operationOf("sale", "succeeded"),
    "refused",
  ],
  [
    "a refund fails late",
    { kind: "refundReversed", failure },
    paymentIn("captured", { refundedMinor: 300n }),
    operationOf("refund", "succeeded", 300n),
    moved("captured", ["refund_unsettle", "refund_release"], "failed"),
  ],
  [
    "an authorization expires",
    { kind: "authorizationExpired" },
    paymentIn("authorized"),
    operationOf("authorize", "succeeded"),
    moved("expired", ["hold_release"]),
  ],
  [
    "not while its capture is open",
    { kind: "authorizationExpired" },
    paymentIn("authorized", { operation: operationOf("capture", "unknown") }),
    operationOf("authorize", "succeeded"),
    "refused",
  ],
  [
    "a dispute takes money",
    { kind: "disputeHeld", dispute: dispute("held") },
    paymentIn("captured"),
    operationOf("sale", "succeeded"),
    moved("captured", ["dispute_hold"]),
  ],
  [
    "once",
    { kind: "disputeHeld", dispute: dispute("held") },
    paymentIn("captured", { dispute: dispute("held") }),
    operationOf("sale", "succeeded"),
    "refused",
  ],
  [
    "and gives it back",
    { kind: "disputeReleased", dispute: dispute("released") },
    paymentIn("captured", { dispute: dispute("held"), disputedMinor: 400n }),
    operationOf("sale", "succeeded"),
    moved("captured", ["dispute_release"]),
  ],
  [
    "only what it took",
    { kind: "disputeReleased", dispute: dispute("released", { amount: "500" }) },
    paymentIn("captured", { dispute: dispute("held"), disputedMinor: 400n }),
    operationOf("sale", "succeeded"),
    "refused",
  ],
  [
    "a reversal without a chargeback",
    { kind: "disputeReleased", dispute: dispute("released") },
    paymentIn("captured"),
    operationOf("sale", "succeeded"),
    "refused",
  ],
  [
    "a second one while the first holds",
    { kind: "disputeHeld", dispute: dispute("held", { reference: "dp_2" }) },
    paymentIn("captured", { dispute: dispute("held"), disputedMinor: 400n }),
    operationOf("sale", "succeeded"),
    "refused",
  ],
  [
    "a dispute is lost",
    { kind: "disputeLost", dispute: dispute("lost") },
    paymentIn("captured", { dispute: dispute("held"), disputedMinor: 400n }),
    operationOf("sale", "succeeded"),
    moved("captured", ["dispute_loss"]),
  ],
  [
    "a label alone posts nothing",
    { kind: "disputeUpdated", dispute: dispute("none", { state: "inquiry" }) },
    paymentIn("captured"),
    operationOf("sale", "succeeded"),
    moved("captured", []),
  ],
  [
    "nothing of it at a payment that holds only",
    { kind: "disputeHeld", dispute: dispute("held") },
    paymentIn("authorized"),
    operationOf("authorize", "succeeded"),
    "refused",
  ],
];

describe("a late fact", () => {
  for (const [name, fact, payment, operation, expected] of rows)
    it(`${fact.kind}: ${name}`, () => {
      const next = lateTransition(payment, operation, fact, AT_MS);
      if (expected === "refused") {
        expect(next).to.equal(undefined);
        return;
      }
      expect(next?.payment.status).to.equal(expected.status);
      expect(next?.postings.map(({ kind }) => kind)).to.deep.equal(expected.postings);
      expect(next?.payment.operation.state).to.equal(expected.state);
      expect(next?.payment.version).to.equal(payment.version + 1);
    });

  it("changes the amounts by what it posts", () => {
    const reversed = lateTransition(
      paymentIn("captured"),
      operationOf("sale", "succeeded"),
      { kind: "captureReversed", failure },
      AT_MS,
    );
    expect(reversed?.payment.capturedMinor).to.equal(0n);
    const back = lateTransition(
      paymentIn("captured", { refundedMinor: 300n }),
      operationOf("refund", "succeeded", 300n),
      { kind: "refundReversed", failure },
      AT_MS,
    );
    expect(back?.payment.refundedMinor).to.equal(0n);
    const held = lateTransition(
      paymentIn("captured"),
      operationOf("sale", "succeeded"),
      { kind: "disputeHeld", dispute: dispute("held") },
      AT_MS,
    );
    expect([held?.payment.disputedMinor, held?.payment.dispute?.funds]).to.deep.equal([400n, "held"]);
  });

  const anyFact = fc.constantFrom<LateFact>(...rows.map(([, fact]) => fact));
  it("never bends the amounts, whatever it meets", () =>
    fc.assert(
      fc.property(
        anyFact,
        fc.constantFrom(...PAYMENT_STATUSES),
        fc.constantFrom(...OPERATION_KINDS),
        fc.constantFrom(...OPERATION_STATES),
        fc.bigInt(0n, 1_000n),
        fc.bigInt(0n, 1_000n),
        (fact, status, kind, state, refundedMinor, refundingMinor) => {
          const fits = status === "captured" && refundedMinor + refundingMinor <= 1_000n;
          const before = paymentIn(status, fits ? { refundedMinor, refundingMinor } : {});
          const after = lateTransition(before, operationOf(kind, state), fact, AT_MS)?.payment;
          if (after === undefined) return;
          expect(after.refundedMinor >= 0n && after.disputedMinor >= 0n).to.equal(true);
          expect(after.refundedMinor + after.refundingMinor <= after.capturedMinor).to.equal(true);
          expect(after.capturedMinor <= after.authorizedMinor).to.equal(true);
        },
      ),
    ));
});
