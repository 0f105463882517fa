import { Buffer } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import { mintId, type Payment, PAYMENT_STATUSES } from "../actors/domain/index.ts";
import type { Delivery, DeliveryView, EventView, WebhookEndpoint } from "../actors/index.ts";
import { createListCursors } from "./list-cursors.ts";
import { createPresenter } from "./presenter.ts";
import { misfits } from "./test/run-examples.ts";
import { CAPTURED_PAYMENT as PAYMENT } from "./test/sample-payment.ts";
import { EVENT_BODY_MAX_BYTES } from "./webhook-json.ts";
import * as schemas from "./webhook-schemas.ts";

const KEY = Buffer.alloc(32, 3);
const presenter = createPresenter({ cursorKey: KEY });
const { createdAtMs: atMs, merchantId } = PAYMENT.terms;
type Json = Record<string, unknown>;
const json = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString()) as Json;
const random = new Uint8Array(8);

const ENDPOINT: WebhookEndpoint = {
  id: mintId("whe", 7, atMs, random),
  merchantId,
  slot: 7,
  url: 'https://shop.example/"hooks"',
  eventTypes: ["payment.captured"],
  status: "enabled",
  disabledBecause: null,
  secrets: [{ sealed: Buffer.from("sealed secret"), until: null, madeBy: { key: "key", atMs: 1 } }],
  createdAtMs: atMs,
  cursor: null,
  fingerprint: Buffer.from("fingerprint secret"),
  idempotencyKey: "key secret",
  updatedAtMs: atMs + 1_000,
};
const EVENT: EventView = {
  id: mintId("evt", 7, atMs, random),
  fact: "captured",
  fromStatus: "pending",
  sequence: 2,
  payment: PAYMENT,
  recordedAtMs: atMs + 7,
  requestId: "req_1",
  idempotencyKey: "k",
};
const DELIVERY: Delivery = {
  eventId: EVENT.id,
  endpointId: ENDPOINT.id,
  merchantId,
  slot: 7,
  state: "waiting",
  attempts: 2,
  nextAttemptAtMs: atMs + 30_000,
  lastStatus: 503,
  lastFailure: "status_503",
  lastAttemptAtMs: atMs + 5_000,
  createdAtMs: atMs + 8,
};
const VIEW: DeliveryView = {
  delivery: DELIVERY,
  event: {
    id: EVENT.id,
    merchantId,
    slot: 7,
    paymentId: PAYMENT.terms.id,
    sequence: 2,
    type: "payment.captured",
    createdAtMs: atMs + 7,
  },
};

describe("endpoint object", () => {
  const SHOWN = {
    id: ENDPOINT.id,
    object: "webhook_endpoint",
    url: ENDPOINT.url,
    event_types: ["payment.captured"],
    status: "enabled",
    disabled_reason: null,
    created_at: new Date(atMs).toISOString(),
    updated_at: new Date(atMs + 1_000).toISOString(),
  };
  it("has exactly the documented members", () => {
    expect(json(presenter.endpoint(ENDPOINT, null))).to.deep.equal({ ...SHOWN, secret: null });
    expect(json(presenter.endpoint(ENDPOINT, "whsec_x"))).to.deep.equal({ ...SHOWN, secret: "whsec_x" });
  });
  it("says that it wants all, and why it is off", () => {
    const gone = { ...ENDPOINT, eventTypes: null, status: "disabled", disabledBecause: "gone" } as const;
    expect(json(presenter.endpoint(gone, null))).to.include({
      event_types: null,
      status: "disabled",
      disabled_reason: "gone",
    });
  });
  it("fits its schema, and shows nothing that is sealed", () => {
    for (const secret of [null, "whsec_x"]) {
      const bytes = presenter.endpoint(ENDPOINT, secret);
      expect(misfits(schemas.WEBHOOK_ENDPOINT, json(bytes))).to.deep.equal([]);
      expect(Buffer.from(bytes).toString()).not.to.match(/sealed|fingerprint|key secret|merchant/);
    }
  });
  it("stands in a list of all, never with its secret", () => {
    const list = json(presenter.read({ name: "webhookEndpoints", found: [ENDPOINT, ENDPOINT] }, merchantId));
    expect(list).to.deep.equal({ object: "list", data: [SHOWN, SHOWN], has_more: false, next_cursor: null });
    expect(misfits(schemas.WEBHOOK_ENDPOINT_LIST, list)).to.deep.equal([]);
    expect(json(presenter.read({ name: "webhookEndpoint", found: ENDPOINT }, merchantId))).to.deep.equal(SHOWN);
  });
});

