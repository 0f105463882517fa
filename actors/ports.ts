/**
 * What a shard actor needs from the world. `storage/` implements ShardStore and Vault, `router/` RequestReader and
 * Presenter, `actors/gateways/` Gateway; `cluster/shard-thread.ts` joins them. Times: Unix milliseconds unless said.
 */
import type { RefusalCode, Refusal } from "./domain/errors.ts";
import type { MerchantId, OperationId, PaymentId } from "./domain/ids.ts";
import type { Posting } from "./domain/ledger.ts";
import type { OperationKind } from "./domain/operation.ts";
import type {
  CaptureMethod,
  FactKind,
  Failure,
  GatewayName,
  Payment,
  PaymentStatus,
  PaymentTerms,
} from "./domain/payment.ts";

/** Time and chance, injected so that tests decide them. */
export interface Clock {
  /** Unix milliseconds; may jump. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow: for durations. */
  readonly monotonicMs: () => number;
  /** Runs `task` once after `delayMs`; the returned function calls it off. */
  readonly after: (delayMs: number, task: () => void) => () => void;
}
export interface Random {
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}
/** Structured and redacted by its implementation; never given secrets, names or bodies. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

// ---------------------------------------------------------------- storage

/** Whose shard it is: identity is (shard, epoch); `slotsVersion` grows with each change of the slots. */
export interface Lease {
  readonly shard: number;
  readonly epoch: bigint;
  readonly slotsVersion: bigint;
}

/**
 * Who wants the shard. `generation`: of the assignment; must exceed the stored one, unless node, generation and
 * process are equal (a rebuilt actor, or one that settles its own unknown COMMIT).
 */
export interface Claim {
  readonly node: string;
  readonly generation: bigint;
  /** A uuid, new for each activation. */
  readonly activationId: string;
  /** Names this operating-system process for `isGone` of a later claim. */
  readonly process: string;
  /** True only when `process` certainly runs no more: then its reads need not be waited out (design §3.2). */
  isGone(process: string): boolean;
}

/** An open operation as found by activation, with what is needed to ask the gateway again. */
export interface OpenOperation {
  readonly payment: Payment;
  readonly sealed: Uint8Array;
  readonly idempotencyKey: string;
  readonly fingerprint: Uint8Array;
  /** Seq of the journal row that submitted the operation. */
  readonly t1Seq: bigint;
  readonly tries: number;
  /** It stands in `operation_open`: the floor need not wait for it. */
  readonly noted: boolean;
}

/** What the database knows when a shard is taken. `lastSeq`: 0 when the journal is empty. */
export interface Activation {
  readonly lease: Lease;
  readonly lastSeq: bigint;
  readonly lastAnchor: Uint8Array;
  readonly lastRecordedAtMs: number;
  /** Slots in state `owned`. */
  readonly slots: ReadonlySet<number>;
  /** In the order of `t1Seq`. */
  readonly open: readonly OpenOperation[];
  /** They ended but still stand in `operation_open`: to be removed there. */
  readonly ended: readonly OperationId[];
}

/** The idempotency row of one accepted request. */
export interface KeyRow {
  readonly merchantId: MerchantId;
  readonly key: string;
  readonly route: string;
  /** SHA-256 of the canonical body, 32 bytes. */
  readonly fingerprint: Uint8Array;
  readonly paymentId: PaymentId;
  readonly operationId: OperationId;
}

/** The final answer to a key: bytes that are never made again (faults.md P28). */
export interface StoredReply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** A key found in the database. `reply` is null while its operation is open; then `payment` says where it is. */
export interface FoundKey {
  readonly row: KeyRow;
  readonly reply: StoredReply | null;
  readonly payment: Payment;
}

