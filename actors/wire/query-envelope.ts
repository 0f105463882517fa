/** What a read asks for, on the wire. */
import { assertNever, PAYMENT_STATUSES, parseId } from "../domain/index.ts";
import type { DeliveriesCursor, EventsCursor, Page, PaymentsCursor, RefundsCursor } from "../ports/pages.ts";
import type { PaymentsFilter, ReadQuery } from "../ports/reads.ts";
import type { Cursor, PaymentsFilter as WireFilter, Query } from "./envelopes.generated.js";
import { fromInt64, textOf, textOrNull, toInt64, wordOrNull } from "./wire-values.ts";

const LIMIT_MAX = 100;

export function toQuery(query: ReadQuery): Query.$Shape {
  const { name } = query;
  switch (query.name) {
    case "payments":
      return { name, filter: toFilter(query.filter), ...toPage(query.page, ({ id, upToSeq: seq }) => ({ id, seq })) };
    case "refund":
    case "webhookEndpoint":
      return { name, subject: query.id };
    case "refunds":
      return { name, subject: query.paymentId, ...toPage(query.page, ({ id }) => ({ id })) };
    case "paymentEvents":
      return { name, subject: query.paymentId, ...toPage(query.page, eventsCursor) };
    case "events":
      return { name, ...toPage(query.page, eventsCursor) };
    case "idempotencyKey":
      return { name, subject: textOf(query.key) };
    case "deliveries": {
      const page = toPage(query.page, ({ createdAtMs: atMs, eventId: id }) => ({ atMs, id }));
      return { name, subject: query.endpointId, ...page };
    }
    case "balances":
    case "webhookEndpoints":
      return { name };
    default:
      return assertNever(query);
  }
}

/** Row: a query. Cell: reads it, or undefined when a part of it cannot be understood. */
const READ: { readonly [N in ReadQuery["name"]]: (wire: Query.$Shape) => ReadQuery | undefined } = {
  payments(wire) {
    const filter = fromFilter(wire.filter);
    const page = fromPage(wire, paymentsCursor);
    return filter && page && { name: "payments", filter, page };
  },
  refund(wire) {
    const id = parseId("ref", wire.subject ?? "");
    return id && { name: "refund", id };
  },
  refunds(wire) {
    const paymentId = parseId("pay", wire.subject ?? "");
    const page = fromPage(wire, refundsCursor);
    return paymentId && page && { name: "refunds", paymentId, page };
  },
  paymentEvents(wire) {
    const paymentId = parseId("pay", wire.subject ?? "");
    const page = fromPage(wire, fromEventsCursor);
    return paymentId && page && { name: "paymentEvents", paymentId, page };
  },
  events(wire) {
    const page = fromPage(wire, fromEventsCursor);
    return page && { name: "events", page };
  },
  balances: () => ({ name: "balances" }),
  idempotencyKey: (wire) => ({ name: "idempotencyKey", key: wire.subject ?? "" }),
  webhookEndpoints: () => ({ name: "webhookEndpoints" }),
  webhookEndpoint(wire) {
    const id = parseId("whe", wire.subject ?? "");
    return id && { name: "webhookEndpoint", id };
  },
  deliveries(wire) {
    const endpointId = parseId("whe", wire.subject ?? "");
    const page = fromPage(wire, deliveriesCursor);
    return endpointId && page && { name: "deliveries", endpointId, page };
  },
};

/** Undefined: not understood, as a query of a newer node. */
export function fromQuery(wire: Query.$Shape | null | undefined): ReadQuery | undefined {
  const name = wire?.name ?? "";
  return wire && Object.hasOwn(READ, name) ? READ[name as ReadQuery["name"]](wire) : undefined;
}

const toPage = <C>(
  { limit, after }: Page<C>,
  cursor: (from: C) => WireCursor,
): Pick<Query.$Shape, "limit" | "after"> => {
  if (after === null) return { limit, after: null };
  const { seq, ...rest } = cursor(after);
  return { limit, after: seq === undefined ? rest : { ...rest, seq: toInt64(seq) } };
};
interface WireCursor {
  readonly id?: string;
  readonly seq?: bigint;
  readonly atMs?: number;
}
const eventsCursor = ({ recordedAtMs: atMs, seq }: EventsCursor): WireCursor => ({ atMs, seq });

function fromPage<C>(wire: Query.$Shape, read: (cursor: Cursor.$Shape) => C | undefined): Page<C> | undefined {
  const limit = wire.limit ?? 0;
  if (limit < 1 || limit > LIMIT_MAX) return undefined;
  if (wire.after === null || wire.after === undefined) return { limit, after: null };
  const after = read(wire.after);
  return after && { limit, after };
}
function paymentsCursor(wire: Cursor.$Shape): PaymentsCursor | undefined {
  const id = parseId("pay", wire.id ?? "");
  return id && { id, upToSeq: fromInt64(wire.seq) };
}
function refundsCursor(wire: Cursor.$Shape): RefundsCursor | undefined {
  const id = parseId("op", wire.id ?? "");
  return id && { id };
}
const fromEventsCursor = (wire: Cursor.$Shape): EventsCursor => ({
  recordedAtMs: wire.atMs ?? 0,
  seq: fromInt64(wire.seq),
});
function deliveriesCursor(wire: Cursor.$Shape): DeliveriesCursor | undefined {
  const eventId = parseId("evt", wire.id ?? "");
  return eventId && { createdAtMs: wire.atMs ?? 0, eventId };
}

const toFilter = (filter: PaymentsFilter): WireFilter.$Shape => ({
  ...filter,
  merchantReference: textOrNull(filter.merchantReference),
});
function fromFilter(wire: WireFilter.$Shape | null | undefined): PaymentsFilter | undefined {
  const status = wordOrNull(PAYMENT_STATUSES, wire?.status);
  if (status === undefined) return undefined; // without it, it would find too much
  return {
    status,
    createdFromMs: wire?.createdFromMs ?? null,
    createdBeforeMs: wire?.createdBeforeMs ?? null,
    merchantReference: wire?.merchantReference ?? null,
  };
}
