/** What became of tries, until it is on disk: written in batches, while the database refuses again and again. */
import type { EndpointId } from "./domain/index.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import type { OutboxWriter } from "./outbox-writer.ts";
import type { Delivery } from "./ports/outbox.ts";
import type { Log } from "./ports/world.ts";

export interface TryResultsParts {
  readonly book: EndpointBook;
  readonly writer: OutboxWriter;
  readonly log: Log;
  /** It is on disk. */
  readonly written: (delivery: Delivery) => void;
  /** The database refuses the row: the delivery still stands there as it was. */
  readonly refused: (delivery: Delivery) => void;
  /** The endpoint is disabled, on disk too. */
  readonly disabled: (id: EndpointId) => void;
}

const WRITTEN_MAX = 128;
/** Of more nothing is sent until some are written. */
const WAITING_MAX = 512;

export class TryResults {
  readonly #parts: TryResultsParts;
  /** By delivery: the newest. */
  readonly #rows = new Map<string, Delivery>();
  readonly #gone = new Set<EndpointId>();
  #writing = false;
  #generation = 0;

  constructor(parts: TryResultsParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#rows.size >= WAITING_MAX;
  }
  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#gone.size === 0;
  }

  /** `gone`: the endpoint wants nothing any more, and is to be disabled. */
  add(delivery: Delivery, gone = false): void {
    this.#rows.set(placeOf(delivery), delivery);
    if (gone) this.#gone.add(delivery.endpointId);
    this.flush();
  }

  /** What is known of it does not count any more. */
  drop(delivery: Pick<Delivery, "endpointId" | "eventId">): void {
    this.#rows.delete(placeOf(delivery));
  }

  /** Writes what waits. Called again and again, for the database may have refused. */
  flush(): void {
    if (!this.#writing && !this.isEmpty) void this.#write(this.#generation);
  }

  reset(): void {
    this.#generation++;
    this.#rows.clear();
    this.#gone.clear();
    this.#writing = false;
  }

  async #write(generation: number): Promise<void> {
    const { book, writer, written, disabled } = this.#parts;
    this.#writing = true;
    let deliveries: readonly Delivery[] = [];
    const outcome = await writer.write(() => {
      deliveries = [...this.#rows.values()].slice(0, WRITTEN_MAX);
      const gone = [...this.#gone].flatMap((id) => book.get(id) ?? []).filter(({ status }) => status === "enabled");
      const endpoints = gone.map((one) => ({ ...one, status: "disabled" as const, disabledBecause: "gone" }));
      if (deliveries.length + endpoints.length === 0) return null;
      return {
        rows: { deliveries, endpoints },
        written: () => {
          this.#forget(deliveries, written);
          this.#gone.clear();
          for (const endpoint of endpoints) {
            book.set(endpoint);
            disabled(endpoint.id);
          }
        },
      };
    });
    if (generation !== this.#generation) return;
    this.#writing = false;
    if (outcome.kind === "nothing") this.#gone.clear();
    if (outcome.kind === "rejected") this.#refused(deliveries);
    if (outcome.kind !== "unavailable") this.flush(); // else with the next sweep
  }

  /** One that came meanwhile stays. */
  #forget(deliveries: readonly Delivery[], then: (delivery: Delivery) => void): void {
    for (const delivery of deliveries) {
      if (this.#rows.get(placeOf(delivery)) !== delivery) continue;
      this.#rows.delete(placeOf(delivery));
      then(delivery);
    }
  }

  #refused(deliveries: readonly Delivery[]): void {
    this.#parts.log.error({ deliveries: deliveries.length }, "the database refused what became of deliveries");
    this.#gone.clear();
    this.#forget(deliveries, this.#parts.refused);
  }
}

const placeOf = ({ endpointId, eventId }: Pick<Delivery, "endpointId" | "eventId">): string =>
  `${endpointId}\n${eventId}`;
