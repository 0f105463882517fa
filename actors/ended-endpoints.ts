/** Gives up what waits for endpoints that are disabled or removed: page by page, one endpoint after another. */
import { givenUp } from "./delivery-rows.ts";
import type { EndpointId } from "./domain/index.ts";
import type { OutboxWriter } from "./outbox-writer.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";

const PAGE_ROWS = 100;
const RETRY_MS = 1_000;

export class EndedEndpoints {
  readonly #store: ShardStore;
  readonly #writer: OutboxWriter;
  readonly #clock: Clock;
  readonly #waiting = new Set<EndpointId>();
  #generation = 0;
  #runs = false;

  constructor(store: ShardStore, writer: OutboxWriter, clock: Clock) {
    this.#store = store;
    this.#writer = writer;
    this.#clock = clock;
  }

  /** Nothing is sent to it any more, and nothing new waits for it. Nothing to do for one that nothing waits for. */
  add(id: EndpointId): void {
    this.#waiting.add(id);
    if (!this.#runs) void this.#run(this.#generation);
  }

  /** The actor drops its memory. The next activation finds them again. */
  reset(): void {
    this.#generation++;
    this.#waiting.clear();
    this.#runs = false;
  }

  async #run(generation: number): Promise<void> {
    this.#runs = true;
    for (const id of this.#waiting) {
      const isDone = await this.#giveUp(id);
      if (generation !== this.#generation) return;
      if (isDone) this.#waiting.delete(id);
      else {
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
        if (generation !== this.#generation) return;
        this.#waiting.delete(id);
        this.#waiting.add(id); // behind the others, and visited once more
      }
    }
    this.#runs = false;
  }

  /** False: the database refused, so it is to be tried again. */
  async #giveUp(id: EndpointId): Promise<boolean> {
    for (;;) {
      const rows = await this.#store.findDeliveries(id, PAGE_ROWS).catch(() => undefined);
      if (rows === undefined) return false;
      if (rows.length === 0) return true;
      const deliveries = rows.map(({ delivery }) => givenUp(delivery, "gone"));
      const { kind } = await this.#writer.write(() => ({ rows: { deliveries }, written: () => {} }));
      if (kind !== "committed") return false;
      if (rows.length < PAGE_ROWS) return true;
    }
  }
}
