/**
 * Client secrets: random enough that a fast keyed hash is safe, and recognizable, so that scanners find leaked ones.
 * The form is `pcsk_`, 32 random bytes in base64url, and six hex digits of a checksum.
 */
import type { Random } from "../actors/index.ts";
import { createHmac, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

const PREFIX = "pcsk_";

/** A new secret: shown once, stored only as its hash. */
export function mintClientSecret(random: Random): string {
  const body = PREFIX + Buffer.from(random.bytes(32)).toString("base64url");
  return body + checksum(body);
}

/** Whether `text` has the form of a secret; says nothing about whether it is anybody's. */
export const looksLikeClientSecret = (text: string): boolean =>
  text.startsWith(PREFIX) && text.length === PREFIX.length + 43 + 6 && text.endsWith(checksum(text.slice(0, -6)));

const checksum = (body: string): string => (crc32(body) & 0xffffff).toString(16).padStart(6, "0");

/** What is stored of a secret: HMAC-SHA-256 under a key that is not in the same database, 32 bytes. */
export const hashClientSecret = (secret: string, key: Uint8Array): Uint8Array =>
  createHmac("sha256", key).update(secret, "utf8").digest();

/** Stands for the hash of a client that does not exist, so that the time does not tell. No secret has this hash. */
const NOBODY: readonly Uint8Array[] = [new Uint8Array(32)];

/** Compares in constant time with every stored hash; `hashes` undefined: there is no such client. */
export function isClientSecret(secret: string, key: Uint8Array, hashes: readonly Uint8Array[] | undefined): boolean {
  const given = hashClientSecret(secret, key);
  let found = false;
  for (const hash of hashes ?? NOBODY) if (hash.length === given.length && timingSafeEqual(hash, given)) found = true;
  return found && hashes !== undefined;
}
