/**
 * A coarse limit per client address at the edge, before anybody is asked who they are: it keeps one machine from taking
 * all of a node, and is no merchant's quota. The address is the connection's own: headers such as X-Forwarded-For are
 * what a sender likes to say. Behind a proxy that ends connections it must be off, for all clients have one address then.
 */

/** More addresses than are seen in a second; the memory for one is a few dozen bytes. */
const ADDRESSES_MAX = 50_000;
/** Entries looked at to make room for one. */
const SWEPT_AT_ONCE = 8;

/** A bucket that holds what a second brings, kept as the time at which it is full again. */
export class AddressLimit {
  readonly #costMs: number;
  readonly #addressesMax: number;
  /** Monotonic milliseconds at which the bucket of an address is full; addresses whose bucket is full are not needed. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(requestsPerSecond: number, addressesMax = ADDRESSES_MAX) {
    this.#costMs = 1_000 / requestsPerSecond;
    this.#addressesMax = addressesMax;
  }

  get size(): number {
    return this.#fullAtMs.size;
  }

  /**
   * True: the request passes, and counts `weight` times. `address`: its bytes as the socket has them, 4 or 16.
   * A refused request costs nothing, so who slows down is served again after a second at the latest, unless a single
   * request weighed more than a second brings.
   */
  take(address: ArrayBuffer, nowMs: number, weight: number): boolean {
    const key = keyOf(address);
    const known = this.#fullAtMs.get(key);
    const fromMs = Math.max(known ?? 0, nowMs);
    if (fromMs - nowMs + this.#costMs > BUCKET_MS) return false;
    if (known === undefined && this.#fullAtMs.size >= this.#addressesMax) this.#makeRoom(nowMs);
    this.#fullAtMs.set(key, fromMs + this.#costMs * weight);
    return true;
  }

  /** Forgets some of the oldest whose bucket is full, or the very oldest. */
  #makeRoom(nowMs: number): void {
    let left = SWEPT_AT_ONCE;
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (left-- === 0) break;
      if (fullAtMs <= nowMs) this.#fullAtMs.delete(key);
    }
    if (this.#fullAtMs.size < this.#addressesMax) return;
    const [oldest] = this.#fullAtMs.keys();
    if (oldest !== undefined) this.#fullAtMs.delete(oldest);
  }
}

const BUCKET_MS = 1_000;

/** IPv4 whole, also when it is written as IPv6; of IPv6 the network of 64 bits: a client has all of its addresses. */
function keyOf(address: ArrayBuffer): string {
  const bytes = new Uint8Array(address);
  const isMapped = bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && isZero(bytes, 10);
  const part = bytes.length === 4 ? bytes : isMapped ? bytes.subarray(12) : bytes.subarray(0, 8);
  return String.fromCharCode(...part);
}

const isZero = (bytes: Uint8Array, end: number): boolean => bytes.subarray(0, end).every((byte) => byte === 0);
