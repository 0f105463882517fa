import { Buffer } from "node:buffer";
import { expect } from "chai";
import type { Clock } from "../actors/index.ts";
import { GuessLimit } from "./guess-limit.ts";
import { hashClientSecret, isClientSecret, looksLikeClientSecret, mintClientSecret } from "./client-secret.ts";
import { createTestDirectory, realRandom, SECRET_KEY, type TestClient, type TestDirectory } from "./test/rig.ts";
import { createTokenEndpoint, type TokenAnswer, type TokenEndpoint, type TokenRequest } from "./token-endpoint.ts";

describe("token endpoint", () => {
  let directory: TestDirectory;
  let client: TestClient;
  let endpoint: TokenEndpoint;
  let nowMs = 0;
  /** What was logged as a warning. */
  let warned: object[] = [];
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };

  beforeEach(async () => {
    directory = await createTestDirectory();
    client = directory.add("shop", ["payments:read", "payments:write"]);
    const issuer = {
      issue: (_: unknown, scopes: readonly string[]) =>
        Promise.resolve({ accessToken: scopes.join("+"), expiresInS: 60 }),
    };
    warned = [];
    const log = { info: () => {}, warn: (fields: object) => warned.push(fields), error: () => {} };
    endpoint = createTokenEndpoint({ directory, issuer, clock, log, clientSecretKey: SECRET_KEY });
  });

  const ask = (
    form: Readonly<Record<string, string>> | string,
    more: Partial<TokenRequest> = {},
  ): Promise<TokenAnswer> =>
    endpoint({
      authorization: null,
      contentType: "application/x-www-form-urlencoded",
      body: Buffer.from(typeof form === "string" ? form : new URLSearchParams(form).toString()),
      remote: "10.0.0.1",
      ...more,
    });
  const basic = (id: string, secret: string): Partial<TokenRequest> => ({
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
  });
  const grant = { grant_type: "client_credentials" };
  const inForm = () => ({ ...grant, client_id: "shop", client_secret: client.secret });
  const summary = (answer: TokenAnswer): string => {
    const body = JSON.parse(answer.body) as { error?: string; access_token?: string };
    return `${answer.status} ${body.error ?? body.access_token}`;
  };

  const cases: readonly (readonly [name: string, request: () => Promise<TokenAnswer>, expected: string])[] = [
    ["secret in the form", () => ask(inForm()), "200 payments:read+payments:write"],
    ["secret in Basic", () => ask(grant, basic("shop", client.secret)), "200 payments:read+payments:write"],
    ["a scope", () => ask({ ...inForm(), scope: "payments:read" }), "200 payments:read"],
    [
      "a charset",
      () => ask(inForm(), { contentType: "application/x-www-form-urlencoded; charset=UTF-8" }),
      "200 payments:read+payments:write",
    ],
    ["JSON", () => ask(inForm(), { contentType: "application/json" }), "400 invalid_request"],
    ["no grant type", () => ask({ client_id: "shop", client_secret: client.secret }), "400 invalid_request"],
    ["another grant type", () => ask({ ...inForm(), grant_type: "password" }), "400 unsupported_grant_type"],
    [
      "a parameter twice",
      () => ask(`${new URLSearchParams(inForm()).toString()}&client_id=shop`),
      "400 invalid_request",
    ],
    ["the secret twice", () => ask(inForm(), basic("shop", client.secret)), "400 invalid_request"],
    ["no client", () => ask(grant), "401 invalid_client"],
    ["Bearer", () => ask(grant, { authorization: "Bearer x" }), "401 invalid_client"],
    [
      "Basic without a colon",
      () => ask(grant, { authorization: `Basic ${Buffer.from("shop").toString("base64")}` }),
      "401 invalid_client",
    ],
    [
      "Basic with a broken escape",
      () => ask(grant, { authorization: `Basic ${Buffer.from("shop:%zz").toString("base64")}` }),
      "401 invalid_client",
    ],
    ["wrong secret", () => ask({ ...inForm(), client_secret: "x" }), "401 invalid_client"],
    ["unknown client", () => ask({ ...inForm(), client_id: "nobody" }), "401 invalid_client"],
    ["unknown scope", () => ask({ ...inForm(), scope: "admin" }), "400 invalid_scope"],
    [
      "a scope that is not the client's",
      () => ask({ ...inForm(), scope: "payments:read refunds:write" }),
      "400 invalid_scope",
    ],
  ];
  for (const [name, request, expected] of cases)
    it(name, async () => expect(summary(await request())).to.equal(expected));

  it("refuses a revoked client", async () => {
    directory.clients.set("shop", { ...client, status: "revoked" });
    expect(summary(await ask(inForm()))).to.equal("401 invalid_client");
  });

  it("tells a client that failed how to authenticate", async () =>
    expect((await ask(grant)).wwwAuthenticate).to.equal('Basic realm="payments"'));

  it("stops guessing, for the guesser alone, for a minute", async () => {
    const answers: string[] = [];
    for (let i = 0; i < 1_000; i++) answers.push(summary(await ask({ ...inForm(), client_secret: `guess-${i}` })));
    expect(answers.filter((answer) => answer === "401 invalid_client")).to.have.lengthOf(10);
    expect(answers.at(-1)).to.equal("429 rate_limited");
    const limited = await ask(inForm());
    expect([summary(limited), limited.retryAfterS]).to.deep.equal(["429 rate_limited", 60]);
    expect(warned, "told once").to.deep.equal([{ address: "10.0.0.1", client: client.id }]);
    expect((await ask(inForm(), { remote: "10.0.0.2" })).status).to.equal(200);
    nowMs += 60_000;
    expect((await ask(inForm())).status).to.equal(200);
  });

  it("stops an address that tries many clients", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 150; i++) statuses.push((await ask({ ...inForm(), client_id: `client-${i}` })).status);
    expect(statuses.indexOf(429)).to.equal(100);
  });
});

describe("guess limit", () => {
  it("forgets the oldest key when memory is full", () => {
    const limit = new GuessLimit({ failuresMax: 1, windowMs: 1_000, keysMax: 2 });
    for (const key of ["a", "b", "c"]) limit.failed(key, 0);
    expect(["a", "b", "c"].map((key) => limit.waitMs(key, 0))).to.deep.equal([0, 1_000, 1_000]);
  });
});

describe("client secret", () => {
  it("is recognizable, and no other text is", () => {
    const secret = mintClientSecret(realRandom);
    expect(looksLikeClientSecret(secret)).to.equal(true);
    expect(looksLikeClientSecret(`${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`)).to.equal(false);
    expect(mintClientSecret(realRandom)).to.not.equal(secret);
  });

  it("matches its own hashes under the same key", () => {
    const hashes = [hashClientSecret("old", SECRET_KEY), hashClientSecret("new", SECRET_KEY)];
    expect(["old", "new", "x", ""].map((secret) => isClientSecret(secret, SECRET_KEY, hashes))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect(isClientSecret("old", Buffer.alloc(32, 8), hashes)).to.equal(false);
    expect(isClientSecret("old", SECRET_KEY, undefined)).to.equal(false);
    expect(isClientSecret("old", SECRET_KEY, [new Uint8Array(3)])).to.equal(false);
  });
});
