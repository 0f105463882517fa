import { Buffer } from "node:buffer";
import { expect } from "chai";
import { mintId, refundIdOf } from "../actors/domain/index.ts";
import { createListCursors } from "./list-cursors.ts";
import { readHead } from "./request-head.ts";
import { ROUTES } from "./routes.ts";
import type { AdmittedCall } from "./admitted-call.ts";
import { SHARD_ROUTES, type ShardRouteName, toShardRequest } from "./shard-requests.ts";

const random = new Uint8Array(8);
const merchantId = mintId("mer", 1, 1, random);
const paymentId = mintId("pay", 1, 1, random);
const operationId = mintId("op", 1, 1, random);
const refundId = refundIdOf(operationId);
const endpointId = mintId("whe", 1, 1, random);
const cursors = createListCursors(Buffer.alloc(32));
const body = Buffer.from("{}");
const head = (headers: Readonly<Record<string, string>>) =>
  readHead({ forEach: (visit) => Object.entries(headers).forEach(([name, value]) => visit(name, value)) });
const KEYED = { "content-type": "application/json", "x-idempotency-key": "k" };

const ask = (route: ShardRouteName, call: Partial<AdmittedCall> = {}) =>
  toShardRequest(
    route,
    {
      ticket: 7,
      requestId: "req_1",
      receivedAtMs: 1,
      handedOverAtMs: 2,
      merchant: { id: merchantId, status: "active", slot: 1 },
      head: head(KEYED),
      query: "",
      segment: "",
      body,
      ...call,
    },
    cursors,
  );
const codeOf = (route: ShardRouteName, call: Partial<AdmittedCall> = {}): string => {
  const request = ask(route, call);
  return request.kind === "refusal" ? request.code : request.kind;
};

const ASKED = { ticket: 7, requestId: "req_1", merchantId, receivedAtMs: 1, rate: null };
const KEY = { ...ASKED, idempotencyKey: "k", body, handedOverAtMs: 2 };
const FILTER = { status: null, createdFromMs: null, createdBeforeMs: null, merchantReference: null };
const PAGE = { limit: 10, after: null };
const SEGMENTS: { readonly [N in ShardRouteName]?: string } = { get_refund: refundId, get_idempotency_key: "a%2Fb" };
const pathOf = (route: ShardRouteName): string => ROUTES.find(({ name }) => name === route)?.path ?? "";
const segmentOf = (route: ShardRouteName): string =>
  SEGMENTS[route] ?? (pathOf(route).startsWith("/v1/webhook_endpoints/") ? endpointId : paymentId);

const EXPECTED: { readonly [N in ShardRouteName]: object } = {
  create_payment: { kind: "createPayment", ...KEY },
  capture_payment: { kind: "capture", ...KEY, paymentId },
  cancel_payment: { kind: "cancel", ...KEY, paymentId },
  create_refund: { kind: "refund", ...KEY, paymentId },
  get_payment: { kind: "getPayment", ...ASKED, paymentId },
  list_payments: { kind: "read", ...ASKED, query: { name: "payments", filter: FILTER, page: PAGE } },
  list_refunds: { kind: "read", ...ASKED, query: { name: "refunds", paymentId, page: PAGE } },
  list_payment_events: { kind: "read", ...ASKED, query: { name: "paymentEvents", paymentId, page: PAGE } },
  list_events: { kind: "read", ...ASKED, query: { name: "events", page: PAGE } },
  get_refund: { kind: "read", ...ASKED, query: { name: "refund", id: refundId } },
  get_balances: { kind: "read", ...ASKED, query: { name: "balances" } },
  get_idempotency_key: { kind: "read", ...ASKED, query: { name: "idempotencyKey", key: "a/b" } },
  create_webhook_endpoint: { kind: "createEndpoint", ...KEY },
  list_webhook_endpoints: { kind: "read", ...ASKED, query: { name: "webhookEndpoints" } },
  get_webhook_endpoint: { kind: "read", ...ASKED, query: { name: "webhookEndpoint", id: endpointId } },
  delete_webhook_endpoint: { kind: "deleteEndpoint", ...ASKED, endpointId },
  rotate_webhook_secret: { kind: "rotateEndpointSecret", ...KEY, endpointId },
  list_deliveries: { kind: "read", ...ASKED, query: { name: "deliveries", endpointId, page: PAGE } },
  resend_event: { kind: "resendEvent", ...KEY, endpointId },
};

