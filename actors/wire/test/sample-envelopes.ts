/** For tests: every kind of envelope, as fast-check makes them. */
import fc from "fast-check";
import { DISPUTE_STATES, GATEWAY_NAMES, mintId, PAYMENT_STATUSES, type RefusalCode } from "../../domain/index.ts";
import type { GatewayAnswer, GatewayObservation } from "../../ports/gateway.ts";
import type { GatewayNotice, NoticeClaim } from "../../ports/notices.ts";
import type { Page } from "../../ports/pages.ts";
import type { ReadQuery } from "../../ports/reads.ts";
import type { ShardReply, ShardRequest } from "../../ports/requests.ts";
import { type PeerAnswer, type PeerItem, type PeerRequest, REFUSED_REASONS } from "../envelopes.ts";

type Made<T> = fc.Arbitrary<T>;
const orNull = <T>(made: Made<T>): Made<T | null> => fc.option(made, { nil: null });

const random = fc.uint8Array({ minLength: 8, maxLength: 8 });
const id = <P extends "pay" | "ref" | "op" | "evt" | "mer" | "whe">(prefix: P) =>
  fc.tuple(fc.nat(4095), fc.nat(2 ** 31 - 1), random).map(([slot, ms, bytes]) => mintId(prefix, slot, ms, bytes));
const text = fc.string({ unit: "grapheme" });
const name = fc.string({ minLength: 1 });
const textOrNull = orNull(text);
const ticket = fc.maxSafeNat();
const shard = fc.nat(65_535);
const generation = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** A quarter of a millisecond is exact in binary, so that what is subtracted and added again is the same. */
const quarters = (max: number): Made<number> => fc.nat(max * 4).map((n) => n / 4);
const body = fc.uint8Array({ maxLength: 300 });
const rate = orNull(fc.record({ limit: fc.nat(), remaining: fc.nat(), resetMs: quarters(1_000) }));
const is = <const T>(value: T): Made<T> => fc.constant(value);

/** The time at which samples are sent, and the oldest that one may be. */
export const SENT_AT_MS = 1_000_000;
const age = quarters(30_000).map((ms) => SENT_AT_MS - ms);

const asked = { ticket, requestId: text, merchantId: id("mer"), receivedAtMs: age, rate };
const keyed = { ...asked, idempotencyKey: name, body, handedOverAtMs: age };

const page = <C>(after: Made<C>): Made<Page<C>> =>
  fc.record({ limit: fc.integer({ min: 1, max: 100 }), after: orNull(after) });
const events = page(fc.record({ recordedAtMs: fc.maxSafeNat(), seq: generation }));
const filter = fc.record({
  status: orNull(fc.constantFrom(...PAYMENT_STATUSES)),
  createdFromMs: orNull(fc.maxSafeNat()),
  createdBeforeMs: orNull(fc.maxSafeNat()),
  merchantReference: textOrNull,
});
const QUERIES: { readonly [N in ReadQuery["name"]]: Made<Extract<ReadQuery, { name: N }>> } = {
  payments: fc.record({ name: is("payments"), filter, page: page(fc.record({ id: id("pay"), upToSeq: generation })) }),
  refund: fc.record({ name: is("refund"), id: id("ref") }),
  refunds: fc.record({ name: is("refunds"), paymentId: id("pay"), page: page(fc.record({ id: id("op") })) }),
  paymentEvents: fc.record({ name: is("paymentEvents"), paymentId: id("pay"), page: events }),
  events: fc.record({ name: is("events"), page: events }),
  balances: is({ name: "balances" }),
  idempotencyKey: fc.record({ name: is("idempotencyKey"), key: text }),
  webhookEndpoints: is({ name: "webhookEndpoints" }),
  webhookEndpoint: fc.record({ name: is("webhookEndpoint"), id: id("whe") }),
  deliveries: fc.record({
    name: is("deliveries"),
    endpointId: id("whe"),
    page: page(fc.record({ createdAtMs: fc.maxSafeNat(), eventId: id("evt") })),
  }),
};

const modification = <K extends "capture" | "cancel" | "refund">(kind: K) =>
  fc.record({ ...keyed, kind: is(kind), paymentId: id("pay") });
const endpointChange = <K extends "rotateEndpointSecret" | "resendEvent">(kind: K) =>
  fc.record({ ...keyed, kind: is(kind), endpointId: id("whe") });
const REQUESTS: { readonly [K in ShardRequest["kind"]]: Made<ShardRequest> } = {
  createPayment: fc.record({ ...keyed, kind: is("createPayment") }),
  capture: modification("capture"),
  cancel: modification("cancel"),
  refund: modification("refund"),
  getPayment: fc.record({ ...asked, kind: is("getPayment"), paymentId: id("pay") }),
  read: fc.record({ ...asked, kind: is("read"), query: fc.oneof(...Object.values<Made<ReadQuery>>(QUERIES)) }),
  createEndpoint: fc.record({ ...keyed, kind: is("createEndpoint") }),
  rotateEndpointSecret: endpointChange("rotateEndpointSecret"),
  resendEvent: endpointChange("resendEvent"),
  deleteEndpoint: fc.record({ ...asked, kind: is("deleteEndpoint"), endpointId: id("whe") }),
  count: fc.record({ ...asked, kind: is("count") }),
};
export const peerRequest: Made<PeerRequest> = fc.record({
  shard,
  generation,
  hops: fc.nat(1),
  deadlineAtMs: quarters(10_000).map((ms) => SENT_AT_MS + ms),
  request: fc.oneof(...Object.values(REQUESTS)),
});

