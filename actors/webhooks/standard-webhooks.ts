/** How our webhooks are signed: Standard Webhooks, symmetric scheme `v1` (gateways.md §4). */
import { createHmac } from "node:crypto";
import { strict as assert } from "node:assert";
import type { Random } from "../ports/world.ts";

/** The three headers of every try. `webhook-id` is the same for all tries of an event; the other two are of one try. */
export interface SignedHeaders {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

const PREFIX = "whsec_";
const MINTED_BYTES = 32;
/** The standard's own limits. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
/** Visible ASCII without the full stop: a stop within the id would move the border between id and timestamp. */
const ID = /^[!-\-/-~]{1,255}$/;

/** A new secret: `whsec_` and the base64 of 32 random bytes. Shown once to the merchant, stored encrypted. */
export function mintSecret(random: Pick<Random, "bytes">): string {
  return PREFIX + Buffer.from(random.bytes(MINTED_BYTES)).toString("base64");
}

/** Whether it is `whsec_` and the canonical base64 of 24 to 64 bytes. */
export function isSecret(text: string): boolean {
  return keyOf(text) !== null;
}

/**
 * Signs the exact bytes that go on the wire. `timestampS`: Unix seconds of this try. `secrets`: the current one first,
 * while it rotates the old one too; one `v1,<base64>` for each, in their order.
 * Throws: an assertion when there is no secret, when one is not `isSecret`, or when id or time are not signable.
 */
export function sign(id: string, timestampS: number, body: Uint8Array, secrets: readonly string[]): string {
  assert(ID.test(id), "a webhook id is visible ASCII without a full stop");
  assert(Number.isSafeInteger(timestampS) && timestampS > 0, "a webhook timestamp is whole Unix seconds");
  assert(secrets.length > 0, "a webhook is signed");
  return secrets
    .map((secret) => {
      const key = keyOf(secret);
      assert(key !== null, "a webhook secret is whsec_ and base64");
      return `v1,${createHmac("sha256", key).update(`${id}.${timestampS}.`).update(body).digest("base64")}`;
    })
    .join(" ");
}

/** The headers of one try; arguments and errors as `sign`. */
export function signedHeaders(
  id: string,
  timestampS: number,
  body: Uint8Array,
  secrets: readonly string[],
): SignedHeaders {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    "webhook-signature": sign(id, timestampS, body, secrets),
  };
}

/** The key is the decoded bytes, not the text. Buffer forgives bad base64, so the way back must give the same text. */
function keyOf(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null;
  const encoded = secret.slice(PREFIX.length);
  const key = Buffer.from(encoded, "base64");
  const fits = key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX;
  return fits && key.toString("base64") === encoded ? key : null;
}
