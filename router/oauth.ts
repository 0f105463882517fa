/**
 * Access tokens: JWTs of type `at+jwt` (RFC 9068), signed with ES256 by a key of the directory. Algorithm, issuer,
 * audience and type are pinned; keys come from the directory alone, so no header of a token makes us fetch anything.
 */
import { type MerchantId, parseId } from "../actors/domain/index.ts";
import type { Clock, Random } from "../actors/index.ts";
import type { ClientEntry, Directory, Jwk, SigningKeyEntry } from "./directory.ts";
import { type Scope, splitScope } from "./scopes.ts";

const ALGORITHM = "ES256";
const TYPE = "at+jwt";
const LIFE_MAX_S = 3600;
/** How far the clocks of two nodes may differ. */
export const SKEW_S = 30;

export interface TokenOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  /** URL of the service as clients see it, without a trailing slash. */
  readonly issuer: string;
  readonly audience: string;
  /** At most 3,600. */
  readonly tokenLifeS: number;
}

/** Who sends a request, as a verified token says. */
export interface Principal {
  readonly clientId: string;
  readonly merchantId: MerchantId;
  readonly scopes: ReadonlySet<string>;
  readonly kid: string;
  /** Unix milliseconds, the allowed difference of clocks included. */
  readonly validUntilMs: number;
}

export interface AccessTokenIssuer {
  /** Throws when the directory has no key to sign with. */
  issue(
    client: ClientEntry,
    scopes: readonly Scope[],
  ): Promise<{ readonly accessToken: string; readonly expiresInS: number }>;
}
export interface AccessTokenVerifier {
  /** Null: the token is not valid, whatever the reason. Never throws. */
  verify(token: string): Promise<Principal | null>;
}

/** Loads `jose` when it is first needed: shard threads import this room and never need it. */
const loadJose = async () => await import("jose");

/** A key that is imported once for each entry of the directory, which replaces entries and never changes them. */
async function createKeyCache(part: (entry: SigningKeyEntry) => Jwk | null) {
  const { importJWK } = await loadJose();
  type ImportedKey = Awaited<ReturnType<typeof importJWK>>;
  const keys = new WeakMap<SigningKeyEntry, Promise<ImportedKey>>();
  return (entry: SigningKeyEntry): Promise<ImportedKey> => {
    let key = keys.get(entry);
    if (key === undefined) {
      key = importJWK(part(entry) as Parameters<typeof importJWK>[0], ALGORITHM);
      keys.set(entry, key);
    }
    return key;
  };
}

/** Signs tokens with the directory's first private key. */
export async function createAccessTokenIssuer(options: TokenOptions): Promise<AccessTokenIssuer> {
  const { directory, clock, random, issuer, audience, tokenLifeS } = options;
  if (!(tokenLifeS > 0 && tokenLifeS <= LIFE_MAX_S)) throw new Error(`a token lives 1 to ${LIFE_MAX_S} s`);
  const { SignJWT } = await loadJose();
  const privateKeyOf = await createKeyCache((entry) => entry.privateJwk);
  return {
    async issue(client, scopes) {
      const entry = directory.signingKeys.find((key) => key.privateJwk !== null);
      if (entry === undefined) throw new Error("there is no key to sign tokens with");
      const nowS = Math.floor(clock.nowMs() / 1000);
      const claims = { client_id: client.id, merchant_id: client.merchantId, scope: scopes.join(" ") };
      const accessToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: entry.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(client.id)
        .setJti(Buffer.from(random.bytes(16)).toString("base64url"))
        .setIssuedAt(nowS)
        .setExpirationTime(nowS + tokenLifeS)
        .sign(await privateKeyOf(entry));
      return { accessToken, expiresInS: tokenLifeS };
    },
  };
}

/** Checks tokens against the directory's public keys. */
export async function createAccessTokenVerifier(options: TokenOptions): Promise<AccessTokenVerifier> {
  const { directory, clock, issuer, audience } = options;
  const { jwtVerify } = await loadJose();
  const publicKeyOf = await createKeyCache((entry) => entry.publicJwk);
  const findKey = async (header: { readonly kid?: string }) => {
    const entry = directory.signingKeys.find((key) => key.kid === header.kid);
    if (entry === undefined) throw new Error("unknown key");
    return await publicKeyOf(entry);
  };
  return {
    async verify(token) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, findKey, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer,
          audience,
          requiredClaims: ["exp", "iat", "jti", "sub", "merchant_id", "scope"],
          clockTolerance: SKEW_S,
          maxTokenAge: LIFE_MAX_S,
          currentDate: new Date(clock.nowMs()),
        });
        const { sub, exp, merchant_id: merchant, scope } = payload;
        const merchantId = typeof merchant === "string" ? parseId("mer", merchant) : undefined;
        if (merchantId === undefined || sub === undefined || exp === undefined || typeof scope !== "string")
          return null;
        const kid = protectedHeader.kid as string; // findKey found it
        const validUntilMs = (exp + SKEW_S) * 1000;
        return { clientId: sub, merchantId, scopes: new Set(splitScope(scope)), kid, validUntilMs };
      } catch {
        return null; // a merchant learns only that it is not valid; the library's reasons are for attackers
      }
    },
  };
}

/** A new pair of keys; `kid` is the thumbprint of the public one (RFC 7638). */
export async function generateSigningKey(): Promise<SigningKeyEntry> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await loadJose();
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const privateJwk = await exportJWK(pair.privateKey);
  return { kid: await calculateJwkThumbprint(publicJwk), publicJwk: { ...publicJwk }, privateJwk: { ...privateJwk } };
}

/** The public keys as a JWKS document: every member is named, so that a private one cannot slip in. */
export function jwksJson(directory: Directory): string {
  const keys = directory.signingKeys.map(({ kid, publicJwk }) => {
    const { kty, crv, x, y } = publicJwk;
    return { kty, crv, x, y, kid, alg: ALGORITHM, use: "sig" };
  });
  return JSON.stringify({ keys });
}
