/**
 * The inbox of a shard: takes verified notices in, each once, and remembers those that cannot be decided yet. A notice is
 * acknowledged only when its row is on disk; the row of an undecided one is tried again, also by the next owner.
 */
import type { CommitLimits, GroupCommit } from "./group-commit.ts";
import type { Outcome } from "./late-facts.ts";
import type { NoticeDecider, Undecided } from "./notice-decider.ts";
import { closed, contentOf, isReceipt, newRow, receiptOf, spooled } from "./notice-rows.ts";
import type { NoticeSaves } from "./notice-saves.ts";
import type { NoticeRow } from "./ports/inbox.ts";
import type { GatewayNotice } from "./ports/notices.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock, Log } from "./ports/world.ts";

/** A notice for this shard. `slot`: of what it speaks of, or any that the shard owns. */
export interface NoticeDelivery {
  readonly ticket: number;
  readonly notice: GatewayNotice;
  readonly slot: number;
  /** It belongs to another shard, which cannot take it now: only a receipt is kept here. */
  readonly spool: boolean;
}
/** `taken`: it is on disk; else it must be delivered again. */
export interface NoticeReceipt {
  readonly ticket: number;
  readonly taken: boolean;
}

export interface InboxParts {
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly decider: NoticeDecider;
  readonly saves: NoticeSaves;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Pick<CommitLimits, "commitPaceMs">;
  readonly receipt: (receipt: NoticeReceipt) => void;
  /** The slot is this shard's, by now. */
  readonly owns: (slot: number) => boolean;
  /** Hands a spooled notice to the shard that it is for; the answer comes through `forwarded`. */
  readonly forward: (row: NoticeRow) => void;
}

/** Notices that are being decided at once; what comes beyond them is to be delivered again. */
const DECIDING_MAX = 4_096;
/** Rows that memory knows to be done with. */
const SEEN_MAX = 10_000;
/** Rows begun in one sweep: a cold start must not storm anybody. */
const BEGUN_PER_SWEEP = 20;
/** Rows that wait in memory; more of them wait on disk alone. */
const WAITING_MAX = 20_000;
/** Rows that memory does not know, written by an owner before or beyond what an activation loads. */
const LOOK_EVERY_MS = 15_000;
const LOOK_MAX = 500;
const FORWARD_WITHIN_MS = 10_000;

interface Entry extends Undecided {
  askers: ((taken: boolean) => void)[];
  /** When a forwarded one is given up, monotonic; null: it was not forwarded. */
  dueAtMs: number | null;
}

export const noticeKeyOf = (notice: Pick<GatewayNotice, "gateway" | "dedupeKey">): string =>
  `${notice.gateway}\n${notice.dedupeKey}`;

export class Inbox {
  readonly #parts: InboxParts;
  readonly #deciding = new Map<string, Entry>();
  readonly #waiting = new Map<string, NoticeRow>();
  readonly #seen = new Map<string, string>();
  #unknown: Entry[] = [];
  #looking = false;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #callOffLookUp: (() => void) | undefined;
  #lookAtMs = 0;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** Rows that wait to be decided, or are being so. */
  get depth(): number {
    return this.#deciding.size + this.#waiting.size;
  }

  /** Begins anew with what an activation found. */
  begin(rows: readonly NoticeRow[]): void {
    this.reset();
    for (const row of rows) this.#waiting.set(noticeKeyOf(row.notice), row);
    this.#lookAtMs = this.#parts.clock.monotonicMs() + LOOK_EVERY_MS;
  }

