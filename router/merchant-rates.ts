/**
 * What the shards last said of each merchant's rate, for answers that are given without them: from the reply cache. The
 * owner's count is the truth. Here is a guess between two of its replies: what is answered is taken off, and nothing
 * comes back for a second. Several routers guess each for itself.
 */
import type { MerchantId } from "../actors/domain/index.ts";
import type { RateState } from "../actors/index.ts";

const WINDOW_MS = 1_000;
/** Merchants that are remembered; of more, the one heard of first is forgotten, and its shard is asked again. */
const MERCHANTS_MAX = 50_000;

interface Guess {
  limit: number;
  remaining: number;
  /** Monotonic milliseconds: from then on all of the limit is there again. */
  fullAtMs: number;
}

export class MerchantRates {
  readonly #guesses = new Map<MerchantId, Guess>();
  readonly #merchantsMax: number;

  constructor(merchantsMax = MERCHANTS_MAX) {
    this.#merchantsMax = merchantsMax;
  }

  /** The merchant's shard said so at `nowMs`. */
  note(merchant: MerchantId, { limit, remaining }: RateState, nowMs: number): void {
    const fullAtMs = nowMs + WINDOW_MS;
    const known = this.#guesses.get(merchant);
    if (known !== undefined) {
      known.limit = limit; // in place: every reply comes by here
      known.remaining = remaining;
      known.fullAtMs = fullAtMs;
      return;
    }
    if (this.#guesses.size >= this.#merchantsMax) {
      const [first] = this.#guesses.keys();
      if (first !== undefined) this.#guesses.delete(first);
    }
    this.#guesses.set(merchant, { limit, remaining, fullAtMs });
  }

  /** False: nothing is known of the merchant, or nothing is left: its shard has to decide. */
  mayAnswer(merchant: MerchantId, nowMs: number): boolean {
    const guess = this.#guesses.get(merchant);
    return guess !== undefined && (guess.remaining > 0 || guess.fullAtMs <= nowMs);
  }

  /** Takes one request off, and says what is left after it. Null: nothing is known. */
  take(merchant: MerchantId, nowMs: number): RateState | null {
    const guess = this.#guesses.get(merchant);
    if (guess === undefined) return null;
    if (guess.fullAtMs <= nowMs) {
      guess.remaining = guess.limit;
      guess.fullAtMs = nowMs + WINDOW_MS;
    }
    guess.remaining = Math.max(0, guess.remaining - 1);
    const { limit, remaining, fullAtMs } = guess;
    return { limit, remaining, resetMs: remaining > 0 ? 0 : fullAtMs - nowMs };
  }
}
