/**
 * How much may be asked of a receiver at once, by what became of its newest tries: the circuit breaker of an endpoint.
 *
 * Modes: unproven -> quick <-> slow; any -> down after some failures in a row -> slow or quick by one success. One that is
 * down is asked by one try at a time, with longer and longer rests, so that however much waits for it costs nothing.
 * Whoever is resting is asked once all the same when its merchant wants it, unless it answered that it is gone.
 */
import type { Dispatched } from "./ports/outbox.ts";
import { waitAfterMs } from "./webhooks/index.ts";

/** Tries at once. */
const ROOM = { quick: 8, slow: 2, down: 1 } as const;
/** A receiver that takes longer is slow: it may not hold what others need. */
const QUICK_WITHIN_MS = 1_000;
/** Failures in a row: one bad event among good ones never makes so many. */
const DOWN_AFTER = 5;
/** So long may a receiver be back before it is noticed. */
const REST_MAX_MS = 600_000;
const JITTER = 0.2;
/** Our own sockets were taken, or our thread ended: that is no fault of the receiver's. */
const OWN_FAULTS: ReadonlySet<string> = new Set(["busy", "closed", "unanswered"]);
const OWN_FAULT_REST_MS = 1_000;
/** Statuses whose `Retry-After` is a wish about load. */
const ASKING: ReadonlySet<number> = new Set([429, 503]);
/** The receiver wants no webhook any more. */
const GONE = 410;

export class EndpointHealth {
  #failures = 0;
  #triesWhileDown = 0;
  #isDown = false;
  #isQuick = false;
  #isGone = false;
  /** One try may begin although it rests. */
  #mayProbe = false;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  get isDown(): boolean {
    return this.#isDown;
  }
  /** Its newest try was a success, and a quick one. */
  get isQuick(): boolean {
    return this.#isQuick;
  }

  /** How many tries may run at once. `nowMs`: monotonic. */
  roomAt(nowMs: number): number {
    if (nowMs < this.#restsUntilMs) return this.#mayProbe && !this.#isGone ? 1 : 0;
    if (this.#isDown) return ROOM.down;
    return this.#isQuick ? ROOM.quick : ROOM.slow;
  }

  /** Its merchant wants something sent now, so probably it is back: one try, whatever rest there is. */
  asked(): void {
    this.#mayProbe = true;
  }

  /** A try goes out. */
  began(): void {
    this.#mayProbe = false;
  }

  succeeded(tookMs: number): void {
    this.#failures = 0;
    this.#isGone = false;
    this.#isDown = false;
    this.#isQuick = tookMs < QUICK_WITHIN_MS;
    this.#restsUntilMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * A try did not deliver. `begunWhileDown`: of tries that ran side by side when it went down only one lengthens the rest.
   * `nowMs`: monotonic. `fraction`: uniform in [0, 1).
   */
  failed(outcome: Dispatched["outcome"], nowMs: number, begunWhileDown: boolean, fraction: number): void {
    if (outcome.kind === "failed" && OWN_FAULTS.has(outcome.reason)) return this.#rest(nowMs + OWN_FAULT_REST_MS);
    this.#isQuick = false;
    this.#isGone = outcome.kind === "answered" && outcome.status === GONE;
    this.#failures++;
    this.#rest(nowMs + wantedRestMs(outcome));
    if (this.#failures < DOWN_AFTER || (this.#isDown && !begunWhileDown)) return;
    this.#triesWhileDown = this.#isDown ? this.#triesWhileDown + 1 : 1;
    this.#isDown = true;
    const restMs = Math.min(waitAfterMs(this.#triesWhileDown), REST_MAX_MS);
    this.#rest(nowMs + restMs * (1 - JITTER + 2 * JITTER * fraction));
  }

  /** Something of ours must be looked at by people first. */
  stuck(nowMs: number): void {
    this.#mayProbe = false;
    this.#rest(nowMs + REST_MAX_MS);
  }

  #rest(untilMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, untilMs);
  }
}

/** How long the receiver wants nothing at all: one that is gone, until that is on disk. */
function wantedRestMs(outcome: Dispatched["outcome"]): number {
  if (outcome.kind !== "answered") return 0;
  if (outcome.status === GONE) return REST_MAX_MS;
  return ASKING.has(outcome.status) ? Math.min(outcome.retryAfterMs ?? 0, REST_MAX_MS) : 0;
}
