/**
 * The sending half of one stream: collects what comes in a tick, splits it into messages of bounded size, and holds back
 * while the other side does not read. It is open until `end` or `finish`; an ended one drops whatever it is given.
 */
import { TickBatch, type TickTime } from "../tick-batch.ts";

export interface FrameWriterParts<T> {
  /** Sends one message. False: no more until `drained` is called. */
  write(frame: Uint8Array): boolean;
  encode(items: readonly T[]): Uint8Array;
  /** About how many bytes the item takes; never much too few. */
  bytesOf(item: T): number;
  /** Called with what goes into a message, just before. */
  leaves?(items: readonly T[]): void;
  /** What could not be encoded or written. The writer has ended: in a timer, a throw would end the process. */
  onFault(error: unknown): void;
  readonly time?: TickTime;
}

/** A message is large enough to be worth its cost and small enough to let others pass. */
const FRAME = { bytes: 256 * 1024, items: 1_024 } as const;

export class FrameWriter<T> {
  readonly #parts: FrameWriterParts<T>;
  readonly #tick: TickBatch<T>;
  #waiting: T[] = [];
  #bytes = 0;
  #count = 0;
  #flows = true;
  #ended = false;
  #onEmpty: (() => void) | undefined;

  constructor(parts: FrameWriterParts<T>) {
    this.#parts = parts;
    this.#tick = new TickBatch((items) => this.#take(items), parts.time);
  }

  /** Bytes that wait here, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Order is kept. */
  add(item: T): void {
    if (this.#ended) return;
    this.#bytes += this.#parts.bytesOf(item);
    this.#count++;
    this.#tick.add(item);
  }

  /** The other side reads again. */
  drained(): void {
    this.#flows = true;
    this.#send();
  }

  /** Calls `done` once all that was given has been written; later it takes nothing. */
  finish(done: () => void): void {
    this.#onEmpty = done;
    this.#send();
  }

  /** Drops what waits. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#bytes = 0;
  }

  #take(items: T[]): void {
    if (this.#ended) return;
    this.#waiting = this.#waiting.length === 0 ? items : [...this.#waiting, ...items];
    this.#send();
  }

  #send(): void {
    try {
      this.#flush();
    } catch (error) {
      this.end();
      this.#parts.onFault(error);
    }
  }

  #flush(): void {
    let from = 0;
    while (this.#flows && !this.#ended && from < this.#waiting.length) {
      const items = this.#next(from);
      from += items.length;
      this.#count -= items.length;
      this.#parts.leaves?.(items);
      this.#flows = this.#parts.write(this.#parts.encode(items));
    }
    if (this.#ended) return; // writing can end it
    if (from > 0) this.#waiting = this.#waiting.slice(from);
    if (this.#count > 0 || this.#onEmpty === undefined) return;
    this.end();
    this.#onEmpty();
  }

  #next(from: number): readonly T[] {
    let to = from;
    let bytes = 0;
    do bytes += this.#parts.bytesOf(this.#waiting[to++] as T);
    while (to < this.#waiting.length && to - from < FRAME.items && bytes < FRAME.bytes);
    this.#bytes -= bytes;
    return this.#waiting.slice(from, to);
  }
}
