/** The heart: decides and orders what happens to a merchant's money. */
export {
  type MerchantKey,
  type KeyRow,
  type StoredReply,
  type SideFacts,
  type JournalEntry,
  type Decision,
  type DecisionBatch,
  type CommitOutcome,
  type DoubtRow,
} from "./ports/decisions.ts";
export { FAULTS, type FaultCode, PaymentClusterError } from "./ports/faults.ts";
export {
  type GatewayAction,
  type GatewayCall,
  type GatewayLine,
  type GatewayObservation,
  type GatewayAnswer,
  type GatewayCapabilities,
  type Gateway,
  type GatewayDesk,
  WAITED_TOO_LONG,
} from "./ports/gateway.ts";
export {
  type MerchantProfile,
  type CreatePayment,
  type ModifyPayment,
  type CreateEndpoint,
  type ResendEvent,
  type RequestReader,
  type Presenter,
  type ShardRequest,
  type RateState,
  type ShardReply,
} from "./ports/requests.ts";
export {
  type NoticeState,
  type NoticeVerdict,
  type NoticeRow,
  type NoticeKey,
  FINDING_CLASSES,
  type FindingClass,
  type Finding,
  type SideRows,
  NO_SIDE_ROWS,
  NOTICE_STATES,
  NOTICE_VERDICTS,
} from "./ports/inbox.ts";
export type {
  GatewayNotice,
  NoticeClaim,
  NoticeHeaders,
  NoticeReader,
  NoticeRefusal,
} from "./ports/notices.ts";
export type {
  Delivery,
  DeliveryState,
  Dispatch,
  DispatchDesk,
  Dispatched,
  DueDelivery,
  EndpointKey,
  EndpointStatus,
  EndpointVault,
  OutboxRows,
  OutgoingEvent,
  SealedSecret,
  WebhookEndpoint,
} from "./ports/outbox.ts";
export type {
  DeliveriesCursor,
  EventsCursor,
  Found,
  Page,
  PaymentsCursor,
  RefundsCursor,
} from "./ports/pages.ts";
export type {
  Balance,
  DeliveryView,
  EventView,
  KeyView,
  OperationView,
  PaymentsFilter,
  ReadQuery,
  ReadResult,
} from "./ports/reads.ts";
export type { RiskCheck, RiskQuestion, RiskVerdict, TokenVault } from "./ports/policies.ts";
export {
  type Lease,
  type Claim,
  type OpenOperation,
  type Activation,
  type FoundKey,
  type ShardStore,
  type Vault,
  WAITING_NOTICES_MAX,
} from "./ports/shard-store.ts";
export { type Clock, type Random, type Log } from "./ports/world.ts";
export { type Doubt, type Step } from "./doubt-rules.ts";
export { type Evidence, type EvidenceLine, type Validity } from "./evidence.ts";
export { type Explanation, explain } from "./resolver.ts";
export { type NoticeDelivery, type NoticeReceipt, noticeKeyOf } from "./inbox.ts";
export { contentOf, receiptOf } from "./notice-rows.ts";
export { allowAll } from "./risk-check.ts";
export { type ShardLimits, type ShardParts, type ActorMode, type ActorSnapshot, ShardActor } from "./shard-actor.ts";
export { type ActorInspection, OPERATIONS_SHOWN_MAX, type OperationInspection } from "./actor-inspection.ts";
export type { CommitLook } from "./group-commit.ts";
export { type ShardMeter } from "./shard-meter.ts";
export type { DispatchSnapshot } from "./dispatch-snapshot.ts";
export type { WebhookParts } from "./outbox.ts";
export type { WebhookMeter } from "./webhook-meter.ts";
export type { BreakersLimits, OpenBreaker } from "./breakers.ts";
export type { BudgetLimits } from "./gateway-budget.ts";
export { GatewayGate, type GateSnapshot, NO_SHARD } from "./gateway-gate.ts";
export type { HeardAnswer, OperationCheckup, PaymentCheckup, Standing } from "./checkups.ts";
export type { GatewayStop } from "./gateway-stops.ts";
export { type GatewayMeter, NO_GATEWAY_METER } from "./gateway-meter.ts";
