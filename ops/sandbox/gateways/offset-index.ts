/**
 * Name to file offset in typed arrays: 16 bytes a slot instead of some 150 for a Map entry, so that millions of keys
 * can be remembered for a day. Names are held as 64-bit hashes; the reader compares the record that it finds.
 */
const MIN_SLOTS = 65_536;
const LOAD_MAX = 0.6;

export class OffsetIndex {
  #slots = MIN_SLOTS;
  #count = 0;
  #low = new Uint32Array(MIN_SLOTS);
  #high = new Uint32Array(MIN_SLOTS);
  /** Twice the offset plus the flag, plus 1; 0 is an empty slot. */
  #values = new Float64Array(MIN_SLOTS);

  get size(): number {
    return this.#count;
  }

  set(name: string, offset: number, flag: boolean): void {
    const [low, high] = hash64(name);
    this.#put(low, high, offset * 2 + (flag ? 1 : 0) + 1);
    if (this.#count > this.#slots * LOAD_MAX) this.#grow();
  }

  get(name: string): { readonly offset: number; readonly flag: boolean } | undefined {
    const [low, high] = hash64(name);
    const value = this.#values[this.#slotOf(low, high)] as number;
    if (value === 0) return undefined;
    return { offset: Math.floor((value - 1) / 2), flag: (value - 1) % 2 === 1 };
  }

  #put(low: number, high: number, value: number): void {
    const slot = this.#slotOf(low, high);
    if (this.#values[slot] === 0) this.#count++;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#values[slot] = value;
  }

  /** The slot of this hash, or the empty one where it belongs. */
  #slotOf(low: number, high: number): number {
    const mask = this.#slots - 1;
    let slot = low & mask;
    while (this.#values[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [low, high, values] = [this.#low, this.#high, this.#values];
    this.#slots *= 2;
    this.#count = 0;
    this.#low = new Uint32Array(this.#slots);
    this.#high = new Uint32Array(this.#slots);
    this.#values = new Float64Array(this.#slots);
    for (let i = 0; i < values.length; i++)
      if (values[i] !== 0) this.#put(low[i] as number, high[i] as number, values[i] as number);
  }
}

/** Two 32-bit FNV-like hashes with a final mix; not for adversaries. */
function hash64(text: string): readonly [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995);
    b ^= b >>> 15;
  }
  a ^= a >>> 16;
  a = Math.imul(a, 0x85ebca6b);
  a ^= a >>> 13;
  return [a >>> 0, b >>> 0];
}
