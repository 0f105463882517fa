/**
 * Ids of everything that money touches. A TypeID: prefix, `_`, 26 characters of Crockford base32 over a UUIDv7
 * whose 12-bit `rand_a` field carries the slot, so any id leads to its shard without a look-up (design §2).
 */
import { hash } from "node:crypto";
import { sha256 } from "./sha256.ts";

/** Number of slots. Frozen: another number moves every merchant. */
export const SLOT_COUNT = 4096;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUE_OF: Int8Array = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUE_OF[ALPHABET.charCodeAt(i)] = i;

declare const brand: unique symbol;
type Id<P extends string> = string & { readonly [brand]: P };
export type PaymentId = Id<"pay">;
export type RefundId = Id<"ref">;
export type OperationId = Id<"op">;
export type EventId = Id<"evt">;
export type MerchantId = Id<"mer">;
/** A merchant's receiver of events. */
export type EndpointId = Id<"whe">;

interface IdByPrefix {
  pay: PaymentId;
  ref: RefundId;
  op: OperationId;
  evt: EventId;
  mer: MerchantId;
  whe: EndpointId;
}
export type IdPrefix = keyof IdByPrefix;

const TEXT = Buffer.alloc(26);
const CODES = Buffer.from(ALPHABET, "latin1");

/** 16 bytes to the 26 base32 characters of a TypeID. Written into one buffer: 26 additions would make 26 strings. */
function encodeBase32(bytes: Uint8Array): string {
  let at = 0;
  let buffer = 0;
  let bits = 2; // 130 bits of text for 128 bits of id: the first character holds three
  for (let i = 0; i < 16; i++) {
    buffer = (buffer << 8) | (bytes[i] as number);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      TEXT[at++] = CODES[(buffer >>> bits) & 31] as number;
    }
    buffer &= 0xff;
  }
  return TEXT.toString("latin1");
}

/** The bytes of the 26 characters that begin at `from`, or undefined when they are not a TypeID's. */
function decodeBase32(text: string, from: number): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let buffer = 0;
  let bits = -2;
  let at = 0;
  for (let i = from; i < from + 26; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? (VALUE_OF[code] as number) : -1;
    if (value < 0 || (i === from && value > 7)) return undefined;
    buffer = ((buffer << 5) | value) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >>> bits) & 0xff;
    }
  }
  return bytes;
}

/** The TypeID of a stored uuid. `bytes`: 16. */
export function idFromBytes<P extends IdPrefix>(prefix: P, bytes: Uint8Array): IdByPrefix[P] {
  if (bytes.length !== 16) throw new Error(`an id has 16 bytes, not ${bytes.length}`);
  return `${prefix}_${encodeBase32(bytes)}` as IdByPrefix[P];
}

/** The 16 uuid bytes of an id that was parsed or made here. Throws on anything else: that is a bug. */
export function bytesOfId(id: string): Uint8Array {
  const bytes = decodeBase32(id, id.indexOf("_") + 1);
  if (bytes === undefined || id.length !== id.indexOf("_") + 27) throw new Error("not a TypeID");
  return bytes;
}

/** Input to id: exactly the prefix and 26 lower-case characters, a UUIDv7; anything else is undefined. */
export function parseId<P extends IdPrefix>(prefix: P, text: string): IdByPrefix[P] | undefined {
  if (text.length !== prefix.length + 27 || !text.startsWith(prefix) || text[prefix.length] !== "_") return undefined;
  const bytes = decodeBase32(text, prefix.length + 1);
  if (bytes === undefined || (bytes[6] as number) >>> 4 !== 7 || (bytes[8] as number) >>> 6 !== 2) return undefined;
  return text as IdByPrefix[P];
}

/**
 * A new id. `nowMs`: Unix milliseconds. `random`: at least 8 bytes, of which 62 bits are used.
 * Ids of one prefix sort by time.
 */
