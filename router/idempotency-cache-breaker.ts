/**
 * Stops asking what does not answer. Modes: closed (asks) -> open, after failures in a row (does not ask) -> half open,
 * after a pause (one probe, for which nobody waits) -> closed when it succeeds, else open again.
 */
import type { Clock } from "../actors/index.ts";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerOptions {
  readonly clock: Clock;
  /** So many failures in a row open it. */
  readonly failuresMax: number;
  readonly pauseMs: number;
  /** A probe that takes longer has failed. */
  readonly probeLimitMs: number;
  /** Resolves when the other side works. */
  readonly probe: () => Promise<unknown>;
  readonly onChange: (state: BreakerState) => void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = "closed";
  #failures = 0;
  #stopped = false;
  #cancelTimer: () => void = () => {};

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  succeeded(): void {
    if (this.#state === "closed") this.#failures = 0;
  }

  failed(): void {
    if (this.#state !== "closed") return; // of something that was asked before it opened
    this.#failures += 1;
    if (this.#failures >= this.#options.failuresMax) this.#open();
  }

  /** No probe from now on. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #change(state: BreakerState): void {
    this.#state = state;
    this.#failures = 0;
    this.#options.onChange(state);
  }

  #open(): void {
    this.#change("open");
    this.#cancelTimer = this.#options.clock.after(this.#options.pauseMs, () => this.#probe());
  }

  #probe(): void {
    const { clock, probe, probeLimitMs } = this.#options;
    this.#change("half_open");
    let isOver = false;
    const end = (worked: boolean): void => {
      if (isOver || this.#stopped) return;
      isOver = true;
      this.#cancelTimer();
      if (worked) this.#change("closed");
      else this.#open();
    };
    this.#cancelTimer = clock.after(probeLimitMs, () => end(false));
    probe().then(
      () => end(true),
      () => end(false),
    );
  }
}
