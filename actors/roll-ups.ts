/** Whose ledger has grown so much since its sums were last stored that reading a balance would take long (design §3.5). */
import type { MerchantId } from "./domain/index.ts";

/** Rows that a read of the balance adds up at most, about. One call sums twice as many up, so none are left behind. */
const ROWS_MAX = 3_000;

export class RollUps {
  /** Rows of the journal since the last roll-up, or since this owner began. */
  readonly #counts = new Map<MerchantId, number>();
  readonly #due = new Set<MerchantId>();

  /** A row of the merchant's history was committed. */
  count(merchant: MerchantId): void {
    const count = (this.#counts.get(merchant) ?? 0) + 1;
    this.#counts.set(merchant, count < ROWS_MAX ? count : 0);
    if (count >= ROWS_MAX) this.#due.add(merchant);
  }

  get isEmpty(): boolean {
    return this.#due.size === 0;
  }

  /** The next one to be summed up. */
  take(): MerchantId | undefined {
    for (const merchant of this.#due) {
      this.#due.delete(merchant);
      return merchant;
    }
    return undefined;
  }
  /** It could not be done: later. */
  putBack(merchant: MerchantId): void {
    this.#due.add(merchant);
  }
  clear(): void {
    this.#counts.clear();
    this.#due.clear();
  }
}
