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
  type GatewayObservation,
  type GatewayAnswer,
  type GatewayCapabilities,
  type Gateway,
  type GatewayDesk,
} from "./ports/gateway.ts";
export {
  type MerchantProfile,
  type CreatePayment,
  type ModifyPayment,
  type RequestReader,
  type Presenter,
  type ShardRequest,
  type RateState,
  type ShardReply,
} from "./ports/requests.ts";
export type {
  Balance,
  EventsCursor,
  EventView,
  Found,
  KeyView,
  OperationView,
  Page,
  PaymentsCursor,
  PaymentsFilter,
  ReadQuery,
  ReadResult,
  RefundsCursor,
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
} from "./ports/shard-store.ts";
export { type Clock, type Random, type Log } from "./ports/world.ts";
export { allowAll } from "./risk-check.ts";
export { type ShardLimits, type ShardParts, type ActorMode, type ActorSnapshot, ShardActor } from "./shard-actor.ts";
export { type ShardMeter } from "./shard-meter.ts";
