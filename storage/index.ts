/** Keeps decisions: one Postgres database per shard, and a small control database. SQL nowhere else. */
export { openShardStore } from "./shard-store.ts";
export type { ShardStoreOptions, ShardStoreTimes } from "./shard-store.ts";
export { createMemoryStore, memoryDatabase } from "./memory-store.ts";
export type { MemoryDatabase } from "./memory-store.ts";
export { createEndpointVault, createEnvelope, createVault } from "./encryption.ts";
export type { Envelope } from "./encryption.ts";
export { ensureKeyFile, fileKeyProvider } from "./key-provider.ts";
export type { KeyProvider } from "./key-provider.ts";
export { openControlStore } from "./control-store.ts";
export type { ControlStore, ControlStoreOptions } from "./control-store.ts";
export type {
  AssignmentRecord,
  ClientRecord,
  DirectorySnapshot,
  Jwk,
  MerchantRecord,
  SigningKeyRecord,
  SlotMapRecord,
} from "./directory.ts";
export { openMembershipStore } from "./membership.ts";
export type { Heartbeat, MembershipStore, MembershipStoreOptions, NodeIdentity } from "./membership.ts";
export type { AuditEntry } from "./audit.ts";
export type { GatewayStopView } from "./gateway-stops.ts";
export type { AssignmentView, ClusterView, NodeView } from "./cluster-view.ts";
export { provisionCluster } from "./provision.ts";
export { placeShards } from "./shard-places.ts";
export type { DatabaseAddress, ProvisionOptions, ProvisionedCluster } from "./provision.ts";
export { ensureSecret, getSecret, randomSecret, setSecret } from "./secrets.ts";
export { POSTINGS_THAT_DIFFER } from "./book-checks.ts";
export type { InvariantScope } from "./invariant.ts";
export { type AskShards, checkInvariants, INVARIANT_NAMES } from "./invariants.ts";
export { type InvariantName, type InvariantVerdict, paymentNameOf, withShards } from "./invariants.ts";
export { type BookedBalance, type BookedOperation, type BookedPayment } from "./books.ts";
export { readBalances, readOperations, readPayments } from "./books.ts";
export { type ChainChoice, checkChains } from "./chain-check.ts";
export { checkSpool } from "./spool-check.ts";
export { type AskShard, withSnapshot } from "./snapshot.ts";
export { findPaymentOf, type FoundPayment, readStory, type StoryId } from "./story.ts";
export type * from "./story-types.ts";
export { readStuck, type StuckPayment, type StuckScope, type StuckList } from "./stuck.ts";
export { addOperator, openOperatorStore, OPERATOR_ROLES, revokeOperator } from "./operators.ts";
export type { OperatorRecord, OperatorRole, OperatorStore, OperatorStoreOptions } from "./operators.ts";
export { openShardLook } from "./open-look.ts";
export type { OpenOnDisk, ShardLook, ShardLookOptions, ShardOnDisk } from "./open-look.ts";
