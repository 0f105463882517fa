/** Reads what waits for endpoints from the database, a few lines at a time. */
import type { DeliveryLine } from "./delivery-line.ts";
import type { Delivery } from "./ports/outbox.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";

export interface LoadParts {
  readonly store: ShardStore;
  readonly clock: Clock;
  /** A load ended. `over`: what is not sent any more. */
  readonly loaded: (line: DeliveryLine, over: readonly Delivery[]) => void;
}

/** They share a connection with the reads of people. */
const LOADING_MAX = 4;

export class DeliveryLoads {
  readonly #parts: LoadParts;
  readonly #wanting = new Set<DeliveryLine>();
  #loading = 0;
  #generation = 0;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  want(line: DeliveryLine): void {
    this.#wanting.add(line);
  }
  forget(line: DeliveryLine): void {
    this.#wanting.delete(line);
  }

  /** Begins what may begin. */
  go(): void {
    const { clock } = this.#parts;
    for (const line of this.#wanting) {
      if (this.#loading >= LOADING_MAX) return;
      this.#wanting.delete(line);
      if (line.wantsLoad(clock.nowMs(), clock.monotonicMs())) void this.#load(line);
    }
  }

  /** What is being read is of no use any more. */
  reset(): void {
    this.#generation++;
    this.#wanting.clear();
    this.#loading = 0;
  }

  async #load(line: DeliveryLine): Promise<void> {
    const { store, clock, loaded } = this.#parts;
    const generation = this.#generation;
    this.#loading++;
    const limit = line.beginLoad();
    const rows = await store.findDeliveries(line.id, limit).catch(() => undefined);
    if (generation !== this.#generation) return;
    this.#loading--;
    if (rows === undefined) line.failLoad(clock.monotonicMs());
    loaded(line, rows === undefined ? [] : line.endLoad(rows, limit, clock.nowMs()));
  }
}
