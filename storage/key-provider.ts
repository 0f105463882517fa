/**
 * Who keeps the key-encryption keys. Data keys leave it only wrapped; what they encrypt never passes through it.
 * The file provider is the sandbox's; a KMS fits behind the same interface by fetching its wrapping keys at start.
 */
import { type KeyObject, createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";

export interface KeyProvider {
  /** The key that wraps new data keys. */
  readonly currentKeyId: string;
  /** Keys the hashes of client secrets (HMAC-SHA-256), 32 bytes: whoever reads the database cannot try secrets. */
  readonly clientSecretKey: Uint8Array;
  /**
   * A key of 32 bytes for one purpose, the same on every node and for ever: HKDF-SHA-256 of clientSecretKey, the purpose
   * being its info. Purposes never meet, nor does a derived key tell of the one it came from.
   */
  derive(purpose: string): Uint8Array;
  /** A data key of 32 bytes under the current key: 60 bytes. */
  wrap(dataKey: Uint8Array): Uint8Array;
  /** Throws when the key is unknown or the bytes were not wrapped by it. */
  unwrap(keyId: string, wrapped: Uint8Array): Buffer;
}

/** Nonce, ciphertext and tag of a wrapped data key. */
export const WRAPPED_BYTES = 12 + 32 + 16;

const KEY_ID = /^[A-Za-z0-9._-]{1,32}$/;
const GCM = { authTagLength: 16 } as const; // without it a cut tag of 4 bytes is accepted

/** Frozen: with another one every cursor and every cached reply that was given out is refused. */
const DERIVATION_SALT = "paycluster derived keys";

interface KeyFile {
  readonly current: string;
  readonly keys: readonly { readonly id: string; readonly key: string }[];
  readonly clientSecretKey: string;
}

/** Associated data of a wrapped key: it cannot be passed off as another key's. */
const associated = (keyId: string): Buffer => Buffer.from(`paycluster data key\n${keyId}`, "utf8");

/** The parser's own message would quote the text, and so a key. */
function readKeyFile(path: string): Partial<KeyFile> {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text) as Partial<KeyFile>;
  } catch {
    throw new Error(`${path} is not JSON`);
  }
}

/**
 * Keys from a JSON file `{"current": id, "keys": [{"id", "key"}], "clientSecretKey"}`, keys as base64 of 32 bytes. Throws
 * when others may read the file, when an id stands twice or a key is not 32 bytes long: two nodes would otherwise seal
 * under different keys of one name.
 */
export function fileKeyProvider(path: string): KeyProvider {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} must have mode 600: others may read it`);
  const file = readKeyFile(path);
  const keys = new Map<string, KeyObject>();
  for (const { id, key } of file.keys ?? []) {
    if (!KEY_ID.test(id)) throw new Error(`${path}: not a key id`);
    if (keys.has(id)) throw new Error(`${path}: the key id ${id} stands twice`);
    const bytes = Buffer.from(key, "base64");
    if (bytes.length !== 32) throw new Error(`${path}: the key ${id} has ${bytes.length} bytes, not 32`);
    keys.set(id, createSecretKey(bytes));
  }
  const currentKeyId = file.current ?? "";
  const current = keys.get(currentKeyId);
  if (current === undefined) throw new Error(`${path}: there is no key with the id that "current" names`);

  const clientSecretKey = Buffer.from(file.clientSecretKey ?? "", "base64");
  if (clientSecretKey.length !== 32)
    throw new Error(`${path}: clientSecretKey has ${clientSecretKey.length} bytes, not 32`);

  return {
    currentKeyId,
    clientSecretKey,
    derive: (purpose) => new Uint8Array(hkdfSync("sha256", clientSecretKey, DERIVATION_SALT, purpose, 32)),
    wrap(dataKey) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", current, nonce, GCM).setAAD(associated(currentKeyId));
      return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap(keyId, wrapped) {
      const key = keys.get(keyId);
      if (key === undefined) throw new Error(`no key-encryption key ${keyId}`);
      if (wrapped.length !== WRAPPED_BYTES) throw new Error("a wrapped data key has another length");
      const decipher = createDecipheriv("aes-256-gcm", key, wrapped.subarray(0, 12), GCM)
        .setAAD(associated(keyId))
        .setAuthTag(wrapped.subarray(44));
      return Buffer.concat([decipher.update(wrapped.subarray(12, 44)), decipher.final()]);
    },
  };
}

/** Makes a key file with one new key, mode 600, unless there is one. Returns true when it was made. */
export function ensureKeyFile(path: string): boolean {
  const newKey = (): string => randomBytes(32).toString("base64");
  const file: KeyFile = { current: "k1", keys: [{ id: "k1", key: newKey() }], clientSecretKey: newKey() };
  try {
    writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
