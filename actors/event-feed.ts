/**
 * Follows the histories of merchants that have endpoints, and writes what each endpoint is to be sent: events, deliveries
 * and the moved cursor in one go, so that a crash at any moment loses none and repeats none. Nothing is done for merchants
 * without endpoints but one look-up for each row.
 */
import { newDelivery, outgoingOf, wants } from "./delivery-rows.ts";
import type { EndpointId, MerchantId } from "./domain/index.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import { compareCursors, leastCursor } from "./event-cursors.ts";
import type { OutboxWrite, OutboxWriter } from "./outbox-writer.ts";
import type { DueDelivery, OutgoingEvent, WebhookEndpoint } from "./ports/outbox.ts";
import type { EventsCursor, Found } from "./ports/pages.ts";
import type { EventView } from "./ports/reads.ts";
import type { Presenter } from "./ports/requests.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock, Log } from "./ports/world.ts";

export interface FeedParts {
  readonly book: EndpointBook;
  readonly writer: OutboxWriter;
  readonly store: ShardStore;
  readonly presenter: Presenter;
  readonly clock: Clock;
  readonly log: Log;
  /** Deliveries of an endpoint are on disk. */
  readonly arrived: (endpoint: WebhookEndpoint, due: readonly DueDelivery[]) => void;
}

const PAGE_ROWS = 100;
/** Of one write: the commits of payments wait for it, on the same connection. */
const DELIVERIES_MAX = 200;
/** Merchants that are read for at once: they share a connection with the reads of people. */
const READING_MAX = 2;
const RETRY_MS = 1_000;
/** Something stands there that this release cannot read or write: people must look. */
const STUCK_RETRY_MS = 60_000;
/** Rows of no interest to an endpoint, after which its cursor is written all the same: a successor reads them again. */
const SKIPPED_ROWS_MAX = 1_000;

type EventPage = Found<EventView, EventsCursor>;