/** One row of the journal before it has a seq; `hash` chains it to the payment's row before it. */
export interface JournalEntry {
  readonly fact: FactKind;
  readonly fromStatus: PaymentStatus;
  /**
   * Why: `request:<id>` for T1; `resolver` for what a check found or decided, time-outs included; `gateway` for answers to
   * the calls that T1 led to.
   */
  readonly cause: string;
  readonly recordedAtMs: number;
  /** Facts beside the columns, compact JSON, or null: failure, pending reason, review mark. */
  readonly data: string | null;
  readonly hash: Uint8Array;
  readonly reply: StoredReply | null;
}

/**
 * One decided transition of one payment, to be written whole or not at all. `payment` is the state after it.
 * `accepted` is set for T1 only: then the payment's terms and the key row are inserted too.
 */
export interface Decision {
  readonly payment: Payment;
  readonly entry: JournalEntry;
  readonly postings: readonly Posting[];
  readonly accepted: { readonly keyRow: KeyRow; readonly sealed: Uint8Array } | null;
}

/** A batch in journal order. Row i gets seq `firstSeq + i`. */
export interface DecisionBatch {
  readonly firstSeq: bigint;
  readonly previousAnchor: Uint8Array;
  readonly decisions: readonly Decision[];
  /** Every operation whose T1 has a smaller seq is closed or stands in `operation_open`: activation reads from here. */
  readonly openFloorSeq: bigint;
}

/** How a commit ended. Only `committed` and `unknown` may have changed anything. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly anchor: Uint8Array }
  /** A row was refused (constraint, value): nothing was written; a smaller batch may pass. The database is well. */
  | { readonly kind: "rejected"; readonly sqlState: string; readonly constraint: string | null }
  /** Epoch or slots_version is not ours: stop. Nothing was written. */
  | { readonly kind: "fenced" }
  /** Nothing was written and the reason is not in the rows: no connection, disk full, time-out, deadlock. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** The connection died, or the journal is not where we believe: undecided until an `activate` is acknowledged. */
  | { readonly kind: "unknown" };

/** An operation in doubt: its row in the small mutable table. */
export interface DoubtRow {
  readonly paymentId: PaymentId;
  readonly operationId: OperationId;
  readonly slot: number;
  readonly tries: number;
  readonly nextCheckAtMs: number;
  readonly deadlineAtMs: number;
}

/**
 * One shard's database. Commits, `settle` and `renew` are called one at a time; reads may run beside them.
 * Reads throw PaymentClusterError(STORAGE_UNAVAILABLE) when the database does not answer in time.
 */
export interface ShardStore {
  /**
   * Takes the lease (epoch + 1) by an acknowledged commit, repeated until it is acknowledged or `signal` aborts, and
   * loads what an actor needs. This is also how an unknown COMMIT is settled. A new owner waits until `renewed_at` + 4 s
   * by the database's clock unless the lease was released, was its own, or its owner is gone. "fenced": the claim is too
   * old. Throws when called off, or when the database contradicts itself.
   */
  activate(claim: Claim, signal: AbortSignal): Promise<Activation | "fenced">;
  commit(lease: Lease, batch: DecisionBatch): Promise<CommitOutcome>;
  /** Renews the lease by a real commit: also the readiness probe. */
  renew(lease: Lease): Promise<CommitOutcome>;
  /** Idempotency rows by (merchant, key), in the order asked; one statement. */
  findKeys(
    keys: readonly { readonly merchantId: MerchantId; readonly key: string }[],
  ): Promise<readonly (FoundKey | undefined)[]>;
  /** Stored keys behind `after` (null: from the beginning), in a fixed order, at most `limit`. */
  scanKeys(
    after: { readonly merchantId: MerchantId; readonly key: string } | null,
    limit: number,
  ): Promise<readonly { readonly merchantId: MerchantId; readonly key: string }[]>;
  /** Payments of one merchant each, in the order asked; undefined: unknown, or another merchant's. */
  findPayments(
    ids: readonly { readonly merchantId: MerchantId; readonly id: PaymentId }[],
  ): Promise<readonly (Payment | undefined)[]>;
  /** True when the lease row still carries this epoch: a read is then as new as any answer given. */
  confirmEpoch(lease: Lease): Promise<boolean>;
  /** Writes and removes rows of operations in doubt, under the fence. */
  saveDoubts(lease: Lease, upserts: readonly DoubtRow[], closed: readonly OperationId[]): Promise<CommitOutcome>;
  /** Gives the lease up by a commit, so that a successor need not wait. */
  release(lease: Lease): Promise<void>;
  close(): Promise<void>;
}

