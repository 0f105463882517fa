/**
 * Sockets by origin, each with one request at a time: a receiver that hangs stays in its own share, however many hang leave
 * half of all to those that answer at once, and nothing ever waits in here. It is ours because undici's pools open a socket anew for a request that was called off, and queue without end.
 */

/** What a pool holds: it opens its socket by itself and closes it when it was idle for a while. */
export interface PooledSocket {
  on(event: "disconnect", told: () => void): unknown;
  destroy(): Promise<void>;
}

export interface SocketPoolLimits {
  /** In use for each origin. */
  readonly originMax: number;
  /** In use in all; as many again may be idle. */
  readonly allMax: number;
  /** An older one is not used again: its name may have moved. */
  readonly ageMaxMs: number;
}

interface Held<S> {
  readonly socket: S;
  readonly openedMs: number;
}

export class SocketPool<S extends PooledSocket> {
  readonly #limits: SocketPoolLimits;
  readonly #nowMs: () => number;
  readonly #open: (origin: string) => S;
  /** Origins come and go: none is kept without a socket. */
  readonly #used = new Map<string, Set<Held<S>>>();
  readonly #idle = new Map<string, Set<Held<S>>>();
  #usedCount = 0;
  /** In use for receivers that are not known to answer at once. */
  #slowCount = 0;
  #idleCount = 0;

  /** `nowMs`: milliseconds that only grow. `open` must open nothing before the first request. */
  constructor(limits: SocketPoolLimits, nowMs: () => number, open: (origin: string) => S) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#open = open;
  }

  /** An idle socket of the origin or a new one; null: the origin or the whole is at its limit, or what is for slow ones. */
  take(
    origin: string,
    isQuick: boolean,
  ): { readonly socket: S; readonly giveBack: (reusable: boolean) => void } | null {
    if ((this.#used.get(origin)?.size ?? 0) >= this.#limits.originMax) return null;
    if (this.#usedCount >= this.#limits.allMax) return null;
    if (!isQuick && this.#slowCount >= Math.ceil(this.#limits.allMax / 2)) return null;
    const held = this.#takeIdle(origin) ?? this.#openOne(origin);
    this.#usedCount += add(this.#used, origin, held);
    if (!isQuick) this.#slowCount += 1;
    return { socket: held.socket, giveBack: (reusable) => this.#giveBack(origin, held, isQuick, reusable) };
  }

  /** Destroys all, also what is in use. */
  async close(): Promise<void> {
    const all = [...this.#used.values(), ...this.#idle.values()].flatMap((held) => [...held]);
    this.#used.clear();
    this.#idle.clear();
    this.#usedCount = this.#slowCount = this.#idleCount = 0;
    await Promise.all(all.map(({ socket }) => socket.destroy()));
  }

  #openOne(origin: string): Held<S> {
    const held = { socket: this.#open(origin), openedMs: this.#nowMs() };
    held.socket.on("disconnect", () => {
      if (remove(this.#idle, origin, held) === 0) return; // in use: whoever uses it is told
      this.#idleCount -= 1;
      void held.socket.destroy();
    });
    return held;
  }

  #takeIdle(origin: string): Held<S> | undefined {
    const held = [...(this.#idle.get(origin) ?? [])].at(-1); // the warmest: the others may end
    if (held !== undefined) this.#idleCount -= remove(this.#idle, origin, held);
    return held;
  }

  /** Only the first call counts. */
  #giveBack(origin: string, held: Held<S>, isQuick: boolean, reusable: boolean): void {
    if (remove(this.#used, origin, held) === 0) return;
    this.#usedCount -= 1;
    if (!isQuick) this.#slowCount -= 1;
    const isOld = this.#nowMs() - held.openedMs > this.#limits.ageMaxMs;
    if (!reusable || isOld || this.#idleCount >= this.#limits.allMax) {
      void held.socket.destroy();
      return;
    }
    this.#idleCount += add(this.#idle, origin, held);
  }
}

function add<T>(byOrigin: Map<string, Set<T>>, origin: string, one: T): 1 {
  byOrigin.set(origin, (byOrigin.get(origin) ?? new Set<T>()).add(one));
  return 1;
}

function remove<T>(byOrigin: Map<string, Set<T>>, origin: string, one: T): 0 | 1 {
  const ofOrigin = byOrigin.get(origin);
  if (ofOrigin?.delete(one) !== true) return 0;
  if (ofOrigin.size === 0) byOrigin.delete(origin);
  return 1;
}
