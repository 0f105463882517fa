/** What an actor needs of its shard's database; `storage/` implements it. Times: Unix milliseconds unless said. */
import type {
  EndpointId,
  MerchantId,
  Operation,
  OperationId,
  Payment,
  PaymentId,
  PaymentTerms,
} from "../domain/index.ts";
import type { NoticeKey, NoticeRow, SideRows } from "./inbox.ts";
import type { DueDelivery, OutboxRows, WebhookEndpoint } from "./outbox.ts";
import type { OperationView, ReadQuery, ReadResult } from "./reads.ts";
import type { CommitOutcome, DecisionBatch, DoubtRow, KeyRow, MerchantKey, StoredReply } from "./decisions.ts";

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
  /** So long an owner who is about to release the shard is waited for before it is taken; 0: not at all. */
  readonly patienceMs: number;
  /** A uuid, new for each activation. */
  readonly activationId: string;
  /** Names this operating-system process for `isGone` of a later claim. */
  readonly process: string;
  /** True only when `process` certainly runs no more: then its reads need not be waited out (design §3.2). */
  isGone(process: string): boolean;
}

/** An open operation as found by activation, with what is needed to ask the gateway again. */
export interface OpenOperation {
  /** As of its newest row, which may be about another operation. */
  readonly payment: Payment;
  /** As of its own newest row. */
  readonly operation: Operation;
  readonly sealed: Uint8Array;
  /** Null: no request asked for it, it is a compensation. */
  readonly request: {
    readonly idempotencyKey: string;
    readonly fingerprint: Uint8Array;
    readonly route: string;
  } | null;
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
  /** Rows of the inbox that are to be decided anew: those with a `nextTryAtMs`, oldest first, at most WAITING_NOTICES_MAX. */
  readonly waiting: readonly NoticeRow[];
  /** All endpoints of the shard's merchants. */
  readonly endpoints: readonly WebhookEndpoint[];
  /** Endpoints that were removed, though deliveries still wait for them. */
  readonly forsaken: readonly EndpointId[];
}

/** What an activation loads of the inbox at most; the rest is asked for with `findWaitingNotices`. */
export const WAITING_NOTICES_MAX = 10_000;

/** A key found in the database. */
export interface FoundKey {
  readonly row: KeyRow;
  /** Null while its operation is open. */
  readonly reply: StoredReply | null;
  /** Null: this release cannot read it. A stored reply is the answer all the same. */
  readonly payment: Payment | null;
}

/**
 * One shard's database. `commit`, `renew`, `saveDoubts`, `saveSide` and `saveOutbox` are called one at a time; reads may run beside them.
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
  findKeys(keys: readonly MerchantKey[]): Promise<readonly (FoundKey | undefined)[]>;
  /** Stored keys behind `after` (null: from the beginning), in a fixed order, at most `limit`. */
  scanKeys(after: MerchantKey | null, limit: number): Promise<readonly MerchantKey[]>;
  /** Payments of one merchant each, in the order asked; undefined: unknown, or another merchant's; null: unreadable. */
  findPayments(
    ids: readonly { readonly merchantId: MerchantId; readonly id: PaymentId }[],
  ): Promise<readonly (Payment | null | undefined)[]>;
  /** What a merchant looks up; undefined: there is no such object of this merchant. */
  read(merchant: MerchantId, query: ReadQuery): Promise<ReadResult | undefined>;
  /**
   * Sums the ledger entries of these merchants up, under the fence, so that balances stay quick to read: some thousand of
   * them in one call, so it may take several. One at a time; commits may run beside it. Never `unknown`.
   */
  rollUpBalances(lease: Lease, merchants: readonly MerchantId[]): Promise<CommitOutcome>;
  /** Operations, each with its payment as of the payment's newest row, in the order asked; undefined: unknown here. */
  findOperations(ids: readonly OperationId[]): Promise<readonly (OperationView | null | undefined)[]>;
  /** Rows of the inbox, in the order asked; one statement. */
  findNotices(keys: readonly NoticeKey[]): Promise<readonly (NoticeRow | undefined)[]>;
  /** Rows of the inbox that are due before `beforeMs`, oldest first. */
  findWaitingNotices(beforeMs: number, limit: number): Promise<readonly NoticeRow[]>;
  /** Writes rows beside the journal, under the fence, without a journal row. */
  saveSide(lease: Lease, rows: SideRows): Promise<CommitOutcome>;
  /**
   * Writes endpoints, events and deliveries, under the fence. `rejected`: a key or an endpoint stands there already. A
   * delivery is given up only while it waits: one that was delivered meanwhile stays delivered.
   */
  saveOutbox(lease: Lease, rows: OutboxRows): Promise<CommitOutcome>;
  /** Deliveries of an endpoint that wait, those due first, at most `limit`. */
  findDeliveries(endpointId: EndpointId, limit: number): Promise<readonly DueDelivery[]>;
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
