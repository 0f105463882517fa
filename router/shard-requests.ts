/**
 * From an admitted call to what its merchant's shard is asked: one row for each route. Always the asking merchant's
 * shard, whatever slot an id carries: a foreign id takes the same way, and the same time, as an unknown one.
 */
import { type Command, parseId, type Refusal, refuse } from "../actors/domain/index.ts";
import type { Page, ReadQuery, ShardRequest } from "../actors/index.ts";
import { checkJsonBody, isIdempotencyKey, readIdempotencyKey } from "./admission.ts";
import type { MerchantEntry } from "./directory.ts";
import type { ListCursors } from "./list-cursors.ts";
import { PAGE_PARAMETERS, PAYMENTS_PARAMETERS, readLimit, readPaymentsFilter } from "./list-parameters.ts";
import { decodePercent, readQuery, refuseParameter } from "./query-parameters.ts";
import type { RequestHead } from "./request-head.ts";
import type { RouteName } from "./routes.ts";

/** A request whose sender may send it. `body`: all of it; empty for GET. */
export interface AdmittedCall {
  readonly ticket: number;
  readonly requestId: string;
  /** Monotonic milliseconds. */
  readonly receivedAtMs: number;
  readonly handedOverAtMs: number;
  readonly merchant: MerchantEntry;
  readonly head: RequestHead;
  readonly query: string;
  /** The variable segment of the path, as it came. */
  readonly segment: string;
  readonly body: Uint8Array;
}

/** The request with a body and an idempotency key. */
export type KeyedRequest = Extract<ShardRequest, { readonly idempotencyKey: string }>;

type Asked = Pick<KeyedRequest, "ticket" | "requestId" | "merchantId" | "receivedAtMs" | "rate">;
type Keyed = Asked & Pick<KeyedRequest, "idempotencyKey" | "body" | "handedOverAtMs">;
type Row = (call: AdmittedCall, cursors: ListCursors) => ShardRequest | Refusal;

const asked = ({ ticket, requestId, merchant, receivedAtMs }: AdmittedCall): Asked => ({
  ticket,
  requestId,
  merchantId: merchant.id,
  receivedAtMs,
  rate: null,
});

const NOT_FOUND = refuse("not_found", "There is no such object.");

/** Null: the query is empty, as it must be where nothing is asked by it. */
function checkNoQuery({ query }: AdmittedCall): Refusal | null {
  const parameters = readQuery(query, []);
  return "kind" in parameters ? parameters : null;
}

const createPayment: Row = (call) => {
  const asks = checkNoQuery(call);
  if (asks !== null) return asks;
  const wrongType = checkJsonBody(call.head);
  if (wrongType !== null) return wrongType;
  const idempotencyKey = readIdempotencyKey(call.head);
  if (typeof idempotencyKey !== "string") return idempotencyKey;
  const { body, handedOverAtMs } = call;
  return { kind: "createPayment", ...asked(call), idempotencyKey, body, handedOverAtMs };
};

/** An empty body asks for the default of everything, and has no type. */
const modify =
  (kind: Command): Row =>
  (call) => {
    const asks = checkNoQuery(call);
    if (asks !== null) return asks;
    const wrongType = call.body.length === 0 ? null : checkJsonBody(call.head);
    if (wrongType !== null) return wrongType;
    const idempotencyKey = readIdempotencyKey(call.head);
    if (typeof idempotencyKey !== "string") return idempotencyKey;
    const paymentId = parseId("pay", call.segment);
    if (paymentId === undefined) return NOT_FOUND;
    const { body, handedOverAtMs } = call;
    const keyed: Keyed = { ...asked(call), idempotencyKey, body, handedOverAtMs };
    return { kind, ...keyed, paymentId };
  };

const getPayment: Row = (call) => {
  const paymentId = parseId("pay", call.segment);
  if (paymentId === undefined) return NOT_FOUND;
  return checkNoQuery(call) ?? { kind: "getPayment", ...asked(call), paymentId };
};