const failure = fc.record({ code: name, retryable: fc.boolean(), customerAction: textOrNull, gatewayCode: textOrNull });
const failed = <K extends string>(kind: K) => fc.record({ kind: is(kind), failure });
const CLAIMS: { readonly [K in NoticeClaim["kind"]]: Made<NoticeClaim> } = {
  authorized: is({ kind: "authorized" }),
  charged: is({ kind: "charged" }),
  captured: is({ kind: "captured" }),
  voided: is({ kind: "voided" }),
  expired: is({ kind: "expired" }),
  refunded: is({ kind: "refunded" }),
  declined: failed("declined"),
  captureFailed: failed("captureFailed"),
  voidFailed: failed("voidFailed"),
  refundFailed: failed("refundFailed"),
  captureReversed: failed("captureReversed"),
  refundReversed: failed("refundReversed"),
  dispute: fc.record({
    kind: is("dispute"),
    reference: text,
    state: orNull(fc.constantFrom(...DISPUTE_STATES)),
    funds: orNull(fc.constantFrom("held", "released", "lost")),
  }),
  processing: is({ kind: "processing" }),
  unclear: fc.record({ kind: is("unclear"), why: text }),
  none: fc.record({ kind: is("none"), why: fc.constantFrom("unknown_type", "informational") }),
  quarantined: fc.record({ kind: is("quarantined"), why: fc.constantFrom("account", "mode") }),
};
const notice: Made<GatewayNotice> = fc.record({
  gateway: fc.constantFrom(...GATEWAY_NAMES),
  account: text,
  dedupeKey: name,
  bodyHash: fc.stringMatching(/^[0-9a-f]{64}$/),
  type: text,
  operationId: orNull(id("op")),
  paymentId: orNull(id("pay")),
  paymentReference: textOrNull,
  reference: textOrNull,
  amount: orNull(fc.bigInt().map(String)),
  currency: textOrNull,
  claim: fc.oneof(...Object.values(CLAIMS)),
});

const referred = <K extends string>(kind: K) => fc.record({ kind: is(kind), reference: textOrNull });
const OBSERVATIONS: { readonly [K in GatewayObservation["kind"]]: Made<GatewayObservation> } = {
  prepared: fc.record({ kind: is("prepared"), reference: name }),
  authorized: fc.record({ kind: is("authorized"), reference: name }),
  captured: referred("captured"),
  refunded: referred("refunded"),
  voided: referred("voided"),
  processing: referred("processing"),
  undecided: referred("undecided"),
  declined: fc.record({ kind: is("declined"), failure, reference: textOrNull }),
  conflicted: fc.record({ kind: is("conflicted"), detail: text, reference: textOrNull }),
  identified: fc.record({
    kind: is("identified"),
    operationId: orNull(id("op")),
    paymentId: orNull(id("pay")),
  }),
  notExecuted: fc.record({ kind: is("notExecuted"), failure }),
  notSubmitted: fc.record({ kind: is("notSubmitted"), reason: text }),
  busy: fc.record({ kind: is("busy"), reason: text, retryAfterMs: orNull(fc.nat()) }),
  unknown: fc.record({ kind: is("unknown"), reason: text }),
  reachable: is({ kind: "reachable" }),
};
const answer: Made<GatewayAnswer> = fc.record({
  operationId: id("op"),
  paymentId: id("pay"),
  try: fc.nat(1_000),
  action: fc.constantFrom("prepare", "execute", "query", "abandon", "probe", "identify"),
  observation: fc.oneof(...Object.values(OBSERVATIONS)),
  tookMs: quarters(20_000),
});

export const peerItem: Made<PeerItem> = fc.oneof(
  fc.record({ kind: is("request"), request: peerRequest }),
  fc.record({
    kind: is("notice"),
    notice: fc.record({
      shard,
      generation,
      delivery: fc.record({ ticket, notice, slot: fc.nat(4_095), spool: fc.boolean() }),
    }),
  }),
  fc.record({ kind: is("fact"), fact: fc.record({ shard, generation, answer }) }),
);

const code: Made<RefusalCode | null> = fc.constantFrom(null, "overloaded", "payment_declined");
const reply: Made<ShardReply> = fc.record({
  ticket,
  status: fc.constantFrom(0, 200, 201, 402, 503),
  body,
  problem: fc.boolean(),
  code,
  replayed: fc.boolean(),
  retryAfterS: orNull(fc.nat(100)),
  location: textOrNull,
  gatewayMs: orNull(quarters(20_000)),
  final: fc.boolean(),
  rate,
});
export const peerAnswer: Made<PeerAnswer> = fc.oneof(
  fc.record({ kind: is("reply"), reply }),
  fc.record({ kind: is("refused"), ticket, reason: fc.constantFrom(...REFUSED_REASONS), generation }),
  fc.record({ kind: is("receipt"), receipt: fc.record({ ticket, taken: fc.boolean() }) }),
);
