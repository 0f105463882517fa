/** Calls on one payment, one after the other: none sees what another one is about to change. */

/** How long a call waits for those before it; both gateways answer an error then. */
const WAIT_MS = 2_000;

export class PaymentQueue {
  /** By payment: the end of the last call that waits or works. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waitMs: number;

  constructor(waitMs = WAIT_MS) {
    this.#waitMs = waitMs;
  }

  /** Payments that somebody works on. */
  get size(): number {
    return this.#tails.size;
  }

  /** Runs `work` when those before it have ended; undefined: they took too long, and it was not run. */
  async run<Result>(id: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const before = this.#tails.get(id);
    const { promise: mine, resolve: end } = Promise.withResolvers<void>();
    const tail = before === undefined ? mine : before.then(() => mine);
    this.#tails.set(id, tail);
    void tail.then(() => {
      if (this.#tails.get(id) === tail) this.#tails.delete(id);
    });
    try {
      if (before !== undefined && !(await comesInTime(before, this.#waitMs))) return undefined;
      return await work();
    } finally {
      end();
    }
  }
}

async function comesInTime(event: Promise<void>, waitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), waitMs);
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
