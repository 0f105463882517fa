/** Requests on the wire. */
import { parseId } from "../domain/index.ts";
import type { ShardRequest } from "../ports/requests.ts";
import { type Request, RequestKind } from "./envelopes.generated.js";
import type { PeerRequest } from "./envelopes.ts";
import { fromQuery, toQuery } from "./query-envelope.ts";
import { ageOf, fromInt64, isTicket, textOf, toInt64 } from "./wire-values.ts";

const NUMBER_OF: { readonly [K in ShardRequest["kind"]]: RequestKind } = {
  createPayment: RequestKind.CREATE_PAYMENT,
  getPayment: RequestKind.GET_PAYMENT,
  capture: RequestKind.CAPTURE,
  cancel: RequestKind.CANCEL,
  refund: RequestKind.REFUND,
  read: RequestKind.READ,
  count: RequestKind.COUNT,
  createEndpoint: RequestKind.CREATE_ENDPOINT,
  rotateEndpointSecret: RequestKind.ROTATE_ENDPOINT_SECRET,
  resendEvent: RequestKind.RESEND_EVENT,
  deleteEndpoint: RequestKind.DELETE_ENDPOINT,
};
const KIND_OF: ReadonlyMap<RequestKind, ShardRequest["kind"]> = new Map(
  Object.entries(NUMBER_OF).map(([kind, number]) => [number, kind as ShardRequest["kind"]]),
);
const NO_BODY = new Uint8Array(0);

/** `nowMs`: monotonic, of this process; so an item's wait before it leaves counts as its age. */
export function toRequest(
  { shard, generation, hops, deadlineAtMs, request }: PeerRequest,
  nowMs: number,
): Request.$Shape {
  const { kind, ticket, requestId, merchantId, receivedAtMs, rate } = request;
  const wire: Request.$Shape = {
    ticket,
    shard,
    generation: toInt64(generation),
    kind: NUMBER_OF[kind],
    requestId: textOf(requestId),
    merchantId,
    receivedAgeMs: ageOf(nowMs - receivedAtMs),
    hops,
    leftMs: ageOf(deadlineAtMs - nowMs),
    rate,
  };
  if ("body" in request) {
    wire.handedOverAgeMs = ageOf(nowMs - request.handedOverAtMs);
    wire.idempotencyKey = textOf(request.idempotencyKey);
    wire.body = request.body;
  }
  if ("paymentId" in request) wire.subjectId = request.paymentId;
  else if ("endpointId" in request) wire.subjectId = request.endpointId;
  else if (kind === "read") wire.query = toQuery(request.query);
  return wire;
}

/** Undefined: not understood. Times come out on this process's clock; the body is a view into the message's bytes. */
export function fromRequest(wire: Request.$Shape, nowMs: number): PeerRequest | undefined {
  const request = readRequest(wire, nowMs);
  if (request === undefined) return undefined;
  return {
    shard: wire.shard ?? 0,
    generation: fromInt64(wire.generation),
    hops: wire.hops ?? 0,
    deadlineAtMs: nowMs + ageOf(wire.leftMs),
    request,
  };
}

function readRequest(wire: Request.$Shape, nowMs: number): ShardRequest | undefined {
  const kind = KIND_OF.get(wire.kind ?? RequestKind.REQUEST_KIND_UNSPECIFIED);
  const merchantId = parseId("mer", wire.merchantId ?? "");
  const { ticket } = wire;
  if (kind === undefined || merchantId === undefined || !isTicket(ticket)) return undefined;
  const asked = {
    ticket,
    requestId: wire.requestId ?? "",
    merchantId,
    receivedAtMs: nowMs - ageOf(wire.receivedAgeMs),
    rate: fromRate(wire.rate),
  };
  if (kind === "count") return { ...asked, kind };
  if (kind === "read") {
    const query = fromQuery(wire.query);
    return query && { ...asked, kind, query };
  }
  const subject = wire.subjectId ?? "";
  if (kind === "getPayment") {
    const paymentId = parseId("pay", subject);
    return paymentId && { ...asked, kind, paymentId };
  }
  if (kind === "deleteEndpoint") {
    const endpointId = parseId("whe", subject);
    return endpointId && { ...asked, kind, endpointId };
  }
  const idempotencyKey = wire.idempotencyKey ?? "";
  if (idempotencyKey === "") return undefined;
  const keyed = {
    ...asked,
    idempotencyKey,
    body: wire.body ?? NO_BODY,
    handedOverAtMs: nowMs - ageOf(wire.handedOverAgeMs),
  };
  if (kind === "createPayment" || kind === "createEndpoint") return { ...keyed, kind };
  if (kind === "rotateEndpointSecret" || kind === "resendEvent") {
    const endpointId = parseId("whe", subject);
    return endpointId && { ...keyed, kind, endpointId };
  }
  const paymentId = parseId("pay", subject);
  return paymentId && { ...keyed, kind, paymentId };
}

/** Rates of requests and replies. */
export function fromRate(wire: Request.$Shape["rate"]): ShardRequest["rate"] {
  if (wire === null || wire === undefined) return null;
  return { limit: wire.limit ?? 0, remaining: wire.remaining ?? 0, resetMs: wire.resetMs ?? 0 };
}
