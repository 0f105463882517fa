/**
 * What became of tries, until it is on disk: written in batches, again and again while the database is away. A batch that
 * the database refuses is written in halves until the offender stands alone.
 */
import { givenUp } from "./delivery-rows.ts";
import type { EndpointId } from "./domain/index.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import type { OutboxOutcome, OutboxWrite, OutboxWriter } from "./outbox-writer.ts";
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

/** What one write takes. What comes meanwhile, also about the same delivery or endpoint, is not part of it. */
interface Share {
  readonly deliveries: readonly Delivery[];
  readonly gone: readonly EndpointId[];
}

const NOTHING: Share = { deliveries: [], gone: [] };
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
    if (!this.#writing && !this.isEmpty) void this.#run(this.#generation);
  }

  reset(): void {
    this.#generation++;
    this.#rows.clear();
    this.#gone.clear();
    this.#writing = false;
  }

  async #run(generation: number): Promise<void> {
    this.#writing = true;
    const how = await this.#write(generation, null);
    if (generation !== this.#generation) return;
    this.#writing = false;
    if (how !== "unavailable") this.flush(); // else with the next sweep
  }

  /** `half`: of a share that was refused; null: the oldest that wait when the turn has come. Returns how it ended. */
  async #write(generation: number, half: Share | null): Promise<OutboxOutcome["kind"]> {
    let share = half ?? NOTHING;
    const { kind } = await this.#parts.writer.write(() => {
      share = half ?? { deliveries: [...this.#rows.values()].slice(0, WRITTEN_MAX), gone: [...this.#gone] };
      return this.#writeOf(share);
    });
    if (generation !== this.#generation) return kind;
    if (kind === "nothing") this.#forgetGone(share);
    if (kind !== "rejected") return kind;
    const halves = halvesOf(share);
    if (halves.length === 0) this.#refused(share);
    for (const one of halves) {
      const how = await this.#write(generation, one);
      if (generation !== this.#generation || how === "unavailable") return how;
    }
    return kind;
  }

  /** What of the share is still to be written. */
  #writeOf(share: Share): OutboxWrite | null {
    const { book, written, disabled } = this.#parts;
    const deliveries = share.deliveries.filter((row) => this.#rows.get(placeOf(row)) === row);
    const gone = share.gone.flatMap((id) => book.get(id) ?? []).filter(({ status }) => status === "enabled");
    const endpoints = gone.map((one) => ({ ...one, status: "disabled" as const, disabledBecause: "gone" }));
    if (deliveries.length + endpoints.length === 0) return null;
    return {
      rows: { deliveries: deliveries.map((row) => this.#unlessEnded(row)), endpoints },
      written: () => {
        this.#forget(deliveries, written);
        this.#forgetGone(share);
        for (const endpoint of endpoints) {
          book.set(endpoint);
          disabled(endpoint.id);
        }
      },
    };
  }

  /** An endpoint that ended meanwhile is not tried again: whoever gave up what waited for it has passed. */
  #unlessEnded(delivery: Delivery): Delivery {
    const isEnabled = this.#parts.book.get(delivery.endpointId)?.status === "enabled";
    return delivery.state === "waiting" && !isEnabled ? givenUp(delivery, null) : delivery;
  }

  /** One that came meanwhile stays. */
  #forget(deliveries: readonly Delivery[], then: (delivery: Delivery) => void): void {
    for (const delivery of deliveries) {
      if (this.#rows.get(placeOf(delivery)) !== delivery) continue;
      this.#rows.delete(placeOf(delivery));
      then(delivery);
    }
  }

  /** Those that came meanwhile stay. */
  #forgetGone({ gone }: Share): void {
    for (const id of gone) this.#gone.delete(id);
  }

  #refused(share: Share): void {
    const { log, refused } = this.#parts;
    const [delivery] = share.deliveries;
    const place = { endpoint: delivery?.endpointId ?? share.gone[0], event: delivery?.eventId };
    log.error(place, "the database refused what became of a delivery");
    this.#forgetGone(share);
    this.#forget(share.deliveries, refused);
  }
}

/** Both smaller than the whole; none of a single row. */
function halvesOf({ deliveries, gone }: Share): readonly Share[] {
  if (deliveries.length + gone.length <= 1) return [];
  const [middle, middleGone] = [Math.ceil(deliveries.length / 2), Math.floor(gone.length / 2)];
  return [
    { deliveries: deliveries.slice(0, middle), gone: gone.slice(0, middleGone) },
    { deliveries: deliveries.slice(middle), gone: gone.slice(middleGone) },
  ];
}

const placeOf = ({ endpointId, eventId }: Pick<Delivery, "endpointId" | "eventId">): string =>
  `${endpointId}\n${eventId}`;
