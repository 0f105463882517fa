import { expect } from "chai";
import { type EndpointId, type EventId, type MerchantId, mintId } from "./domain/index.ts";
import { EndpointBook } from "./endpoint-book.ts";
import type { OutboxWrite, OutboxWriter } from "./outbox-writer.ts";
import type { Delivery, WebhookEndpoint } from "./ports/outbox.ts";
import { TryResults } from "./try-results.ts";

const merchantId: MerchantId = mintId("mer", 0, 0, new Uint8Array(8));
const id: EndpointId = mintId("whe", 0, 0, new Uint8Array(8));
const ENDPOINT: WebhookEndpoint = {
  id,
  merchantId,
  slot: 0,
  url: "https://shop.example/hooks",
  eventTypes: null,
  status: "enabled",
  disabledBecause: null,
  secrets: [],
  createdAtMs: 0,
  cursor: null,
  fingerprint: new Uint8Array(0),
  idempotencyKey: "key",
  updatedAtMs: 0,
};
const eventOf = (n: number): EventId => mintId("evt", 0, n, new Uint8Array(8));
const retried = (n: number): Delivery => ({
  eventId: eventOf(n),
  endpointId: id,
  merchantId,
  slot: 0,
  state: "waiting",
  attempts: 1,
  nextAttemptAtMs: 5_000,
  lastStatus: 500,
  lastFailure: "status_500",
  lastAttemptAtMs: 1,
  createdAtMs: 0,
});
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Results whose writes wait for their turn until the test gives it; `poison`: the event whose row is refused. */
function bench(poison?: EventId) {
  const book = new EndpointBook();
  book.begin([ENDPOINT]);
  const turns: (() => void)[] = [];
  const stored: (readonly Delivery[])[] = [];
  const refused: EventId[] = [];
  const write = async (decide: () => OutboxWrite | null) => {
    await new Promise<void>((go) => turns.push(go));
    const one = decide();
    if (one === null) return { kind: "nothing" };
    const rows = one.rows.deliveries ?? [];
    if (rows.some(({ eventId }) => eventId === poison))
      return { kind: "rejected", sqlState: "23514", constraint: null };
    stored.push(rows);
    one.written();
    return { kind: "committed" };
  };
  const results = new TryResults({
    book,
    writer: { write } as unknown as OutboxWriter, // results use no more of it
    log: { info: () => {}, warn: () => {}, error: () => {} },
    written: () => {},
    refused: ({ eventId }) => void refused.push(eventId),
    disabled: () => {},
  });
  const turn = async (): Promise<void> => {
    turns.shift()?.();
    await settle();
  };
  return { book, results, stored, refused, turns, turn };
}

describe("results of tries", () => {
  it("never let wait again what is of an endpoint that was removed before their turn came", async () => {
    const { book, results, stored, turn } = bench();
    results.add(retried(1));
    book.remove(ENDPOINT);
    await turn();
    expect(stored).to.deep.equal([[{ ...retried(1), state: "given_up", nextAttemptAtMs: null }]]);
    expect(results.isEmpty).to.equal(true);
  });

  it("write all but the one that the database refuses, whatever comes meanwhile", async () => {
    const { results, stored, refused, turns, turn } = bench(eventOf(77));
    for (let n = 0; n < 128; n++) results.add(retried(n));
    await turn();
    const newer = { ...retried(100), attempts: 2 };
    results.add(newer); // of one that waits for its half
    results.drop(retried(101));
    let writes = 1;
    for (; turns.length > 0 && writes < 100; writes++) await turn();
    expect(writes).to.be.below(20);
    expect(refused).to.deep.equal([eventOf(77)]);
    const last = new Map(stored.flat().map((row) => [row.eventId, row]));
    expect(last.size).to.equal(126);
    expect(last.get(eventOf(100))).to.equal(newer);
    expect(results.isEmpty).to.equal(true);
  });
});
