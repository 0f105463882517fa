/** What a row of the OpenAPI document's operations is, and the pieces that many of them share. */
import type { RefusalCode } from "../actors/domain/index.ts";
import Type, { type TSchema } from "typebox";
import { LIMIT_DEFAULT, LIMIT_MAX } from "./list-parameters.ts";

export type HeaderName = "Location" | "Retry-After" | "Idempotent-Replayed" | "RateLimit" | "RateLimit-Policy";
export type Tag =
  | "Payments"
  | "Refunds"
  | "Events"
  | "Balances"
  | "Webhook endpoints"
  | "Gateways"
  | "Access"
  | "Documents";

export interface BodyRow {
  /** Name of the schema in the document. */
  readonly name: string;
  readonly schema: TSchema;
  readonly contentType: "application/json" | "application/x-www-form-urlencoded";
  readonly required: boolean;
}
export interface QueryRow {
  readonly name: string;
  readonly schema: TSchema;
}
export interface AnswerRow {
  readonly status: number;
  /** Null: the answer has no body. */
  readonly contentType: "application/json" | "text/html" | "text/plain" | null;
  /** Null: the body is no JSON. */
  readonly schema: TSchema | null;
  readonly description: string;
  readonly headers: readonly HeaderName[];
}
export interface OperationRow {
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly body: BodyRow | null;
  /** The request carries an idempotency key. */
  readonly keyed: boolean;
  /** What `{…}` in the path stands for. */
  readonly path: string | null;
  readonly query: readonly QueryRow[];
  readonly answers: readonly AnswerRow[];
  readonly refusals: readonly RefusalCode[];
}

const ANY: readonly RefusalCode[] = ["invalid_request", "card_data_not_accepted", "rate_limited", "internal_error"];
export const STARTING: readonly RefusalCode[] = [...ANY, "shard_unavailable"];
export const ASKED: readonly RefusalCode[] = [
  ...STARTING,
  "invalid_parameter",
  "unauthenticated",
  "invalid_token",
  "insufficient_scope",
  "merchant_suspended",
  "storage_unavailable",
  "overloaded",
];
/** Of requests with a body and an idempotency key. */
export const CHANGING: readonly RefusalCode[] = [
  ...ASKED,
  "invalid_json",
  "duplicate_field",
  "idempotency_key_missing",
  "invalid_idempotency_key",
  "idempotency_key_in_use",
  "body_too_large",
  "unsupported_media_type",
  "validation_failed",
  "idempotency_key_reuse",
];

export const LIMITS: readonly HeaderName[] = ["RateLimit", "RateLimit-Policy"];
export const DONE: readonly HeaderName[] = [...LIMITS, "Idempotent-Replayed"];
export const OPEN: readonly HeaderName[] = [...LIMITS, "Location", "Retry-After"];

export const PAGE: readonly QueryRow[] = [
  {
    name: "limit",
    schema: Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT, description: "Length of a page." }),
  },
  {
    name: "starting_after",
    schema: Type.String({ description: "next_cursor of the page before, with the same filters." }),
  },
];
export const answer = (status: number, schema: TSchema, description: string, headers = LIMITS): AnswerRow => ({
  status,
  contentType: "application/json",
  schema,
  description,
  headers,
});
export const json = (name: string, schema: TSchema, required: boolean): BodyRow => ({
  name,
  schema,
  contentType: "application/json",
  required,
});
export const PLAIN = { body: null, keyed: false, path: null, query: [] } as const;
