/** The pure domain: what money may do. No I/O, clock, randomness or vendor. */
export { type RowFacts, hashRow } from "./chain.ts";
export { sha256 } from "./sha256.ts";
export { assertNever, REFUSALS, type RefusalCode, type FieldError, type Refusal, refuse } from "./errors.ts";
export {
  SLOT_COUNT,
  type PaymentId,
  type RefundId,
  type OperationId,
  type EventId,
  type MerchantId,
  type EndpointId,
  type IdPrefix,
  idFromBytes,
  bytesOfId,
  parseId,
  mintId,
  mintedAtMs,
  slotOfId,
  slotOfMerchant,
  gatewayKeyOf,
  compensationKeyOf,
  refundIdOf,
  operationIdOf,
  firstOperationOf,
} from "./ids.ts";
export {
  LEDGER_ACCOUNTS,
  type LedgerAccount,
  LEDGER_KINDS,
  type LedgerKind,
  TEMPLATES,
  type Posting,
  post,
  type FactAmounts,
  postingsOf,
} from "./ledger.ts";
export { CURRENCIES, currencyOf, type AmountVerdict, parseAmount } from "./money.ts";
export {
  OPERATION_KINDS,
  type OperationKind,
  OPERATION_STATES,
  type OperationState,
  NEXT_OPERATION_STATES,
  isOpen,
} from "./operation.ts";
export {
  PAYMENT_STATUSES,
  type PaymentStatus,
  FACT_KINDS,
  type FactKind,
  SUBMITTING,
  NEXT_STATUS,
  nextStatus,
  type GatewayName,
  GATEWAY_NAMES,
  type CaptureMethod,
  CAPTURE_METHODS,
  type PendingReason,
  type Failure,
  type PaymentTerms,
  type Operation,
  type CancelRequest,
  DISPUTE_STATES,
  type DisputeState,
  type Dispute,
  type Payment,
} from "./payment.ts";
export { isUndecided, type LateFact, lateTransition } from "./late-transition.ts";
export { type AllowedRequest, checkRequest, type Command, COMMANDS, refundableMinor } from "./requests.ts";
export {
  type Fact,
  type Transition,
  accept,
  type RequestedFact,
  REQUESTED_KIND,
  request,
  transition,
} from "./transition.ts";