/** Encrypts a payment's private details. Associated data: merchant, table, column, row. */
export interface Vault {
  seal(payment: Pick<PaymentTerms, "id" | "merchantId">, plain: Uint8Array): Uint8Array;
  /** Throws when the bytes were changed, cut, or moved to another row. */
  open(payment: Pick<PaymentTerms, "id" | "merchantId">, sealed: Uint8Array): Uint8Array;
}

// ---------------------------------------------------------------- requests

/** What the merchant may do and where its money goes, as the control database says. */
export interface MerchantProfile {
  readonly id: MerchantId;
  readonly slot: number;
  /** In order of preference. */
  readonly gateways: readonly { readonly name: GatewayName; readonly account: string }[];
  readonly currencies: readonly string[] | null;
}

/** A validated `POST /v1/payments`. */
export interface CreatePayment {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly captureMethod: CaptureMethod;
  /** Null: the merchant's first. */
  readonly gateway: GatewayName | null;
  readonly merchantReference: string | null;
  readonly description: string | null;
  readonly metadataJson: string;
  readonly paymentMethod: string;
  readonly customer: { readonly email: string | null; readonly name: string | null } | null;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Uint8Array;
}

/** Reads a body once, on the owner's thread. */
export interface RequestReader {
  readCreatePayment(body: Uint8Array, idempotencyKey: string): CreatePayment | Refusal;
}

/** Renders what the merchant sees; its bytes may be stored for ever. */
export interface Presenter {
  /** `needsReview`, amounts, pending and failure as design §7 shows them. `nextCheckAtMs`: null when nothing is open. */
  payment(payment: Payment, nextCheckAtMs: number | null): Uint8Array;
  /** The 402 problem with the payment inside. */
  declined(payment: Payment, requestId: string): Uint8Array;
  refusal(refusal: Refusal, requestId: string): Uint8Array;
}

/** One request for a shard. `body` is a view into the batch's bytes. */
export type ShardRequest =
  | {
      readonly kind: "createPayment";
      readonly ticket: number;
      readonly requestId: string;
      readonly merchantId: MerchantId;
      readonly idempotencyKey: string;
      readonly body: Uint8Array;
      /** When its head came, by the monotonic clock of the process: the client's deadline counts from here. */
      readonly receivedAtMs: number;
      /** When its body was whole and its token known: from here on it waits for us. */
      readonly handedOverAtMs: number;
    }
  | {
      readonly kind: "getPayment";
      readonly ticket: number;
      readonly requestId: string;
      readonly merchantId: MerchantId;
      readonly paymentId: PaymentId;
    };

/**
 * The answer to one request. `body` is JSON (`application/problem+json` when `problem`).
 * Status 0: close the connection without an answer. The payment may have been charged and nothing certain can be said of
 * it here, so any status would be a guess; the client sends again with the same key and learns the truth.
 */
export interface ShardReply {
  readonly ticket: number;
  /** HTTP status, or 0. */
  readonly status: number;
  readonly body: Uint8Array;
  readonly problem: boolean;
  readonly code: RefusalCode | null;
  readonly replayed: boolean;
  readonly retryAfterS: number | null;
  /** Path of the payment, for 202. */
  readonly location: string | null;
  /** How long the gateway took, for the benchmark's net latency; null when it was not asked. */
  readonly gatewayMs: number | null;
}

// ---------------------------------------------------------------- gateways

