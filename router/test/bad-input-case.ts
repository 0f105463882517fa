/** The shape of the bad-input catalogue: what a case is, and the words that its tables are written in. */
import { Buffer } from "node:buffer";
import type { RefusalCode } from "../../actors/domain/index.ts";
import type { CraftedToken } from "./crafted-tokens.ts";

/** `writer`, `reader`, `suspended`: a valid token of such a client. `raw`: the Authorization header, null: none. */
export type Auth =
  | "writer"
  | "reader"
  | "suspended"
  | { readonly raw: string | null }
  | { readonly crafted: CraftedToken };

export interface BadRequest {
  readonly method: string;
  /** `{payment}`: the id of the payment that an earlier step made. */
  readonly path: string;
  readonly auth: Auth;
  /** Sent as they are, after Host and Authorization. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** X-Idempotency-Key; null: none; "new", "new:2" …: one that nobody used. */
  readonly key: string | null;
  readonly body: string | Uint8Array | null;
  /** Send the body in chunks instead of declaring its length. */
  readonly chunked: boolean;
}

/** `code`: null for a success. `pointer` and `reason`: an entry of `errors[]`. */
export interface Expected {
  readonly status: number;
  readonly code: RefusalCode | null;
  readonly pointer?: string;
  readonly reason?: string;
}

export interface BadInputStep {
  readonly request: BadRequest;
  readonly expect: Expected;
}

/** One case. `reachesShard`: whether it may cost a shard any work. `charges`: how many effects at gateways it may cause. */
export interface BadInputCase {
  readonly row: number;
  readonly name: string;
  readonly reachesShard: boolean;
  readonly charges: number;
  /** Sent one after another; those with the same key mean the same key. */
  readonly steps: readonly BadInputStep[];
}

export const GOOD: Readonly<Record<string, unknown>> = { amount: 1299, currency: "EUR", payment_method: "tok_visa" };
export const POST: BadRequest = {
  method: "POST",
  path: "/v1/payments",
  auth: "writer",
  headers: [["Content-Type", "application/json"]],
  key: "new",
  body: JSON.stringify(GOOD),
  chunked: false,
};
export const GET: BadRequest = { ...POST, method: "GET", key: null, headers: [], body: null };

export const one = (
  row: number,
  name: string,
  request: Partial<BadRequest>,
  expect: Expected,
  more: Partial<BadInputCase> = {},
): BadInputCase => ({
  row,
  name,
  reachesShard: false,
  charges: 0,
  steps: [{ request: { ...POST, ...request }, expect }],
  ...more,
});
export const get = (
  row: number,
  name: string,
  request: Partial<BadRequest>,
  expect: Expected,
  more: Partial<BadInputCase> = {},
) => one(row, name, { ...GET, ...request }, expect, more);

/** The good body with members replaced or added. */
export const withFields = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...GOOD, ...fields });
/** The good body with an amount written exactly so. */
export const withAmount = (text: string): string => `{"currency":"EUR","payment_method":"tok_visa","amount":${text}}`;

export const AT_SHARD = { reachesShard: true } as const;
export const body = (row: number, name: string, text: string | Uint8Array, expect: Expected) =>
  one(row, name, { body: text }, expect, AT_SHARD);
export const accepted = (row: number, name: string, text: string) =>
  one(row, name, { body: text }, { status: 201, code: null }, { reachesShard: true, charges: 1 });

export const refused = (status: number, code: RefusalCode): Expected => ({ status, code });
export const invalid = (pointer: string, reason: string): Expected => ({
  status: 422,
  code: "validation_failed",
  pointer,
  reason,
});
export const keyed = (key: string | null): Partial<BadRequest> => ({ key });
export const step = (request: Partial<BadRequest>, expect: Expected): BadInputStep => ({
  request: { ...POST, ...request },
  expect,
});
export const CREATED: Expected = { status: 201, code: null };

export const NOT_FOUND = refused(404, "not_found");
export const NOT_ALLOWED = refused(405, "method_not_allowed");
export const MEDIA_TYPE = refused(415, "unsupported_media_type");
export const NOT_JSON = refused(400, "invalid_json");
export const OUT_OF_RANGE: Expected = {
  status: 422,
  code: "amount_out_of_range",
  pointer: "/amount",
  reason: "out_of_range",
};
export const NOT_INTEGER = invalid("/amount", "not_integer");
export const BAD_KEY = refused(400, "invalid_idempotency_key");
export const CARD = refused(422, "card_data_not_accepted");
export const cardAt = (pointer: string): Expected => ({ ...CARD, pointer, reason: "card_data" });
export const UNAUTHENTICATED = refused(401, "unauthenticated");
export const BAD_TOKEN = refused(401, "invalid_token");

/** A number that every network publishes for tests. */
export const PAN = "4111111111111111";
export const JSON_HEADER = ["Content-Type", "application/json"] as const;

/** The payment that an answer speaks of, for the steps that follow: its object, or the problem that it was declined with. */
export function paymentIdIn(answer: unknown): string | undefined {
  const { object, id, payment_id } = (answer ?? {}) as Readonly<Record<string, string | undefined>>;
  return object === "payment" ? id : payment_id;
}

/**
 * The bytes of a request as a client would send them. `authorization`: null for none. `newKey`: for requests whose key
 * is "new": the same for all steps of a case. `paymentId`: what `paymentIdIn` found in the answers of the steps before.
 */
export function toBytes(request: BadRequest, authorization: string | null, newKey: string, paymentId?: string): Buffer {
  const path = request.path.replace("{payment}", () => paymentId ?? "no-payment-yet");
  const lines = [`${request.method} ${path} HTTP/1.1`, "Host: api.example"];
  if (authorization !== null) lines.push(`Authorization: ${authorization}`);
  if (request.key !== null) lines.push(`X-Idempotency-Key: ${request.key.replace(/^new(?=$|:)/, newKey)}`);
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);
  const payload = request.body === null ? null : Buffer.from(request.body);
  if (payload !== null)
    lines.push(request.chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${payload.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (payload === null) return head;
  return Buffer.concat([head, ...(request.chunked ? inChunks(payload) : [payload])]);
}

function inChunks(payload: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += 16_384) {
    const part = payload.subarray(at, at + 16_384);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return [...parts, Buffer.from("0\r\n\r\n")];
}