export class EventFeed {
  readonly #parts: FeedParts;
  readonly #due = new Set<MerchantId>();
  readonly #reading = new Set<MerchantId>();
  /** Merchants whose last page failed, until it is tried again: whatever is committed meanwhile waits too. */
  readonly #resting = new Map<MerchantId, () => void>();
  /** Rows that an endpoint's cursor in memory is ahead of the one on disk. */
  readonly #skipped = new Map<EndpointId, number>();
  #generation = 0;
  #pumps = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** A row of the merchant's history is on disk. */
  rowCommitted(merchant: MerchantId): void {
    if (this.#parts.book.has(merchant)) this.#follow(merchant);
  }

  /** After an activation: what was committed since each endpoint's cursor. `lastSeq`: of the shard's journal. */
  begin(lastSeq: bigint): void {
    for (const { status, cursor, merchantId } of this.#parts.book.all())
      if (status === "enabled" && (cursor === null || cursor.seq < lastSeq)) this.#follow(merchantId);
  }

  /** The actor drops its memory, or serves no more. */
  reset(): void {
    this.#generation++;
    this.#due.clear();
    this.#reading.clear();
    for (const callOff of this.#resting.values()) callOff();
    this.#resting.clear();
    this.#skipped.clear();
  }

  /** One read for all rows of a batch. */
  #follow(merchant: MerchantId): void {
    if (this.#resting.has(merchant)) return;
    this.#due.add(merchant);
    if (this.#pumps) return;
    this.#pumps = true;
    queueMicrotask(() => {
      this.#pumps = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const merchant of this.#due) {
      if (this.#reading.size >= READING_MAX) return;
      if (this.#reading.has(merchant)) continue; // again afterwards
      this.#due.delete(merchant);
      this.#reading.add(merchant);
      void this.#readOn(merchant, this.#generation);
    }
  }

  /** One page: who has more waits behind the others for the next. */
  async #readOn(merchant: MerchantId, generation: number): Promise<void> {
    const then = await this.#readPage(merchant, generation);
    if (generation !== this.#generation) return;
    this.#reading.delete(merchant);
    if (then === "more") {
      this.#due.delete(merchant);
      this.#due.add(merchant);
    } else if (then !== "end") this.#rest(merchant, then);
    this.#pump();
  }

  #rest(merchant: MerchantId, restMs: number): void {
    this.#due.delete(merchant);
    const callOff = this.#parts.clock.after(restMs, () => {
      if (this.#resting.get(merchant) !== callOff) return;
      this.#resting.delete(merchant);
      this.rowCommitted(merchant);
    });
    this.#resting.set(merchant, callOff);
  }

  /** For the endpoint that is furthest behind. `end`: all have everything; a number: milliseconds until it is tried again. */
  async #readPage(merchant: MerchantId, generation: number): Promise<"more" | "end" | number> {
    const { book } = this.#parts;
    const cursor = leastCursor(book.enabledOf(merchant));
    if (cursor === undefined) return "end";
    const page = await this.#read(merchant, cursor);
    if (generation !== this.#generation) return "end";
    if (page === undefined) return RETRY_MS;
    const retryMs = await this.#take(merchant, cursor, page);
    if (retryMs !== null) return retryMs;
    const least = leastCursor(book.enabledOf(merchant));
    if (least === undefined) return "end";
    return page.hasMore || compareCursors(least, page.next) < 0 ? "more" : "end";
  }

  async #read(merchant: MerchantId, after: EventsCursor | null): Promise<EventPage | undefined> {
    const takers = this.#standingAt(merchant, after).length;
    const limit = Math.min(PAGE_ROWS, Math.max(1, Math.floor(DELIVERIES_MAX / Math.max(1, takers))));
    const query = { name: "events", page: { limit, after } } as const;
    const result = await this.#parts.store.read(merchant, query).catch(() => undefined);
    return result?.name === "events" ? result.found : undefined;
  }

  /** Writes a page for the endpoints that stand before it. Milliseconds to wait before it is tried again; null: it is done. */
  async #take(merchant: MerchantId, cursor: EventsCursor | null, page: EventPage): Promise<number | null> {
    const { presenter, writer, log } = this.#parts;
    let events: readonly OutgoingEvent[];
    try {
      events = page.items.map((item) => outgoingOf(item, presenter));
    } catch (error) {
      log.error(
        { merchant, reason: String(error) },
        "an event cannot be rendered: the merchant's webhooks stand still",
      );
      return STUCK_RETRY_MS;
    }
    if (events.length === 0 || this.#skips(merchant, cursor, page, events)) return null;
    const { kind } = await writer.write(() => this.#rowsOf(merchant, cursor, page.next, events));
    if (kind === "rejected")
      log.error({ merchant }, "the database refused events: the merchant's webhooks stand still");
    if (kind === "committed" || kind === "nothing") return null;
    return kind === "rejected" ? STUCK_RETRY_MS : RETRY_MS;
  }

  /** True: no endpoint wants any of it, so only memory moves on. */
  #skips(
    merchant: MerchantId,
    cursor: EventsCursor | null,
    page: EventPage,
    events: readonly OutgoingEvent[],
  ): boolean {
    const { book } = this.#parts;
    const endpoints = this.#standingAt(merchant, cursor);
    const rowsOf = ({ id }: WebhookEndpoint): number => (this.#skipped.get(id) ?? 0) + events.length;
    const isWanted = endpoints.some((one) => events.some(({ type }) => wants(one, type)));
    if (isWanted || endpoints.some((one) => rowsOf(one) > SKIPPED_ROWS_MAX)) return false;
    for (const endpoint of endpoints) {
      this.#skipped.set(endpoint.id, rowsOf(endpoint));
      book.set({ ...endpoint, cursor: page.next });
    }
    return true;
  }

  /** As the endpoints are when the write's turn has come. */
  #rowsOf(
    merchant: MerchantId,
    cursor: EventsCursor | null,
    next: EventsCursor | null,
    events: readonly OutgoingEvent[],
  ): OutboxWrite | null {
    const { clock, book, arrived } = this.#parts;
    const nowMs = clock.nowMs();
    const endpoints = this.#standingAt(merchant, cursor);
    if (endpoints.length === 0) return null;
    const due = endpoints.map((endpoint) => ({
      moved: { ...endpoint, cursor: next },
      items: events.filter(({ type }) => wants(endpoint, type)).map((event) => newDelivery(event, endpoint, nowMs)),
    }));
    const wanted = new Set(due.flatMap(({ items }) => items.map(({ event }) => event)));
    return {
      rows: {
        endpoints: due.map(({ moved }) => moved),
        events: events.filter((event) => wanted.has(event)),
        deliveries: due.flatMap(({ items }) => items.map(({ delivery }) => delivery)),
      },
      written: () => {
        for (const { moved, items } of due) {
          this.#skipped.delete(moved.id);
          book.set(moved);
          if (items.length > 0) arrived(moved, items);
        }
      },
    };
  }

  #standingAt(merchant: MerchantId, cursor: EventsCursor | null): readonly WebhookEndpoint[] {
    return this.#parts.book.enabledOf(merchant).filter((endpoint) => compareCursors(endpoint.cursor, cursor) === 0);
  }
}
