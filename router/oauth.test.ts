import { expect } from "chai";
import type { Clock } from "../actors/index.ts";
import {
  createAccessTokenIssuer,
  createAccessTokenVerifier,
  generateSigningKey,
  jwksJson,
  SKEW_S,
  type TokenOptions,
} from "./oauth.ts";
import { CRAFTED_TOKENS, craftToken } from "./test/crafted-tokens.ts";
import { createTestDirectory, realRandom, type TestDirectory, type TestClient } from "./test/rig.ts";
import { TokenCache } from "./token-cache.ts";

describe("access tokens", () => {
  let directory: TestDirectory;
  let client: TestClient;
  let nowMs: number;
  let options: TokenOptions;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };

  beforeEach(async () => {
    nowMs = Date.UTC(2026, 10, 22);
    directory = await createTestDirectory();
    client = directory.add("client", ["payments:read", "payments:write"]);
    options = {
      directory,
      clock,
      random: realRandom,
      issuer: "https://pay.example",
      audience: "https://api.example",
      tokenLifeS: 600,
    };
  });

  const issue = async () =>
    (await (await createAccessTokenIssuer(options)).issue(client, ["payments:read"])).accessToken;

  it("says who may do what, until when", async () => {
    const principal = await (await createAccessTokenVerifier(options)).verify(await issue());
    expect(principal).to.deep.equal({
      clientId: "client",
      merchantId: client.merchantId,
      scopes: new Set(["payments:read"]),
      kid: directory.signingKeys[0]?.kid,
      validUntilMs: nowMs + (600 + SKEW_S) * 1000,
    });
  });

  const craft = (name: Parameters<typeof craftToken>[0]): Promise<string> => {
    const [key] = directory.signingKeys;
    if (key === undefined) throw new Error("no key");
    const { issuer, audience } = options;
    return craftToken(
      name,
      { issuer, audience, clientId: client.id, merchantId: client.merchantId, key },
      nowMs / 1000,
    );
  };

  for (const name of ["good", "good_anyway"] as const)
    it(`accepts ${name}, which differs from the refused ones in one thing each`, async () => {
      const verifier = await createAccessTokenVerifier(options);
      expect(await verifier.verify(await craft(name))).to.have.property("clientId", client.id);
    });

  for (const name of CRAFTED_TOKENS)
    it(`refuses ${name} without asking anybody`, async () => {
      const token = await craft(name);
      const verifier = await createAccessTokenVerifier(options);
      const realFetch = globalThis.fetch;
      let asked = 0;
      globalThis.fetch = () => {
        asked++;
        return Promise.reject(new Error("no network"));
      };
      try {
        expect(await verifier.verify(token)).to.equal(null);
      } finally {
        globalThis.fetch = realFetch;
      }
      expect(asked).to.equal(0);
    });

  it("refuses an old token, allowing for clocks that differ", async () => {
    const verifier = await createAccessTokenVerifier(options);
    const token = await issue();
    nowMs += (600 + SKEW_S - 1) * 1000;
    expect(await verifier.verify(token)).to.not.equal(null);
    nowMs += 2_000;
    expect(await verifier.verify(token)).to.equal(null);
  });

  it("accepts tokens of both keys while keys are rotated, and signs with the newer", async () => {
    const verifier = await createAccessTokenVerifier(options);
    const older = directory.signingKeys;
    const oldToken = await issue();
    const newer = await generateSigningKey();
    directory.signingKeys = [newer, ...older.map((key) => ({ ...key, privateJwk: null }))];
    const newToken = await issue();
    expect((await verifier.verify(oldToken))?.kid).to.equal(older[0]?.kid);
    expect((await verifier.verify(newToken))?.kid).to.equal(newer.kid);
    const published = JSON.parse(jwksJson(directory)) as { keys: { kid: string; d?: string }[] };
    expect(published.keys.map((key) => key.kid)).to.deep.equal([newer.kid, older[0]?.kid]);
    expect(published.keys.every((key) => key.d === undefined)).to.equal(true);
    directory.signingKeys = [newer];
    expect(await verifier.verify(oldToken)).to.equal(null);
  });

  it("refuses a life of more than an hour", async () => {
    const failure = await createAccessTokenIssuer({ ...options, tokenLifeS: 3601 }).catch((error: unknown) =>
      String(error),
    );
    expect(failure).to.contain("3600");
  });

  describe("cache", () => {
    const createCache = async () => {
      const verifier = await createAccessTokenVerifier(options);
      let verified = 0;
      const counting = {
        verify: (token: string) => {
          verified++;
          return verifier.verify(token);
        },
      };
      return { cache: new TokenCache(counting, directory, clock), count: () => verified };
    };

    it("verifies a token once, for all who wait for it", async () => {
      const { cache, count } = await createCache();
      const token = await issue();
      const first = await Promise.all([cache.principalOf(token), cache.principalOf(token)]);
      const later = cache.principalOf(token);
      expect([first[0], first[1]]).to.deep.equal([later, later]);
      expect(later).to.have.property("clientId", "client");
      expect(count()).to.equal(1);
    });

    it("forgets a token when it expires", async () => {
      const { cache } = await createCache();
      const token = await issue();
      await cache.principalOf(token);
      nowMs += (600 + SKEW_S) * 1000;
      expect(await cache.principalOf(token)).to.equal(null);
    });

    it("does not remember what was refused", async () => {
      const { cache, count } = await createCache();
      expect([await cache.principalOf("x"), await cache.principalOf("x"), count()]).to.deep.equal([null, null, 2]);
    });

    const changes: readonly (readonly [string, () => void])[] = [
      ["the client was revoked", () => directory.clients.set("client", { ...client, status: "revoked" })],
      ["the client is gone", () => directory.clients.delete("client")],
      ["the client is another merchant's", () => directory.add("client", ["payments:read"])],
      ["the key was removed", () => (directory.signingKeys = [])],
    ];
    for (const [name, change] of changes)
      it(`asks the directory each time: ${name}`, async () => {
        const { cache } = await createCache();
        const token = await issue();
        expect(await cache.principalOf(token)).to.not.equal(null);
        change();
        expect(await cache.principalOf(token)).to.equal(null);
      });
  });
});