/**
 * What to do at the gateway.
 * `prepare`: make the object that `execute` acts on, moving no money. `execute`: move the money, always with the stored key.
 * `query`: read. `abandon`: make sure that nothing is charged any more.
 */
export type GatewayAction = "prepare" | "execute" | "query" | "abandon";

/** One try. Everything the request's bytes are built from is stored, so each try sends the same bytes. */
export interface GatewayCall {
  readonly operationId: OperationId;
  readonly paymentId: PaymentId;
  readonly kind: OperationKind;
  readonly action: GatewayAction;
  readonly try: number;
  /** An earlier money-moving try may have reached the gateway: a refusal of this one then says nothing of that one. */
  readonly earlierTryOpen: boolean;
  readonly gateway: GatewayName;
  readonly account: string;
  readonly gatewayKey: string;
  readonly gatewayReference: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly paymentMethod: string;
  /** Total time for this call. */
  readonly timeoutMs: number;
}

/** What the gateway was observed to say. Only the first six are facts about the operation; the rest speak of this try. */
export type GatewayObservation =
  | { readonly kind: "prepared"; readonly reference: string }
  | { readonly kind: "authorized"; readonly reference: string }
  | { readonly kind: "captured"; readonly reference: string }
  | { readonly kind: "declined"; readonly failure: Failure; readonly reference: string | null }
  | { readonly kind: "voided"; readonly reference: string | null }
  | { readonly kind: "conflicted"; readonly detail: string; readonly reference: string | null }
  /** The gateway has the operation and works on it. */
  | { readonly kind: "processing"; readonly reference: string | null }
  /** A read shows that the money-moving call has not run; it still may. */
  | { readonly kind: "undecided"; readonly reference: string | null }
  /** The stored answer of the first run is an error and the object shows that it ended without moving money. */
  | { readonly kind: "notExecuted"; readonly failure: Failure }
  /** This try never left the machine, or our credentials were refused. */
  | { readonly kind: "notSubmitted"; readonly reason: string }
  /** Not executed, or still running from an earlier try: the same call may be repeated after a while. */
  | { readonly kind: "busy"; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: "unknown"; readonly reason: string };

/** An observation with the operation and try that it answers; `tookMs`: the gateway's time. */
export interface GatewayAnswer {
  readonly operationId: OperationId;
  readonly paymentId: PaymentId;
  readonly try: number;
  readonly action: GatewayAction;
  readonly observation: GatewayObservation;
  readonly tookMs: number;
}

/** What a gateway can do: data that the resolver reads (gateways.md §3.3). */
export interface GatewayCapabilities {
  readonly name: GatewayName;
  readonly queryById: boolean;
  /** `prepare`, commit the reference, `execute`. */
  readonly twoStepCharge: boolean;
  readonly replayReturnsStored5xx: boolean;
  readonly cancelByMerchantReference: boolean;
  readonly keyTtlMs: number;
}

/** One adapter. Never throws and never answers before the call ended or its time is up. */
export interface Gateway {
  readonly capabilities: GatewayCapabilities;
  run(call: GatewayCall): Promise<GatewayObservation>;
  close(): Promise<void>;
}

/** Takes calls out of the actor's thread. Answers come back in batches through `onAnswers`, given at construction. */
export interface GatewayDesk {
  submit(calls: readonly GatewayCall[]): void;
}

// ---------------------------------------------------------------- infrastructure errors

/** Thrown errors mean infrastructure or a bug; the value says where to retry. */
export const FAULTS = {
  LEASE_FENCED: "elsewhere",
  SHARD_NOT_OWNED: "elsewhere",
  STORAGE_UNAVAILABLE: "later",
  WORKER_DIED: "later",
  CALL_TIMED_OUT: "later",
  INVARIANT_BROKEN: "never",
} as const;
export type FaultCode = keyof typeof FAULTS;

export class PaymentClusterError extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PaymentClusterError";
    this.code = code;
  }
}
