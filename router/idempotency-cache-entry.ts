/**
 * A finished reply as it lies in Redis: bytes that only we can have written, for this key and this request. Layout:
 * version, state, problem, status (2), length of route, route, body hash (32), body, MAC (32). The MAC covers the name
 * of the key and everything before it, so an entry that was changed, moved to another key or made up is no reply.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { CachedReply, CacheQuestion } from "./reply-cache.ts";

/** Raised with the layout: entries of another version are as good as none. */
const VERSION = 1;
/** The only state that is ever written: a reply that is final. */
const COMPLETED = 2;
const HEAD_BYTES = 6;
const HASH_BYTES = 32;
const MAC_BYTES = 32;
/** SHA-256 works on blocks of so many bytes. */
const BLOCK_BYTES = 64;
/** A merchant id, a key of 255 characters and what stands around them. */
const NAME_MAX = 1_024;
/** Answers that are final for their key; every other one may still become another. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([200, 201, 402]);
/** Longer replies are rare, and the shard has them. */
export const REPLY_MAX_BYTES = 16_384;

/** The key's name in Redis: no merchant's id holds a colon. */
export const nameOf = ({ merchantId, key }: CacheQuestion): string => `idempotency:${merchantId}:${key}`;

/** What an entry turned out to be: the reply; one to another request with that key; or none of ours. */
export type OpenedEntry = CachedReply | "mismatched" | "rejected";

/** Writes and reads entries under one MAC key. */
export class EntrySeal {
  // HMAC by hand, of two one-shot hashes over buffers that stay: half the cost of node's, which makes two objects.
  readonly #inner: Buffer;
  readonly #outer: Buffer;
  readonly #expected = Buffer.alloc(MAC_BYTES);

  /** `key`: 32 secret bytes that serve nothing else. */
  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new Error(`the MAC key of the reply cache has ${key.length} bytes, not 32`);
    const head = HEAD_BYTES + 255 + HASH_BYTES;
    this.#inner = Buffer.alloc(BLOCK_BYTES + 2 + NAME_MAX + head + REPLY_MAX_BYTES, 0x36);
    this.#outer = Buffer.alloc(BLOCK_BYTES + MAC_BYTES, 0x5c);
    for (const [i, byte] of key.entries()) {
      this.#inner[i] = 0x36 ^ byte;
      this.#outer[i] = 0x5c ^ byte;
    }
  }

  /** The entry of a final reply; null when it is none, or too long. */
  seal(name: string, { route, bodyHash }: CacheQuestion, { status, problem, body }: CachedReply): Buffer | null {
    if (!FINAL_STATUSES.has(status) || body.length > REPLY_MAX_BYTES) return null;
    if (name.length > NAME_MAX || route.length > 255 || bodyHash.length !== HASH_BYTES) return null;
    const bodyAt = HEAD_BYTES + route.length + HASH_BYTES;
    const entry = Buffer.allocUnsafe(bodyAt + body.length + MAC_BYTES);
    entry[0] = VERSION;
    entry[1] = COMPLETED;
    entry[2] = problem ? 1 : 0;
    entry.writeUInt16BE(status, 3);
    entry[5] = route.length;
    entry.write(route, HEAD_BYTES, "latin1");
    entry.set(bodyHash, HEAD_BYTES + route.length);
    entry.set(body, bodyAt);
    const end = bodyAt + body.length;
    entry.write(this.#mac(name, entry, end), end, "latin1");
    return entry;
  }

  /** Never throws, whatever the bytes are. The reply's body is a part of `entry`. */
  open(name: string, { route, bodyHash }: CacheQuestion, entry: Buffer): OpenedEntry {
    const end = entry.length - MAC_BYTES;
    const routeBytes = entry[5] ?? 0;
    const bodyAt = HEAD_BYTES + routeBytes + HASH_BYTES;
    if (end < bodyAt || end - bodyAt > REPLY_MAX_BYTES || name.length > NAME_MAX) return "rejected";
    if (entry[0] !== VERSION || entry[1] !== COMPLETED) return "rejected";
    this.#expected.write(this.#mac(name, entry, end), 0, "latin1");
    if (!timingSafeEqual(this.#expected, entry.subarray(end))) return "rejected";
    const sameRoute =
      routeBytes === route.length && entry.toString("latin1", HEAD_BYTES, HEAD_BYTES + routeBytes) === route;
    if (!sameRoute || !entry.subarray(bodyAt - HASH_BYTES, bodyAt).equals(bodyHash)) return "mismatched";
    return { status: entry.readUInt16BE(3), problem: entry[2] === 1, body: entry.subarray(bodyAt, end) };
  }

  /** HMAC-SHA-256 over the name's length, the name and the first `end` bytes of the entry, one byte a character. */
  #mac(name: string, entry: Buffer, end: number): string {
    const inner = this.#inner;
    inner.writeUInt16BE(name.length, BLOCK_BYTES);
    let at = BLOCK_BYTES + 2;
    at += inner.write(name, at, "latin1");
    at += entry.copy(inner, at, 0, end);
    this.#outer.write(hash("sha256", inner.subarray(0, at), "binary"), BLOCK_BYTES, "latin1");
    return hash("sha256", this.#outer, "binary");
  }
}
