/** A worker thread that is ended when it does not start or falls silent, and built anew whenever it ends. */
import type { Worker } from "node:worker_threads";
import { type Clock, type Log, PaymentClusterError } from "../actors/index.ts";
import { Remote } from "./remote.ts";

type Api<T> = Remote<T>["api"];

export interface WatchedParts<T> {
  /** For the log. */
  readonly name: string;
  readonly spawn: () => Worker;
  /** Runs in each new thread first. A rejection, or no answer in time, ends the thread. */
  readonly start: (api: Api<T>) => Promise<void>;
  /** Any short call: what it answers does not matter. */
  readonly ping: (api: Api<T>) => Promise<unknown>;
  /** From now on the thread takes no calls. */
  readonly onDied?: () => void;
  /** Now it does again, perhaps before its start is done. */
  readonly onRebuilt?: () => void;
  readonly times?: Partial<WatchTimes>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WatchTimes {
  /** Loading the code takes a second, several on a busy machine. */
  readonly startWithinMs: number;
  /** A busy loop is ended after this long without an answer: its callers hear 503 before their deadline of 10 s. */
  readonly silentMaxMs: number;
  readonly rebuildAfterMs: number;
  readonly rebuildAfterMaxMs: number;
  /** A thread that lived this long was well: the next wait is the shortest again. */
  readonly wellAfterMs: number;
}

const TIMES: WatchTimes = {
  startWithinMs: 15_000,
  silentMaxMs: 4_000,
  rebuildAfterMs: 250,
  rebuildAfterMaxMs: 5_000,
  wellAfterMs: 30_000,
};
/** A process that was frozen finds its own calls too late at one look, never at so many. */
const SILENT_LOOKS = 4;

export class WatchedThread<T> {
  readonly #parts: WatchedParts<T>;
  readonly #times: WatchTimes;
  #worker: Worker;
  #remote: Remote<T>;
  #isOpen = false;
  #isStarted = false;
  #isEnding = false;
  #builtAtMs = 0;
  #deaths = 0;
  #looksUnheard = 0;

  /** Builds the first thread at once; it takes calls from here on. */
  constructor(parts: WatchedParts<T>) {
    this.#parts = parts;
    this.#times = { ...TIMES, ...parts.times };
    [this.#worker, this.#remote] = this.#build();
    this.#open();
  }

  /** False from its death until it is built anew: a call would hear nothing. */
  get isOpen(): boolean {
    return this.#isOpen;
  }
  /**
   * A one-way message that somebody waits for. A rejection means that the thread did not take it and that no answer will
   * come: the thread is ended.
   */
  tell(say: (api: Api<T>) => Promise<void>): void {
    const worker = this.#worker;
    say(this.#remote.api).catch((error: unknown) =>
      this.#terminate(worker, `it did not take a message: ${String(error)}`),
    );
  }
  /** Rejects with WORKER_DIED or CALL_TIMED_OUT, or with what the thread threw. */
  async call<R>(deadlineMs: number, run: (api: Api<T>) => Promise<R>): Promise<R> {
    return await this.#remote.call(deadlineMs, run);
  }

  /** To be called about four times in `silentMaxMs`: a thread that answers none of these looks is ended. */
  look(): void {
    if (!this.#isOpen || !this.#isStarted) return;
    const worker = this.#worker;
    this.#looksUnheard++;
    const heard = (): void => {
      if (worker === this.#worker) this.#looksUnheard = 0;
    };
    this.call(this.#times.silentMaxMs, this.#parts.ping).then(heard, (error: unknown) => {
      if (!isSilence(error)) return heard(); // an error is an answer; a death is handled where it happens
      if (worker !== this.#worker || this.#looksUnheard < SILENT_LOOKS) return;
      this.#terminate(worker, "it does not answer");
    });
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#isOpen = false;
    await this.#worker.terminate();
  }

  #build(): [Worker, Remote<T>] {
    const worker = this.#parts.spawn();
    return [worker, new Remote<T>(worker, (reason) => this.#died(reason))];
  }

  #open(): void {
    const { clock, start } = this.#parts;
    const worker = this.#worker;
    this.#builtAtMs = clock.monotonicMs();
    this.#isOpen = true;
    this.#isStarted = false;
    this.#looksUnheard = 0;
    this.call(this.#times.startWithinMs, start).then(
      () => {
        if (worker === this.#worker) this.#isStarted = true;
      },
      (error: unknown) => this.#terminate(worker, `it did not start: ${String(error)}`),
    );
  }

  #terminate(worker: Worker, reason: string): void {
    if (worker !== this.#worker || !this.#isOpen) return;
    this.#parts.log.error({ thread: this.#parts.name, reason }, "a thread is ended");
    void worker.terminate();
  }

  #died(reason: string): void {
    if (this.#isEnding) return;
    const { name, clock, log, onDied, onRebuilt } = this.#parts;
    const { rebuildAfterMs, rebuildAfterMaxMs, wellAfterMs } = this.#times;
    this.#isOpen = false;
    if (clock.monotonicMs() - this.#builtAtMs >= wellAfterMs) this.#deaths = 0;
    const waitMs = Math.min(rebuildAfterMaxMs, rebuildAfterMs * 2 ** this.#deaths++);
    log.error({ thread: name, reason, waitMs }, "a thread died; it is rebuilt");
    clock.after(waitMs, () => {
      if (this.#isEnding) return;
      [this.#worker, this.#remote] = this.#build();
      this.#open();
      onRebuilt?.();
    });
    onDied?.();
  }
}

const isSilence = (error: unknown): boolean => error instanceof PaymentClusterError && error.code === "CALL_TIMED_OUT";