describe("requests for shards", () => {
  for (const route of SHARD_ROUTES) {
    it(`${route} is asked as its row says`, () =>
      expect(ask(route, { segment: segmentOf(route) })).to.deep.equal(EXPECTED[route]));
    it(`${route} knows no parameter of another list`, () => {
      const request = ask(route, { segment: segmentOf(route), query: "merchant=mer_x" });
      expect(request.kind === "refusal" && [request.code, request.errors?.[0]?.pointer]).to.deep.equal([
        "invalid_parameter",
        "merchant",
      ]);
    });
    if (pathOf(route).includes("{id}"))
      for (const segment of [
        "x",
        segmentOf(route).toUpperCase(),
        ...[paymentId, merchantId, operationId, refundId, endpointId].filter((id) => id !== segmentOf(route)),
      ])
        it(`${route} knows nothing of ${segment.slice(0, 8)}`, () =>
          expect(ask(route, { segment, query: "" })).to.deep.include({ code: "not_found" }));
  }

  for (const route of ["capture_payment", "cancel_payment", "create_refund", "rotate_webhook_secret"] as const)
    it(`${route} needs a key, and a type for what it says`, () => {
      const bare = head({ "x-idempotency-key": "k" });
      const nothing = new Uint8Array(0);
      const segment = segmentOf(route);
      expect(codeOf(route, { segment, head: bare, body: nothing })).to.equal(kindOf(route));
      expect(codeOf(route, { segment, head: bare })).to.equal("unsupported_media_type");
      expect(codeOf(route, { segment, head: head({}), body: nothing })).to.equal("idempotency_key_missing");
      expect(codeOf(route, { segment, head: head({ "x-idempotency-key": "a b" }), body: nothing })).to.equal(
        "invalid_idempotency_key",
      );
    });
  for (const route of ["create_payment", "create_webhook_endpoint", "resend_event"] as const)
    it(`${route} needs a body's type even where there is none`, () =>
      expect(
        codeOf(route, { segment: segmentOf(route), head: head({ "x-idempotency-key": "k" }), body: new Uint8Array(0) }),
      ).to.equal("unsupported_media_type"));

  const LISTS = {
    list_payments: [
      { name: "payments", filter: FILTER },
      { id: paymentId, upToSeq: 3n },
    ],
    list_refunds: [{ name: "refunds", paymentId }, { id: operationId }],
    list_payment_events: [
      { name: "paymentEvents", paymentId },
      { recordedAtMs: 5, seq: 6n },
    ],
    list_events: [{ name: "events" }, { recordedAtMs: 5, seq: 6n }],
    list_deliveries: [
      { name: "deliveries", endpointId },
      { createdAtMs: 5, eventId: mintId("evt", 1, 1, random) },
    ],
  } as const;
  for (const route of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
    const [scope, after] = LISTS[route];
    const text = cursors.write(merchantId, scope, after);
    const segment = segmentOf(route);
    it(`${route} goes on where its cursor says`, () =>
      expect(ask(route, { segment, query: `starting_after=${text}&limit=3` })).to.deep.include({
        query: { ...scope, page: { limit: 3, after } },
      }));
    const others: readonly (readonly [string, Partial<AdmittedCall>])[] = [
      ["of another merchant", { merchant: { id: mintId("mer", 1, 2, random), status: "active", slot: 1 } }],
      ["that is forged", { query: `starting_after=${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}` }],
      ["that is none", { query: "starting_after=pay_01h455vb4pex5vsknk084sn02q" }],
      ["that is empty", { query: "starting_after=" }],
    ];
    const answers = others.map(([, call]) => ask(route, { segment, query: `starting_after=${text}`, ...call }));
    for (const [i, [name]] of others.entries())
      it(`${route} refuses a cursor ${name} like any other`, () => {
        expect(answers[i]).to.deep.include({ kind: "refusal", code: "invalid_parameter" });
        expect(answers[i]).to.deep.equal(answers[0]);
      });
    it(`${route} refuses the cursors of other lists`, () => {
      for (const other of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
        if (other === route) continue;
        const [otherScope, otherAfter] = LISTS[other];
        const query = `starting_after=${cursors.write(merchantId, otherScope, otherAfter)}`;
        expect(ask(route, { segment, query }), other).to.deep.equal(answers[0]);
      }
    });
  }
  it("list_payments refuses a cursor of another filter", () => {
    const query = `starting_after=${cursors.write(merchantId, ...LISTS.list_payments)}&status=captured`;
    expect(codeOf("list_payments", { query })).to.equal("invalid_parameter");
  });

  for (const segment of ["%", "%zz", "%00", "a%20b", "%ff", "%C3%A9", "a".repeat(256), "%25zz%"])
    it(`get_idempotency_key refuses ${segment.slice(0, 10)}`, () =>
      expect(ask("get_idempotency_key", { segment })).to.deep.include({ code: "invalid_parameter" }));
  it("get_idempotency_key decodes once", () =>
    expect(ask("get_idempotency_key", { segment: "a%252Fb" })).to.deep.include({
      query: { name: "idempotencyKey", key: "a%2Fb" },
    }));
});

const kindOf = (route: "capture_payment" | "cancel_payment" | "create_refund" | "rotate_webhook_secret"): string =>
  ({
    capture_payment: "capture",
    cancel_payment: "cancel",
    create_refund: "refund",
    rotate_webhook_secret: "rotateEndpointSecret",
  })[route];
