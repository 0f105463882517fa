/** Tokens that must be refused: each is right but for the one thing in its name. */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { type CryptoKey, generateKeyPair, importJWK, SignJWT } from "jose";
import type { SigningKeyEntry } from "../directory.ts";

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

/** What a token is made from. The defaults of `sign`, `input` and `signed` make a good one. */
interface Bench {
  readonly header: Json;
  readonly claims: Json;
  readonly nowS: number;
  readonly publicJwk: Json;
  /** By the library; `by`: another key. */
  sign(header: Json, claims: Json, by?: CryptoKey): Promise<string>;
  /** Signed with the right key though the library would refuse to write it. */
  signAnyway(header: Json, claims: Json): Promise<string>;
  readonly attacker: CryptoKey;
}

const unsigned = ({ header, claims }: Bench, alg: string): string => `${encode({ ...header, alg })}.${encode(claims)}.`;
const foreign = (member: string): Json => ({ [member]: "https://attacker.example/keys", kid: "attacker" });

const CRAFTS = {
  /** What the others are made from: valid, so that each of them is refused for its one fault. */
  good: (b: Bench) => b.sign({}, {}),
  good_anyway: (b: Bench) => b.signAnyway({}, {}),
  expired: (b: Bench) => b.sign({}, { iat: b.nowS - 1200, exp: b.nowS - 600 }),
  not_yet_valid: (b: Bench) => b.sign({}, { nbf: b.nowS + 600 }),
  too_long_life: (b: Bench) => b.sign({}, { iat: b.nowS - 7200, exp: b.nowS + 7200 }),
  wrong_audience: (b: Bench) => b.sign({}, { aud: ["https://other.example", "https://third.example"] }),
  wrong_issuer: (b: Bench) => b.sign({}, { iss: "https://attacker.example" }),
  wrong_type: (b: Bench) => b.sign({ typ: "JWT" }, {}),
  no_exp: (b: Bench) => b.sign({}, { exp: undefined }),
  text_exp: (b: Bench) => b.signAnyway({}, { exp: String(b.nowS + 600) }),
  no_merchant: (b: Bench) => b.sign({}, { merchant_id: undefined }),
  unknown_crit: (b: Bench) => b.signAnyway({ crit: ["future"], future: true }, {}),
  bad_signature: (b: Bench) => b.sign({}, {}, b.attacker),
  zero_signature: async (b: Bench) => `${unsigned(b, "ES256")}${Buffer.alloc(64).toString("base64url")}`,
  none: async (b: Bench) => unsigned(b, "none"),
  none_mixed_case: async (b: Bench) => unsigned(b, "nOnE"),
  hs256_with_public_key: async (b: Bench) => {
    const input = `${encode({ ...b.header, alg: "HS256" })}.${encode(b.claims)}`;
    return `${input}.${createHmac("sha256", JSON.stringify(b.publicJwk)).update(input).digest("base64url")}`;
  },
  attacker_jwk: (b: Bench) => b.sign({ jwk: b.publicJwk }, {}, b.attacker),
  attacker_jku: (b: Bench) => b.sign(foreign("jku"), {}, b.attacker),
  attacker_x5u: (b: Bench) => b.sign(foreign("x5u"), {}, b.attacker),
  path_kid: (b: Bench) => b.sign({ kid: "../../dev/null" }, {}, b.attacker),
  unknown_kid: (b: Bench) => b.sign({ kid: "k".repeat(600) }, {}, b.attacker),
} as const satisfies Readonly<Record<string, (bench: Bench) => Promise<string>>>;

type Good = "good" | "good_anyway";
export type CraftedToken = Exclude<keyof typeof CRAFTS, Good>;
export const CRAFTED_TOKENS = (Object.keys(CRAFTS) as (keyof typeof CRAFTS)[]).filter(
  (name): name is CraftedToken => !name.startsWith("good"),
);

/** A token by name. `nowS`: Unix seconds. */
export async function craftToken(name: CraftedToken | Good, table: CraftingTable, nowS: number): Promise<string> {
  const { key } = table;
  const own = (await importJWK(key.privateJwk as Parameters<typeof importJWK>[0], "ES256")) as CryptoKey;
  const attacker = (await generateKeyPair("ES256")).privateKey;
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
  const { kty, crv, x, y } = key.publicJwk;
  return await CRAFTS[name]({
    header,
    claims,
    nowS,
    publicJwk: { kty, crv, x, y },
    attacker,
    sign: async (moreHeader, moreClaims, by = own) =>
      await new SignJWT({ ...claims, ...moreClaims }).setProtectedHeader({ ...header, ...moreHeader }).sign(by),
    signAnyway: async (moreHeader, moreClaims) => {
      const input = `${encode({ ...header, ...moreHeader })}.${encode({ ...claims, ...moreClaims })}`;
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, own, Buffer.from(input));
      return `${input}.${Buffer.from(signature).toString("base64url")}`;
    },
  });
}
