/** What a simulator's whole front does wrong for some time, on the word of the control API. */
import type { Answer, SimulatedRequest } from "./exchange.ts";

/** Seconds from now; 0 ends it. `latencyMs`: added to every answer until it is told otherwise. */
export interface FrontFaults {
  /** Requests are swallowed and answers lost; every connection is cut at the end. Nothing new takes place. */
  readonly darkSeconds?: number;
  /** Connections are refused. */
  readonly refuseSeconds?: number;
  /** Nothing takes place, the answer is 500. */
  readonly status500Seconds?: number;
  /** Nothing takes place, the answer is 429. */
  readonly rateLimitSeconds?: number;
  /** Reads say 404. */
  readonly notFoundSeconds?: number;
  /** Reads say 503. */
  readonly readsDownSeconds?: number;
  readonly latencyMs?: number;
}
export type TimedFault = Exclude<keyof FrontFaults, "latencyMs">;

export const TIMED_FAULTS: readonly TimedFault[] = [
  "darkSeconds",
  "refuseSeconds",
  "status500Seconds",
  "rateLimitSeconds",
  "notFoundSeconds",
  "readsDownSeconds",
];

/** What the gateways say differently. */
export interface FaultAnswers {
  readonly status500: Answer;
  readonly rateLimited: Answer;
  readonly notFound: Answer;
  readonly unavailable: Answer;
}

export class FrontMode {
  readonly #untilMs = new Map<TimedFault, number>();
  readonly #answers: FaultAnswers;
  readonly #nowMs: () => number;
  latencyMs: number;

  /** `nowMs`: a clock that only grows. */
  constructor(answers: FaultAnswers, latencyMs: number, nowMs: () => number) {
    this.#answers = answers;
    this.latencyMs = latencyMs;
    this.#nowMs = nowMs;
  }

  set(fault: TimedFault, seconds: number): void {
    this.#untilMs.set(fault, this.#nowMs() + seconds * 1_000);
  }
  is(fault: TimedFault): boolean {
    return (this.#untilMs.get(fault) ?? 0) > this.#nowMs();
  }

  /** The answer that comes instead of any work; undefined: the request is handled. */
  answerTo({ method }: SimulatedRequest): Answer | undefined {
    if (this.is("status500Seconds")) return this.#answers.status500;
    if (this.is("rateLimitSeconds")) return this.#answers.rateLimited;
    if (method !== "GET") return undefined;
    if (this.is("readsDownSeconds")) return this.#answers.unavailable;
    return this.is("notFoundSeconds") ? this.#answers.notFound : undefined;
  }

  state(): Readonly<Record<string, number>> {
    const left = TIMED_FAULTS.filter((fault) => this.is(fault)).map(
      (fault) => [fault, ((this.#untilMs.get(fault) ?? 0) - this.#nowMs()) / 1_000] as const,
    );
    return { ...Object.fromEntries(left), latencyMs: this.latencyMs };
  }
}
