/** Which idempotency keys of the shard are certainly new: a KeyFilter that is told every stored key after an activation. */
import { keyIdOf } from "./flow.ts";
import { KeyFilter } from "./key-filter.ts";
import type { MerchantKey } from "./ports/decisions.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";

const PAGE = 20_000;
/** Before a page that could not be read is asked for again. */
const RETRY_MS = 1_000;

export class KnownKeys {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #keysMax: number;
  #filter = new KeyFilter(0);

  /** `keysMax`: of a larger shard every new key is looked up. */
  constructor(store: ShardStore, clock: Clock, keysMax: number) {
    this.#store = store;
    this.#clock = clock;
    this.#keysMax = keysMax;
  }

  /**
   * Begins anew, after each activation: what others wrote before it is read from the database, what this actor writes
   * from now on is added as it is decided. Until all is read, however long the database is away, no key is certainly new.
   * Never rejects.
   */
  async load(): Promise<void> {
    const filter = new KeyFilter(this.#keysMax);
    this.#filter = filter;
    let after: MerchantKey | null = null;
    while (filter === this.#filter && !filter.isFull) {
      const page: readonly MerchantKey[] | undefined = await this.#store.scanKeys(after, PAGE).catch(() => undefined);
      if (page === undefined) {
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
        continue;
      }
      for (const { merchantId, key } of page) filter.add(keyIdOf(merchantId, key));
      if (page.length < PAGE) return filter.completed();
      after = page.at(-1) as MerchantKey;
    }
  }

  /** Forgets all, and ends a load that runs: the actor serves no more. */
  reset(): void {
    this.#filter = new KeyFilter(0);
  }

  isNew(keyId: string): boolean {
    return this.#filter.isNew(keyId);
  }

  /** A key whose intent is about to be written; whether it will be in the end does not matter. */
  add(keyId: string): void {
    this.#filter.add(keyId);
  }
}
