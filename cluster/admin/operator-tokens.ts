/**
 * Operators' tokens: random enough that a fast keyed hash is safe, and recognizable, so that scanners find leaked ones.
 * The form is `pcop_`, 32 random bytes in base64url, and six hex digits of a checksum.
 */
import { createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Random } from "../../actors/index.ts";
import type { KeyProvider } from "../../storage/index.ts";
import { KEY_PURPOSES } from "../key-purposes.ts";

const PREFIX = "pcop_";

/** A new token: shown once, stored only as its hash. */
export function mintOperatorToken(random: Pick<Random, "bytes">): string {
  const body = PREFIX + Buffer.from(random.bytes(32)).toString("base64url");
  return body + (crc32(body) & 0xffffff).toString(16).padStart(6, "0");
}

/** What is stored of a token: HMAC-SHA-256 under a key that is not in the database, 32 bytes. The same on every node. */
export const hashOperatorToken = (token: string, keys: Pick<KeyProvider, "derive">): Uint8Array =>
  createHmac("sha256", keys.derive(KEY_PURPOSES.operators)).update(token, "utf8").digest();
