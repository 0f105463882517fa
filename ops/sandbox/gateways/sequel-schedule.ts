/** What will happen to payments without a call: on file, so that a restart forgets none, and run when it is due. */
import type { Clock } from "../../../actors/index.ts";
import { DueList } from "./due-list.ts";
import { PendingFile } from "./pending-file.ts";
import type { Sequel } from "./tokens.ts";

/** `key`: of the call that it follows. */
export interface PlannedSequel {
  readonly what: Sequel;
  readonly dueAt: number;
  readonly account: string;
  readonly key: string;
}

/** Somebody else works on the payment: again in a moment. */
const BUSY_WAIT_MS = 200;

export class SequelSchedule {
  readonly #clock: Clock;
  readonly #file: PendingFile<PlannedSequel>;
  readonly #waiting = new DueList<PlannedSequel>();
  #run: ((sequel: PlannedSequel) => Promise<boolean>) | undefined;
  #callOff: (() => void) | undefined;
  readonly #running = new Set<Promise<void>>();

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#file = new PendingFile(path);
  }

  get size(): number {
    return this.#file.size;
  }

  /** Begins. `run`: resolves with false when the payment is busy; what has no place any more is done. */
  start(run: (sequel: PlannedSequel) => Promise<boolean>): void {
    this.#run = run;
    for (const sequel of this.#file.items.values()) this.#waiting.add(sequel);
    this.#wake();
  }

  /** Resolves when it is on file. */
  async add(sequel: PlannedSequel): Promise<void> {
    const id = idOf(sequel);
    if (this.#file.items.has(id)) return;
    const kept = this.#file.add(id, sequel);
    this.#waiting.add(sequel);
    this.#wake();
    await kept;
  }

  async close(): Promise<void> {
    this.#run = undefined;
    this.#callOff?.();
    await Promise.allSettled(this.#running);
    await this.#file.close();
  }

  #wake(): void {
    this.#callOff?.();
    const { first } = this.#waiting;
    if (first === undefined || this.#run === undefined) return;
    this.#callOff = this.#clock.after(Math.max(1, first.dueAt - this.#clock.nowMs()), () => this.#runDue());
  }

  #runDue(): void {
    for (let due = this.#take(); due !== undefined; due = this.#take()) {
      const running = this.#finish(due).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
    this.#wake();
  }

  #take(): PlannedSequel | undefined {
    return this.#run === undefined ? undefined : this.#waiting.takeDue(this.#clock.nowMs());
  }

  async #finish(sequel: PlannedSequel): Promise<void> {
    const isDone = await this.#run?.(sequel).catch(() => false);
    if (isDone === true)
      await this.#file.end(idOf(sequel)).catch(() => undefined); // it finds that it is done
    else {
      this.#waiting.add({ ...sequel, dueAt: this.#clock.nowMs() + BUSY_WAIT_MS });
      this.#wake();
    }
  }
}

const idOf = ({ what, account, key }: PlannedSequel): string => `${what}:${account}:${key}`;
