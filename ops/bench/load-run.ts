/**
 * One open-loop run: sends every request when it is due, checks each answer, times it from the moment it was due.
 * Modes: warm-up (sent, not timed), window (timed), drain (nothing new is due; answers are awaited). Nothing on the way
 * of a request makes an object: state lies in typed arrays by connection or by request number.
 */
import { Connections } from "./connections.ts";
import { Histogram } from "./histogram.ts";
import type { ResponseView } from "./http-response.ts";
import { OUTCOME } from "./load-terms.ts";
import type { Answers, LoadResult, LoadSettings } from "./load-terms.ts";
import { makeSchedule } from "./schedule.ts";
import type { Schedule } from "./schedule.ts";
import { isKept, KINDS, kindOf, Traffic, uniform } from "./traffic.ts";

const TICK_MS = 2;
/** Due requests sent before answers are read again: a stall must not become a stall of the reader too. */
const BURST_MAX = 256;
const LATE_MS = 50;
const KEPT_MAX = 4096;
const SAMPLES_MAX = 5;
const STATUS_MAX = 600;

/** A finished request that may be sent again, and what it answered. */
interface Finished {
  readonly k: number;
  readonly status: number;
  readonly body: Buffer;
}

/** Counters of one kind, window only. */
type Tally = { -readonly [F in keyof Answers]: number };
const makeTally = (): Tally => ({ due: 0, right: 0, refused: 0, wrong: 0, unanswered: 0, neverSent: 0 });

const FRESH = KINDS.indexOf("fresh");
const REPLAY = KINDS.indexOf("replay");
/** Stands for the kind of a connection that has no request. */
const IDLE = 255;

export class LoadRun {
  readonly #settings: LoadSettings;
  readonly #schedule: Schedule;
  readonly #traffic: Traffic;
  readonly #connections: Connections;
  readonly #outcomes: Uint8Array;
  // By connection: which request is on it.
  readonly #numberOn: Int32Array;
  readonly #kindOn: Uint8Array;
  readonly #originalOn: (Finished | undefined)[];
  readonly #finished: Finished[] = [];
  readonly #tallies = [makeTally(), makeTally(), makeTally()] as const;
  readonly #statuses = new Uint32Array(STATUS_MAX);
  readonly #samples: string[] = [];
  readonly #net = new Histogram();
  readonly #gross = new Histogram();
  readonly #replayLatency = new Histogram();
  readonly #lag = new Histogram();
  /** Never notified: waiting on it is a sleep that no answer ends, so that answers are read many at a time. */
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #startMs = 0;
  #next = 0;
  #inFlight = 0;
  #late = 0;
  #starved = 0;
  /** Last moment (after t0) at which a request was due and no connection free. */
  #starvedAtMs = -1;
  #faultyInWarmup = 0;
  #acceptedInWindow = 0;
  #answeredInWindow = 0;