describe("delivery object", () => {
  it("has exactly the documented members", () => {
    const shown = json(presenter.delivery(VIEW));
    expect(shown).to.deep.equal({
      object: "webhook_delivery",
      event_id: EVENT.id,
      event_type: "payment.captured",
      payment_id: PAYMENT.terms.id,
      sequence: 2,
      status: "waiting",
      attempts: 2,
      next_attempt_at: new Date(atMs + 30_000).toISOString(),
      last_status: 503,
      last_failure: "status_503",
      last_attempt_at: new Date(atMs + 5_000).toISOString(),
      created_at: new Date(atMs + 8).toISOString(),
    });
    expect(misfits(schemas.WEBHOOK_DELIVERY, shown)).to.deep.equal([]);
  });
  it("knows no times that are not", () => {
    const fresh: Delivery = {
      ...DELIVERY,
      attempts: 0,
      nextAttemptAtMs: null,
      lastStatus: null,
      lastFailure: null,
      lastAttemptAtMs: null,
    };
    expect(json(presenter.delivery({ ...VIEW, delivery: fresh }))).to.include({
      next_attempt_at: null,
      last_status: null,
      last_failure: null,
      last_attempt_at: null,
    });
  });
  it("stands in pages whose cursors fit this endpoint's list alone", () => {
    const next = { createdAtMs: atMs + 8, eventId: EVENT.id };
    const scope = { name: "deliveries", endpointId: ENDPOINT.id } as const;
    const page = json(presenter.read({ ...scope, found: { items: [VIEW], hasMore: true, next } }, merchantId));
    expect(page["data"]).to.deep.equal([json(presenter.delivery(VIEW))]);
    const cursors = createListCursors(KEY);
    const text = page["next_cursor"] as string;
    expect(cursors.read(merchantId, scope, text)).to.deep.equal(next);
    const other = { ...scope, endpointId: mintId("whe", 7, atMs + 1, random) };
    expect(cursors.read(merchantId, other, text)).to.equal(undefined);
  });
});

describe("outgoing event", () => {
  const sent = (event: EventView = EVENT): Json => json(presenter.outgoingEvent(event).body);
  const listed = (event: EventView): Json => {
    const found = { items: [event], hasMore: false, next: null };
    return (json(presenter.read({ name: "events", found }, merchantId))["data"] as Json[])[0] as Json;
  };

  it("has exactly the documented members, and the data of the event in the list", () => {
    expect(presenter.outgoingEvent(EVENT).type).to.equal("payment.captured");
    expect(sent()).to.deep.equal({
      id: EVENT.id,
      type: "payment.captured",
      created: new Date(atMs + 7).toISOString(),
      api_version: "2026-11-01",
      payment_id: PAYMENT.terms.id,
      sequence: 2,
      data: listed(EVENT)["data"],
      previous: { status: "pending" },
    });
    expect(misfits(schemas.OUTGOING_EVENT, sent())).to.deep.equal([]);
  });

  it("has its refund beside the payment", () => {
    const operation = { ...PAYMENT.operation, kind: "refund", amountMinor: 5n } as const;
    const event: EventView = { ...EVENT, fact: "refunded", fromStatus: "captured", payment: { ...PAYMENT, operation } };
    expect(sent(event)["data"]).to.deep.equal(listed(event)["data"]);
    expect((sent(event)["data"] as Json)["refund"]).to.include({ object: "refund", amount: 5 });
    expect(sent(event)).to.include({ type: "refund.succeeded", previous: null });
  });

  it("tells the status before only where it changed and was one", () => {
    for (const fromStatus of PAYMENT_STATUSES) {
      const isTold = fromStatus !== "captured" && fromStatus !== "created";
      expect(sent({ ...EVENT, fromStatus })["previous"]).to.deep.equal(isTold ? { status: fromStatus } : null);
    }
  });

  it("shows a dispute on its payment", () => {
    const dispute = { reference: "dp_1", state: "needs_response", amount: "9007199254740993", funds: "held" } as const;
    const payment: Payment = { ...PAYMENT, disputedMinor: 9_007_199_254_740_993n, dispute };
    const { body, type } = presenter.outgoingEvent({ ...EVENT, fact: "disputeHeld", payment });
    expect(type).to.equal("dispute.funds_withdrawn");
    expect(Buffer.from(body).toString()).to.contain(
      '"amount_disputed":9007199254740993,"dispute":{"status":"needs_response","amount":9007199254740993,"funds":"held"}',
    );
  });

  it("does not tell what merchants do not see", () =>
    expect(() => presenter.outgoingEvent({ ...EVENT, fact: "gatewayPrepared" })).to.throw("merchants do not see"));

  it("is never over 20 kB, and says when its texts were left out", () => {
    const text = fc.string({ unit: fc.constantFrom("a", '"', "\\", "é", "😀"), maxLength: 500 });
    const metadata = fc.dictionary(fc.string({ minLength: 1, maxLength: 40 }), text, { maxKeys: 50 });
    fc.assert(
      fc.property(metadata, text, (pairs, description) => {
        const terms = { ...PAYMENT.terms, metadataJson: JSON.stringify(pairs), description };
        const event = { ...EVENT, payment: { ...PAYMENT, terms } };
        const { body } = presenter.outgoingEvent(event);
        expect(body.length).to.be.at.most(EVENT_BODY_MAX_BYTES);
        const shown = json(body);
        expect(misfits(schemas.OUTGOING_EVENT, shown)).to.deep.equal([]);
        const { payment } = shown["data"] as { payment: Json };
        const whole = (listed(event)["data"] as { payment: Json }).payment;
        if (shown["shortened"] === undefined) expect(payment).to.deep.equal(whole);
        else {
          expect(Buffer.byteLength(JSON.stringify({ ...shown, data: { payment: whole } }))).to.be.above(19_900);
          expect(payment).to.deep.equal({ ...whole, metadata: {}, description: null });
        }
      }),
      {
        seed: 4,
        examples: [[Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "😀".repeat(250)])), ""]],
      },
    );
  });
});
