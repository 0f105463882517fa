/** What merchants' systems are told happened: a type for each fact of the journal that they see. Types are never renamed. */
import type { FactKind, OperationKind } from "../actors/domain/index.ts";

interface EventRow {
  /** Null: merchants do not see it. */
  readonly type: string | null;
  /** The type when the fact is about a refund. */
  readonly ofRefund?: string;
}

// biome-ignore format: a table reads by columns
const EVENTS = {
  accepted:             { type: "payment.pending" },
  gatewayPrepared:      { type: null },
  gatewayProcessing:    { type: "payment.processing",        ofRefund: "refund.processing" },
  outcomeUnknown:       { type: "payment.in_doubt",          ofRefund: "refund.in_doubt" },
  conflicted:           { type: "payment.needs_review",      ofRefund: "refund.needs_review" },
  deadlinePassed:       { type: "payment.needs_review",      ofRefund: "refund.needs_review" },
  authorized:           { type: "payment.authorized" },
  captured:             { type: "payment.captured" },
  declined:             { type: "payment.failed" },
  notSubmitted:         { type: "payment.failed" },
  voided:               { type: "payment.canceled" },
  authorizationExpired: { type: "payment.expired" },
  // Money moved at a payment that had ended: whoever ships goods on "captured" must not take it for one.
  lateAuthorized:       { type: "payment.late_authorized" },
  lateCaptured:         { type: "payment.late_captured" },
  captureRequested:     { type: "payment.capture_requested" },
  captureFailed:        { type: "payment.capture_failed" },
  voidRequested:        { type: "payment.cancel_requested" },
  cancelRequested:      { type: "payment.cancel_requested" },
  voidFailed:           { type: "payment.cancel_failed" },
  cancelSettled:        { type: "payment.cancel_settled" },
  refundRequested:      { type: "refund.created",            ofRefund: "refund.created" },
  refunded:             { type: "refund.succeeded",          ofRefund: "refund.succeeded" },
  refundFailed:         { type: "refund.failed",             ofRefund: "refund.failed" },
  captureReversed:      { type: "payment.capture_reversed" },
  refundReversed:       { type: "refund.reversed",           ofRefund: "refund.reversed" },
  disputeUpdated:       { type: "dispute.updated" },
  disputeHeld:          { type: "dispute.funds_withdrawn" },
  disputeReleased:      { type: "dispute.funds_reinstated" },
  disputeLost:          { type: "dispute.lost" },
} as const satisfies { readonly [F in FactKind]: EventRow };

type Rows = (typeof EVENTS)[FactKind];
export type EventType = NonNullable<Rows["type"]> | Extract<Rows, { ofRefund: string }>["ofRefund"];

/** Every type, once, in the order of the table. */
export const EVENT_TYPES: readonly EventType[] = [
  ...new Set(
    Object.values<EventRow>(EVENTS).flatMap(({ type, ofRefund }) => [type, ofRefund].filter(Boolean) as EventType[]),
  ),
];

/** The type of a fact about an operation of that kind; null: merchants do not see it. */
export function eventTypeOf(fact: FactKind, operation: OperationKind): EventType | null {
  const row: EventRow = EVENTS[fact];
  return ((operation === "refund" ? row.ofRefund : undefined) ?? row.type) as EventType | null;
}
