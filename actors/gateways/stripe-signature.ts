/**
 * Stripe's signature of an event (gateways.md §2.1): HMAC-SHA256 over `t.body`, by the text of the secret. Checked here
 * and not by the SDK, which accepts any time to come and decodes the body before it looks.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Stripe's own tolerance, here on both sides. */
const TOLERANCE_S = 300;
/** Room for several secrets in rotation: no more is looked at. */
const HEADER_LENGTH_MAX = 4_096;
const SECRET = /^whsec_\S+$/;
const SECONDS = /^\d{1,12}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** True when one of the header's `v1` is right and its time is near. `nowMs`: Unix milliseconds. Never throws. */
export type StripeSignatureCheck = (body: Uint8Array, header: string | undefined, nowMs: number) => boolean;

/**
 * Creates the check by any of `secrets` (several while they rotate). Throws, naming the setting, without a secret or
 * with one that is blank or none of Stripe's: with an empty secret anybody could sign.
 */
export function createStripeSignatureCheck(secrets: readonly string[]): StripeSignatureCheck {
  if (secrets.length === 0) throw new Error("Stripe notifications: secrets has no secret");
  for (const [i, secret] of secrets.entries())
    if (!SECRET.test(secret)) throw new Error(`Stripe notifications: secrets[${i}] must be whsec_ and more, no spaces`);
  return (body, header, nowMs) => {
    const signature = readHeader(header);
    if (signature === undefined) return false;
    const ageS = Math.floor(nowMs / 1_000) - Number(signature.time);
    if (!(Math.abs(ageS) <= TOLERANCE_S)) return false; // also for a clock that says NaN
    return secrets.some((secret) => {
      const expected = createHmac("sha256", secret).update(`${signature.time}.`).update(body).digest();
      return signature.digests.some((digest) => timingSafeEqual(digest, expected));
    });
  };
}

interface StripeSignature {
  /** As it was written: it is part of what was signed. */
  readonly time: string;
  /** 32 bytes each. */
  readonly digests: readonly Uint8Array[];
}

/** `t=…,v1=…[,v1=…]`. Other schemes, v0 among them, are not looked at. Undefined: without exactly one time. */
function readHeader(header: string | undefined): StripeSignature | undefined {
  if (header === undefined || header.length > HEADER_LENGTH_MAX) return undefined;
  const members = header.split(",").map((member) => {
    const at = member.indexOf("=");
    return { name: member.slice(0, Math.max(at, 0)), value: member.slice(at + 1) };
  });
  const times = members.filter(({ name }) => name === "t");
  const time = times[0]?.value;
  if (times.length !== 1 || time === undefined || !SECONDS.test(time)) return undefined;
  const digests = members
    .filter(({ name, value }) => name === "v1" && DIGEST.test(value))
    .map(({ value }) => Buffer.from(value, "hex"));
  return { time, digests };
}
