/**
 * What crosses between the main thread and a shard thread: the requests, or the replies, of one tick as flat columns
 * and one transferred block of bytes. A structured clone of objects would cost more than the whole decision.
 */
import type { EndpointId, MerchantId, PaymentId, RefusalCode } from "../actors/domain/index.ts";
import type { RateState, ReadQuery, ShardReply, ShardRequest } from "../actors/index.ts";

/**
 * Columns by request. `ends[i]`: where body i ends in `bytes`; `texts`: requestId, merchantId, key, id of the payment or endpoint, each
 * empty where the kind has none; `queries`: of the reads, by index.
 */
export interface RequestBatch {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** They count for as long as the process lives: 32 bits would be used up within days. */
  readonly tickets: Float64Array;
  readonly shards: Uint16Array;
  readonly kinds: Uint8Array;
  readonly receivedAtMs: Float64Array;
  readonly handedOverAtMs: Float64Array;
  readonly texts: readonly string[];
  readonly queries: ReadonlyMap<number, ReadQuery>;
}

const KINDS = [
  "createPayment",
  "getPayment",
  "capture",
  "cancel",
  "refund",
  "read",
  "count",
  "createEndpoint",
  "rotateEndpointSecret",
  "resendEvent",
  "deleteEndpoint",
] as const satisfies readonly ShardRequest["kind"][];
const CODE_OF = Object.fromEntries(KINDS.map((kind, code) => [kind, code])) as Record<ShardRequest["kind"], number>;
const TEXTS = 4;
const NO_BODY = new Uint8Array(0);

/** A request with the shard that the slot map names for it. */
export interface Addressed {
  readonly shard: number;
  readonly request: ShardRequest;
}

/** `bytes.buffer` is fresh: it may be transferred. */
export function packRequests(items: readonly Addressed[]): RequestBatch {
  const count = items.length;
  let size = 0;
  for (const { request } of items) if ("body" in request) size += request.body.length;
  const queries = new Map<number, ReadQuery>();
  const batch = {
    bytes: new Uint8Array(size),
    ends: new Uint32Array(count),
    tickets: new Float64Array(count),
    shards: new Uint16Array(count),
    kinds: new Uint8Array(count),
    receivedAtMs: new Float64Array(count),
    handedOverAtMs: new Float64Array(count),
    texts: new Array<string>(count * TEXTS),
    queries,
  };
  let at = 0;
  items.forEach(({ shard, request }, i) => {
    if ("body" in request) {
      batch.bytes.set(request.body, at);
      at += request.body.length;
      batch.handedOverAtMs[i] = request.handedOverAtMs;
    }
    if (request.kind === "read") queries.set(i, request.query);
    batch.ends[i] = at;
    batch.tickets[i] = request.ticket;
    batch.shards[i] = shard;
    batch.kinds[i] = CODE_OF[request.kind];
    batch.receivedAtMs[i] = request.receivedAtMs;
    batch.texts[i * TEXTS] = request.requestId;
    batch.texts[i * TEXTS + 1] = request.merchantId;
    batch.texts[i * TEXTS + 2] = "idempotencyKey" in request ? request.idempotencyKey : "";
    batch.texts[i * TEXTS + 3] =
      "paymentId" in request ? request.paymentId : "endpointId" in request ? request.endpointId : "";
  });
  return batch;
}

/** The requests by shard, in the order in which they came. Bodies are views into the batch. */
export function unpackRequests(batch: RequestBatch): Map<number, ShardRequest[]> {
  const byShard = new Map<number, ShardRequest[]>();
  for (let i = 0; i < batch.tickets.length; i++) {
    const shard = batch.shards[i] as number;
    const request = requestAt(batch, i);
    const list = byShard.get(shard);
    if (list === undefined) byShard.set(shard, [request]);
    else list.push(request);
  }
  return byShard;
}

