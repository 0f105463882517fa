/** For receivers of events: whether what came is from us, by the rules of Standard Webhooks. */
import { PaymentError } from "./payment-error.ts";
import type { OutgoingEvent } from "./types.ts";

/** A request as it reached your endpoint. */
export interface ReceivedWebhook {
  /** The raw body, before anything parses it: a body that was parsed and written again has another signature. */
  readonly body: string | Uint8Array;
  /** Fetch's Headers, or Node's plain object with lower-case names. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface VerifyOptions {
  /** Unix milliseconds. */
  readonly nowMs?: number;
  readonly toleranceS?: number;
}

/** How old, or how far in the future, a delivery may be: who records one cannot play it back later. */
const TOLERANCE_S = 300;
/** While a secret is replaced there are two. */
const SIGNATURES_MAX = 16;
type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
const SECRET_PREFIX = "whsec_";

/**
 * The event of a genuine delivery. `secrets`: of the endpoint; during a replacement the old one too. Throws PaymentError
 * `webhook_not_genuine` otherwise: answer 400 then. An event may come twice: remember its id.
 */
export async function verifyWebhook(
  { body, headers }: ReceivedWebhook,
  secrets: string | readonly string[],
  { nowMs = Date.now(), toleranceS = TOLERANCE_S }: VerifyOptions = {},
): Promise<OutgoingEvent> {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature");
  if (!/^\d{1,12}$/.test(timestamp)) throw refuse("the timestamp is no number");
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceS) throw refuse("the timestamp is too far from now");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  const keys = await Promise.all((typeof secrets === "string" ? [secrets] : secrets).map(importKey));
  if (!(await fitsOne(keys, signatures, signed))) throw refuse("no signature fits");
  return parse(bytes);
}

/** Each key with each signature; the comparison itself is the platform's, in constant time. */
async function fitsOne(
  keys: readonly HmacKey[],
  signatures: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const candidates = signatures.split(" ", SIGNATURES_MAX).flatMap((entry) => {
    const bytes = entry.startsWith("v1,") ? decodeBase64(entry.slice(3)) : undefined;
    return bytes === undefined ? [] : [bytes];
  });
  const verdicts = await Promise.all(
    keys.flatMap((key) => candidates.map((candidate) => crypto.subtle.verify("HMAC", key, candidate, signed))),
  );
  return verdicts.includes(true);
}

/** Throws on what is no secret: that is a fault of the receiver, and must not look like a forged delivery. */
async function importKey(secret: string): Promise<HmacKey> {
  const bytes = secret.startsWith(SECRET_PREFIX) ? decodeBase64(secret.slice(SECRET_PREFIX.length)) : undefined;
  if (bytes === undefined || bytes.length === 0) throw new TypeError("a webhook secret is whsec_ and base64");
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function headerOf(headers: ReceivedWebhook["headers"], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== "string" || value === "") throw refuse(`the header ${name} is missing`);
  return value;
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

/** What we signed is JSON; anything else is somebody's with our secret. */
function parse(bytes: Uint8Array): OutgoingEvent {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as OutgoingEvent;
  } catch (cause) {
    throw refuse("the body is no JSON", cause);
  }
}

const refuse = (words: string, cause?: unknown): PaymentError =>
  new PaymentError("webhook_not_genuine", `the delivery is not genuine: ${words}`, {}, { cause });