  constructor(settings: LoadSettings) {
    this.#settings = settings;
    this.#schedule = makeSchedule(settings);
    this.#traffic = new Traffic(settings, uniform(settings.tokens.length, settings.seed));
    this.#connections = new Connections(settings.address, settings.port, settings.connections, {
      answered: (index, bytes, view) => this.#onAnswer(index, bytes, view),
      lost: (index) => this.#onLost(index),
    });
    this.#outcomes = new Uint8Array(this.#schedule.total);
    this.#numberOn = new Int32Array(settings.connections);
    this.#kindOn = new Uint8Array(settings.connections).fill(IDLE);
    this.#originalOn = Array.from({ length: settings.connections }, () => undefined);
  }

  /** Opens the connections; rejects when the server is not there. */
  async connect(): Promise<void> {
    await this.#connections.open();
  }

  /** Sends everything and waits for the answers. `onWindow` is told when the measured window begins and ends. */
  async run(onWindow: (edge: "begin" | "end") => void): Promise<LoadResult> {
    this.#startMs = performance.now();
    let cpu = process.cpuUsage();
    const { measureStartMs, measureEndMs } = this.#schedule;
    let edge = 0;
    return new Promise((resolve) => {
      const tick = (): void => {
        const elapsedMs = performance.now() - this.#startMs;
        if (edge === 0 && elapsedMs >= measureStartMs) {
          edge = 1;
          cpu = process.cpuUsage();
          onWindow("begin");
        }
        if (edge === 1 && elapsedMs >= measureEndMs) {
          edge = 2;
          cpu = process.cpuUsage(cpu);
          onWindow("end");
          if (this.#settings.capacity) this.#next = this.#schedule.total;
        }
        const caughtUp = this.#sendDue(elapsedMs);
        const drained = this.#next === this.#schedule.total && this.#inFlight === 0;
        if (edge === 2 && (drained || elapsedMs >= measureEndMs + this.#settings.drainMs)) {
          this.#connections.close();
          resolve(this.#result(cpu));
        } else {
          if (caughtUp) Atomics.wait(this.#never, 0, 0, TICK_MS);
          setImmediate(tick);
        }
      };
      tick();
    });
  }

  /** Sends what is due, at most a burst; true when nothing more can be sent now. */
  #sendDue(elapsedMs: number): boolean {
    const due = this.#schedule.dueBy(elapsedMs);
    for (let burst = 0; this.#next < due; burst++) {
      if (burst === BURST_MAX) return false;
      if (!this.#send(this.#next, elapsedMs)) {
        this.#starvedAtMs = elapsedMs;
        return true;
      }
      this.#next++;
    }
    return true;
  }

  /** Sends request `k`; false when no connection is free. */
  #send(k: number, elapsedMs: number): boolean {
    let kind = KINDS.indexOf(kindOf(k, this.#settings.mix));
    const original = kind === FRESH ? undefined : this.#finished[0];
    if (original === undefined) kind = FRESH; // nothing has finished yet that could be sent again
    const index = this.#connections.send(this.#traffic.bytesOf(original?.k ?? k, kind > REPLAY));
    if (index < 0) return false;
    if (original !== undefined) this.#finished.shift();
    this.#numberOn[index] = k;
    this.#kindOn[index] = kind;
    this.#originalOn[index] = original;
    this.#inFlight++;
    if (kind === FRESH) this.#outcomes[k] = OUTCOME.sent;
    if (k >= this.#schedule.firstMeasured) {
      (this.#tallies[kind] as Tally).due++;
      const lateMs = elapsedMs - this.#schedule.dueMs(k);
      this.#lag.record(lateMs * 1000);
      if (lateMs > LATE_MS) {
        if (this.#starvedAtMs >= this.#schedule.dueMs(k)) this.#starved++;
        else this.#late++;
      }
    }
    return true;
  }

  #onAnswer(index: number, bytes: Buffer, view: ResponseView): void {
    const elapsedMs = performance.now() - this.#startMs;
    const k = this.#numberOn[index] as number;
    const kind = this.#kindOn[index] as number;
    this.#inFlight--;
    const verdict = this.#judge(index, bytes, view);
    this.#kindOn[index] = IDLE;
    const accepted = kind === FRESH && verdict === OUTCOME.accepted;
    if (kind === FRESH) this.#outcomes[k] = verdict;
    if (verdict === OUTCOME.wrong) this.#sample(kind, bytes, view);
    if (elapsedMs >= this.#schedule.measureStartMs && elapsedMs < this.#schedule.measureEndMs) {
      this.#answeredInWindow++;
      if (accepted) this.#acceptedInWindow++;
    }
    if (k < this.#schedule.firstMeasured) {
      if (verdict === OUTCOME.wrong) this.#faultyInWarmup++;
      return;
    }
    const tally = this.#tallies[kind] as Tally;
    this.#statuses[view.status] = (this.#statuses[view.status] as number) + 1;
    if (verdict === OUTCOME.accepted) tally.right++;
    else if (verdict === OUTCOME.refused) tally.refused++;
    else tally.wrong++;
    const latencyMs = elapsedMs - this.#schedule.dueMs(k);
    if (kind === REPLAY) this.#replayLatency.record(latencyMs * 1000);
    if (kind !== FRESH || verdict === OUTCOME.refused) return;
    this.#gross.record(latencyMs * 1000);
    this.#net.record((view.gatewayMs > 0 ? latencyMs - view.gatewayMs : latencyMs) * 1000);
  }

  /** What the answer is worth: `accepted` means right for its kind. */
  #judge(index: number, bytes: Buffer, view: ResponseView): number {
    const { status } = view;
    if (status === 503 || status === 429) return OUTCOME.refused;
    const original = this.#originalOn[index];
    if (original === undefined) {
      if (status !== 201 && status !== 202 && status !== 402) return OUTCOME.wrong;
      const k = this.#numberOn[index] as number;
      // 202 is not final: its replay may rightly say something else.
      if (status !== 202 && isKept(k, this.#settings.mix) && this.#finished.length < KEPT_MAX)
        this.#finished.push({ k, status, body: Buffer.from(bytes.subarray(view.bodyStart, view.bodyEnd)) });
      return OUTCOME.accepted;
    }
    this.#originalOn[index] = undefined;
    if (this.#kindOn[index] !== REPLAY) return status === 422 ? OUTCOME.accepted : OUTCOME.wrong;
    const same = original.body.compare(bytes, view.bodyStart, view.bodyEnd) === 0;
    return same && status === original.status ? OUTCOME.accepted : OUTCOME.wrong;
  }

  #onLost(index: number): void {
    this.#inFlight--;
    this.#countUnanswered(this.#numberOn[index] as number, this.#kindOn[index] as number);
    this.#kindOn[index] = IDLE;
    this.#originalOn[index] = undefined;
  }

  /** An answer that never came has the longest latency there is. */
  #countUnanswered(k: number, kind: number): void {
    if (k < this.#schedule.firstMeasured) {
      this.#faultyInWarmup++;
      return;
    }
    (this.#tallies[kind] as Tally).unanswered++;
    if (kind !== FRESH) return;
    this.#net.record(this.#settings.drainMs * 1000);
    this.#gross.record(this.#settings.drainMs * 1000);
  }

  #sample(kind: number, bytes: Buffer, view: ResponseView): void {
    if (this.#samples.length === SAMPLES_MAX) return;
    const body = bytes.toString("utf8", view.bodyStart, Math.min(view.bodyEnd, view.bodyStart + 300));
    this.#samples.push(`${KINDS[kind]} ${view.status} ${body}`);
  }

  #result(cpu: NodeJS.CpuUsage): LoadResult {
    const { measureS, rate, connections } = this.#settings;
    this.#settleRest();
    const statuses: Record<string, number> = {};
    this.#statuses.forEach((count, status) => {
      if (count > 0) statuses[status] = count;
    });
    const [fresh, replays, conflicts] = this.#tallies;
    const due = fresh.due + replays.due + conflicts.due;
    return {
      offered: rate,
      achieved: this.#acceptedInWindow / measureS,
      acceptedInWindow: this.#acceptedInWindow,
      answeredInWindow: this.#answeredInWindow,
      fresh,
      replays,
      conflicts,
      faultyInWarmup: this.#faultyInWarmup,
      statuses,
      samples: this.#samples,
      net: this.#net.quantiles(),
      gross: this.#gross.quantiles(),
      replayLatency: this.#replayLatency.quantiles(),
      lag: this.#lag.quantiles(),
      lateShare: this.#late / Math.max(1, due),
      starvedShare: this.#starved / Math.max(1, due),
      cpuUsPerRequest: (cpu.user + cpu.system) / Math.max(1, this.#answeredInWindow),
      connections,
      reopened: this.#connections.reopened,
      outcomes: this.#outcomes,
    };
  }

  /** Counts what is still in flight and what was never sent. */
  #settleRest(): void {
    this.#kindOn.forEach((kind, index) => {
      if (kind !== IDLE) this.#countUnanswered(this.#numberOn[index] as number, kind);
    });
    const fresh = this.#tallies[FRESH] as Tally;
    for (; this.#next < this.#schedule.total; this.#next++) {
      fresh.due++;
      fresh.neverSent++;
      this.#net.record(this.#settings.drainMs * 1000);
      this.#gross.record(this.#settings.drainMs * 1000);
    }
  }
}