/** Ids were parsed by the router. */
function requestAt(batch: RequestBatch, i: number): ShardRequest {
  const kind = KINDS[batch.kinds[i] as number];
  if (kind === undefined) throw new Error("a request of an unknown kind");
  const asked = {
    ticket: batch.tickets[i] as number,
    requestId: batch.texts[i * TEXTS] as string,
    merchantId: batch.texts[i * TEXTS + 1] as MerchantId,
    receivedAtMs: batch.receivedAtMs[i] as number,
    rate: null,
  };
  const paymentId = batch.texts[i * TEXTS + 3] as PaymentId;
  const endpointId = batch.texts[i * TEXTS + 3] as EndpointId; // one of the two, by the kind
  if (kind === "getPayment") return { ...asked, kind, paymentId };
  if (kind === "count") return { ...asked, kind };
  if (kind === "deleteEndpoint") return { ...asked, kind, endpointId };
  if (kind === "read") return { ...asked, kind, query: batch.queries.get(i) as ReadQuery };
  const from = i === 0 ? 0 : (batch.ends[i - 1] as number);
  const end = batch.ends[i] as number;
  const keyed = {
    ...asked,
    idempotencyKey: batch.texts[i * TEXTS + 2] as string,
    body: from === end ? NO_BODY : batch.bytes.subarray(from, end),
    handedOverAtMs: batch.handedOverAtMs[i] as number,
  };
  if (kind === "createPayment" || kind === "createEndpoint") return { ...keyed, kind };
  if (kind === "rotateEndpointSecret" || kind === "resendEvent") return { ...keyed, kind, endpointId };
  return { ...keyed, kind, paymentId };
}

/** Columns by reply; absent numbers are -1. `notes`: code and location of the few replies that have one, by index. */
export interface ReplyBatch {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  readonly tickets: Float64Array;
  readonly statuses: Uint16Array;
  readonly flags: Uint8Array;
  readonly retryAfterS: Int32Array;
  readonly gatewayMs: Float64Array;
  /** Limit, remaining and milliseconds until the next: three numbers a reply; a limit of -1: not counted. */
  readonly rates: Int32Array;
  readonly notes: ReadonlyMap<number, { readonly code: RefusalCode | null; readonly location: string | null }>;
}

const PROBLEM = 1;
const REPLAYED = 2;
const FINAL = 4;
const RATES = 3;

/** `bytes.buffer` is fresh: it may be transferred. */
export function packReplies(replies: readonly ShardReply[]): ReplyBatch {
  const count = replies.length;
  let size = 0;
  for (const reply of replies) size += reply.body.length;
  const notes = new Map<number, { code: RefusalCode | null; location: string | null }>();
  const batch = {
    bytes: new Uint8Array(size),
    ends: new Uint32Array(count),
    tickets: new Float64Array(count),
    statuses: new Uint16Array(count),
    flags: new Uint8Array(count),
    retryAfterS: new Int32Array(count),
    gatewayMs: new Float64Array(count),
    rates: new Int32Array(count * RATES),
    notes,
  };
  let at = 0;
  replies.forEach((reply, i) => {
    batch.bytes.set(reply.body, at);
    at += reply.body.length;
    batch.ends[i] = at;
    batch.tickets[i] = reply.ticket;
    batch.statuses[i] = reply.status;
    batch.flags[i] = (reply.problem ? PROBLEM : 0) | (reply.replayed ? REPLAYED : 0) | (reply.final ? FINAL : 0);
    batch.retryAfterS[i] = reply.retryAfterS ?? -1;
    batch.gatewayMs[i] = reply.gatewayMs ?? -1;
    batch.rates[i * RATES] = reply.rate?.limit ?? -1;
    if (reply.rate !== null) {
      batch.rates[i * RATES + 1] = reply.rate.remaining;
      batch.rates[i * RATES + 2] = Math.ceil(reply.rate.resetMs);
    }
    if (reply.code !== null || reply.location !== null) notes.set(i, { code: reply.code, location: reply.location });
  });
  return batch;
}

/** The replies in the order in which they were given. */
export function unpackReplies(batch: ReplyBatch): ShardReply[] {
  let from = 0;
  return Array.from(batch.tickets, (ticket, i): ShardReply => {
    const end = batch.ends[i] as number;
    const flags = batch.flags[i] as number;
    const note = batch.notes.get(i);
    const reply = {
      ticket,
      status: batch.statuses[i] as number,
      body: batch.bytes.subarray(from, end),
      problem: (flags & PROBLEM) !== 0,
      code: note?.code ?? null,
      replayed: (flags & REPLAYED) !== 0,
      retryAfterS: absent(batch.retryAfterS[i] as number),
      location: note?.location ?? null,
      gatewayMs: absent(batch.gatewayMs[i] as number),
      final: (flags & FINAL) !== 0,
      rate: rateAt(batch.rates, i * RATES),
    };
    from = end;
    return reply;
  });
}

function rateAt(rates: Int32Array, at: number): RateState | null {
  const limit = rates[at] as number;
  return limit < 0 ? null : { limit, remaining: rates[at + 1] as number, resetMs: rates[at + 2] as number };
}

const absent = (value: number): number | null => (value < 0 ? null : value);
