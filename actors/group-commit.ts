/**
 * Group commit: the decisions of one shard, written in batches with exactly one COMMIT in flight (design §3.1).
 * That makes the journal's seq, given out here, gapless and equal to commit order.
 *
 * Modes: closed (before `begin`) -> open -> stopped (fenced, or a COMMIT of unknown fate; left only by `begin`).
 */
import { Chores } from "./chores.ts";
import { CommitProbes } from "./commit-probes.ts";
import { type DoubtHooks, DoubtTable } from "./doubts.ts";
import type { MerchantId, OperationId } from "./domain/index.ts";
import { type Pending, rowOf, type Row, settleUnwritten } from "./pending.ts";
import type { CommitOutcome, DoubtRow } from "./ports/decisions.ts";
import type { EventsCursor } from "./ports/pages.ts";
import type { Activation, Lease, ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";
import { RollUps } from "./roll-ups.ts";
import type { ShardMeter } from "./shard-meter.ts";

/** Limits of the commit loop. */
export interface CommitLimits {
  /** How long the first decision of a batch waits for company when the connection is free. */
  readonly lingerMs: number;
  /** From the beginning of one batch to that of the next, at least: a commit costs as much as a dozen of its rows. */
  readonly commitPaceMs: number;
  /** Rows of one kind (intents, outcomes) in one batch. */
  readonly batchMax: number;
  readonly renewEveryMs: number;
  /** Pause before outcomes are written again while the database refuses. */
  readonly retryDelayMs: number;
}

/**
 * Under load there is no idle moment for doubts, yet the floor waits for them: then they go before the next batch, and
 * while one slice does not hold them all, before every batch: a batch ends no more operations than a slice removes.
 */
const DOUBTS_WAIT_AT_MOST_MS = 200;

export interface CommitHooks extends DoubtHooks {
  /** Seq of the oldest T1 whose operation is open and not in the doubt table; undefined: none. */
  openFloorSeq(): bigint | undefined;
  /** A row of the merchant's history is on disk. Called for each row, so it must cost nothing. */
  rowCommitted(merchant: MerchantId): void;
  /** The lease is lost, or a COMMIT's fate is unknown: drop memory, then activate again or end. */
  stopped(why: "fenced" | "unknown"): void;
}

/** The commit loop as people see it. */
export interface CommitLook {
  /** Null: nothing is being written. `rows`: decisions in it; 0: a renewal, or rows beside the journal. */
  readonly inFlight: { readonly rows: number; readonly forMs: number } | null;
  /** Decisions that wait for the next batch. */
  readonly intents: number;
  readonly outcomes: number;
  /** False while the database refuses. */
  readonly isHealthy: boolean;
  /** Since the newest acknowledged commit or renewal was sent; null: none was. */
  readonly acknowledgedAgoMs: number | null;
}

/** A sum that could not be made is not urgent. */
const ROLL_UP_RETRY_MS = 1_000;

const NOT_OPEN: CommitOutcome = { kind: "unavailable", reason: "the shard is not served here now" };
const NO_BATCH = { rows: [], firstSeq: 0n } as const;

export class GroupCommit {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #limits: CommitLimits;
  readonly #meter: ShardMeter;
  readonly #hooks: CommitHooks;
  #lease: Lease | undefined;
  #intents: Pending[] = [];
  #outcomes: Pending[] = [];
  readonly #doubts: DoubtTable;
  readonly #rollUps = new RollUps();
  readonly #chores = new Chores();
  #choreWasLast = false;
  #rollingUp = false;
  #doubtsWrittenAtMs = Number.NEGATIVE_INFINITY;
  #doubtsWereLast = false;
  /** The last slice did not hold them all; ends when none is left. */
  #doubtsBehind = false;
  #inFlight = false;
  #acknowledgedBatch: { readonly rows: readonly Row[]; readonly firstSeq: bigint } = NO_BATCH;
  /** While an acknowledged batch is being told: the row whose turn it is. Who is told may have the next batch sent. */
  #tellingSeq: bigint | undefined;
  #nextSeq = 1n;
  #anchor: Uint8Array = new Uint8Array(32);
  #lastRecordedAtMs = 0;
  #lastAckSentAtMs = Number.NEGATIVE_INFINITY;
  #flightSinceMs = 0;
  #flightRows = 0;
  #batchBeganAtMs = Number.NEGATIVE_INFINITY;
  #healthy = true;
  #callOffTimer: (() => void) | undefined;
  #idle: (() => void)[] = [];
  readonly #probes: CommitProbes;

  constructor(store: ShardStore, clock: Clock, limits: CommitLimits, meter: ShardMeter, hooks: CommitHooks) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
    this.#meter = meter;
    this.#hooks = hooks;
    this.#doubts = new DoubtTable(store, hooks);
    this.#probes = new CommitProbes(clock);
  }

  /** Opens the loop with what activation found. Whatever was queued before is gone. */
  begin(activation: Activation, takenAtMs: number): void {
    this.#lease = activation.lease;
    this.#nextSeq = activation.lastSeq + 1n;
    this.#anchor = activation.lastAnchor;
    this.#lastRecordedAtMs = Math.max(this.#lastRecordedAtMs, activation.lastRecordedAtMs);
    this.#lastAckSentAtMs = takenAtMs;
    this.#healthy = true;
    const noted = activation.open.filter((operation) => operation.noted);
    this.#doubts.begin(
      noted.map(({ operation }) => operation.id),
      activation.ended,
    );
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }
  /** When the newest acknowledged commit or renewal was sent, monotonic milliseconds. */
  get lastAckSentAtMs(): number {
    return this.#lastAckSentAtMs;
  }
  get lastSeq(): bigint {
    return this.#nextSeq - 1n;
  }
  /** Whatever is acknowledged stands at or before it, whatever is not yet comes behind it. */
  get head(): EventsCursor {
    return { recordedAtMs: this.#lastRecordedAtMs, seq: this.lastSeq };
  }
  get depth(): number {
    return this.#intents.length + this.#outcomes.length;
  }
  /** True while anything is queued, or written and not yet acknowledged. */
  get busy(): boolean {
    return this.#inFlight || (this.#lease !== undefined && (this.depth > 0 || !this.#chores.isEmpty));
  }
  /** False while the database refuses, or a commit hangs: new intents would only wait in vain. */
  healthy(hangMs: number): boolean {
    return this.#healthy && !(this.#inFlight && this.#clock.monotonicMs() - this.#flightSinceMs > hangMs);
  }
  /** Age of the oldest intent that waits, milliseconds; 0 when none does. */
  oldestIntentAgeMs(nowMs: number): number {
    const oldest = this.#intents[0];
    return oldest === undefined ? 0 : nowMs - oldest.enqueuedAtMs;
  }

  /** `nowMs`: monotonic. */
  look(nowMs: number): CommitLook {
    return {
      inFlight: this.#inFlight ? { rows: this.#flightRows, forMs: Math.round(nowMs - this.#flightSinceMs) } : null,
      intents: this.#intents.length,
      outcomes: this.#outcomes.length,
      isHealthy: this.#healthy,
      acknowledgedAgoMs: Number.isFinite(this.#lastAckSentAtMs) ? Math.round(nowMs - this.#lastAckSentAtMs) : null,
    };
  }

  enqueue(pending: Pending): void {
    if (this.#lease === undefined) return settleUnwritten(pending, "unavailable");
    (pending.isIntent ? this.#intents : this.#outcomes).push(pending);
    this.#pump();
  }

  /** Notes that an operation is in doubt, or (row null) no longer; written behind the decisions. */
  noteDoubt(operationId: OperationId, row: DoubtRow | null): void {
    this.#doubts.note(operationId, row);
  }

  /** Has a small write done beside the decisions, as soon as its turn comes. Never rejects. */
  write(work: (lease: Lease) => Promise<CommitOutcome>): Promise<CommitOutcome> {
    if (this.#lease === undefined) return Promise.resolve(NOT_OPEN);
    const written = this.#chores.add(work);
    this.#pump();
    return written;
  }

  /** True once a commit that was sent after now is acknowledged; false when none is within `withinMs`. */
  probe(withinMs: number): Promise<boolean> {
    return this.#probes.wait(withinMs);
  }

  /** Once a tick of the actor: renews the lease when that is due, else writes doubts, when the connection is free. */
  keepAlive(): void {
    if (this.#lease === undefined) return;
    if (!this.#rollUps.isEmpty && !this.#rollingUp && this.#healthy) void this.#rollUp(this.#lease);
    if (this.#inFlight) return;
    const { renewEveryMs } = this.#limits;
    const overdue = this.#clock.monotonicMs() - this.#lastAckSentAtMs >= renewEveryMs;
    if (overdue || (!this.#probes.isEmpty && this.depth === 0)) void this.#run((lease) => this.#renew(lease));
    else if (!this.#doubts.isEmpty) void this.#run((lease) => this.#writeDoubts(lease));
    else this.#pump();
  }

  /** Memory cannot be trusted any more: ends as after a COMMIT of unknown fate. */
  abandon(): void {
    if (this.#lease !== undefined) this.#stop("unknown", []);
  }

  /** Ends without a word to the actor, which failed while it took the shard. */
  close(): void {
    this.#lease = undefined;
    this.#doubts.clear();
    this.#chores.clear();
  }

  /** Resolves when no decision is queued or in flight. */
  async settled(): Promise<void> {
    while (this.busy) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** As `settled`, and then writes what is left of the doubts, as long as the database takes them. */
  async flushed(): Promise<void> {
    await this.settled();
    while (this.#lease !== undefined && this.#healthy && !this.#doubts.isEmpty) {
      await this.#run((lease) => this.#writeDoubts(lease));
      await this.settled();
    }
  }

  #pump(): void {
    if (this.#inFlight || this.#lease === undefined) return;
    // In turns: neither waits for more than one of the other.
    if (!this.#chores.isEmpty && this.#healthy && (this.depth === 0 || !this.#choreWasLast))
      return void this.#run((lease) => this.#writeChore(lease));
    if (this.depth === 0 || this.#callOffTimer !== undefined) return;
    const since = Math.min(
      this.#intents[0]?.enqueuedAtMs ?? Number.POSITIVE_INFINITY,
      this.#outcomes[0]?.enqueuedAtMs ?? Number.POSITIVE_INFINITY,
    );
    const { lingerMs, commitPaceMs, retryDelayMs, batchMax } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    const wait = this.#healthy
      ? Math.max(lingerMs - (nowMs - since), commitPaceMs - (nowMs - this.#batchBeganAtMs))
      : retryDelayMs;
    if (wait <= 0 || (this.#healthy && this.depth >= batchMax)) return this.#next(nowMs);
    this.#callOffTimer = this.#clock.after(wait, () => {
      this.#callOffTimer = undefined;
      if (this.depth > 0) this.#next(this.#clock.monotonicMs());
    });
  }

  /** The next batch, or doubts that waited long enough. */
  #next(nowMs: number): void {
    const overdue = nowMs - this.#doubtsWrittenAtMs > DOUBTS_WAIT_AT_MOST_MS;
    const doubtsFirst = !this.#doubts.isEmpty && (overdue || (this.#doubtsBehind && !this.#doubtsWereLast));
    void this.#run((lease) => (doubtsFirst ? this.#writeDoubts(lease) : this.#writeBatch(lease)));
  }

  /** One thing at a time on the writer connection. */
  async #run(work: (lease: Lease) => Promise<void>): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined || this.#inFlight) return;
    this.#inFlight = true;
    this.#flightRows = 0;
    this.#flightSinceMs = this.#clock.monotonicMs();
    try {
      await work(lease);
    } finally {
      this.#inFlight = false;
      // The next batch goes out first: the server works on it while this thread settles the one before.
      this.#pump();
      this.#settleAcknowledged();
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Tells who waits for the batch that is on disk. Its rows belong to no payment of the batch that is in flight. */
  #settleAcknowledged(): void {
    const { rows, firstSeq } = this.#acknowledgedBatch;
    this.#acknowledgedBatch = NO_BATCH;
    rows.forEach((row, i) => {
      const seq = firstSeq + BigInt(i);
      this.#tellingSeq = seq;
      row.pending.settle("committed", row.decision.payment, seq, null);
    });
    this.#tellingSeq = undefined;
  }

  async #writeBatch(lease: Lease): Promise<void> {
    const { batchMax } = this.#limits;
    this.#batchBeganAtMs = this.#flightSinceMs;
    this.#doubtsWereLast = false;
    this.#choreWasLast = false;
    const batch = [...this.#outcomes.splice(0, batchMax), ...this.#intents.splice(0, batchMax)];
    const recordedAtMs = Math.max(this.#clock.nowMs(), this.#lastRecordedAtMs);
    this.#lastRecordedAtMs = recordedAtMs;
    await this.#write(
      lease,
      batch.map((pending) => rowOf(pending, recordedAtMs)),
    );
  }

  /** Writes the rows as one batch; a refused batch is written again in halves until the offender stands alone. */
  async #write(lease: Lease, rows: readonly Row[]): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#flightRows = rows.length;
    const firstSeq = this.#nextSeq;
    const outcome = await this.#store.commit(lease, {
      firstSeq,
      previousAnchor: this.#anchor,
      decisions: rows.map((row) => row.decision),
      openFloorSeq: this.#floor(firstSeq),
    });
    this.#meter.commit(rows.length, this.#clock.monotonicMs() - sentAtMs, outcome.kind);
    if (outcome.kind === "committed") {
      this.#acknowledged(sentAtMs);
      this.#nextSeq = firstSeq + BigInt(rows.length);
      this.#anchor = outcome.anchor;
      this.#settleAcknowledged(); // of a refused batch, the half before this one
      this.#acknowledgedBatch = { rows, firstSeq };
      for (const { decision } of rows) {
        const { merchantId } = decision.payment.terms;
        this.#rollUps.count(merchantId);
        this.#hooks.rowCommitted(merchantId);
      }
      return;
    }
    if (outcome.kind === "rejected" && rows.length > 1) {
      const half = rows.length >>> 1;
      await this.#write(lease, rows.slice(0, half));
      if (this.#lease === lease) await this.#write(lease, rows.slice(half));
      else for (const row of rows.slice(half)) settleUnwritten(row.pending, "unsettled");
      return;
    }
    this.#failed(outcome, rows);
  }

  /** Below it no operation is open without a note: neither one that was told to its actor nor one that is yet to be. */
  #floor(firstSeq: bigint): bigint {
    const open = this.#hooks.openFloorSeq() ?? firstSeq;
    const untold = this.#acknowledgedBatch.rows.length > 0 ? this.#acknowledgedBatch.firstSeq : firstSeq;
    const telling = this.#tellingSeq ?? firstSeq;
    return [open, untold, telling].reduce((least, seq) => (seq < least ? seq : least), firstSeq);
  }

  #failed(outcome: Exclude<CommitOutcome, { kind: "committed" }>, rows: readonly Row[]): void {
    switch (outcome.kind) {
      case "rejected":
        for (const row of rows) settleUnwritten(row.pending, "rejected", outcome.constraint);
        return;
      case "unavailable": {
        this.#healthy = false;
        this.#outcomes = [...rows.map((row) => row.pending).filter((p) => !p.isIntent), ...this.#outcomes];
        const intents = [...rows.map((row) => row.pending).filter((p) => p.isIntent), ...this.#intents.splice(0)];
        for (const intent of intents) settleUnwritten(intent, "unavailable");
        return;
      }
      case "fenced":
      case "unknown":
        this.#stop(outcome.kind, rows);
    }
  }

  #stop(why: "fenced" | "unknown", rows: readonly Row[]): void {
    this.#settleAcknowledged(); // on disk, whatever comes next
    this.#lease = undefined;
    this.#callOffTimer?.();
    this.#callOffTimer = undefined;
    for (const row of rows) settleUnwritten(row.pending, why === "unknown" ? "unsettled" : "unavailable");
    for (const intent of this.#intents.splice(0)) settleUnwritten(intent, "unavailable");
    for (const outcome of this.#outcomes.splice(0)) settleUnwritten(outcome, "unsettled");
    this.#doubts.clear();
    this.#chores.clear();
    this.#rollUps.clear();
    this.#hooks.stopped(why);
  }

  async #writeDoubts(lease: Lease): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#doubtsWrittenAtMs = sentAtMs;
    this.#doubtsWereLast = true;
    const outcome = await this.#doubts.write(lease, this.#limits.batchMax);
    this.#doubtsBehind = outcome.kind === "committed" && !this.#doubts.isEmpty;
    this.#concluded(outcome, sentAtMs);
  }

  async #writeChore(lease: Lease): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#choreWasLast = true;
    this.#concluded(await this.#chores.next(lease), sentAtMs);
  }

  /** Beside the commits, on a connection of its own. It proves nothing of the lease but that it is lost. */
  async #rollUp(lease: Lease): Promise<void> {
    this.#rollingUp = true;
    const merchant = this.#rollUps.take();
    const outcome = merchant === undefined ? undefined : await this.#store.rollUpBalances(lease, [merchant]);
    if (outcome?.kind === "unavailable" && merchant !== undefined) {
      if (this.#lease === lease) this.#rollUps.putBack(merchant);
      await new Promise<void>((resolve) => this.#clock.after(ROLL_UP_RETRY_MS, resolve));
    }
    this.#rollingUp = false;
    if (outcome?.kind === "fenced" && this.#lease === lease) this.#stop("fenced", []);
  }

  async #renew(lease: Lease): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#concluded(await this.#store.renew(lease), sentAtMs);
  }

  /** The end of a write that held no decision. While decisions wait to be tried again, only they prove good health. */
  #concluded(outcome: CommitOutcome, sentAtMs: number): void {
    if (outcome.kind === "committed") this.#acknowledged(sentAtMs, this.#healthy || this.depth === 0);
    else if (outcome.kind === "fenced" || outcome.kind === "unknown") this.#stop(outcome.kind, []);
    else if (outcome.kind === "unavailable") this.#healthy = false;
  }

  #acknowledged(sentAtMs: number, healthy = true): void {
    this.#lastAckSentAtMs = sentAtMs;
    this.#healthy = healthy;
    if (healthy) this.#probes.acknowledged(sentAtMs);
  }
}
