/**
 * Everything that a shard's database knows of one payment, for people: plain data, fit to travel as JSON. What is sealed
 * (payment method, customer), stored answers, and the merchant's free texts are not read. Amounts: minor units as text.
 * Times: Unix milliseconds.
 */
import type {
  CaptureMethod,
  EndpointId,
  EventId,
  FactKind,
  Failure,
  GatewayName,
  LedgerAccount,
  LedgerKind,
  MerchantId,
  OperationId,
  OperationKind,
  OperationState,
  PaymentId,
  PaymentStatus,
  PendingReason,
} from "../actors/domain/index.ts";
import type { DeliveryState, NoticeState, NoticeVerdict, SideFacts } from "../actors/index.ts";

export interface PaymentStory {
  readonly id: PaymentId;
  readonly merchantId: MerchantId;
  readonly slot: number;
  /** What the shard says of the slot: only the one that owns it writes on. */
  readonly slotState: string | null;
  /** By the database's clock. */
  readonly readAtMs: number;
  readonly payment: StoryPayment;
  readonly owner: StoryOwner;
  /** In their order, by version. */
  readonly rows: readonly StoryRow[];
  /** Older rows that are not among them. */
  readonly rowsLeftOut: number;
  /** In the order of their submission. */
  readonly operations: readonly StoryOperation[];
  readonly requests: readonly StoryRequest[];
  readonly entries: readonly StoryEntry[];
  /** In the order in which they came; null: reading them took too long. */
  readonly notices: readonly StoryNotice[] | null;
  readonly events: readonly StoryEvent[];
  readonly findings: readonly StoryFinding[] | null;
}

/** As of the newest row. */
export interface StoryPayment {
  readonly status: PaymentStatus;
  readonly currency: string;
  readonly amountMinor: string;
  readonly authorizedMinor: string;
  readonly capturedMinor: string;
  readonly refundedMinor: string;
  readonly refundingMinor: string;
  readonly disputedMinor: string;
  readonly captureMethod: CaptureMethod;
  readonly gateway: GatewayName;
  readonly gatewayAccount: string;
  readonly gatewayReference: string | null;
  readonly merchantReference: string | null;
  readonly createdAtMs: number;
  /** The operation of the cancel that waits or runs. */
  readonly cancelOperationId: OperationId | null;
}

/** Who may write the shard now. */
export interface StoryOwner {
  readonly epoch: string;
  readonly epochStartedAtMs: number | null;
  readonly node: string;
  readonly process: string;
  readonly isReleased: boolean;
  readonly renewedAtMs: number;
}

/** A row of the journal. */
export interface StoryRow {
  readonly version: number;
  readonly seq: string;
  readonly originShard: number;
  readonly epoch: string;
  /** Who wrote it; null: another shard's, or nobody knows. */
  readonly node: string | null;
  readonly fact: FactKind;
  readonly fromStatus: PaymentStatus;
  readonly toStatus: PaymentStatus;
  readonly operationId: OperationId;
  readonly operationKind: OperationKind;
  readonly operationState: OperationState;
  /** It is the T1 of its operation. */
  readonly submits: boolean;
  readonly authorizedMinor: string;
  readonly capturedMinor: string;
  readonly refundedMinor: string;
  readonly refundingMinor: string;
  readonly disputedMinor: string;
  readonly gatewayReference: string | null;
  readonly cause: string;
  readonly recordedAtMs: number;
  readonly said: RowFacts;
  /** The status of the stored answer, if the row has one. */
  readonly replyStatus: number | null;
  /** The row's hash is that of its columns and the row before. */
  readonly isHashRight: boolean;
  /** The event that merchants see of it. */
  readonly eventId: EventId | null;
}
/** Of what a row says beside its columns, what is of use here: a refund's note is the merchant's own text. */
export type RowFacts = Omit<SideFacts, "note">;

export interface StoryOperation {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** Nobody asked for it: it gives back what nobody wants to keep. */
  readonly isCompensation: boolean;
  readonly amountMinor: string;
  readonly gatewayKey: string;
  readonly attempt: number;
  readonly submittedAtMs: number;
  readonly submittedEpoch: string;
  readonly deadlineAtMs: number;
  /** Null while it is open. */
  readonly endedAtMs: number | null;
  /** Tries and the next check, as far as they are noted: of an operation that ended in its first call nothing is. */
  readonly tries: number | null;
  readonly nextCheckAtMs: number | null;
  readonly pendingReason: PendingReason | null;
  readonly needsReview: boolean;
  /** The gateway's own name for a capture, void or refund. */
  readonly reference: string | null;
  readonly failure: Failure | null;
  /** The rows that are about it: what each try or notice brought, as far as it was worth a row. */
  readonly versions: readonly number[];
}

/** A key of a merchant, and whether its final answer is stored. */
export interface StoryRequest {
  readonly key: string;
  readonly route: string;
  readonly operationId: OperationId;
  readonly replyStatus: number | null;
}

/** A posting. `seq`: of its journal row. */
export interface StoryEntry {
  readonly seq: string;
  readonly operationId: OperationId;
  readonly kind: LedgerKind;
  readonly debit: LedgerAccount;
  readonly credit: LedgerAccount;
  readonly amountMinor: string;
  readonly currency: string;
}

/** A notification of the gateway. Deliveries of one that came before are not counted: its row stands there once. */
export interface StoryNotice {
  readonly gateway: GatewayName;
  readonly dedupeKey: string;
  readonly type: string;
  readonly state: NoticeState;
  readonly verdict: NoticeVerdict;
  readonly operationId: OperationId | null;
  readonly receivedAtMs: number;
  readonly processedAtMs: number | null;
  readonly tries: number;
  readonly nextTryAtMs: number | null;
  /** What it claims; null: this release cannot read it. */
  readonly claim: string | null;
  readonly amountMinor: string | null;
  readonly currency: string | null;
  readonly reference: string | null;
}

/** An event that a merchant's endpoints are sent. */
export interface StoryEvent {
  readonly id: EventId;
  readonly sequence: number;
  readonly type: string;
  readonly createdAtMs: number;
  readonly deliveries: readonly StoryDelivery[];
}
export interface StoryDelivery {
  readonly endpointId: EndpointId;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastFailure: string | null;
  readonly lastAttemptAtMs: number | null;
  readonly nextAttemptAtMs: number | null;
}

/** A difference between our books and the gateway's. */
export interface StoryFinding {
  readonly class: string;
  readonly state: "open" | "resolved" | "ignored";
  readonly operationId: OperationId | null;
  readonly expected: string | null;
  readonly observed: string | null;
  readonly evidence: string | null;
  readonly suggestedAction: string | null;
  readonly firstSeenAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly resolvedBy: string | null;
}
