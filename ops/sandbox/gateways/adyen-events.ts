/** Adyen's notifications in their real shape: one item for what happened, with the references that Adyen gives it. */
import { adyenRefusalOf } from "./adyen-words.ts";
import { echoedOperationOf } from "./echo.ts";
import { digestOf } from "./effects.ts";
import type { Happening, HappeningKind } from "./happening.ts";
import type { PaymentRecord } from "./payment-record.ts";
import type { Message } from "./webhook-parcel.ts";
import type { AdyenItem } from "./webhook-signature.ts";

/** Whom an item speaks of: the payment, what was done to it under a reference of its own, or a dispute. */
type Subject = "payment" | "modification" | "cancelByReference" | "dispute";

/** Missing: Adyen tells nobody. */
const CODES: { readonly [K in HappeningKind]?: readonly [eventCode: string, subject: Subject] } = {
  authorize: ["AUTHORISATION", "payment"],
  sale: ["AUTHORISATION", "payment"], // automatic capture is not told
  capture: ["CAPTURE", "modification"],
  void: ["CANCELLATION", "modification"],
  technical_cancel: ["TECHNICAL_CANCEL", "cancelByReference"],
  refund: ["REFUND", "modification"],
  capture_failed: ["CAPTURE_FAILED", "modification"],
  refund_failed: ["REFUND_FAILED", "modification"],
  dispute: ["CHARGEBACK", "dispute"],
  dispute_won: ["CHARGEBACK_REVERSED", "dispute"],
  dispute_lost: ["PREARBITRATION_LOST", "dispute"],
  expire: ["EXPIRE", "payment"],
};
const DISPUTE_STATUS: { readonly [K in HappeningKind]?: string } = {
  dispute: "Undefended",
  dispute_won: "Won",
  dispute_lost: "Lost",
};
const REASONS: { readonly [K in HappeningKind]?: string } = {
  capture: "Insufficient balance on payment",
  void: "Payment is not in a state that can be cancelled",
  technical_cancel: "Payment is not in a state that can be cancelled",
  refund: "Insufficient balance on payment",
  capture_failed: "Capture Failed",
  refund_failed: "Refund Failed",
  dispute: "Other Fraud-Card Absent Environment",
  dispute_won: "Other Fraud-Card Absent Environment",
  dispute_lost: "Other Fraud-Card Absent Environment",
};

/** With the seconds' zone, as Adyen writes it. */
const dateOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}+00:00`;

/** The members that say whom an item speaks of. A sale's own capture has a reference that nobody was told. */
const SUBJECTS: {
  readonly [S in Subject]: (
    record: PaymentRecord,
  ) => Pick<AdyenItem, "pspReference" | "originalReference" | "merchantReference">;
} = {
  payment: (record) => ({ pspReference: record.id, merchantReference: echoedOperationOf("adyen", record) }),
  modification: (record) => ({
    pspReference: record.stepReference === "" ? referenceOf(`${record.id}:capture`) : record.stepReference,
    originalReference: record.id,
    merchantReference: record.stepOperation,
  }),
  cancelByReference: (record) => ({
    pspReference: record.stepReference,
    originalReference: record.id,
    merchantReference: record.operationId,
  }),
  dispute: (record) => ({
    pspReference: referenceOf(`${record.id}:dispute`), // the same for all that is told of the dispute
    originalReference: record.id,
    merchantReference: echoedOperationOf("adyen", record),
  }),
};
const referenceOf = (text: string): string => digestOf(text).toUpperCase();

function reasonOf(record: PaymentRecord, { kind, success }: Happening): string {
  if (CODES[kind]?.[1] === "payment" && kind !== "expire")
    return success ? "018542:1111:03/2030" : adyenRefusalOf(record).reason;
  return success && (kind === "capture" || kind === "void" || kind === "technical_cancel" || kind === "refund")
    ? ""
    : (REASONS[kind] ?? "");
}

function additionalDataOf(record: PaymentRecord, { kind, success }: Happening): Readonly<Record<string, string>> {
  const disputeStatus = DISPUTE_STATUS[kind];
  if (disputeStatus !== undefined) return { chargebackReasonCode: "10.4", chargebackSchemeCode: "visa", disputeStatus };
  if (kind !== "authorize" && kind !== "sale") return {};
  return success
    ? { authCode: "018542", cardSummary: "1111", expiryDate: "03/2030", paymentMethodVariant: "visa" }
    : { cardSummary: "1111", refusalReasonRaw: adyenRefusalOf(record).reason, paymentMethodVariant: "visa" };
}

/** The item of what happened; undefined: Adyen tells nobody. `record`: as it is afterwards. */
export function adyenItemOf(record: PaymentRecord, happening: Happening, nowMs: number): AdyenItem | undefined {
  const [eventCode, subject] = CODES[happening.kind] ?? [];
  if (eventCode === undefined || subject === undefined) return undefined;
  const isVoid = happening.kind === "void" || happening.kind === "technical_cancel";
  const isAuthorisation = eventCode === "AUTHORISATION";
  return {
    additionalData: additionalDataOf(record, happening),
    amount: { currency: record.currency, value: isVoid || isAuthorisation ? record.amount : record.stepAmount },
    eventCode,
    eventDate: dateOf(nowMs),
    merchantAccountCode: record.account,
    ...SUBJECTS[subject](record),
    ...(isAuthorisation && happening.success && { operations: ["CANCEL", "CAPTURE", "REFUND"] }),
    paymentMethod: "visa",
    reason: reasonOf(record, happening),
    success: String(happening.success),
  };
}

/** None or one. */
export function adyenMessages(record: PaymentRecord, happening: Happening, nowMs: number): readonly Message[] {
  const item = adyenItemOf(record, happening, nowMs);
  if (item === undefined) return [];
  const id = digestOf(`${record.account}:${record.key}:${item.eventCode}:${item.success}`);
  return [{ id, type: `${item.eventCode} ${item.success}`, body: JSON.stringify(item) }];
}
