/** Every refusal code to what HTTP says about it: status line and when to come back. Derived from one table. */
import type { Refusal, RefusalCode } from "../actors/domain/index.ts";
import { STATUS_CODES } from "node:http";

/** Seconds after which the same request may be sent again, where the refusal does not say. */
const RETRY_AFTER_S: { readonly [C in RefusalCode]?: number } = {
  idempotency_key_in_use: 1,
  operation_in_doubt: 5,
  rate_limited: 1,
  shard_unavailable: 1,
  storage_unavailable: 2,
  gateway_unavailable: 5,
  overloaded: 1,
};

/** Null: sending the same request again is no use, or nobody knows when. */
export const retryAfterSOf = (refusal: Refusal): number | null =>
  refusal.retryAfterS ?? RETRY_AFTER_S[refusal.code] ?? null;

const LINES = new Map(Object.entries(STATUS_CODES).map(([status, phrase]) => [Number(status), `${status} ${phrase}`]));

/** "201 Created". Throws on a number that is no HTTP status: that is a bug. */
export function statusLine(status: number): string {
  const line = LINES.get(status);
  if (line === undefined) throw new Error(`${status} is not an HTTP status`);
  return line;
}
