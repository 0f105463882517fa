/** A payment as a simulator remembers it after one keyed call, and what a next call makes of it. */

/** `failed`: the stored answer is a 500. `forgotten`: the call was lost, the same key executes later. */
export type StoredAnswer = "ok" | "declined" | "failed" | "forgotten";
/** `late`: nobody called. A refund that fails late is a `refund` step again, under its own key. */
export type StepKind = "create" | "charge" | "capture" | "void" | "refund" | "late";
export type PaymentState = "open" | "declined" | "authorized" | "captured" | "canceled";

/** A payment after one keyed call. Amounts: the gateway's minor units. `at`: Unix milliseconds. */
export interface PaymentRecord {
  readonly at: number;
  readonly account: string;
  readonly key: string;
  /** Of the call's parameters; "" matches every call (a record rebuilt from the charge log). */
  readonly fingerprint: string;
  readonly answer: StoredAnswer;
  readonly step: StepKind;
  /** Of this call: its amount, its operation, its own reference. */
  readonly stepAmount: number;
  readonly stepOperation: string;
  readonly stepReference: string;
  readonly id: string;
  readonly operationId: string;
  readonly paymentId: string;
  readonly amount: number;
  readonly currency: string;
  readonly manual: boolean;
  readonly token: string;
  readonly state: PaymentState;
  readonly captured: number;
  readonly refunded: number;
  /** The operation of the newest capture that was asked for; "" when none was. */
  readonly captureOperation: string;
  /** Refunds asked for up to this call, refused ones included. */
  readonly refunds: number;
  /** Our name for this call's refund, as it was sent; "" for other steps. */
  readonly stepRefundId: string;
  /** Which refund of the payment this call made, from 1; 0 for other steps, and where `refunds` says it. */
  readonly refundNumber: number;
  /** Captured money that a dispute has taken. */
  readonly disputed: number;
  /** Why the payment was canceled when nobody asked for it; "" otherwise. */
  readonly cancelReason: string;
}

/** A payment before anything was done to it. */
export const UNTOUCHED = {
  captured: 0,
  refunded: 0,
  captureOperation: "",
  refunds: 0,
  stepRefundId: "",
  refundNumber: 0,
  disputed: 0,
  cancelReason: "",
} as const satisfies Partial<PaymentRecord>;

/** What can be given back still. */
export const refundableOf = ({ captured, refunded, disputed }: PaymentRecord): number => captured - refunded - disputed;

/** The payment as a later call leaves it before anything has changed. */
export const stepAfter = (
  record: PaymentRecord,
  call: Pick<PaymentRecord, "account" | "key" | "fingerprint">,
  step: Pick<PaymentRecord, "at" | "step" | "stepAmount" | "stepOperation" | "stepReference">,
): PaymentRecord => ({
  ...record,
  ...call,
  ...step,
  answer: "ok",
  captureOperation: step.step === "capture" ? step.stepOperation : record.captureOperation,
  refunds: record.refunds + (step.step === "refund" ? 1 : 0),
  stepRefundId: "",
  refundNumber: step.step === "refund" ? record.refunds + 1 : 0,
});
