/**
 * Group commit: the decisions of one shard, written in batches with exactly one COMMIT in flight (design §3.1).
 * That makes the journal's seq, given out here, gapless and equal to commit order.
 *
 * Modes: closed (before `begin`) -> open -> stopped (fenced, or a COMMIT of unknown fate; left only by `begin`).
 */
import { hashRow, type Payment, type Transition } from "./domain/index.ts";
import type {
  Activation,
  Clock,
  CommitOutcome,
  Decision,
  DoubtRow,
  KeyRow,
  Lease,
  ShardStore,
  StoredReply,
} from "./ports.ts";
import type { OperationId } from "./domain/index.ts";
import type { ShardMeter } from "./shard-meter.ts";

/** How a decision ended. `unsettled`: its COMMIT's fate is unknown; `unavailable`, `rejected`: nothing was written. */
export type Settlement = "committed" | "rejected" | "unavailable" | "unsettled";

/** A decision that waits to be written. An intent (T1) may be refused; an outcome is tried until it is in. */
export interface Pending {
  readonly transition: Transition;
  readonly cause: string;
  readonly data: string | null;
  readonly reply: StoredReply | null;
  readonly accepted: { readonly keyRow: KeyRow; readonly sealed: Uint8Array } | null;
  /** Monotonic milliseconds. */
  readonly enqueuedAtMs: number;
  settle(how: Settlement, payment: Payment, seq: bigint, constraint: string | null): void;
}

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

export interface CommitHooks {
  /** Seq of the oldest T1 whose operation is open and not in the doubt table; undefined: none. */
  openFloorSeq(): bigint | undefined;
  /** These operations' rows in `operation_open` are acknowledged. */
  doubtsSaved(rows: readonly DoubtRow[]): void;
  /** The lease is lost, or a COMMIT's fate is unknown: drop memory, then activate again or end. */
  stopped(why: "fenced" | "unknown"): void;
}

export class GroupCommit {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #limits: CommitLimits;
  readonly #meter: ShardMeter;
  readonly #hooks: CommitHooks;
  #lease: Lease | undefined;
  #intents: Pending[] = [];
  #outcomes: Pending[] = [];
  #doubts = new Map<OperationId, DoubtRow>();
  #closedDoubts = new Set<OperationId>();
  #inFlight = false;
  #nextSeq = 1n;
  #anchor: Uint8Array = new Uint8Array(32);
  #lastRecordedAtMs = 0;
  #lastAckSentAtMs = Number.NEGATIVE_INFINITY;
  #flightSinceMs = 0;
  #batchBeganAtMs = Number.NEGATIVE_INFINITY;
  #healthy = true;
  #callOffTimer: (() => void) | undefined;
  #idle: (() => void)[] = [];
  #probes: { readonly sinceMs: number; readonly resolve: () => void }[] = [];

