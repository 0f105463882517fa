/** HTTP Basic credentials, as Adyen sends them with its notifications. */
import { hash, timingSafeEqual } from "node:crypto";

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

const SCHEME = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const digestOf = (text: Buffer | string): Uint8Array => hash("sha256", text, "buffer");

/**
 * Creates the check of an `Authorization` header; null: every header passes. Throws, naming the setting, when a part is
 * blank or the user has a colon, which ends it on the wire.
 */
export function createBasicCheck(credentials: BasicCredentials | null): (header: string | undefined) => boolean {
  if (credentials === null) return () => true;
  const { user, password } = credentials;
  if (user.trim() === "" || user.includes(":")) throw new Error("basicAuth.user must be a text without a colon");
  if (password.trim() === "") throw new Error("basicAuth.password must not be blank");
  const expected = digestOf(`${user}:${password}`);
  return (header) => {
    const encoded = header === undefined ? undefined : SCHEME.exec(header)?.[1];
    // By their digests, which have one length: neither a length nor a common beginning shows in the time.
    return encoded !== undefined && timingSafeEqual(digestOf(Buffer.from(encoded, "base64")), expected);
  };
}
