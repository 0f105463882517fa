import { Buffer } from "node:buffer";
import { expect } from "chai";
import { FACT_KINDS, mintId, OPERATION_KINDS, type Payment, REQUESTED_KIND } from "../actors/domain/index.ts";
import type { EventView, PaymentsFilter, ReadResult } from "../actors/index.ts";
import { EVENT_TYPES, eventTypeOf } from "./event-types.ts";
import { createListCursors } from "./list-cursors.ts";
import { createTimeWriter } from "./json-words.ts";
import { createPresenter } from "./presenter.ts";
import { createReadRenderer } from "./read-json.ts";
import { CAPTURED_PAYMENT as PAYMENT } from "./test/sample-payment.ts";

const KEY = Buffer.alloc(32, 3);
const presenter = createPresenter({ cursorKey: KEY });
const cursors = createListCursors(KEY);
const { merchantId } = PAYMENT.terms;
const read = (result: ReadResult): Record<string, unknown> =>
  JSON.parse(Buffer.from(presenter.read(result, merchantId)).toString()) as Record<string, unknown>;
const atMs = PAYMENT.terms.createdAtMs;
const NO_FILTER: PaymentsFilter = { status: null, createdFromMs: null, createdBeforeMs: null, merchantReference: null };
const REFUNDED: Payment = {
  ...PAYMENT,
  operation: { ...PAYMENT.operation, id: mintId("op", 7, atMs, new Uint8Array(8)), kind: "refund", amountMinor: 5n },
};
const EVENT: EventView = {
  id: mintId("evt", 7, atMs, new Uint8Array(8)),
  fact: "captured",
  fromStatus: "pending",
  sequence: 2,
  payment: PAYMENT,
  recordedAtMs: atMs + 7,
  requestId: null,
  idempotencyKey: 'a"b',
};

