/**
 * When a breaker opens: too large a part of the last calls failed, and enough of them to be no accident. cockatiel's own
 * sampling reads the wall clock, which jumps and which no test turns; this one counts by ours.
 */
import { CircuitState, type IBreaker } from "cockatiel";
import type { Clock } from "./ports/world.ts";
import { SecondCounts } from "./second-counts.ts";

export interface FailureLimits {
  /** Calls of the last so many seconds count, 60 at most. */
  readonly breakerWindowS: number;
  /** Fewer failures than this never open it. */
  readonly breakerFailuresMin: number;
  /** It opens when more than this part of them failed, of 1. */
  readonly breakerFailureShare: number;
}

export class FailureWindow implements IBreaker {
  /** cockatiel's door to storing a breaker: it is never stored, a new process looks for itself. */
  state: unknown = null;
  readonly #clock: Clock;
  readonly #limits: FailureLimits;
  readonly #successes = new SecondCounts();
  readonly #failures = new SecondCounts();

  constructor(clock: Clock, limits: FailureLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** No failure counts any more. */
  get isClean(): boolean {
    return this.#failures.sum(this.#clock.monotonicMs(), this.#limits.breakerWindowS) === 0;
  }

  /** Before it closes, what was is forgotten: it would open it again at the next failure. */
  success(state: CircuitState): void {
    if (state !== CircuitState.Closed) {
      this.#successes.clear();
      this.#failures.clear();
    }
    this.#successes.add(this.#clock.monotonicMs());
  }

  /** True: it shall open. */
  failure(state: CircuitState): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#failures.add(nowMs);
    if (state !== CircuitState.Closed) return true;
    const { breakerWindowS, breakerFailuresMin, breakerFailureShare } = this.#limits;
    const failures = this.#failures.sum(nowMs, breakerWindowS);
    if (failures < breakerFailuresMin) return false;
    const calls = failures + this.#successes.sum(nowMs, breakerWindowS);
    return failures > breakerFailureShare * calls;
  }
}
