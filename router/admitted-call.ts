/** A request whose sender may send it, and the pieces that the rows of all routes are made of. */
import { type Refusal, refuse } from "../actors/domain/index.ts";
import type { Page, ReadQuery, ShardRequest } from "../actors/index.ts";
import { checkJsonBody, readIdempotencyKey } from "./admission.ts";
import type { MerchantEntry } from "./directory.ts";
import type { ListCursors } from "./list-cursors.ts";
import { readLimit } from "./list-parameters.ts";
import { readQuery, refuseParameter } from "./query-parameters.ts";
import type { RequestHead } from "./request-head.ts";

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

export type Asked = Pick<KeyedRequest, "ticket" | "requestId" | "merchantId" | "receivedAtMs" | "rate">;
export type Keyed = Asked & Pick<KeyedRequest, "idempotencyKey" | "body" | "handedOverAtMs">;
/** From a call of one route to what the shard is asked. `cursors`: must read what the shards' presenters write. */
export type Row = (call: AdmittedCall, cursors: ListCursors) => ShardRequest | Refusal;

export const asked = ({ ticket, requestId, merchant, receivedAtMs }: AdmittedCall): Asked => ({
  ticket,
  requestId,
  merchantId: merchant.id,
  receivedAtMs,
  rate: null,
});

export const NOT_FOUND = refuse("not_found", "There is no such object.");

/** Null: the query is empty, as it must be where nothing is asked by it. */
export function checkNoQuery({ query }: AdmittedCall): Refusal | null {
  const parameters = readQuery(query, []);
  return "kind" in parameters ? parameters : null;
}

/** What every request with a body has beside its subject. `isRequired`: false where an empty body, without a type, asks for the default of everything. */
export function readKeyed(call: AdmittedCall, isRequired: boolean): Keyed | Refusal {
  const asks = checkNoQuery(call);
  if (asks !== null) return asks;
  const wrongType = !isRequired && call.body.length === 0 ? null : checkJsonBody(call.head);
  if (wrongType !== null) return wrongType;
  const idempotencyKey = readIdempotencyKey(call.head);
  if (typeof idempotencyKey !== "string") return idempotencyKey;
  const { body, handedOverAtMs } = call;
  return { ...asked(call), idempotencyKey, body, handedOverAtMs };
}

export const read =
  (queryOf: (call: AdmittedCall, cursors: ListCursors) => ReadQuery | Refusal): Row =>
  (call, cursors) => {
    const query = queryOf(call, cursors);
    return "kind" in query ? query : { kind: "read", ...asked(call), query };
  };

/** The page that the parameters ask for. `decode`: undefined for a cursor that is not one of this list. */
export function readPage<Cursor>(
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
