/** Tokens that must be refused: each is right but for the one thing in its name. */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { type CryptoKey, generateKeyPair, importJWK, SignJWT } from "jose";
import type { SigningKeyEntry } from "../directory.ts";

export type CraftedToken =
  | "expired"
  | "not_yet_valid"
  | "wrong_audience"
  | "wrong_issuer"
  | "wrong_type"
  | "bad_signature"
  | "none"
  | "none_mixed_case"
  | "hs256_with_public_key"
  | "attacker_jwk"
  | "attacker_jku"
  | "attacker_x5u"
  | "path_kid"
  | "unknown_kid"
  | "no_exp"
  | "text_exp"
  | "no_merchant"
  | "zero_signature"
  | "unknown_crit"
  | "too_long_life";

export interface CraftingTable {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly merchantId: string;
  /** With its private part: only then are most of these tokens wrong in one thing alone. */
  readonly key: SigningKeyEntry;
}

type Json = Readonly<Record<string, unknown>>;
const encode = (json: Json): string => Buffer.from(JSON.stringify(json)).toString("base64url");

/** A token by name. `nowS`: Unix seconds. */
export async function craftToken(name: CraftedToken, table: CraftingTable, nowS: number): Promise<string> {
  const { key } = table;
  const own = (await importJWK(key.privateJwk as Parameters<typeof importJWK>[0], "ES256")) as CryptoKey;
  const attacker = await generateKeyPair("ES256");
  const header = { alg: "ES256", typ: "at+jwt", kid: key.kid };
  const claims = {
    iss: table.issuer,
    aud: table.audience,
    sub: table.clientId,
    merchant_id: table.merchantId,
    scope: "payments:read payments:write",
    jti: "crafted",
    iat: nowS,
    exp: nowS + 600,
  };
  const sign = async (moreHeader: Json, moreClaims: Json, by: CryptoKey = own) =>
    await new SignJWT({ ...claims, ...moreClaims }).setProtectedHeader({ ...header, ...moreHeader }).sign(by);
  const unsigned = (alg: string) => `${encode({ ...header, alg })}.${encode(claims)}.`;
  const foreign = (url: string) => ({ [url]: "https://attacker.example/keys", kid: "attacker" });
  switch (name) {
    case "expired":
      return await sign({}, { iat: nowS - 1200, exp: nowS - 600 });
    case "not_yet_valid":
      return await sign({}, { nbf: nowS + 600 });
    case "wrong_audience":
      return await sign({}, { aud: ["https://other.example", "https://third.example"] });
    case "wrong_issuer":
      return await sign({}, { iss: "https://attacker.example" });
    case "wrong_type":
      return await sign({ typ: "JWT" }, {});
    case "bad_signature":
      return await sign({}, {}, attacker.privateKey);
    case "none":
      return unsigned("none");
    case "none_mixed_case":
      return unsigned("nOnE");
    case "hs256_with_public_key": {
      const input = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
      return `${input}.${createHmac("sha256", JSON.stringify(key.publicJwk)).update(input).digest("base64url")}`;
    }
    case "attacker_jwk": {
      const { kty, crv, x, y } = key.publicJwk;
      return await sign({ jwk: { kty, crv, x, y } }, {}, attacker.privateKey);
    }
    case "attacker_jku":
      return await sign(foreign("jku"), {}, attacker.privateKey);
    case "attacker_x5u":
      return await sign(foreign("x5u"), {}, attacker.privateKey);
    case "path_kid":
      return await sign({ kid: "../../dev/null" }, {}, attacker.privateKey);
    case "unknown_kid":
      return await sign({ kid: "k".repeat(600) }, {}, attacker.privateKey);
    case "no_exp":
      return await sign({}, { exp: undefined });
    case "text_exp": {
      // the library refuses to sign it: the signature is not what is looked at first
      const input = `${encode(header)}.${encode({ ...claims, exp: String(nowS + 600) })}`;
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, own, Buffer.from(input));
      return `${input}.${Buffer.from(signature).toString("base64url")}`;
    }
    case "no_merchant":
      return await sign({}, { merchant_id: undefined });
    case "zero_signature":
      return `${encode(header)}.${encode(claims)}.${Buffer.alloc(64).toString("base64url")}`;
    case "unknown_crit": {
      const input = `${encode({ ...header, crit: ["future"], future: true })}.${encode(claims)}`;
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, own, Buffer.from(input));
      return `${input}.${Buffer.from(signature).toString("base64url")}`;
    }
    case "too_long_life":
      return await sign({}, { iat: nowS - 7200, exp: nowS + 7200 });
  }
}
