/**
 * An open-loop run of requests that were written before it: each is sent once, when it is due, and timed from then.
 * Modes as in load-run.ts: warm-up, window, drain. Whoever runs it calls `step` often.
 */
import { isRefusal } from "./answer-check.ts";
import { Connections } from "./connections.ts";
import { Histogram } from "./histogram.ts";
import type { ResponseView } from "./http-response.ts";
import { OUTCOME } from "./load-terms.ts";
import type { Answers, PreparedLoad, PreparedResult } from "./load-terms.ts";
import { makeSchedule } from "./schedule.ts";
import type { Schedule, ScheduleTerms } from "./schedule.ts";

/** Where to, and for how long. */
export interface PreparedTerms extends Omit<ScheduleTerms, "rate"> {
  readonly address: string;
  readonly port: number;
  /** How long answers are waited for after the last request was due; also the latency of what has none. */
  readonly drainMs: number;
}

const BURST_MAX = 256;
const SAMPLES_MAX = 5;
const NOTHING = -1;

export class PreparedRun {
  readonly #load: PreparedLoad;
  readonly #terms: PreparedTerms;
  readonly #schedule: Schedule;
  readonly #connections: Connections;
  readonly #numberOn: Int32Array;
  readonly #outcomes: Uint8Array;
  readonly #latency = new Histogram();
  readonly #counts = { due: 0, right: 0, refused: 0, wrong: 0, unanswered: 0, neverSent: 0 };
  readonly #samples: string[] = [];
  #startMs = 0;
  #next = 0;
  #inFlight = 0;
  #rightInWindow = 0;
  #faultyInWarmup = 0;

  /** Throws when there are fewer requests than are due. */
  constructor(load: PreparedLoad, terms: PreparedTerms) {
    this.#load = load;
    this.#terms = terms;
    this.#schedule = makeSchedule({ ...terms, rate: load.rate });
    const { total } = this.#schedule;
    if (load.requests.length < total) throw new Error(`${total} requests are due, ${load.requests.length} are written`);
    this.#numberOn = new Int32Array(load.connections).fill(NOTHING);
    this.#outcomes = new Uint8Array(total);
    this.#connections = new Connections(terms.address, terms.port, load.connections, {
      answered: (index, bytes, view) => this.#onAnswer(index, bytes, view),
      lost: (index) => this.#onLost(index),
    });
  }

  /** Opens the connections; rejects when the server is not there. */
  connect(): Promise<void> {
    return this.#connections.open();
  }

  /** The schedule counts from `startMs`. */
  begin(startMs: number): void {
    this.#startMs = startMs;
  }

  /** One OUTCOME per request, by number, warm-up included. */
  get outcomes(): Uint8Array {
    return this.#outcomes;
  }

  /** Everything was sent and answered. */
  get isDone(): boolean {
    return this.#next === this.#schedule.total && this.#inFlight === 0;
  }

  /** Sends what is due. */
  step(elapsedMs: number): void {
    const due = Math.min(this.#schedule.dueBy(elapsedMs), this.#next + BURST_MAX);
    while (this.#next < due && this.#send(this.#next)) this.#next++;
  }

  /** Ends the run; what has no answer by now gets none. */
  end(): PreparedResult {
    this.#connections.close();
    this.#numberOn.forEach((k) => {
      if (k !== NOTHING) this.#unanswered(k);
    });
    for (; this.#next < this.#schedule.total; this.#next++) this.#count(this.#next, "neverSent");
    return {
      offered: this.#load.rate,
      achieved: this.#rightInWindow / this.#terms.measureS,
      answers: this.#counts,
      faultyInWarmup: this.#faultyInWarmup,
      latency: this.#latency.quantiles(),
      samples: this.#samples,
    };
  }

  #send(k: number): boolean {
    const { buffer, byteOffset, byteLength } = this.#load.requests[k] as Uint8Array;
    const index = this.#connections.send(Buffer.from(buffer, byteOffset, byteLength));
    if (index < 0) return false;
    this.#numberOn[index] = k;
    this.#outcomes[k] = OUTCOME.sent;
    this.#inFlight++;
    return true;
  }

  #onAnswer(index: number, bytes: Buffer, view: ResponseView): void {
    const elapsedMs = performance.now() - this.#startMs;
    const k = this.#take(index);
    const { status } = view;
    const isRight = status === this.#load.rightStatus;
    const verdict = isRight ? "right" : isRefusal(status) ? "refused" : "wrong";
    this.#outcomes[k] = { right: OUTCOME.accepted, refused: OUTCOME.refused, wrong: OUTCOME.wrong }[verdict];
    if (verdict === "wrong" && this.#samples.length < SAMPLES_MAX) {
      const end = Math.min(view.bodyEnd, view.bodyStart + 300);
      this.#samples.push(`${status} ${bytes.toString("utf8", view.bodyStart, end)}`);
    }
    const { measureStartMs, measureEndMs } = this.#schedule;
    if (isRight && elapsedMs >= measureStartMs && elapsedMs < measureEndMs) this.#rightInWindow++;
    this.#count(k, verdict, elapsedMs - this.#schedule.dueMs(k));
  }

  #onLost(index: number): void {
    this.#unanswered(this.#take(index));
  }

  #take(index: number): number {
    const k = this.#numberOn[index] as number;
    this.#numberOn[index] = NOTHING;
    this.#inFlight--;
    return k;
  }

  #unanswered(k: number): void {
    this.#count(k, "unanswered");
  }

  #count(k: number, what: Exclude<keyof Answers, "due">, latencyMs = this.#terms.drainMs): void {
    if (k < this.#schedule.firstMeasured) {
      if (what !== "right" && what !== "refused") this.#faultyInWarmup++;
      return;
    }
    this.#counts.due++;
    this.#counts[what]++;
    if (what !== "refused") this.#latency.record(latencyMs * 1000); // a refusal is quick: it flatters
  }
}

/** Runs it alone. Rejects when the server is not there. */
export async function runPrepared(load: PreparedLoad, terms: PreparedTerms): Promise<PreparedResult> {
  const run = new PreparedRun(load, terms);
  await run.connect();
  const startMs = performance.now();
  const endMs = (terms.warmupS + terms.measureS) * 1000 + terms.drainMs;
  run.begin(startMs);
  return new Promise((resolve) => {
    const tick = (): void => {
      const elapsedMs = performance.now() - startMs;
      run.step(elapsedMs);
      if (run.isDone || elapsedMs >= endMs) resolve(run.end());
      else setImmediate(tick);
    };
    tick();
  });
}
