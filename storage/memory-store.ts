/**
 * A shard's database in memory, behind the same port: for unit tests of what stands above it. Several stores may share
 * one database, as several nodes would; the next commits can be told to fail. `contract.ts` holds both stores to one
 * behaviour.
 */
import { isOpen, nextStatus, SUBMITTING } from "../actors/domain/index.ts";
import type { OperationId, Payment } from "../actors/domain/index.ts";
import type {
  Activation,
  Claim,
  CommitOutcome,
  DecisionBatch,
  DoubtRow,
  FoundKey,
  KeyRow,
  Lease,
  OperationView,
  OutboxRows,
  ShardStore,
  SideRows,
} from "../actors/index.ts";
import { WAITING_NOTICES_MAX } from "../actors/index.ts";
import { anchorOf } from "./commit-statement.ts";
import { readFromMemory } from "./memory-reads.ts";
import { emptySide, endpointKeyRows, endpointsOf, forsakenEndpoints, type MemorySide } from "./memory-side.ts";
import { waitingDeliveries, waitingNotices, writeOutbox, writeSide } from "./memory-side.ts";
import { newestOf, replyOf, rowsOfOperation, rowsOfPayment, type StoredRow } from "./memory-rows.ts";
import { placeOf } from "./side-rows.ts";

/** How the next commit ends instead; `written`: whether it was in, for `unknown`. */
export type InjectedOutcome =
  | { readonly kind: "rejected"; readonly sqlState: string; readonly constraint: string | null }
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "unknown"; readonly written: boolean };

/** What is on "disk", shared by the stores of a shard. */
export interface MemoryDatabase {
  readonly rows: StoredRow[];
  readonly doubts: Map<OperationId, DoubtRow>;
  readonly side: MemorySide;
  readonly slots: ReadonlySet<number>;
  /** Taken one by one by the next commits, renewals and doubt writes. */
  readonly nextOutcomes: InjectedOutcome[];
  owner: { epoch: bigint; slotsVersion: bigint; generation: bigint; node: string; process: string; released: boolean };
  lastSeq: bigint;
  openFloorSeq: bigint;
  anchor: Uint8Array;
}

/** An empty database that owns `slots`. */
export function memoryDatabase(slots: Iterable<number>): MemoryDatabase {
  return {
    rows: [],
    doubts: new Map(),
    side: emptySide(),
    slots: new Set(slots),
    nextOutcomes: [],
    owner: { epoch: 0n, slotsVersion: 1n, generation: 0n, node: "", process: "", released: true },
    lastSeq: 0n,
    openFloorSeq: 1n,
    anchor: new Uint8Array(32),
  };
}

/** A store on `database`; a take-over never waits. */
export function createMemoryStore(options: { readonly shard: number; readonly database: MemoryDatabase }): ShardStore {
  return new MemoryStore(options.shard, options.database);
}

const UNSETTLED = { kind: "unavailable", reason: "an earlier commit is unsettled: activate first" } as const;

type Write = Exclude<CommitOutcome, { kind: "committed" }> | { readonly kind: "committed" };

class MemoryStore implements ShardStore {
  readonly #shard: number;
  readonly #db: MemoryDatabase;
  #settled = false;

  constructor(shard: number, database: MemoryDatabase) {
    this.#shard = shard;
    this.#db = database;
  }

