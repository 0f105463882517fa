/**
 * From an admitted call to what its merchant's shard is asked: one row for each route. Always the asking merchant's
 * shard, whatever slot an id carries: a foreign id takes the same way, and the same time, as an unknown one.
 */
import { type Command, parseId, type Refusal } from "../actors/domain/index.ts";
import type { ShardRequest } from "../actors/index.ts";
import { isIdempotencyKey } from "./admission.ts";
import {
  type AdmittedCall,
  asked,
  checkNoQuery,
  NOT_FOUND,
  read,
  readKeyed,
  readPage,
  type Row,
} from "./admitted-call.ts";
import { ENDPOINT_ROWS } from "./endpoint-requests.ts";
import type { ListCursors } from "./list-cursors.ts";
import { PAGE_PARAMETERS, PAYMENTS_PARAMETERS, readPaymentsFilter } from "./list-parameters.ts";
import { decodePercent, readQuery, refuseParameter } from "./query-parameters.ts";
import type { RouteName } from "./routes.ts";

const createPayment: Row = (call) => {
  const keyed = readKeyed(call, true);
  return "kind" in keyed ? keyed : { kind: "createPayment", ...keyed };
};

const modify =
  (kind: Command): Row =>
  (call) => {
    const keyed = readKeyed(call, false);
    if ("kind" in keyed) return keyed;
    const paymentId = parseId("pay", call.segment);
    return paymentId === undefined ? NOT_FOUND : { kind, ...keyed, paymentId };
  };

const getPayment: Row = (call) => {
  const paymentId = parseId("pay", call.segment);
  if (paymentId === undefined) return NOT_FOUND;
  return checkNoQuery(call) ?? { kind: "getPayment", ...asked(call), paymentId };
};

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
  ...ENDPOINT_ROWS,
} as const satisfies { readonly [N in RouteName]?: Row };

export type ShardRouteName = keyof typeof ROWS;
export const SHARD_ROUTES = Object.keys(ROWS) as readonly ShardRouteName[];

/** What the shard is asked, or why it is not. `cursors`: must read what the shards' presenters write. */
export const toShardRequest = (
  route: ShardRouteName,
  call: AdmittedCall,
  cursors: ListCursors,
): ShardRequest | Refusal => ROWS[route](call, cursors);
