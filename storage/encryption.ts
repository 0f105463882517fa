/**
 * AES-256-GCM envelopes. Sealed bytes: version, key id (length, text), wrapped data key, nonce, ciphertext, tag. They and
 * the key-encryption key are all that is needed to open them. One data key per process and vault, used for at most 2^32
 * random nonces; a restart makes a new one.
 */
import { type KeyObject, createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { bytesOfId } from "../actors/domain/index.ts";
import type { EndpointVault, Vault } from "../actors/index.ts";
import { type KeyProvider, WRAPPED_BYTES } from "./key-provider.ts";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GCM = { authTagLength: TAG_BYTES } as const;
/** Beyond it two random 96-bit nonces of one key may meet (NIST SP 800-38D §8.3). */
const SEALS_PER_KEY = 2 ** 32;
/** Data keys of other processes, unwrapped; each is 32 bytes and a name. */
const OPENED_KEYS_MAX = 1_000;
const NONCE_POOL = NONCE_BYTES * 256;

/** Seals bytes for one place: what is opened elsewhere fails. */
export interface Envelope {
  /** `place`: where the bytes belong, any text or bytes. */
  seal(place: Uint8Array, plain: Uint8Array): Uint8Array;
  /** Throws when the bytes were changed, cut or moved. */
  open(place: Uint8Array, sealed: Uint8Array): Uint8Array;
}

interface DataKey {
  readonly header: Buffer;
  readonly key: KeyObject;
  sealsLeft: number;
}

/** `sealsPerKey`: for tests of the change of keys. */
export function createEnvelope(provider: KeyProvider, sealsPerKey = SEALS_PER_KEY): Envelope {
  let current: DataKey | undefined;
  const opened = new Map<string, KeyObject>();
  let pool = Buffer.alloc(0);
  let poolAt = 0;
  let aad = Buffer.alloc(0);

  function newDataKey(): DataKey {
    const bytes = randomBytes(32);
    const id = Buffer.from(provider.currentKeyId, "utf8");
    const header = Buffer.concat([Buffer.from([VERSION, id.length]), id, provider.wrap(bytes)]);
    return { header, key: createSecretKey(bytes), sealsLeft: sealsPerKey };
  }

  /** One call to the system for 256 nonces. */
  function nextNonce(): Buffer {
    if (poolAt === pool.length) {
      pool = randomBytes(NONCE_POOL);
      poolAt = 0;
    }
    poolAt += NONCE_BYTES;
    return pool.subarray(poolAt - NONCE_BYTES, poolAt);
  }

  /** Header and place in one buffer, valid until the next call. */
  function aadOf(header: Buffer, place: Uint8Array): Buffer {
    const length = header.length + place.length;
    if (aad.length < length) aad = Buffer.alloc(2 * length);
    aad.set(header);
    aad.set(place, header.length);
    return aad.subarray(0, length);
  }

  function keyOf(header: Buffer): KeyObject {
    const name = header.toString("latin1");
    const known = opened.get(name);
    if (known !== undefined) return known;
    const idEnd = header.length - WRAPPED_BYTES;
    const key = createSecretKey(provider.unwrap(header.toString("utf8", 2, idEnd), header.subarray(idEnd)));
    if (opened.size >= OPENED_KEYS_MAX) opened.clear();
    opened.set(name, key);
    return key;
  }

  return {
    seal(place, plain) {
      if (current === undefined || current.sealsLeft <= 0) current = newDataKey();
      current.sealsLeft--;
      const { header, key } = current;
      const nonceAt = header.length;
      const dataAt = nonceAt + NONCE_BYTES;
      // Put together in one buffer: every part that is joined later would be left to the collector.
      const sealed = Buffer.allocUnsafe(dataAt + plain.length + TAG_BYTES);
      sealed.set(header);
      sealed.set(nextNonce(), nonceAt);
      const cipher = createCipheriv("aes-256-gcm", key, sealed.subarray(nonceAt, dataAt), GCM).setAAD(
        aadOf(header, place),
      );
      sealed.set(cipher.update(plain), dataAt);
      cipher.final(); // of GCM it is empty
      sealed.set(cipher.getAuthTag(), dataAt + plain.length);
      return sealed;
    },
    open(place, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const headerEnd = 2 + (bytes[1] ?? 0) + WRAPPED_BYTES;
      const dataAt = headerEnd + NONCE_BYTES;
      const tagAt = bytes.length - TAG_BYTES;
      if (bytes[0] !== VERSION || tagAt < dataAt) throw new Error("not sealed bytes of a known version");
      const header = bytes.subarray(0, headerEnd);
      const decipher = createDecipheriv("aes-256-gcm", keyOf(header), bytes.subarray(headerEnd, dataAt), GCM)
        .setAAD(aadOf(header, place))
        .setAuthTag(bytes.subarray(tagAt));
      const plain = decipher.update(bytes.subarray(dataAt, tagAt));
      decipher.final(); // throws before anything is given out
      return plain;
    },
  };
}

const ID_BYTES = 16;

/** Seals for one column: associated data is table, column, merchant and row. */
function columnVault(provider: KeyProvider, table: string, column: string) {
  const envelope = createEnvelope(provider);
  const prefix = Buffer.from(`${table}\n${column}\n`, "utf8");
  const place = Buffer.alloc(prefix.length + 2 * ID_BYTES);
  place.set(prefix);
  /** Valid until the next call. */
  const placeOf = (row: { readonly id: string; readonly merchantId: string }): Buffer => {
    place.set(bytesOfId(row.merchantId), prefix.length);
    place.set(bytesOfId(row.id), prefix.length + ID_BYTES);
    return place;
  };
  return {
    seal: (row: { readonly id: string; readonly merchantId: string }, plain: Uint8Array) =>
      envelope.seal(placeOf(row), plain),
    open: (row: { readonly id: string; readonly merchantId: string }, sealed: Uint8Array) =>
      envelope.open(placeOf(row), sealed),
  };
}

/** The vault of payments. */
export const createVault = (provider: KeyProvider): Vault => columnVault(provider, "payment", "sealed");

/** The vault of the endpoints' secrets. */
export const createEndpointVault = (provider: KeyProvider): EndpointVault =>
  columnVault(provider, "webhook_endpoint", "secret");
