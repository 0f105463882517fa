import { expect } from "chai";
import { type EndpointId, type EventId, type MerchantId, mintId, type PaymentId } from "./domain/index.ts";
import { EndpointBook } from "./endpoint-book.ts";
import { EventFeed, type FeedParts } from "./event-feed.ts";
import type { WebhookEndpoint } from "./ports/outbox.ts";
import type { EventView } from "./ports/reads.ts";

const bytes = (n: number): Uint8Array => new Uint8Array(8).fill(n);
const merchantOf = (n: number): MerchantId => mintId("mer", 0, 0, bytes(n));
const endpointOf = (n: number): WebhookEndpoint => {
  const id: EndpointId = mintId("whe", 0, 0, bytes(n));
  const fixed = { slot: 0, url: "", eventTypes: null, status: "enabled", disabledBecause: null, secrets: [] } as const;
  const times = { createdAtMs: 0, updatedAtMs: 0, cursor: { recordedAtMs: 0, seq: 0n } };
  return { id, merchantId: merchantOf(n), ...fixed, ...times, fingerprint: bytes(0), idempotencyKey: "k" };
};
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** Follows merchants 1 to `merchants`, whose histories are this long, on a clock that the test turns. */
class Bench {
  readonly reads: MerchantId[] = [];
  readonly arrived = new Map<MerchantId, number>();
  isPoisoned = false;
  isAway = false;
  nowMs = 0;
  timers: { readonly atMs: number; readonly task: () => void }[] = [];
  readonly feed: EventFeed;

  constructor(lengths: readonly number[]) {
    const book = new EndpointBook();
    book.begin(lengths.map((_, i) => endpointOf(i + 1)));
    const parts: Pick<FeedParts, "book" | "clock" | "log" | "arrived"> = {
      book,
      clock: { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs, after: (ms, task) => this.#after(ms, task) },
      log: { info: () => {}, warn: () => {}, error: () => {} },
      arrived: ({ merchantId }, due) =>
        void this.arrived.set(merchantId, (this.arrived.get(merchantId) ?? 0) + due.length),
    };
    const store = { read: (merchant: MerchantId, query: Query) => this.#read(merchant, query, lengths) };
    const writer = {
      write: async (decide: () => { written(): void } | null) => {
        if (this.isAway) return { kind: "unavailable", reason: "away" };
        decide()?.written();
        return { kind: "committed" };
      },
    };
    const outgoingEvent = () => {
      if (this.isPoisoned) throw new Error("poison");
      return { type: "payment.captured", body: new Uint8Array(1) };
    };
    // The feed uses no more of them than this.
    this.feed = new EventFeed({ ...parts, store, writer, presenter: { outgoingEvent } } as unknown as FeedParts);
  }

  async pass(ms: number, each: () => void = () => {}): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 100;
      each();
      const due = this.timers.filter(({ atMs }) => atMs <= this.nowMs);
      this.timers = this.timers.filter(({ atMs }) => atMs > this.nowMs);
      for (const { task } of due) task();
      await settle();
    }
  }

  #after(ms: number, task: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, task };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** A page takes 100 ms. */
  async #read(merchant: MerchantId, { page: { limit, after } }: Query, lengths: readonly number[]): Promise<unknown> {
    this.reads.push(merchant);
    await new Promise<void>((resolve) => this.#after(100, resolve));
    const length = lengths[lengths.findIndex((_, i) => merchantOf(i + 1) === merchant)] ?? 0;
    const from = Number(after?.seq ?? 0n);
    const until = Math.min(length, from + limit);
    const items = Array.from({ length: until - from }, (_, i) => viewOf(merchant, from + i));
    const next = { recordedAtMs: 0, seq: BigInt(until) };
    return { name: "events", found: { items, hasMore: until < length, next } };
  }
}
interface Query {
  readonly page: { readonly limit: number; readonly after: { readonly seq: bigint } | null };
}
const viewOf = (merchantId: MerchantId, n: number): EventView => {
  const id: EventId = mintId("evt", 0, n, bytes(n % 256));
  const paymentId: PaymentId = mintId("pay", 0, n, bytes(n % 256));
  // What the feed reads of an event; the rest is the presenter's.
  const payment = { terms: { id: paymentId, merchantId, slot: 0 } };
  return { id, sequence: 1, recordedAtMs: 0, payment } as unknown as EventView;
};

describe("event feed", () => {
  const [first, second, third] = [1, 2, 3].map(merchantOf) as [MerchantId, MerchantId, MerchantId];

  for (const trouble of ["isPoisoned", "isAway"] as const)
    it(`rests after a page that failed, whatever is committed meanwhile: ${trouble}`, async () => {
      const bench = new Bench([5]);
      bench[trouble] = true;
      const restMs = trouble === "isPoisoned" ? 60_000 : 1_000;
      await bench.pass(10 * restMs, () => bench.feed.rowCommitted(first));
      expect(bench.reads.length).to.be.within(2, 11);
      expect(bench.timers).to.have.length(1);
      bench.reads.length = 0;
      await bench.pass(10 * restMs);
      expect(bench.reads.length, "without commits").to.be.within(2, 11);
      bench[trouble] = false;
      await bench.pass(2 * restMs);
      expect(bench.arrived.get(first)).to.equal(5);
      expect(bench.timers).to.deep.equal([]);
    });

  it("forgets its rests with its memory", async () => {
    const bench = new Bench([5]);
    bench.isPoisoned = true;
    bench.feed.rowCommitted(first);
    await bench.pass(1_000);
    bench.feed.reset();
    expect(bench.timers).to.deep.equal([]);
    bench.isPoisoned = false;
    bench.feed.rowCommitted(first);
    await bench.pass(1_000);
    expect(bench.arrived.get(first)).to.equal(5);
  });

  it("lets nobody wait for those who have much to catch up with", async () => {
    const bench = new Bench([1_000_000, 1_000_000, 1]);
    for (const merchant of [first, second, third]) bench.feed.rowCommitted(merchant);
    await bench.pass(500);
    expect(bench.arrived.get(third)).to.equal(1);
    await bench.pass(10_000);
    const [one, other] = [bench.arrived.get(first) ?? 0, bench.arrived.get(second) ?? 0];
    expect(Math.min(one, other)).to.be.above(1_000);
    expect(Math.abs(one - other)).to.be.at.most(200);
  });
});