const read =
  (queryOf: (call: AdmittedCall, cursors: ListCursors) => ReadQuery | Refusal): Row =>
  (call, cursors) => {
    const query = queryOf(call, cursors);
    return "kind" in query ? query : { kind: "read", ...asked(call), query };
  };

/** The page that the parameters ask for. `decode`: undefined for a cursor that is not one of this list. */
function readPage<Cursor>(
  parameters: ReadonlyMap<string, string>,
  decode: (text: string) => Cursor | undefined,
): Page<Cursor> | Refusal {
  const limit = readLimit(parameters);
  if (typeof limit !== "number") return limit;
  const text = parameters.get("starting_after");
  if (text === undefined) return { limit, after: null };
  const after = decode(text);
  return after === undefined
    ? refuseParameter("starting_after", "invalid_cursor", "The cursor is not one of this list.")
    : { limit, after };
}

const listPayments = read((call, cursors) => {
  const parameters = readQuery(call.query, PAYMENTS_PARAMETERS);
  if ("kind" in parameters) return parameters;
  const filter = readPaymentsFilter(parameters);
  if ("kind" in filter) return filter;
  const scope = { name: "payments", filter } as const;
  const page = readPage(parameters, (text) => cursors.read(call.merchant.id, scope, text));
  return "kind" in page ? page : { ...scope, page };
});

const listRefunds = read((call, cursors) => {
  const paymentId = parseId("pay", call.segment);
  if (paymentId === undefined) return NOT_FOUND;
  const parameters = readQuery(call.query, PAGE_PARAMETERS);
  if ("kind" in parameters) return parameters;
  const scope = { name: "refunds", paymentId } as const;
  const page = readPage(parameters, (text) => cursors.read(call.merchant.id, scope, text));
  return "kind" in page ? page : { ...scope, page };
});

const listPaymentEvents = read((call, cursors) => {
  const paymentId = parseId("pay", call.segment);
  if (paymentId === undefined) return NOT_FOUND;
  const parameters = readQuery(call.query, PAGE_PARAMETERS);
  if ("kind" in parameters) return parameters;
  const scope = { name: "paymentEvents", paymentId } as const;
  const page = readPage(parameters, (text) => cursors.read(call.merchant.id, scope, text));
  return "kind" in page ? page : { ...scope, page };
});

const listEvents = read((call, cursors) => {
  const parameters = readQuery(call.query, PAGE_PARAMETERS);
  if ("kind" in parameters) return parameters;
  const page = readPage(parameters, (text) => cursors.read(call.merchant.id, { name: "events" }, text));
  return "kind" in page ? page : { name: "events", page };
});

const getRefund = read((call) => {
  const id = parseId("ref", call.segment);
  if (id === undefined) return NOT_FOUND;
  return checkNoQuery(call) ?? { name: "refund", id };
});

/** The key stands in the path percent-encoded, once. */
const getIdempotencyKey = read((call) => {
  const key = decodePercent(call.segment);
  if (key === undefined || !isIdempotencyKey(key))
    return refuseParameter("key", "invalid_key", "A key has 1 to 255 visible ASCII characters, percent-encoded.");
  return checkNoQuery(call) ?? { name: "idempotencyKey", key };
});

/** Routes that a shard answers. */
const ROWS = {
  create_payment: createPayment,
  capture_payment: modify("capture"),
  cancel_payment: modify("cancel"),
  create_refund: modify("refund"),
  get_payment: getPayment,
  list_payments: listPayments,
  list_refunds: listRefunds,
  list_payment_events: listPaymentEvents,
  list_events: listEvents,
  get_refund: getRefund,
  get_balances: read((call) => checkNoQuery(call) ?? { name: "balances" }),
  get_idempotency_key: getIdempotencyKey,
} as const satisfies { readonly [N in RouteName]?: Row };

export type ShardRouteName = keyof typeof ROWS;
export const SHARD_ROUTES = Object.keys(ROWS) as readonly ShardRouteName[];

/** What the shard is asked, or why it is not. `cursors`: must read what the shards' presenters write. */
export const toShardRequest = (
  route: ShardRouteName,
  call: AdmittedCall,
  cursors: ListCursors,
): ShardRequest | Refusal => ROWS[route](call, cursors);