export function mintId<P extends IdPrefix>(prefix: P, slot: number, nowMs: number, random: Uint8Array): IdByPrefix[P] {
  const bytes = new Uint8Array(16);
  const high = Math.floor(nowMs / 2 ** 32);
  const low = nowMs >>> 0;
  bytes[0] = high >>> 8;
  bytes[1] = high;
  bytes[2] = low >>> 24;
  bytes[3] = low >>> 16;
  bytes[4] = low >>> 8;
  bytes[5] = low;
  bytes[6] = 0x70 | (slot >>> 8);
  bytes[7] = slot;
  for (let i = 0; i < 8; i++) bytes[8 + i] = random[i] as number;
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return `${prefix}_${encodeBase32(bytes)}` as IdByPrefix[P];
}

/** When an id was minted, Unix milliseconds. `bytes`: its uuid. */
export function mintedAtMs(bytes: Uint8Array): number {
  let ms = 0;
  for (let i = 0; i < 6; i++) ms = ms * 256 + (bytes[i] as number);
  return ms;
}

/** The slot that an id of a payment, refund, operation, event or endpoint carries. (A merchant's slot is `slotOfMerchant`.) */
export function slotOfId(id: PaymentId | RefundId | OperationId | EventId | EndpointId): number {
  const bytes = bytesOfId(id);
  return (((bytes[6] as number) & 0x0f) << 8) | (bytes[7] as number);
}

/** First 12 bits of SHA-256 over the merchant's uuid bytes. Frozen: another rule moves every merchant (design §2). */
export function slotOfMerchant(id: MerchantId): number {
  const digest = sha256(bytesOfId(id));
  return ((digest[0] as number) << 4) | ((digest[1] as number) >>> 4);
}

/** Namespace of gateway keys. Frozen: with another one a retry could charge again (design §3, rule 2). */
const GATEWAY_KEY_NAMESPACE = Buffer.from("5f0f2c1e8d7b5a6c9e3d4b2a1c0f9e8d", "hex");

const KEY_ROOM = 2_048;
const KEY_BYTES = Buffer.alloc(GATEWAY_KEY_NAMESPACE.length + KEY_ROOM);

/**
 * The one gateway key of an operation: UUIDv5 of (merchant, idempotency key, operation kind, attempt number).
 * The same inputs give the same key for ever, even after an acknowledged commit was lost.
 */
export function gatewayKeyOf(merchant: MerchantId, idempotencyKey: string, kind: string, attempt: number): string {
  return uuid5(`${merchant}\n${kind}\n${attempt}\n${idempotencyKey}`);
}

/** UUIDv5 of a name in the namespace of gateway keys. */
function uuid5(name: string): string {
  const bytes = 3 * name.length <= KEY_ROOM ? KEY_BYTES : Buffer.alloc(GATEWAY_KEY_NAMESPACE.length + 3 * name.length);
  bytes.set(GATEWAY_KEY_NAMESPACE);
  const length = GATEWAY_KEY_NAMESPACE.length + bytes.write(name, GATEWAY_KEY_NAMESPACE.length, "utf8");
  const hex = hash("sha1", bytes.subarray(0, length), "hex");
  const variant = "89ab"[Number.parseInt(hex[16] as string, 16) & 3] as string;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The gateway key of an operation of our own making: by (payment, kind, ordinal), for nobody's request asked for it. */
export const compensationKeyOf = (payment: PaymentId, kind: string, ordinal: number): string =>
  uuid5(`compensation\n${payment}\n${kind}\n${ordinal}`);

/** A refund is the operation that makes it, under the merchant's name for it: the same uuid. */
export const refundIdOf = (id: OperationId): RefundId => `ref_${id.slice("op_".length)}` as RefundId;
export const operationIdOf = (id: RefundId): OperationId => `op_${id.slice("ref_".length)}` as OperationId;
/** The first operation of a payment, its authorize or sale, has the payment's uuid: so its gateway's notices lead to it. */
export const firstOperationOf = (id: PaymentId): OperationId => `op_${id.slice("pay_".length)}` as OperationId;
