/**
 * The circuit breaker of one line. States: closed -> open -> half_open -> closed | open. Closed, it is told how calls
 * ended. Open, new payments are refused before anything is written. After a delay it is half open: it asks for evidence,
 * a probe or a read that was under way anyway, never a charge; that evidence closes it or opens it for longer.
 *
 * The states are those of cockatiel's CircuitBreakerPolicy. Its own time is switched off (it would go half open by the
 * wall clock at the next call): when it is half open is decided here, by the injected clock.
 */
import { circuitBreaker, type CircuitBreakerPolicy, CircuitState, handleWhenResult } from "cockatiel";
import { type FailureLimits, FailureWindow } from "./failure-window.ts";
import type { Clock, Random } from "./ports/world.ts";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerLimits extends FailureLimits {
  /** From the opening to the first look whether the gateway is back. It doubles with each look in vain. */
  readonly breakerOpenMs: number;
  readonly breakerOpenMaxMs: number;
}

export interface BreakerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: BreakerLimits;
  /** It is half open: evidence is wanted. */
  readonly ask: () => void;
  readonly turned: (state: BreakerState) => void;
}

/** It closed so short a time ago that it may have been by a read alone, while calls still fail: the delay goes on growing. */
const STABLE_AFTER_MS = 60_000;
/** Long enough that lines which opened together are not probed together. */
const JITTER = 0.2;
const FAILED = false;

export class Breaker {
  readonly #parts: BreakerParts;
  readonly #window: FailureWindow;
  readonly #policy: CircuitBreakerPolicy;
  /** While half open: takes the evidence. */
  #decide: ((ok: boolean) => void) | undefined;
  #openings = 0;
  #reopensAtMs = 0;
  #closedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
    this.#window = new FailureWindow(parts.clock, parts.limits);
    this.#policy = circuitBreaker(
      handleWhenResult((result) => result === FAILED),
      { breaker: this.#window, halfOpenAfter: Number.NEGATIVE_INFINITY },
    );
    this.#policy.onBreak(() => this.#opened());
    this.#policy.onReset(() => this.#closed());
  }

  get state(): BreakerState {
    if (this.#policy.state === CircuitState.Closed) return "closed";
    return this.#decide === undefined ? "open" : "half_open";
  }

  /** Closed, and nothing is left that could open it: it may be forgotten. */
  get isIdle(): boolean {
    const { clock } = this.#parts;
    return this.state === "closed" && this.#window.isClean && clock.monotonicMs() >= this.#closedAtMs + STABLE_AFTER_MS;
  }

  /** Milliseconds until it may be closed again, at least 1; undefined: it is closed. */
  get refusesForMs(): number | undefined {
    if (this.state === "closed") return undefined;
    return Math.max(1, this.#reopensAtMs - this.#parts.clock.monotonicMs());
  }

  /** How a call of the line ended, whichever state that finds. Counts only while it is closed. */
  called(ok: boolean): void {
    if (this.state !== "closed") return;
    if (ok)
      this.#window.success(CircuitState.Closed); // what the policy would do, without its promises: it is in every payment's way
    else void this.#policy.execute(() => FAILED);
  }

  /** What a probe or a read showed. Counts only while it is half open; the first one decides. */
  tested(ok: boolean): void {
    const decide = this.#decide;
    this.#decide = undefined;
    decide?.(ok);
  }

  #opened(): void {
    const { clock, random, limits, turned } = this.#parts;
    if (this.#openings > 0 && clock.monotonicMs() >= this.#closedAtMs + STABLE_AFTER_MS) this.#openings = 0;
    this.#closedAtMs = Number.POSITIVE_INFINITY; // not before it has closed again
    const baseMs = Math.min(limits.breakerOpenMaxMs, limits.breakerOpenMs * 2 ** Math.min(this.#openings, 20));
    const delayMs = baseMs * (1 + JITTER * random.fraction());
    this.#openings++;
    this.#reopensAtMs = clock.monotonicMs() + delayMs;
    clock.after(delayMs, () => this.#halfOpen());
    turned("open");
  }

  #halfOpen(): void {
    const evidence = new Promise<boolean>((resolve) => {
      this.#decide = resolve;
    });
    void this.#policy.execute(() => evidence);
    this.#parts.turned("half_open");
    this.#parts.ask();
  }

  #closed(): void {
    this.#closedAtMs = this.#parts.clock.monotonicMs();
    this.#parts.turned("closed");
  }
}
