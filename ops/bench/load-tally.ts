/**
 * Counts and times of one run, by sort of request. A sort is a kind of POST by its number in KINDS, or, from KIND.read on,
 * a kind of read. Nothing here makes an object while the load runs.
 */
import { Histogram } from "./histogram.ts";
import type { Answers, FirstMerchant, LoadFigures, ReadsResult } from "./load-terms.ts";
import { OUTCOME } from "./load-terms.ts";
import { KIND } from "./mix.ts";
import { READ_KINDS } from "./read-mix.ts";

type Counts = { -readonly [F in keyof Answers]: number };
const makeCounts = (): Counts => ({ due: 0, right: 0, refused: 0, wrong: 0, unanswered: 0, neverSent: 0 });

const LATE_MS = 50;
const STATUS_MAX = 600;

/** Requests of one sort that were due in the window, and how long their answers took. */
class Row {
  readonly counts = makeCounts();
  readonly latency = new Histogram();
}

export class LoadTally {
  readonly #drainUs: number;
  readonly #posts = [new Row(), new Row(), new Row(), new Row()] as const;
  readonly #reads = READ_KINDS.map(() => new Row());
  readonly #allReads = new Row();
  /** The payments of the first merchant, net. */
  readonly #first = new Row();
  readonly #net = new Histogram();
  readonly #lag = new Histogram();
  readonly #statuses = new Uint32Array(STATUS_MAX);
  #late = 0;
  #starved = 0;
  #faultyInWarmup = 0;
  #acceptedInWindow = 0;
  #firstInWindow = 0;
  #readInWindow = 0;
  #rightInWindow = 0;
  #answeredInWindow = 0;

  /** `drainMs`: the latency of what is never answered. */
  constructor(drainMs: number) {
    this.#drainUs = drainMs * 1000;
  }

  /** A request of the window was sent, `lateMs` after it was due; `starved`: because no connection was free. */
  sent(sort: number, isFirst: boolean, lateMs: number, starved: boolean): void {
    this.#count(sort, isFirst, "due");
    this.#lag.record(lateMs * 1000);
    if (lateMs <= LATE_MS) return;
    if (starved) this.#starved++;
    else this.#late++;
  }

  /** An answer came while the window was open, whenever its request was due. */
  cameInWindow(sort: number, isFirst: boolean, isRight: boolean): void {
    this.#answeredInWindow++;
    if (!isRight) return;
    this.#rightInWindow++;
    if (sort >= KIND.read) this.#readInWindow++;
    if (sort !== KIND.fresh) return;
    this.#acceptedInWindow++;
    if (isFirst) this.#firstInWindow++;
  }

  /** The answer to a request of the window. `verdict`: an OUTCOME; `gatewayMs`: the gateway's own time, or nothing above 0. */
  answered(
    sort: number,
    isFirst: boolean,
    verdict: number,
    status: number,
    latencyMs: number,
    gatewayMs: number,
  ): void {
    this.#statuses[status] = (this.#statuses[status] as number) + 1;
    if (verdict === OUTCOME.refused) return this.#count(sort, isFirst, "refused"); // a refusal is quick: it flatters
    this.#count(sort, isFirst, verdict === OUTCOME.accepted ? "right" : "wrong");
    this.#time(sort, isFirst, latencyMs * 1000, (gatewayMs > 0 ? latencyMs - gatewayMs : latencyMs) * 1000);
  }

  /** An answer that never came has the longest latency there is. */
  unanswered(sort: number, isFirst: boolean): void {
    this.#count(sort, isFirst, "unanswered");
    this.#time(sort, isFirst, this.#drainUs, this.#drainUs);
  }

  /** A request that was due in the window and never sent. A read counts for all of them alone: its kind was not drawn. */
  neverSent(isRead: boolean): void {
    const row = isRead ? this.#allReads : this.#posts[KIND.fresh];
    row.counts.due++;
    row.counts.neverSent++;
    row.latency.record(this.#drainUs);
    if (!isRead) this.#net.record(this.#drainUs);
  }

  /** A wrong or missing answer before the window. */
  faultInWarmup(): void {
    this.#faultyInWarmup++;
  }

  result(
    measureS: number,
  ): Omit<LoadFigures, "offered" | "samples" | "connections" | "reopened" | "notices" | "cpuUsPerRequest"> {
    const [fresh, replays, conflicts, refunds] = this.#posts;
    const statuses: Record<string, number> = {};
    this.#statuses.forEach((count, status) => {
      if (count > 0) statuses[status] = count;
    });
    const due = [...this.#posts, this.#allReads].reduce((sum, { counts }) => sum + counts.due, 0);
    return {
      achieved: this.#acceptedInWindow / measureS,
      acceptedInWindow: this.#acceptedInWindow,
      answeredInWindow: this.#answeredInWindow,
      rightInWindow: this.#rightInWindow,
      fresh: fresh.counts,
      replays: replays.counts,
      conflicts: conflicts.counts,
      refunds: refunds.counts,
      reads: this.#readsResult(measureS),
      firstMerchant: this.#firstMerchant(),
      faultyInWarmup: this.#faultyInWarmup,
      statuses,
      net: this.#net.quantiles(),
      gross: fresh.latency.quantiles(),
      replayLatency: replays.latency.quantiles(),
      lag: this.#lag.quantiles(),
      lateShare: this.#late / Math.max(1, due),
      starvedShare: this.#starved / Math.max(1, due),
    };
  }

  #readsResult(measureS: number): ReadsResult | null {
    const { counts, latency } = this.#allReads;
    if (counts.due === 0) return null;
    return {
      achieved: this.#readInWindow / measureS,
      answers: counts,
      latency: latency.quantiles(),
      kinds: READ_KINDS.map(({ name, share }, i) => {
        const row = this.#reads[i] as Row;
        return { name, share, answers: row.counts, latency: row.latency.quantiles() };
      }),
    };
  }

  #firstMerchant(): FirstMerchant {
    const { counts, latency } = this.#first;
    return {
      share: this.#firstInWindow / Math.max(1, this.#acceptedInWindow),
      answers: counts,
      net: latency.quantiles(),
    };
  }

  #count(sort: number, isFirst: boolean, what: keyof Counts): void {
    if (sort < KIND.read) (this.#posts[sort] as Row).counts[what]++;
    else {
      (this.#reads[sort - KIND.read] as Row).counts[what]++;
      this.#allReads.counts[what]++;
    }
    if (isFirst && sort === KIND.fresh) this.#first.counts[what]++;
  }

  #time(sort: number, isFirst: boolean, grossUs: number, netUs: number): void {
    if (sort < KIND.read) (this.#posts[sort] as Row).latency.record(grossUs);
    else {
      (this.#reads[sort - KIND.read] as Row).latency.record(grossUs);
      this.#allReads.latency.record(grossUs);
    }
    if (sort !== KIND.fresh) return;
    this.#net.record(netUs);
    if (isFirst) this.#first.latency.record(netUs);
  }
}
