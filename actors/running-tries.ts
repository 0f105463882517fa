/** Tries that other threads are making, and how many more there may be. */
import type { DeliveryLine } from "./delivery-line.ts";
import type { EventId } from "./domain/index.ts";
import type { DueDelivery } from "./ports/outbox.ts";

export interface RunningTry {
  readonly line: DeliveryLine;
  readonly item: DueDelivery;
  /** Monotonic ms. */
  readonly begunAtMs: number;
  readonly isSlow: boolean;
  readonly begunWhileDown: boolean;
  /** Its merchant asked for it once more meanwhile. */
  again: boolean;
}

/** Tries of a shard at once. */
const RUNNING_MAX = 64;
/** Of them, those at receivers that are slow, failing or unknown: the rest is for receivers that answer at once. */
const RUNNING_SLOW_MAX = 32;

export class RunningTries {
  /** In the order in which they began. */
  readonly #tries = new Map<string, RunningTry>();
  #slow = 0;
  /** Goes on for as long as the actor lives: answers to what it has forgotten fit nothing. */
  #lastKey = 0;

  get size(): number {
    return this.#tries.size;
  }
  get hasRoom(): boolean {
    return this.#tries.size < RUNNING_MAX;
  }
  /** Whether there is room for a try at this receiver. */
  hasRoomFor({ health }: DeliveryLine): boolean {
    return this.hasRoom && (health.isQuick || this.#slow < RUNNING_SLOW_MAX);
  }

  /** The line's next delivery goes out. Returns the try's name; undefined: nothing is ready. `nowMs`: monotonic. */
  begin(line: DeliveryLine, nowMs: number): { readonly key: string; readonly item: DueDelivery } | undefined {
    const item = line.take();
    if (item === undefined) return undefined;
    const { isQuick, isDown } = line.health;
    const key = String(++this.#lastKey);
    this.#tries.set(key, {
      line,
      item,
      begunAtMs: nowMs,
      isSlow: !isQuick,
      begunWhileDown: isDown,
      again: false,
    });
    if (!isQuick) this.#slow++;
    return { key, item };
  }

  /** Undefined: it is not known any more. */
  end(key: string): RunningTry | undefined {
    const running = this.#tries.get(key);
    if (running === undefined) return undefined;
    this.#tries.delete(key);
    running.line.running--;
    if (running.isSlow) this.#slow--;
    return running;
  }

  /** Those that began at `untilMs` or before. */
  overdue(untilMs: number): readonly string[] {
    const keys: string[] = [];
    for (const [key, { begunAtMs }] of this.#tries) {
      if (begunAtMs > untilMs) break;
      keys.push(key);
    }
    return keys;
  }

  /** The event is to be sent once more, whatever comes of the try. False: it is not under way. */
  markAgain(line: DeliveryLine, eventId: EventId): boolean {
    for (const running of this.#tries.values()) {
      if (running.line !== line || running.item.delivery.eventId !== eventId) continue;
      running.again = true;
      return true;
    }
    return false;
  }

  clear(): void {
    this.#tries.clear();
    this.#slow = 0;
  }
}
