/** The codes of refusals, each listed once with its HTTP status (design §7). Codes are never renamed or reused. */

/** Reached only when a union gained a member that a switch does not know. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}

/** Code: HTTP status, title, whether the same request may be sent again unchanged. */
export const REFUSALS = {
  invalid_request: { status: 400, title: "The request is malformed", retryable: false },
  invalid_json: { status: 400, title: "The body is not one JSON object", retryable: false },
  duplicate_field: { status: 400, title: "A field stands twice in the body", retryable: false },
  idempotency_key_missing: { status: 400, title: "The X-Idempotency-Key header is missing", retryable: false },
  invalid_idempotency_key: { status: 400, title: "The idempotency key is malformed", retryable: false },
  invalid_parameter: { status: 400, title: "A query parameter is malformed", retryable: false },
  unauthenticated: { status: 401, title: "A bearer token is required", retryable: false },
  invalid_token: { status: 401, title: "The token is not valid", retryable: false },
  invalid_client: { status: 401, title: "The client id or secret is wrong", retryable: false },
  invalid_signature: { status: 401, title: "The notification is not signed as it must be", retryable: false },
  payment_declined: { status: 402, title: "The payment was declined", retryable: false },
  insufficient_scope: { status: 403, title: "The token lacks a scope", retryable: false },
  merchant_suspended: { status: 403, title: "The merchant is suspended", retryable: false },
  not_found: { status: 404, title: "There is no such object", retryable: false },
  method_not_allowed: { status: 405, title: "The method is not allowed here", retryable: false },
  idempotency_key_in_use: { status: 409, title: "A request with this key is still running", retryable: true },
  operation_in_doubt: { status: 409, title: "An operation of this payment is still open", retryable: true },
  invalid_transition: { status: 409, title: "The payment's status does not allow this", retryable: false },
  body_too_large: { status: 413, title: "The body is too large", retryable: false },
  unsupported_media_type: { status: 415, title: "The body must be plain application/json", retryable: false },
  validation_failed: { status: 422, title: "A field is not valid", retryable: false },
  card_data_not_accepted: { status: 422, title: "Card data is not accepted; send a token", retryable: false },
  idempotency_key_reuse: { status: 422, title: "The key was used for another request", retryable: false },
  amount_out_of_range: { status: 422, title: "The amount is out of range", retryable: false },
  amount_exceeds_capturable: { status: 422, title: "The amount exceeds what can be captured", retryable: false },
  amount_exceeds_refundable: { status: 422, title: "The amount exceeds what can be refunded", retryable: false },
  currency_not_enabled: { status: 422, title: "The currency is not enabled for the merchant", retryable: false },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  internal_error: { status: 500, title: "Something went wrong on our side", retryable: true },
  shard_unavailable: { status: 503, title: "The merchant's shard is not available", retryable: true },
  storage_unavailable: { status: 503, title: "The database is not available", retryable: true },
  gateway_unavailable: { status: 503, title: "The gateway is not available", retryable: true },
  overloaded: { status: 503, title: "The shard has more work than it can take", retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type RefusalCode = keyof typeof REFUSALS;

/** One field that is wrong: a JSON pointer and a stable reason. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/**
 * A refused request: a value, never thrown. Nothing was written and nothing was charged, unless `detail` says that it is
 * not known: after a commit of unknown fate, or when a thread died with the request.
 */
export interface Refusal {
  readonly kind: "refusal";
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterS?: number;
}

/** Makes a refusal. */
export function refuse(code: RefusalCode, detail: string, more: Pick<Refusal, "errors" | "retryAfterS"> = {}): Refusal {
  return { kind: "refusal", code, detail, ...more };
}
