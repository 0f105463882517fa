/** What every ShardStore promises about endpoints, events and deliveries; a part of `contract.ts`. */
import { expect } from "chai";
import { bytesOfId, idFromBytes, type MerchantId } from "../../actors/domain/index.ts";
import type { Delivery, OutboxRows, OutgoingEvent, ReadQuery, WebhookEndpoint } from "../../actors/index.ts";
import { acceptedDecision, batchOf, newMerchant } from "./fixtures.ts";
import type { ShardUnderTest } from "./shard-under-test.ts";
import { keyOfEndpoint, newDelivery, newEndpoint, newEvent, outboxOf, plainBytes } from "./side-fixtures.ts";

export function outboxContract(shard: ShardUnderTest): void {
  const write = (rows: Partial<OutboxRows>) => shard.store.saveOutbox(shard.head.lease, outboxOf(rows));
  async function save(rows: Partial<OutboxRows>): Promise<void> {
    const outcome = await write(rows);
    if (outcome.kind !== "committed") throw new Error(JSON.stringify(outcome));
    expect(Buffer.from(outcome.anchor)).to.deep.equal(Buffer.from(shard.head.lastAnchor));
  }
  const read = async (merchant: MerchantId, query: ReadQuery): Promise<unknown> => {
    const result = await shard.store.read(merchant, query);
    return result && plainBytes(result.found);
  };
  const endpoints = (merchant: MerchantId) => read(merchant, { name: "webhookEndpoints" });
  const endpoint = (merchant: MerchantId, { id }: WebhookEndpoint) => read(merchant, { name: "webhookEndpoint", id });

  it("gives back endpoints as they were last written, oldest first, to their merchant and to an activation", async () => {
    const merchantId = newMerchant();
    const nowMs = Date.now();
    const older = newEndpoint({ merchantId, createdAtMs: nowMs - 5 });
    const one = newEndpoint({ merchantId, createdAtMs: nowMs, eventTypes: ["payment.captured", "refund.failed"] });
    const foreign = newEndpoint({ createdAtMs: nowMs + 5 });
    await save({ endpoints: [one, foreign, older], keys: [keyOfEndpoint(one)] });
    expect(await endpoints(merchantId)).to.deep.equal(plainBytes([older, one]));
    expect(await endpoint(merchantId, one)).to.deep.equal(plainBytes(one));
    expect(await endpoint(newMerchant(), one)).to.equal(undefined);
    expect(await endpoints(newMerchant())).to.deep.equal([]);
    const changed: WebhookEndpoint = {
      ...one,
      status: "disabled",
      disabledBecause: "gone",
      eventTypes: null,
      secrets: [...newEndpoint().secrets, { sealed: Buffer.from([1, 2, 3]), until: nowMs + 1, madeBy: null }],
      cursor: { recordedAtMs: nowMs, seq: 9_007_199_254_740_993n },
      updatedAtMs: nowMs + 7,
    };
    await save({ endpoints: [one, changed] });
    expect(await endpoint(merchantId, one)).to.deep.equal(plainBytes(changed));
    expect(plainBytes((await shard.reactivate()).endpoints)).to.deep.equal(plainBytes([older, changed, foreign]));
    await save({ removedEndpoints: [one.id, one.id], endpoints: [changed] });
    expect(await endpoints(merchantId)).to.deep.equal(plainBytes([older]));
    expect((await shard.reactivate()).endpoints.map(({ id }) => id)).to.deep.equal([older.id, foreign.id]);
  });

  it("uses a key once, for a payment or for an endpoint, whichever came first, also once the endpoint is gone", async () => {
    const merchantId = newMerchant();
    const one = newEndpoint({ merchantId, idempotencyKey: "endpoint" });
    await save({ endpoints: [one], keys: [keyOfEndpoint(one)] });
    const refused = { kind: "rejected", sqlState: "23505", constraint: "idempotency_pkey" };
    const payment = acceptedDecision({ merchantId, key: "payment" });
    await shard.commit(payment);
    for (const idempotencyKey of ["endpoint", "payment"]) {
      const other = newEndpoint({ merchantId, idempotencyKey });
      const rows = { endpoints: [other], keys: [keyOfEndpoint(other)] };
      expect(await write(rows), idempotencyKey).to.deep.equal(refused);
      expect(await endpoints(merchantId), "nothing of it is written").to.deep.equal(plainBytes([one]));
    }
    await save({ removedEndpoints: [one.id] });
    const outcome = await shard.store.commit(
      shard.head.lease,
      batchOf(shard.head, [acceptedDecision({ merchantId, key: "endpoint" })]),
    );
    expect(outcome).to.deep.equal(refused);
    const again = newEndpoint({ merchantId, idempotencyKey: "endpoint" });
    expect(await write({ endpoints: [again], keys: [keyOfEndpoint(again)] })).to.deep.equal(refused);
    const foreign = newEndpoint({ idempotencyKey: "endpoint" });
    await save({ endpoints: [foreign], keys: [keyOfEndpoint(foreign)] });
  });

  it("finds the key of an endpoint among those of payments, without a payment or a reply", async () => {
    const payment = acceptedDecision({ key: "of a payment" });
    const { merchantId } = payment.payment.terms;
    const one = newEndpoint({ merchantId, idempotencyKey: "of an endpoint" });
    await shard.commit(payment);
    await save({ endpoints: [one], keys: [keyOfEndpoint(one)] });
    const asked = ["of an endpoint", "of nobody", "of a payment"].map((key) => ({ merchantId, key }));
    const [found, unknown, ofPayment] = await shard.store.findKeys(asked);
    expect(plainBytes(found)).to.deep.equal(
      plainBytes({
        row: {
          merchantId,
          key: "of an endpoint",
          route: "POST /v1/webhook_endpoints",
          fingerprint: one.fingerprint,
          paymentId: idFromBytes("pay", bytesOfId(one.id)),
          operationId: idFromBytes("op", bytesOfId(one.id)),
        },
        reply: null,
        payment: null,
      }),
    );
    expect([unknown, ofPayment?.payment?.terms.id]).to.deep.equal([undefined, payment.payment.terms.id]);
    expect((await shard.store.findKeys(asked.slice(0, 1)))[0]?.row.key).to.equal("of an endpoint");
    expect(await read(merchantId, { name: "idempotencyKey", key: "of an endpoint" })).to.equal(undefined);
    expect(await read(merchantId, { name: "idempotencyKey", key: "of a payment" })).not.to.equal(undefined);
    const scanned = await shard.store.scanKeys(null, 10);
    expect(scanned.map(({ key }) => key)).to.have.members(["of an endpoint", "of a payment"]);
  });

  /** An endpoint with so many events for it, one second apart. */
  async function delivered(count: number) {
    const one = newEndpoint();
    const nowMs = Date.now();
    const events = Array.from({ length: count }, (_, i) =>
      newEvent(one.merchantId, { createdAtMs: nowMs + i * 1_000 }),
    );
    const deliveries = events.map((event) => newDelivery(event, one.id));
    await save({ endpoints: [one], events, deliveries });
    return { one, events, deliveries };
  }

  it("finds the deliveries of an endpoint that wait, due first, with the bytes of their events", async () => {
    const { one, events, deliveries } = await delivered(4);
    const other = newEndpoint({ merchantId: one.merchantId });
    const [first, second, third, fourth] = deliveries as [Delivery, Delivery, Delivery, Delivery];
    const retried: Delivery = {
      ...first,
      attempts: 2,
      nextAttemptAtMs: first.createdAtMs + 90_000,
      lastStatus: 503,
      lastFailure: "status",
      lastAttemptAtMs: first.createdAtMs + 60_000,
    };
    const done: Delivery = { ...second, state: "delivered", attempts: 1, nextAttemptAtMs: null, lastStatus: 204 };
    const lost: Delivery = { ...third, state: "given_up", nextAttemptAtMs: null, lastFailure: "timeout" };
    const [event] = events as [OutgoingEvent];
    const forOther = newDelivery(event, other.id);
    await save({ endpoints: [other], deliveries: [retried, done, lost, forOther] });
    const due = async ({ id }: WebhookEndpoint, limit = 10) => plainBytes(await shard.store.findDeliveries(id, limit));
    const withEvents = (rows: readonly Delivery[]) =>
      plainBytes(rows.map((delivery) => ({ delivery, event: events.find(({ id }) => id === delivery.eventId) })));
    expect(await due(one)).to.deep.equal(withEvents([fourth, retried]));
    expect(await due(one, 1)).to.deep.equal(withEvents([fourth]));
    expect(await due(other)).to.deep.equal(withEvents([forOther]));
    await save({ deliveries: [lost, { ...done, state: "waiting", nextAttemptAtMs: 1 }] }); // sent once more by hand
    expect((await due(one)).map(({ delivery }) => delivery.eventId)).to.deep.equal(
      [done, fourth, retried].map(({ eventId }) => eventId),
    );
  });

  it("gives up what waits, and nothing that was delivered meanwhile", async () => {
    const { one, deliveries } = await delivered(3);
    const [first, second, third] = deliveries as [Delivery, Delivery, Delivery];
    const done: Delivery = { ...second, state: "delivered", attempts: 1, nextAttemptAtMs: null, lastStatus: 204 };
    const lost = (row: Delivery, lastFailure: string): Delivery => ({
      ...row,
      state: "given_up",
      nextAttemptAtMs: null,
      lastFailure,
    });
    await save({ deliveries: [done, lost(third, "timeout")] });
    await save({ deliveries: deliveries.map((row) => lost(row, "gone")) });
    const page = { limit: 5, after: null };
    const found = await read(one.merchantId, { name: "deliveries", endpointId: one.id, page });
    const shown = (found as { readonly items: readonly { readonly delivery: Delivery }[] }).items;
    expect(shown.map(({ delivery }) => delivery)).to.deep.equal([lost(third, "timeout"), done, lost(first, "gone")]);
    const other = newEvent(one.merchantId);
    await save({ events: [other], deliveries: [lost(newDelivery(other, one.id), "gone")] });
    await save({ deliveries: [done, { ...lost(third, "timeout"), state: "waiting", nextAttemptAtMs: 1 }] });
    expect((await shard.store.findDeliveries(one.id, 5)).map(({ delivery }) => delivery.eventId)).to.deep.equal([
      third.eventId,
    ]);
  });

  it("tells an activation of endpoints that are gone, though deliveries wait for them", async () => {
    const { one: waits, deliveries } = await delivered(3);
    const { one: also } = await delivered(1);
    const { one: none, deliveries: all } = await delivered(2);
    await delivered(1);
    const givenUp = (row: Delivery): Delivery => ({ ...row, state: "given_up", nextAttemptAtMs: null });
    await save({ deliveries: all.map(givenUp), removedEndpoints: [waits.id, also.id, none.id] });
    expect((await shard.reactivate()).forsaken).to.have.members([waits.id, also.id]);
    await save({ deliveries: deliveries.map(givenUp) });
    expect((await shard.reactivate()).forsaken).to.deep.equal([also.id]);
  });

  it("never changes the bytes of an event, whoever makes them again", async () => {
    const { one, events } = await delivered(1);
    const [event] = events as [OutgoingEvent];
    const other = newEndpoint({ merchantId: one.merchantId });
    const again = { ...event, body: Buffer.from("other bytes") };
    await save({ endpoints: [other], events: [again, again], deliveries: [newDelivery(event, other.id)] });
    for (const { id } of [one, other]) {
      const [found] = await shard.store.findDeliveries(id, 10);
      expect(Buffer.from(found?.event.body ?? [])).to.deep.equal(Buffer.from(event.body));
    }
    const twin = newEvent(one.merchantId, { paymentId: event.paymentId, sequence: event.sequence });
    expect(await write({ events: [twin] })).to.deep.include({ kind: "rejected", constraint: "merchant_event_pkey" });
  });

  it("lists deliveries newest first in pages, to their merchant only", async () => {
    const { one, events, deliveries } = await delivered(5);
    const { merchantId, id: endpointId } = one;
    const views = deliveries
      .map((delivery, i) => ({ delivery, event: withoutBody(events[i] as OutgoingEvent) }))
      .toReversed();
    const seen: unknown[] = [];
    let after: Extract<ReadQuery, { name: "deliveries" }>["page"]["after"] = null;
    for (let guard = 0; guard < 5; guard++) {
      const result = await shard.store.read(merchantId, { name: "deliveries", endpointId, page: { limit: 2, after } });
      if (result?.name !== "deliveries") throw new Error("not found");
      seen.push(...result.found.items);
      expect(result.found.hasMore).to.equal(result.found.next !== null);
      if (result.found.next === null) break;
      after = result.found.next;
      const event = newEvent(merchantId); // one that comes meanwhile stands on no page
      await save({
        events: [event],
        deliveries: [newDelivery(event, endpointId, { createdAtMs: Date.now() + 60_000 })],
      });
    }
    expect(seen).to.deep.equal(views);
    const page = { limit: 10, after: null };
    expect(await read(newMerchant(), { name: "deliveries", endpointId, page })).to.equal(undefined);
    const empty = newEndpoint({ merchantId });
    await save({ endpoints: [empty] });
    expect(await read(merchantId, { name: "deliveries", endpointId: empty.id, page })).to.deep.equal({
      items: [],
      hasMore: false,
      next: null,
    });
    await save({ removedEndpoints: [endpointId] });
    expect(await read(merchantId, { name: "deliveries", endpointId, page })).to.equal(undefined);
  });

  it("keeps the time of a delivery, and pages those of one time by their events", async () => {
    const one = newEndpoint();
    const createdAtMs = Date.now();
    const events = Array.from({ length: 3 }, () => newEvent(one.merchantId, { createdAtMs }));
    const deliveries = events.map((event) => newDelivery(event, one.id));
    await save({ endpoints: [one], events, deliveries });
    await save({ deliveries: deliveries.map((row) => ({ ...row, createdAtMs: createdAtMs + 1 })) });
    const expected = events.map(({ id }) => id).toSorted();
    const seen: string[] = [];
    let after: Extract<ReadQuery, { name: "deliveries" }>["page"]["after"] = null;
    do {
      const query = { name: "deliveries", endpointId: one.id, page: { limit: 1, after } } as const;
      const result = await shard.store.read(one.merchantId, query);
      if (result?.name !== "deliveries") throw new Error("not found");
      for (const { delivery } of result.found.items) {
        expect(delivery.createdAtMs).to.equal(createdAtMs);
        seen.push(delivery.eventId);
      }
      after = result.found.next;
    } while (after !== null && seen.length < 10);
    expect(seen).to.deep.equal(expected.toReversed());
  });

  it("writes nothing under a lease that is not its own", async () => {
    const one = newEndpoint();
    const stale = { ...shard.head.lease, slotsVersion: 9n };
    expect(await shard.store.saveOutbox(stale, outboxOf({ endpoints: [one] }))).to.deep.equal({ kind: "fenced" });
    expect(await endpoint(one.merchantId, one)).to.equal(undefined);
  });
}

function withoutBody(event: OutgoingEvent): Omit<OutgoingEvent, "body"> {
  const { id, merchantId, slot, paymentId, sequence, type, createdAtMs } = event;
  return { id, merchantId, slot, paymentId, sequence, type, createdAtMs };
}