  async activate(claim: Claim, signal: AbortSignal): Promise<Activation | "fenced"> {
    signal.throwIfAborted();
    const db = this.#db;
    const { owner } = db;
    const same = owner.node === claim.node && owner.process === claim.process && owner.generation === claim.generation;
    if (claim.generation <= owner.generation && !same) return "fenced";
    db.owner = {
      epoch: owner.epoch + 1n,
      slotsVersion: owner.slotsVersion,
      generation: claim.generation,
      node: claim.node,
      process: claim.process,
      released: false,
    };
    this.#settled = true;
    return {
      lease: { shard: this.#shard, epoch: db.owner.epoch, slotsVersion: owner.slotsVersion },
      lastSeq: db.lastSeq,
      lastAnchor: db.anchor,
      lastRecordedAtMs: db.rows.at(-1)?.decision.entry.recordedAtMs ?? 0,
      slots: db.slots,
      open: this.#openOperations(),
      ended: [...db.doubts.values()].flatMap((row) =>
        isOpen(newestOf(rowsOfOperation(this.#db.rows, row.operationId)).operation.state) ? [] : [row.operationId],
      ),
      waiting: waitingNotices(db.side, Number.POSITIVE_INFINITY, WAITING_NOTICES_MAX),
      endpoints: endpointsOf(db.side, null),
      forsaken: forsakenEndpoints(db.side),
    };
  }

  async commit(lease: Lease, batch: DecisionBatch): Promise<CommitOutcome> {
    const anchor = anchorOf(batch);
    const outcome = this.#write(lease, (): Write => {
      if (this.#db.lastSeq + 1n !== batch.firstSeq) {
        this.#settled = false;
        return { kind: "unknown" };
      }
      const constraint = this.#brokenConstraint(batch);
      if (constraint !== null) return { kind: "rejected", ...constraint };
      let seq = batch.firstSeq;
      for (const decision of batch.decisions) {
        this.#db.rows.push({ seq: seq++, decision });
        if (decision.side !== null) writeSide(this.#db.side, decision.side);
      }
      this.#db.lastSeq = seq - 1n;
      this.#db.openFloorSeq = batch.openFloorSeq;
      this.#db.anchor = anchor;
      return { kind: "committed" };
    });
    return outcome.kind === "committed" ? { kind: "committed", anchor } : outcome;
  }

  async renew(lease: Lease): Promise<CommitOutcome> {
    return this.#answer(this.#write(lease, () => ({ kind: "committed" })));
  }

  async saveDoubts(lease: Lease, upserts: readonly DoubtRow[], closed: readonly OperationId[]): Promise<CommitOutcome> {
    const write = this.#write(lease, () => {
      for (const row of upserts) this.#db.doubts.set(row.operationId, row);
      for (const id of closed) this.#db.doubts.delete(id);
      return { kind: "committed" };
    });
    return this.#answer(write);
  }

  async saveSide(lease: Lease, rows: SideRows): Promise<CommitOutcome> {
    const write = this.#write(lease, () => {
      writeSide(this.#db.side, rows);
      return { kind: "committed" };
    });
    return this.#answer(write);
  }

