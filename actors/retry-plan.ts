/**
 * When a call that was answered "not now" is made again within its request (gateways.md §3.4): after 2, 4 and 8 s with
 * jitter, the gateway's own hint first, while the operation's call time lasts, and never more than a tenth of what is
 * called anyway (faults.md P25). Whatever it does not grant is left to the resolver's schedule. The one layer that retries.
 */
import type { GatewayName, Operation } from "./domain/index.ts";
import { ByAccount } from "./by-account.ts";
import type { Random } from "./ports/world.ts";
import { SecondCounts } from "./second-counts.ts";

/** Before the jitter, which takes up to half of it away. */
const DELAYS_MS: readonly number[] = [2_000, 4_000, 8_000];
/** A hint of "at once" is not taken at its word. */
const SOONEST_MS = 500;

/** Retries of a minute are at most this part of the minute's first calls, or `FLOOR` in ten seconds. */
const SHARE = 0.1;
const WINDOW_S = 60;
const FLOOR = 3;
const FLOOR_WINDOW_S = 10;

/** Counts the calls of one gateway account, and what more of them may be made. */
export class RetryBudget {
  readonly #calls = new SecondCounts();
  readonly #retries = new SecondCounts();

  /** A first call is made: one that T1 led to. `nowMs`: monotonic. */
  called(nowMs: number): void {
    this.#calls.add(nowMs);
  }

  /** Takes one retry if there is one to take. */
  take(nowMs: number): boolean {
    // Seconds are counted whole: one more of retries and one less of calls, so the bound holds in any minute.
    const retries = this.#retries.sum(nowMs, WINDOW_S + 1);
    const isWithinShare = retries + 1 <= SHARE * this.#calls.sum(nowMs, WINDOW_S);
    if (!isWithinShare && this.#retries.sum(nowMs, FLOOR_WINDOW_S + 1) >= FLOOR) return false;
    this.#retries.add(nowMs);
    return true;
  }
}

/** A transient answer, as the plan looks at it. Unix milliseconds where not said. */
export interface Setback {
  readonly operation: Pick<Operation, "submittedAtMs">;
  readonly gateway: GatewayName;
  readonly account: string;
  /** Retries of the operation so far. */
  readonly retries: number;
  readonly hintMs: number | null;
  readonly nowMs: number;
  /** By the monotonic clock. */
  readonly monotonicMs: number;
}

/** `later`: not within the call's time; the resolver looks after `afterMs`, null: by its schedule. */
export type RetryDecision =
  | { readonly kind: "again"; readonly afterMs: number }
  | { readonly kind: "later"; readonly afterMs: number | null; readonly isOverBudget: boolean };

export class RetryPlan {
  readonly #budgets = new ByAccount<RetryBudget>();
  readonly #random: Random;
  readonly #callMs: number;

  /** `callMs`: from T1 on, the time in which a call may be made again. */
  constructor(random: Random, callMs: number) {
    this.#random = random;
    this.#callMs = callMs;
  }

  /** A first call is made. `nowMs`: monotonic. */
  called(gateway: GatewayName, account: string, nowMs: number): void {
    this.#budget(gateway, account).called(nowMs);
  }

  /** What follows a transient answer. `again` is taken from the budget. */
  decide({ operation, gateway, account, retries, hintMs, nowMs, monotonicMs }: Setback): RetryDecision {
    const leftMs = operation.submittedAtMs + this.#callMs - nowMs;
    if (leftMs <= 0) return { kind: "later", afterMs: hintMs, isOverBudget: false };
    const afterMs = hintMs === null ? this.#delayMs(retries) : Math.max(SOONEST_MS, hintMs);
    const isInTime = afterMs !== undefined && afterMs < leftMs && retries < DELAYS_MS.length;
    if (isInTime && this.#budget(gateway, account).take(monotonicMs)) return { kind: "again", afterMs };
    // The schedule's first times are sooner than the retries that were just refused: they must not take their place.
    const restMs = Math.round(leftMs * (1 + 0.2 * this.#random.fraction()));
    return { kind: "later", afterMs: Math.max(hintMs ?? 0, restMs), isOverBudget: isInTime };
  }

  #delayMs(retries: number): number | undefined {
    const baseMs = DELAYS_MS[retries];
    return baseMs === undefined ? undefined : Math.round(baseMs * (0.5 + 0.5 * this.#random.fraction()));
  }

  #budget(gateway: GatewayName, account: string): RetryBudget {
    return this.#budgets.getOrMake(gateway, account, () => new RetryBudget());
  }
}
