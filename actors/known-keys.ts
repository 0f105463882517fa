/** Which idempotency keys of the shard are certainly new: a KeyFilter that is told every stored key after an activation. */
import type { MerchantId } from "./domain/index.ts";
import { keyIdOf } from "./flow.ts";
import { KeyFilter } from "./key-filter.ts";
import type { ShardStore } from "./ports.ts";

const PAGE = 20_000;

export class KnownKeys {
  readonly #store: ShardStore;
  readonly #keysMax: number;
  #filter: KeyFilter;

  /** `keysMax`: of a larger shard every new key is looked up. */
  constructor(store: ShardStore, keysMax: number) {
    this.#store = store;
    this.#keysMax = keysMax;
    this.#filter = new KeyFilter(0);
  }

  /**
   * Begins anew, after each activation: what others wrote before it is read from the database, what this actor writes
   * from now on is added as it is decided. Until all is read, and when reading fails, no key is certainly new.
   */
  async load(): Promise<void> {
    const filter = new KeyFilter(this.#keysMax);
    this.#filter = filter;
    let after: { readonly merchantId: MerchantId; readonly key: string } | null = null;
    try {
      do {
        const page: readonly { readonly merchantId: MerchantId; readonly key: string }[] = await this.#store.scanKeys(
          after,
          PAGE,
        );
        for (const { merchantId, key } of page) filter.add(keyIdOf(merchantId, key));
        after = page.length === PAGE ? (page.at(-1) ?? null) : null;
      } while (after !== null && filter === this.#filter && !filter.isFull);
    } catch {
      return; // the database is away: look-ups say so to those who ask
    }
    if (after === null) filter.completed();
  }

  isNew(keyId: string): boolean {
    return this.#filter.isNew(keyId);
  }

  /** A key whose intent is about to be written; whether it will be in the end does not matter. */
  add(keyId: string): void {
    this.#filter.add(keyId);
  }
}
