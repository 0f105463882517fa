/**
 * Says of most new idempotency keys, without asking the database, that they were never seen: a Bloom filter over every
 * key of the shard. "Perhaps" is answered by the look-up, and the unique index stays the guard behind both; so the
 * filter saves a statement and its round trip, and decides nothing. It only knows once every stored key was told to it.
 */

const HASHES = 4;
/** At 16 bits a key and four hashes about one new key in 400 is looked up in vain. */
const BITS_PER_KEY = 16;

export class KeyFilter {
  readonly #bits: Uint32Array;
  readonly #mask: number;
  readonly #keysMax: number;
  #keys = 0;
  #complete = false;

  /** `keysMax`: beyond it the filter would say "perhaps" too often and retires; 0: it never knows. */
  constructor(keysMax: number) {
    const bits = 2 ** Math.ceil(Math.log2(Math.max(64, keysMax * BITS_PER_KEY)));
    this.#bits = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
    this.#keysMax = keysMax;
  }

  /** True: the key was never added, and everything was. */
  isNew(keyId: string): boolean {
    if (!this.#complete) return false;
    const { first, step } = hashesOf(keyId);
    for (let i = 0, at = first; i < HASHES; i++, at += step) {
      const bit = at & this.#mask;
      if (((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return true;
    }
    return false;
  }

  /** A key that is stored, or about to be. */
  add(keyId: string): void {
    if (++this.#keys > this.#keysMax) this.#complete = false;
    const { first, step } = hashesOf(keyId);
    for (let i = 0, at = first; i < HASHES; i++, at += step) {
      const bit = at & this.#mask;
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  get isFull(): boolean {
    return this.#keys > this.#keysMax;
  }

  /** Every key that was stored before the first `add` of a live one has been added. */
  completed(): void {
    this.#complete = this.#keysMax > 0 && this.#keys <= this.#keysMax;
  }
}

/** Two FNV-like hashes in one walk; positions are `first + i * step`. */
function hashesOf(text: string): { readonly first: number; readonly step: number } {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  a ^= a >>> 15;
  b ^= b >>> 13;
  return { first: a >>> 0, step: (b >>> 0) | 1 };
}