  /** The actor drops its memory; what was not acknowledged is delivered again. */
  reset(): void {
    for (const { askers } of this.#deciding.values()) for (const tell of askers) tell(false);
    for (const map of [this.#deciding, this.#waiting, this.#seen]) map.clear();
    this.#unknown = [];
  }

  take({ ticket, notice, slot, spool }: NoticeDelivery): void {
    const { receipt } = this.#parts;
    this.#take(spool ? receiptOf(notice) : notice, slot, (taken) => receipt({ ticket, taken }));
  }

  #take(notice: GatewayNotice, slot: number, tell: (taken: boolean) => void): void {
    const { clock } = this.#parts;
    const key = noticeKeyOf(notice);
    const seen = this.#seen.get(key);
    if (seen !== undefined) {
      this.#compare(seen, notice);
      return tell(true);
    }
    const running = this.#deciding.get(key);
    if (running !== undefined) {
      this.#compare(running.row.notice.bodyHash, notice);
      return running.isStored ? tell(true) : void running.askers.push(tell);
    }
    if (this.#deciding.size >= DECIDING_MAX) return tell(false);
    const known = this.#waiting.get(key);
    if (known !== undefined) {
      this.#compare(known.notice.bodyHash, notice);
      return tell(true); // it is on disk and will be decided
    }
    const fresh = newRow(notice, slot, notice.paymentId, clock.nowMs());
    const isForAnother = isReceipt(notice);
    const entry = this.#enter(isForAnother ? spooled(fresh, clock.nowMs()) : fresh, false);
    entry.askers.push(tell);
    if (isForAnother) this.#conclude(entry, { kind: "save", row: entry.row });
    else this.#unknown.push(entry);
  }

  /** Sends the look-ups of a tick; under load those of several, for each costs as much as many names in one. */
  flush(): void {
    if (this.#unknown.length === 0 || this.#looking || this.#callOffLookUp !== undefined) return;
    const { clock, limits } = this.#parts;
    const waitMs = this.#lookedUpAtMs + limits.commitPaceMs - clock.monotonicMs();
    if (waitMs <= 0) return void this.#lookUp(this.#unknown.splice(0));
    this.#callOffLookUp = clock.after(waitMs, () => {
      this.#callOffLookUp = undefined;
      this.flush();
    });
  }

  /** What became of a forwarded notice. */
  forwarded(key: string, taken: boolean): void {
    const entry = this.#deciding.get(key);
    if (entry === undefined || entry.dueAtMs === null) return;
    if (taken) return this.#conclude(entry, { kind: "save", row: closed(entry.row, "forwarded") });
    this.#deciding.delete(key);
    this.#waiting.set(key, spooled(entry.row, this.#parts.clock.nowMs()));
  }

  /** Begins what is due. `nowMs`: monotonic. */
  sweep(nowMs: number): void {
    const wallMs = this.#parts.clock.nowMs();
    for (const [key, { dueAtMs }] of this.#deciding)
      if (dueAtMs !== null && nowMs >= dueAtMs) this.forwarded(key, false);
    let begun = 0;
    for (const [key, row] of this.#waiting) {
      if (begun === BEGUN_PER_SWEEP) break;
      if (row.nextTryAtMs === null || row.nextTryAtMs > wallMs) continue;
      begun++;
      this.#waiting.delete(key);
      this.#again(row, nowMs);
    }
    if (nowMs >= this.#lookAtMs) void this.#look(nowMs);
    this.flush();
  }

  #again(row: NoticeRow, nowMs: number): void {
    const { owns, forward } = this.#parts;
    const entry = this.#enter(row, true);
    const isOwn = owns(row.slot);
    if (row.state !== "spooled" || (isOwn && !isReceipt(row.notice))) return this.#decide(entry);
    entry.dueAtMs = nowMs + FORWARD_WITHIN_MS;
    if (!isOwn) return forward(row);
    const key = noticeKeyOf(row.notice);
    this.#take(contentOf(row.notice), row.slot, (taken) => this.forwarded(key, taken));
  }

  #enter(row: NoticeRow, isStored: boolean): Entry {
    const entry: Entry = { row, isStored, askers: [], dueAtMs: null };
    this.#deciding.set(noticeKeyOf(row.notice), entry);
    return entry;
  }

  #decide(entry: Entry): void {
    this.#parts.decider.decide(entry, {
      stored: (row) => this.#stored(entry, row),
      conclude: (outcome) => this.#conclude(entry, outcome),
    });
  }

  /** Whether the rows stand there already: an owner before may have decided them. */
  async #lookUp(entries: readonly Entry[]): Promise<void> {
    const { store, commit, log } = this.#parts;
    const { lease } = commit;
    this.#looking = true;
    this.#lookedUpAtMs = this.#parts.clock.monotonicMs();
    const keys = entries.map(({ row }) => row.notice);
    const found = await store.findNotices(keys).catch(() => undefined);
    this.#looking = false;
    if (lease === undefined || commit.lease !== lease) return; // reset() has answered them
    entries.forEach((entry, i) => {
      if (found === undefined) return this.#fail(entry);
      const row = found[i];
      if (row === undefined) return this.#decide(entry);
      this.#compare(row.notice.bodyHash, entry.row.notice);
      this.#stored(entry, row);
      if (row.nextTryAtMs === null && row.state !== "parked") return this.#finish(entry);
      if (row.state === "spooled") return this.#finish(entry);
      log.info({ notice: row.notice.dedupeKey, verdict: row.verdict }, "a notice came again and is decided anew");
      this.#decide(entry);
    });
    this.flush();
  }

  async #look(nowMs: number): Promise<void> {
    this.#lookAtMs = nowMs + LOOK_EVERY_MS;
    const { store, commit, clock } = this.#parts;
    const { lease } = commit;
    const rows = await store.findWaitingNotices(clock.nowMs(), LOOK_MAX).catch(() => []);
    if (lease === undefined || commit.lease !== lease) return;
    for (const row of rows.slice(0, Math.max(0, WAITING_MAX - this.#waiting.size))) {
      const key = noticeKeyOf(row.notice);
      if (!this.#deciding.has(key) && !this.#waiting.has(key) && !this.#seen.has(key)) this.#waiting.set(key, row);
    }
  }

  #conclude(entry: Entry, outcome: Outcome): void {
    if (this.#deciding.get(noticeKeyOf(entry.row.notice)) !== entry) return; // the actor reloaded meanwhile
    if (outcome.kind === "unsettled") return this.#fail(entry);
    if (outcome.kind === "stored") {
      this.#stored(entry, outcome.row);
      return this.#finish(entry);
    }
    const { row, side } = outcome;
    this.#parts.saves.save(row, side ?? {}, (how) => {
      if (how === "stored") {
        this.#stored(entry, row);
        return this.#finish(entry);
      }
      if (how === "refused") this.#parts.log.error({ notice: row.notice.dedupeKey }, "the database refuses a notice");
      this.#fail(entry);
    });
  }

  /** Its row is on disk: whoever delivered it may forget it. */
  #stored(entry: Entry, row: NoticeRow): void {
    entry.row = row;
    entry.isStored = true;
    for (const tell of entry.askers.splice(0)) tell(true);
  }

  /** It is decided, or waits on disk. */
  #finish(entry: Entry): void {
    const key = noticeKeyOf(entry.row.notice);
    this.#deciding.delete(key);
    if (entry.row.nextTryAtMs !== null) {
      if (this.#waiting.size < WAITING_MAX) this.#waiting.set(key, entry.row); // else it is found when it is due
      return;
    }
    this.#seen.set(key, entry.row.notice.bodyHash);
    if (this.#seen.size > SEEN_MAX) for (const oldest of this.#seen.keys()) return void this.#seen.delete(oldest);
  }

  /** Not now: it is delivered again, or tried again when it stands there already. */
  #fail(entry: Entry): void {
    const key = noticeKeyOf(entry.row.notice);
    this.#deciding.delete(key);
    if (entry.isStored) this.#waiting.set(key, { ...entry.row, nextTryAtMs: this.#parts.clock.nowMs() + 1_000 });
    for (const tell of entry.askers.splice(0)) tell(false);
  }

  /** The same name with other content: the first is kept (gateways.md §2.1). */
  #compare(hash: string, notice: GatewayNotice): void {
    if (hash !== notice.bodyHash)
      this.#parts.log.error(
        { notice: notice.dedupeKey, gateway: notice.gateway },
        "a notice came again with another content",
      );
  }
}
