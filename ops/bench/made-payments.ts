/** The payments that a run has made so far, for its reads and refunds: the newest quarter of a million. */
import { mix32 } from "./merchant-pick.ts";

/** `pay_` and 26 digits. */
export const ID_BYTES = 30;
const BEFORE_ID = Buffer.from('{"id":"');
const PREFIX = Buffer.from("pay_");

/** Where the id stands in a payment object that begins at `bodyStart`; -1: no payment begins there. */
export function idIn(bytes: Buffer, bodyStart: number, bodyEnd: number): number {
  const at = bodyStart + BEFORE_ID.length;
  if (at + ID_BYTES > bodyEnd || BEFORE_ID.compare(bytes, bodyStart, at) !== 0) return -1;
  return PREFIX.compare(bytes, at, at + PREFIX.length) === 0 ? at : -1;
}

const RECENT = 256;
const KEPT_MAX = 262_144;

/** A payment is named by the position in which it was made, from 0; it is known until KEPT_MAX more were made. */
export class MadePayments {
  readonly #capacity: number;
  readonly #ids: Buffer;
  readonly #numbers: Int32Array;
  #made = 0;

  /** `payments`: how many the run can make at most; 0: none is to be remembered. */
  constructor(payments: number) {
    this.#capacity = Math.min(payments, KEPT_MAX);
    this.#ids = Buffer.alloc(this.#capacity * ID_BYTES);
    this.#numbers = new Int32Array(this.#capacity);
  }

  /** How many were made. */
  get count(): number {
    return this.#made;
  }

  /** Request `k` made the payment whose id stands in `bytes` at `idAt`. */
  add(k: number, bytes: Buffer, idAt: number): void {
    if (this.#capacity === 0) return;
    const slot = this.#made % this.#capacity;
    bytes.copy(this.#ids, slot * ID_BYTES, idAt, idAt + ID_BYTES);
    this.#numbers[slot] = k;
    this.#made++;
  }

  /** One of the last that were made; the same `seed` and count, the same payment. Only when there is one. */
  recent(seed: number): number {
    return this.#made - 1 - (mix32(seed) % Math.min(this.#made, RECENT));
  }

  /** Any that is known. Only when there is one. */
  older(seed: number): number {
    return this.#made - 1 - (mix32(~seed) % Math.min(this.#made, this.#capacity));
  }

  /** The number of the request that made it. */
  numberOf(position: number): number {
    return this.#numbers[position % this.#capacity] as number;
  }

  /** Its id, a view. */
  idOf(position: number): Buffer {
    const at = (position % this.#capacity) * ID_BYTES;
    return this.#ids.subarray(at, at + ID_BYTES);
  }
}