  async saveOutbox(lease: Lease, rows: OutboxRows): Promise<CommitOutcome> {
    const write = this.#write(lease, () => {
      const constraint = writeOutbox(this.#db.side, rows, this.#paymentKeys());
      return constraint === null ? { kind: "committed" } : { kind: "rejected", sqlState: "23505", constraint };
    });
    return this.#answer(write);
  }

  async release(lease: Lease): Promise<void> {
    this.#write(lease, () => {
      this.#db.owner.released = true;
      return { kind: "committed" };
    });
  }

  findKeys: ShardStore["findKeys"] = async (keys) =>
    keys.map(({ merchantId, key }): FoundKey | undefined => {
      const isAsked = (r: KeyRow): boolean => r.merchantId === merchantId && r.key === key;
      const ofEndpoint = endpointKeyRows(this.#db.side).find(isAsked);
      if (ofEndpoint !== undefined) return { row: ofEndpoint, reply: null, payment: null };
      const row = this.#paymentKeys().find(isAsked);
      if (row === undefined) return undefined;
      return {
        row,
        reply: replyOf(this.#db.rows, row.operationId),
        payment: newestOf(rowsOfPayment(this.#db.rows, row.paymentId)),
      };
    });

  scanKeys: ShardStore["scanKeys"] = async (after, limit) => {
    const nameOf = (row: { readonly merchantId: string; readonly key: string }): string =>
      `${row.merchantId}\n${row.key}`;
    const rows = this.#keyRows().toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return rows.filter((row) => after === null || nameOf(row) > nameOf(after)).slice(0, limit);
  };

  findPayments: ShardStore["findPayments"] = async (ids) =>
    ids.map(({ merchantId, id }) => {
      const rows = rowsOfPayment(this.#db.rows, id);
      return rows[0]?.decision.payment.terms.merchantId === merchantId ? newestOf(rows) : undefined;
    });

  read: ShardStore["read"] = async (merchant, query) => readFromMemory(this.#db.rows, this.#db.side, merchant, query);

  findOperations: ShardStore["findOperations"] = async (ids) =>
    ids.map((id): OperationView | undefined => {
      const own = rowsOfOperation(this.#db.rows, id);
      if (own.length === 0) return undefined;
      const { operation, updatedAtMs, terms } = newestOf(own);
      return { payment: newestOf(rowsOfPayment(this.#db.rows, terms.id)), operation, updatedAtMs };
    });

  findNotices: ShardStore["findNotices"] = async (keys) => keys.map((key) => this.#db.side.notices.get(placeOf(key)));

  findWaitingNotices: ShardStore["findWaitingNotices"] = async (beforeMs, limit) =>
    waitingNotices(this.#db.side, beforeMs, limit);

  findDeliveries: ShardStore["findDeliveries"] = async (endpointId, limit) =>
    waitingDeliveries(this.#db.side, endpointId, limit);

  /** Its sums are always made anew, so there is nothing to do but to pass the fence. */
  async rollUpBalances(lease: Lease): Promise<CommitOutcome> {
    if (!this.#settled) return UNSETTLED;
    return this.#isMine(lease) ? { kind: "committed", anchor: this.#db.anchor } : { kind: "fenced" };
  }

  async confirmEpoch(lease: Lease): Promise<boolean> {
    return this.#db.owner.epoch === lease.epoch;
  }

  async close(): Promise<void> {
    this.#settled = false;
  }

  #isMine({ epoch, slotsVersion }: Lease): boolean {
    const { owner } = this.#db;
    return owner.epoch === epoch && owner.slotsVersion === slotsVersion && !owner.released;
  }

  #answer(write: Write): CommitOutcome {
    return write.kind === "committed" ? { kind: "committed", anchor: this.#db.anchor } : write;
  }

  /** The fence, then what the test injected, then the write. */
  #write(lease: Lease, write: () => Write): Write {
    if (!this.#settled) return UNSETTLED;
    const injected = this.#db.nextOutcomes.shift();
    if (injected?.kind === "unavailable" || injected?.kind === "rejected") return injected;
    const mine = this.#isMine(lease);
    if (injected?.kind === "unknown") {
      if (injected.written && mine) write();
      this.#settled = false;
      return { kind: "unknown" };
    }
    return mine ? write() : { kind: "fenced" };
  }

  /** What the shard database's constraints would say. */
  #brokenConstraint(batch: DecisionBatch): { readonly sqlState: string; readonly constraint: string } | null {
    const versions = new Set(this.#db.rows.map((r) => `${r.decision.payment.terms.id} ${r.decision.payment.version}`));
    const keys = new Set(this.#keyRows().map((k) => `${k.merchantId} ${k.key}`));
    for (const { payment, entry, postings, keyRow } of batch.decisions) {
      const version = `${payment.terms.id} ${payment.version}`;
      if (versions.has(version)) return { sqlState: "23505", constraint: "journal_version" };
      versions.add(version);
      if (nextStatus(entry.fromStatus, entry.fact) !== payment.status)
        return { sqlState: "23514", constraint: "journal_transition" };
      if (!amountsHold(payment)) return { sqlState: "23514", constraint: "journal_amounts" };
      if (postings.some((p) => p.amountMinor <= 0n))
        return { sqlState: "23514", constraint: "ledger_entry_amount_check" };
      if (keyRow === null) continue;
      const key = `${keyRow.merchantId} ${keyRow.key}`;
      if (keys.has(key)) return { sqlState: "23505", constraint: "idempotency_pkey" };
      keys.add(key);
    }
    return null;
  }

  #keyRows(): readonly KeyRow[] {
    return [...this.#paymentKeys(), ...endpointKeyRows(this.#db.side)];
  }

  #paymentKeys(): readonly KeyRow[] {
    return this.#db.rows.flatMap(({ decision: { keyRow } }) => (keyRow === null ? [] : [keyRow]));
  }

  #openOperations(): Activation["open"] {
    const { rows, doubts, openFloorSeq } = this.#db;
    return rows.flatMap(({ seq, decision: { entry, payment: submitted, keyRow } }) => {
      if (!SUBMITTING.has(entry.fact)) return [];
      const { operation } = newestOf(rowsOfOperation(rows, submitted.operation.id));
      const doubt = doubts.get(operation.id);
      if (!isOpen(operation.state) || (seq < openFloorSeq && doubt === undefined)) return [];
      const history = rowsOfPayment(rows, submitted.terms.id);
      return [
        {
          payment: newestOf(history),
          operation,
          sealed: history[0]?.decision.accepted?.sealed ?? new Uint8Array(0),
          request: keyRow && { idempotencyKey: keyRow.key, fingerprint: keyRow.fingerprint, route: keyRow.route },
          t1Seq: seq,
          tries: doubt?.tries ?? 0,
          noted: doubt !== undefined,
        },
      ];
    });
  }
}

const amountsHold = (p: Payment): boolean =>
  0n <= p.refundedMinor &&
  0n <= p.refundingMinor &&
  0n <= p.disputedMinor &&
  p.refundedMinor + p.refundingMinor <= p.capturedMinor &&
  p.capturedMinor <= p.authorizedMinor &&
  p.authorizedMinor <= p.terms.amountMinor;
