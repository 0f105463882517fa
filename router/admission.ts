/**
 * What is refused by the head of a request alone, before its body is read: framing, paths, tokens, content type,
 * idempotency key. Pure functions; a null means that there is nothing to say against it.
 */
import { type Refusal, refuse } from "../actors/domain/index.ts";
import { holdsCardNumber, holdsCardNumberEscaped } from "./card-data.ts";
import type { Directory, MerchantEntry } from "./directory.ts";
import type { Principal } from "./oauth.ts";
import type { RequestHead } from "./request-head.ts";
import type { Route } from "./routes.ts";

/** Largest body that a merchant may send, bytes. */
export const BODY_MAX_BYTES = 64 * 1024;

/** Two readers of the same bytes could disagree where this request ends or who sends it: the connection is closed. */
export function checkFraming(head: RequestHead): Refusal | null {
  if (head.doubled !== null) return refuse("invalid_request", `The header ${head.doubled} stands twice.`);
  if (head.host === null || head.host === "") return refuse("invalid_request", "The Host header is missing.");
  if (head.transferEncoding === null) return null;
  if (head.transferEncoding.toLowerCase() !== "chunked" || head.contentLength !== null)
    return refuse("invalid_request", "Transfer-Encoding may only be chunked, without Content-Length.");
  return null;
}

/** Card numbers in what stands beside the body. */
export function checkCardData(path: string, query: string, head: RequestHead): Refusal | null {
  return head.holdsCardNumber ? CARD_DATA : checkCardDataInUrl(path, query);
}

/** Card numbers in the URL alone. */
export function checkCardDataInUrl(path: string, query: string): Refusal | null {
  const inPath = path.includes("%") ? holdsCardNumberEscaped(path) : holdsCardNumber(path);
  return inPath || (query !== "" && holdsCardNumberEscaped(query)) ? CARD_DATA : null;
}
const CARD_DATA = refuse("card_data_not_accepted", "Card data is never accepted, in no header and no URL.");

/** The bearer token, or why there is none. RFC 6750 §2.1. */
export function readBearer(authorization: string | null): string | Refusal {
  const token = authorization === null ? undefined : /^bearer +([^ ]+)$/i.exec(authorization)?.[1];
  return token ?? refuse("unauthenticated", "Send an access token as Authorization: Bearer.");
}

/** What a verified token may do here and now. */
export function authorize(
  principal: Principal | null,
  route: Route,
  directory: Directory,
): { readonly kind: "merchant"; readonly merchant: MerchantEntry } | Refusal {
  if (principal === null) return refuse("invalid_token", "The access token is not valid or has expired.");
  const merchant = directory.merchant(principal.merchantId);
  if (merchant === undefined) return refuse("invalid_token", "The access token is not valid or has expired.");
  if (route.scope !== null && !principal.scopes.has(route.scope))
    return refuse("insufficient_scope", `The token lacks the scope ${route.scope}.`);
  if (merchant.status !== "active") return refuse("merchant_suspended", "The merchant may not send requests.");
  return { kind: "merchant", merchant };
}

/** Plain JSON in UTF-8, not compressed. */
export function checkJsonBody(head: RequestHead): Refusal | null {
  const plain = head.contentEncoding === null || head.contentEncoding.toLowerCase() === "identity";
  const json = head.contentType === "application/json" || JSON_TYPE.test(head.contentType ?? "");
  return plain && json ? null : refuse("unsupported_media_type", "Send application/json in UTF-8, not compressed.");
}
const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/** A body whose declared length is over the limit. */
export const isDeclaredTooLarge = (head: RequestHead, maxBytes: number): boolean =>
  head.contentLength !== null && Number(head.contentLength) > maxBytes;

export const BODY_TOO_LARGE = refuse("body_too_large", "The body is over 64 kB.");

/** The one idempotency key of the request: header, alias, or both if they agree. */
export function readIdempotencyKey(head: RequestHead): string | Refusal {
  const { idempotencyKey, idempotencyKeyAlias } = head;
  const key = idempotencyKey ?? idempotencyKeyAlias;
  if (key === null)
    return refuse(
      "idempotency_key_missing",
      "Send X-Idempotency-Key: a new value for each payment, the same on retries.",
    );
  if (
    head.keysDiffer ||
    (idempotencyKey !== null && idempotencyKeyAlias !== null && idempotencyKey !== idempotencyKeyAlias)
  )
    return refuse("invalid_idempotency_key", "Two idempotency keys differ.");
  if (!isIdempotencyKey(key))
    return refuse("invalid_idempotency_key", "An idempotency key has 1 to 255 visible ASCII characters.");
  return key;
}

/** 1 to 255 visible ASCII characters. */
export const isIdempotencyKey = (text: string): boolean => VISIBLE_ASCII.test(text);
const VISIBLE_ASCII = /^[!-~]{1,255}$/;
