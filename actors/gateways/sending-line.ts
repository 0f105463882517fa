/**
 * The line before a gateway's sockets. It is ours because undici's own has no end, and because undici ends a request
 * whose time ran out in its queue by destroying the socket that has just become free.
 */
export class SendingLine<T> {
  readonly #slots: number;
  readonly #waitingMax: number;
  readonly #begin: (item: T) => void;
  /** In the order of arrival. */
  readonly #waiting = new Set<T>();
  readonly #begun = new Set<T>();

  /** At most `slots` items are begun and not ended; at most `waitingMax` wait. `begin` must not throw. */
  constructor(slots: number, waitingMax: number, begin: (item: T) => void) {
    this.#slots = slots;
    this.#waitingMax = waitingMax;
    this.#begin = begin;
  }

  /** Begins the item, now or once others have ended. False: the line is full, and the item is not in it. */
  enter(item: T): boolean {
    if (this.#begun.size < this.#slots) this.#start(item);
    else if (this.#waiting.size < this.#waitingMax) this.#waiting.add(item);
    else return false;
    return true;
  }

  /** Takes an item out that still waits: it is never begun. */
  withdraw(item: T): void {
    this.#waiting.delete(item);
  }

  /** A begun item is over, and the next one begins. Has no effect on any other item. */
  ended(item: T): void {
    if (!this.#begun.delete(item)) return;
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      this.#start(next);
      return;
    }
  }

  /** Takes out all that wait. */
  clear(): readonly T[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    return all;
  }

  #start(item: T): void {
    this.#begun.add(item);
    this.#begin(item);
  }
}