describe("what reads find", () => {
  it("is a page of payments with a cursor that its reader takes back", () => {
    const next = { id: PAYMENT.terms.id, upToSeq: 77n };
    const scope = { name: "payments", filter: { ...NO_FILTER, status: "captured" } } as const;
    const page = read({ ...scope, found: { items: [PAYMENT, PAYMENT], hasMore: true, next } });
    expect(Object.keys(page)).to.deep.equal(["object", "data", "has_more", "next_cursor"]);
    expect([page["object"], page["has_more"]]).to.deep.equal(["list", true]);
    const one = JSON.parse(Buffer.from(presenter.payment(PAYMENT, null)).toString()) as unknown;
    expect(page["data"]).to.deep.equal([one, one]);
    expect(cursors.read(merchantId, scope, page["next_cursor"] as string)).to.deep.equal(next);
  });

  it("is an empty page without a cursor", () => {
    const found = { items: [], hasMore: false, next: null };
    const empty = { object: "list", data: [], has_more: false, next_cursor: null };
    expect(read({ name: "payments", filter: NO_FILTER, found })).to.deep.equal(empty);
    expect(read({ name: "refunds", paymentId: PAYMENT.terms.id, found })).to.deep.equal(empty);
    expect(read({ name: "paymentEvents", paymentId: PAYMENT.terms.id, found })).to.deep.equal(empty);
    expect(read({ name: "events", found })).to.deep.equal(empty);
  });

  it("is an empty page that goes on", () => {
    const next = { id: PAYMENT.terms.id, upToSeq: 1n };
    const result = { name: "payments", filter: NO_FILTER, found: { items: [], hasMore: true, next } } as const;
    const page = JSON.parse(createReadRenderer(cursors, createTimeWriter())(result, merchantId)) as Record<
      string,
      string
    >;
    expect(cursors.read(merchantId, result, page["next_cursor"] ?? "")).to.deep.equal(next);
  });

  it("is a refund, alone and in a list", () => {
    const view = { payment: REFUNDED, operation: REFUNDED.operation, updatedAtMs: atMs + 9 };
    const next = { id: REFUNDED.operation.id };
    const { paymentId } = { paymentId: PAYMENT.terms.id };
    const refund = read({ name: "refund", found: view });
    expect(refund).to.include({ object: "refund", amount: 5, updated_at: new Date(atMs + 9).toISOString() });
    const page = read({ name: "refunds", paymentId, found: { items: [view], hasMore: true, next } });
    expect(page["data"]).to.deep.equal([refund]);
    const scope = { name: "refunds", paymentId } as const;
    expect(cursors.read(merchantId, scope, page["next_cursor"] as string)).to.deep.equal(next);
  });

  it("is an event with its payment, and with its refund when it is about one", () => {
    const next = { recordedAtMs: EVENT.recordedAtMs, seq: 12n };
    const ofRefund: EventView = { ...EVENT, fact: "refunded", payment: REFUNDED, requestId: "req_1" };
    const page = read({ name: "events", found: { items: [EVENT, ofRefund], hasMore: false, next } });
    const [event, other] = page["data"] as Record<string, Record<string, unknown>>[];
    expect(event).to.deep.equal({
      id: EVENT.id,
      object: "event",
      type: "payment.captured",
      created_at: new Date(atMs + 7).toISOString(),
      api_version: "v1",
      payment_id: PAYMENT.terms.id,
      sequence: 2,
      request: { id: null, idempotency_key: 'a"b' },
      data: { payment: JSON.parse(Buffer.from(presenter.payment(PAYMENT, null)).toString()) as unknown },
    });
    expect([other?.["type"], other?.["request"]?.["id"]]).to.deep.equal(["refund.succeeded", "req_1"]);
    expect(other?.["data"]?.["refund"]).to.include({ object: "refund", amount: 5 });
    // Of events a last page has a cursor too: who keeps it learns later what came since.
    expect(page["has_more"]).to.equal(false);
    expect(cursors.read(merchantId, { name: "events" }, page["next_cursor"] as string)).to.deep.equal(next);
  });

  it("is the balance of each currency, exact", () => {
    const receivableMinor = [{ gateway: "stripe", amountMinor: -3n }];
    const found = [
      { currency: "EUR", heldMinor: 1n, payableMinor: 9_007_199_254_740_993n, refundingMinor: 2n, receivableMinor },
    ];
    const text = Buffer.from(presenter.read({ name: "balances", found }, merchantId)).toString();
    expect(text).to.equal(
      '{"object":"balances","data":[{"currency":"EUR","held":1,"payable":9007199254740993,"refunding":2,' +
        '"receivable":[{"gateway":"stripe","amount":-3}]}]}',
    );
  });

  it("is what a key stands for, with the stored bytes as they are", () => {
    const view = {
      key: 'k"',
      route: "POST /v1/payments",
      paymentId: PAYMENT.terms.id,
      operationId: PAYMENT.operation.id,
    };
    const shown = {
      object: "idempotency_key",
      key: 'k"',
      route: view.route,
      payment_id: view.paymentId,
      operation_id: view.operationId,
    };
    expect(read({ name: "idempotencyKey", found: { ...view, reply: null } })).to.deep.equal({
      ...shown,
      status: "processing",
      response: null,
    });
    const body = Buffer.from('{"amount":9007199254740993,"a":"ü"}');
    const text = Buffer.from(
      presenter.read({ name: "idempotencyKey", found: { ...view, reply: { status: 201, body } } }, merchantId),
    );
    expect(text.toString()).to.contain(
      '"status":"completed","response":{"status":201,"body":{"amount":9007199254740993,',
    );
  });

  it("needs a key only where it signs", () => {
    expect(() => createPresenter().read({ name: "balances", found: [] }, merchantId)).to.throw("cursor key");
    expect(() => createPresenter({ cursorKey: Buffer.alloc(16) })).to.throw("32 bytes");
  });
});

describe("event types", () => {
  it("are told of every fact but those that only matter to us", () => {
    const hidden = FACT_KINDS.filter((fact) => eventTypeOf(fact, "sale") === null);
    expect(hidden).to.deep.equal(["gatewayPrepared"]);
  });
  it("speak of refunds where the operation is one", () => {
    for (const fact of FACT_KINDS)
      for (const kind of OPERATION_KINDS) {
        const type = eventTypeOf(fact, kind);
        if (type !== null) expect(EVENT_TYPES).to.include(type);
      }
    expect(eventTypeOf("outcomeUnknown", "refund")).to.equal("refund.in_doubt");
    expect(eventTypeOf("outcomeUnknown", "sale")).to.equal("payment.in_doubt");
    expect(eventTypeOf("refundRequested", REQUESTED_KIND.refundRequested)).to.equal("refund.created");
  });
  it("are each listed once", () => {
    expect(new Set(EVENT_TYPES).size).to.equal(EVENT_TYPES.length);
    for (const type of EVENT_TYPES) expect(type).to.match(/^(?:payment|refund|dispute)\.[a-z_]+$/);
  });
});
