/**
 * What goes out to the merchants of a shard: follows the journal, keeps a delivery for each event and endpoint, and has
 * them sent. Only the owner of the shard sends; whatever it knows stands in its database.
 */
import type { DispatchSnapshot } from "./dispatch-snapshot.ts";
import { Dispatcher, type DispatcherParts } from "./dispatcher.ts";
import type { EndpointId, EventId, MerchantId } from "./domain/index.ts";
import { EndedEndpoints } from "./ended-endpoints.ts";
import { EndpointBook } from "./endpoint-book.ts";
import { EventFeed, type FeedParts } from "./event-feed.ts";
import type { GroupCommit } from "./group-commit.ts";
import { OutboxWriter } from "./outbox-writer.ts";
import type { DispatchDesk, Dispatched, EndpointVault, WebhookEndpoint } from "./ports/outbox.ts";
import type { Activation } from "./ports/shard-store.ts";
import type { EndpointRules } from "./webhooks/index.ts";
import type { WebhookMeter } from "./webhook-meter.ts";

/** How the shard sends webhooks. */
export interface WebhookParts {
  readonly desk: DispatchDesk;
  readonly vault: EndpointVault;
  /** What a merchant may set; the sender judges by the same. */
  readonly rules: EndpointRules;
  readonly meter: WebhookMeter;
  /** Total time of one try. */
  readonly timeoutMs: number;
}

type Own = "book" | "writer" | "arrived" | "disabled" | "desk" | "vault" | "meter" | "unansweredAfterMs";
export interface OutboxParts extends Omit<FeedParts & DispatcherParts, Own> {
  readonly commit: GroupCommit;
  readonly webhooks: WebhookParts;
}

/** Beside the time of the try itself: what it may wait on its way there and back. */
const ON_ITS_WAY_MS = 10_000;

export class Outbox {
  readonly book = new EndpointBook();
  readonly writer: OutboxWriter;
  readonly #feed: EventFeed;
  readonly #dispatcher: Dispatcher;
  readonly #ended: EndedEndpoints;

  constructor(parts: OutboxParts) {
    const { commit, store, clock, webhooks } = parts;
    const { book } = this;
    const { desk, vault, meter, timeoutMs } = webhooks;
    const writer = new OutboxWriter(commit, store);
    const ended = new EndedEndpoints(store, writer, clock);
    const dispatcher = new Dispatcher({
      ...parts,
      book,
      writer,
      desk,
      vault,
      meter,
      unansweredAfterMs: timeoutMs + ON_ITS_WAY_MS,
      disabled: (id) => ended.add(id),
    });
    this.writer = writer;
    this.#feed = new EventFeed({
      ...parts,
      book,
      writer,
      arrived: (endpoint, due) => dispatcher.arrived(endpoint, due),
    });
    this.#dispatcher = dispatcher;
    this.#ended = ended;
  }

  /** The shard is served from now on. */
  begin({ endpoints, forsaken, lastSeq }: Pick<Activation, "endpoints" | "forsaken" | "lastSeq">): void {
    this.book.begin(endpoints);
    for (const id of forsaken) this.#ended.add(id);
    for (const { id, status } of endpoints) if (status === "disabled") this.#ended.add(id);
    this.#dispatcher.begin();
    this.#feed.begin(lastSeq);
  }

  /** Begins nothing more; what became of tries under way is still written. */
  stop(): void {
    this.#feed.reset();
    this.#ended.reset();
    this.#dispatcher.stop();
  }

  /** The actor drops its memory. */
  reset(): void {
    this.#feed.reset();
    this.#ended.reset();
    this.#dispatcher.reset();
    this.book.clear();
  }

  /** A row of the merchant's history is on disk. Called for every row of every payment. */
  rowCommitted(merchant: MerchantId): void {
    this.#feed.rowCommitted(merchant);
  }

  onDispatched(answers: readonly Dispatched[]): void {
    this.#dispatcher.onDispatched(answers);
  }

  /** Called every few ten milliseconds. `nowMs`: monotonic. */
  sweep(nowMs: number): void {
    this.#dispatcher.sweep(nowMs);
  }

  /** A delivery stands on disk as due again. */
  again(endpointId: EndpointId, eventId: EventId): void {
    this.#dispatcher.again(endpointId, eventId);
  }

  /** The endpoint was removed, on disk too. */
  removed(endpoint: WebhookEndpoint): void {
    this.book.remove(endpoint);
    this.#dispatcher.ended(endpoint.id);
    this.#ended.add(endpoint.id);
  }

  snapshot(): DispatchSnapshot {
    return this.#dispatcher.snapshot();
  }
}