  constructor(store: ShardStore, clock: Clock, limits: CommitLimits, meter: ShardMeter, hooks: CommitHooks) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
    this.#meter = meter;
    this.#hooks = hooks;
  }

  /** Opens the loop with what activation found. Whatever was queued before is gone. */
  begin(activation: Activation, takenAtMs: number): void {
    this.#lease = activation.lease;
    this.#nextSeq = activation.lastSeq + 1n;
    this.#anchor = activation.lastAnchor;
    this.#lastRecordedAtMs = Math.max(this.#lastRecordedAtMs, activation.lastRecordedAtMs);
    this.#lastAckSentAtMs = takenAtMs;
    this.#healthy = true;
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
  get depth(): number {
    return this.#intents.length + this.#outcomes.length;
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

  enqueue(pending: Pending): void {
    if (this.#lease === undefined) return pending.settle("unavailable", pending.transition.payment, 0n, null);
    (pending.accepted === null ? this.#outcomes : this.#intents).push(pending);
    this.#pump();
  }

  /** Notes that an operation is in doubt, or (row null) no longer; written behind the decisions. */
  noteDoubt(operationId: OperationId, row: DoubtRow | null): void {
    if (row !== null) {
      this.#doubts.set(operationId, row);
      return;
    }
    this.#doubts.delete(operationId);
    this.#closedDoubts.add(operationId);
  }

  /** True once a commit that was sent after now is acknowledged; false when none is within `withinMs`. */
  probe(withinMs: number): Promise<boolean> {
    const sinceMs = this.#clock.monotonicMs();
    return new Promise((resolve) => {
      const probe = { sinceMs, resolve: () => resolve(true) };
      this.#probes.push(probe);
      this.#clock.after(withinMs, () => {
        this.#probes = this.#probes.filter((other) => other !== probe);
        resolve(false);
      });
    });
  }

  /** Once a tick of the actor: renews the lease and writes doubts when there is nothing else to write. */
  keepAlive(): void {
    const due =
      this.#probes.length > 0 || this.#clock.monotonicMs() - this.#lastAckSentAtMs >= this.#limits.renewEveryMs;
    if (this.#lease === undefined || this.#inFlight) return;
    if (this.#doubts.size + this.#closedDoubts.size > 0) void this.#run((lease) => this.#writeDoubts(lease));
    else if (due && this.depth === 0) void this.#run((lease) => this.#renew(lease));
    else this.#pump();
  }

  /** Memory cannot be trusted any more: ends as after a COMMIT of unknown fate. */
  abandon(): void {
    if (this.#lease !== undefined) this.#stop("unknown", []);
  }

  /** Resolves when nothing is queued or in flight. */
  async settled(): Promise<void> {
    while (this.#inFlight || (this.#lease !== undefined && this.depth > 0)) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #pump(): void {
    if (this.#inFlight || this.#lease === undefined || this.depth === 0 || this.#callOffTimer !== undefined) return;
    const since = Math.min(
      this.#intents[0]?.enqueuedAtMs ?? Number.POSITIVE_INFINITY,
      this.#outcomes[0]?.enqueuedAtMs ?? Number.POSITIVE_INFINITY,
    );
    const { lingerMs, commitPaceMs, retryDelayMs, batchMax } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    const wait = this.#healthy
      ? Math.max(lingerMs - (nowMs - since), commitPaceMs - (nowMs - this.#batchBeganAtMs))
      : retryDelayMs;
    if (wait <= 0 || (this.#healthy && this.depth >= batchMax)) {
      void this.#run((lease) => this.#writeBatch(lease));
      return;
    }
    this.#callOffTimer = this.#clock.after(wait, () => {
      this.#callOffTimer = undefined;
      if (!this.#inFlight && this.#lease !== undefined && this.depth > 0)
        void this.#run((lease) => this.#writeBatch(lease));
    });
  }

  /** One thing at a time on the writer connection. */
  async #run(work: (lease: Lease) => Promise<void>): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined || this.#inFlight) return;
    this.#inFlight = true;
    this.#flightSinceMs = this.#clock.monotonicMs();
    try {
      await work(lease);
    } finally {
      this.#inFlight = false;
      for (const resolve of this.#idle.splice(0)) resolve();
      this.#pump();
    }
  }

  async #writeBatch(lease: Lease): Promise<void> {
    const { batchMax } = this.#limits;
    this.#batchBeganAtMs = this.#flightSinceMs;
    const batch = [...this.#outcomes.splice(0, batchMax), ...this.#intents.splice(0, batchMax)];
    const recordedAtMs = Math.max(this.#clock.nowMs(), this.#lastRecordedAtMs);
    this.#lastRecordedAtMs = recordedAtMs;
    await this.#write(
      lease,
      batch.map((pending) => ({ pending, decision: decisionOf(pending, recordedAtMs) })),
    );
  }

  /** Writes the rows as one batch; a refused batch is written again in halves until the offender stands alone. */
  async #write(lease: Lease, rows: readonly Row[]): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    const firstSeq = this.#nextSeq;
    const floor = this.#hooks.openFloorSeq();
    const outcome = await this.#store.commit(lease, {
      firstSeq,
      previousAnchor: this.#anchor,
      decisions: rows.map((row) => row.decision),
      openFloorSeq: floor === undefined || floor > firstSeq ? firstSeq : floor,
    });
    this.#meter.commit(rows.length, this.#clock.monotonicMs() - sentAtMs, outcome.kind);
    if (outcome.kind === "committed") {
      this.#acknowledged(sentAtMs);
      this.#nextSeq = firstSeq + BigInt(rows.length);
      this.#anchor = outcome.anchor;
      rows.forEach((row, i) => row.pending.settle("committed", row.decision.payment, firstSeq + BigInt(i), null));
      return;
    }
    if (outcome.kind === "rejected" && rows.length > 1) {
      const half = rows.length >>> 1;
      await this.#write(lease, rows.slice(0, half));
      if (this.#lease === lease) await this.#write(lease, rows.slice(half));
      else for (const row of rows.slice(half)) settle(row, "unsettled");
      return;
    }
    this.#failed(outcome, rows);
  }

  #failed(outcome: Exclude<CommitOutcome, { kind: "committed" }>, rows: readonly Row[]): void {
    switch (outcome.kind) {
      case "rejected":
        for (const row of rows) settle(row, "rejected", outcome.constraint);
        return;
      case "unavailable": {
        this.#healthy = false;
        this.#outcomes = [
          ...rows.filter((row) => row.decision.accepted === null).map((row) => row.pending),
          ...this.#outcomes,
        ];
        const intents = [
          ...rows.map((row) => row.pending).filter((p) => p.accepted !== null),
          ...this.#intents.splice(0),
        ];
        for (const intent of intents) intent.settle("unavailable", intent.transition.payment, 0n, null);
        return;
      }
      case "fenced":
      case "unknown":
        this.#stop(outcome.kind, rows);
    }
  }

  #stop(why: "fenced" | "unknown", rows: readonly Row[]): void {
    this.#lease = undefined;
    this.#callOffTimer?.();
    this.#callOffTimer = undefined;
    for (const row of rows) settle(row, why === "unknown" ? "unsettled" : "unavailable");
    for (const intent of this.#intents.splice(0)) intent.settle("unavailable", intent.transition.payment, 0n, null);
    for (const outcome of this.#outcomes.splice(0)) outcome.settle("unsettled", outcome.transition.payment, 0n, null);
    this.#doubts.clear();
    this.#closedDoubts.clear();
    this.#hooks.stopped(why);
  }

  async #writeDoubts(lease: Lease): Promise<void> {
    const upserts = [...this.#doubts.values()];
    const closed = [...this.#closedDoubts];
    this.#doubts.clear();
    this.#closedDoubts.clear();
    const sentAtMs = this.#clock.monotonicMs();
    const outcome = await this.#store.saveDoubts(lease, upserts, closed);
    if (outcome.kind === "unavailable" || outcome.kind === "rejected") {
      for (const row of upserts) if (!this.#closedDoubts.has(row.operationId)) this.#doubts.set(row.operationId, row);
      for (const id of closed) this.#closedDoubts.add(id);
    }
    if (outcome.kind === "committed") this.#hooks.doubtsSaved(upserts);
    this.#concluded(outcome, sentAtMs);
  }

  async #renew(lease: Lease): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#concluded(await this.#store.renew(lease), sentAtMs);
  }

  #concluded(outcome: CommitOutcome, sentAtMs: number): void {
    if (outcome.kind === "committed") this.#acknowledged(sentAtMs);
    else if (outcome.kind === "fenced" || outcome.kind === "unknown") this.#stop(outcome.kind, []);
    else this.#healthy = false;
  }

  #acknowledged(sentAtMs: number): void {
    this.#lastAckSentAtMs = sentAtMs;
    this.#healthy = true;
    if (this.#probes.length === 0) return;
    for (const probe of this.#probes) if (probe.sinceMs <= sentAtMs) probe.resolve();
    this.#probes = this.#probes.filter(({ sinceMs }) => sinceMs > sentAtMs);
  }
}

interface Row {
  readonly pending: Pending;
  readonly decision: Decision;
}

function settle(row: Row, how: Settlement, constraint: string | null = null): void {
  row.pending.settle(how, row.pending.transition.payment, 0n, constraint);
}

/** Gives a decision its time and its link in the payment's chain. */
function decisionOf(pending: Pending, recordedAtMs: number): Decision {
  const { transition, cause, data, reply, accepted } = pending;
  const hash = hashRow(transition, { cause, recordedAtMs, data, reply });
  return {
    payment: { ...transition.payment, chainHead: hash },
    entry: { fact: transition.fact, fromStatus: transition.fromStatus, cause, recordedAtMs, data, hash, reply },
    postings: transition.postings,
    accepted,
  };
}
