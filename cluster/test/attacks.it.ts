/**
 * Attacks from outside that are about who may do what (faults.md §5.1), by their numbers, against a started node. 8 and 10
 * are `foreign-objects.it.ts`, 19 is `storage/encryption.test.ts`, 20, 24-26, 33 and 34 are `attacks-on-data.it.ts`.
 */
import { expect } from "chai";
import { generateKeyPair, SignJWT } from "jose";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TSchema } from "typebox";
import { generateSigningKey } from "../../router/index.ts";
import { ROUTES } from "../../router/routes.ts";
import { CRAFTED_TOKENS, type CraftedToken, craftToken, type CraftingTable } from "../../router/test/crafted-tokens.ts";
import { exchange, RawClient } from "../../router/test/raw-http.ts";
import { answerSchema } from "../../router/test/run-examples.ts";
import { readCharges } from "./rig/charge-log.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { craftingTable, onControl, withControlStore } from "./rig/control.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { limitRate, Merchant, payment, read, refund } from "./rig/merchant.ts";

/** Merchants of the sandbox by what is done to them. */
const REVOKED = 1;
const GUESSED = 2;
const LIMITED = 3;
const GUESSES_MAX = 1_000;
const SLOW_CLIENTS = 300;

/** Every crafted token, by the attack that it is. */
const TOKENS: Readonly<Record<string, readonly CraftedToken[]>> = {
  "1 no algorithm": ["none", "none_mixed_case"],
  "2 a confused algorithm": ["hs256_with_public_key", "bad_signature"],
  "3 an injected key": ["attacker_jwk", "attacker_jku", "attacker_x5u"],
  "4 an abused kid": ["path_kid", "unknown_kid"],
  "5 wrong claims": [
    "expired",
    "not_yet_valid",
    "too_long_life",
    "wrong_audience",
    "wrong_issuer",
    "wrong_type",
    "no_exp",
    "text_exp",
    "no_merchant",
    "unknown_crit",
    "zero_signature",
  ],
};

const nowS = (): number => Math.floor(Date.now() / 1_000);

describe("attacks on access", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  let merchant: Merchant;
  let table: CraftingTable;
  let port = 0;
  let nodePid = 0;
  before(async () => {
    cluster = await Cluster.start("--merchants", "4");
    merchants = await Merchant.signInMany(cluster.info, 4);
    merchant = merchants[0] as Merchant;
    table = await craftingTable(cluster);
    port = Number(new URL(cluster.info.apiUrl).port);
    nodePid = cluster.nodePid;
    await limitRate(cluster, merchants.slice(0, 2), 100_000);
  });
  after(async () => {
    await Promise.all(merchants.map((one) => one.close()));
    await cluster?.dispose();
  });

  const head = (method: string, path: string, token: string, more = ""): string =>
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
  const statusOf = async (method: string, path: string, token: string, more = ""): Promise<number | undefined> =>
    (await exchange(port, head(method, path, token, more)))?.status;
  /** Every route that asks for a token, and what takes the place of its segment. */
  const CLOSED = ROUTES.filter(({ scope }) => scope !== null).map(({ method, path }) => ({
    method,
    path: path.replace(/\{.*\}/, "pay_01h455vb4pex5vsknk084sn02q"),
  }));
  async function expectRefusedEverywhere(token: string): Promise<void> {
    for (const { method, path } of CLOSED) {
      const answer = await exchange(port, head(method, path, token, method === "POST" ? "Content-Length: 0\r\n" : ""));
      expect(answer?.status, `${method} ${path}`).to.equal(401);
      expect(answer?.headers.get("www-authenticate")).to.match(/^Bearer /);
    }
  }

  for (const [attack, names] of Object.entries(TOKENS))
    it(`attack ${attack}: 401 on every route (${names.join(", ")})`, async () => {
      for (const name of names) await expectRefusedEverywhere(await craftToken(name, table, nowS()));
      expect(
        await statusOf("GET", "/v1/balances", await craftToken("good", table, nowS())),
        "only that was wrong",
      ).to.be.oneOf([200, 403]);
    });
  it("attacks 1-5 use every token that is crafted", () =>
    expect(Object.values(TOKENS).flat().sort()).to.deep.equal([...CRAFTED_TOKENS].sort()));

  it("attack 3: nobody is asked for the attacker's keys", async () => {
    let asked = 0;
    const listener = createServer((_, response) => {
      asked++;
      response.end("{}");
    });
    listener.on("connection", () => asked++);
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/keys`;
    const { privateKey } = await generateKeyPair("ES256");
    for (const injected of [{ jku: url }, { x5u: url }, { jku: url, x5u: url, kid: url }]) {
      const token = await new SignJWT({ scope: "payments:read", merchant_id: table.merchantId })
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "attacker", ...injected })
        .setIssuer(url)
        .setAudience(table.audience)
        .setSubject(table.clientId)
        .setIssuedAt()
        .setExpirationTime("10m")
        .sign(privateKey);
      await expectRefusedEverywhere(token);
    }
    listener.close();
    expect(asked, "outgoing requests").to.equal(0);
  });

  it("attack 4: 1,000 unknown kids", async () => {
    const token = await craftToken("unknown_kid", table, nowS());
    const [, ...rest] = token.split(".");
    for (let n = 0; n < 1_000; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const header = Buffer.from(JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: `k${n + i}` })).toString(
            "base64url",
          );
          expect(await statusOf("GET", "/v1/balances", [header, ...rest].join("."))).to.equal(401);
        }),
      );
    expect(cluster.nodePid).to.equal(nodePid);
  });

  it("attack 6: a revoked client's token ends; tokens of two keys work while keys are rotated", async () => {
    const revoked = merchants[REVOKED] as Merchant;
    expect((await revoked.send(read("/v1/balances"))).status).to.equal(200);
    await onControl(cluster, "UPDATE api_client SET revoked_at = now() WHERE id = $1", [
      cluster.info.merchants[REVOKED]?.clientId,
    ]);
    await until(
      "the revocation is known",
      20_000,
      async () => (await revoked.send(read("/v1/balances"))).status === 401,
    );
    const { kid, publicJwk, privateJwk } = await generateSigningKey();
    if (privateJwk === null) throw new Error("a new signing key has a private part");
    const key = { kid, alg: "ES256" as const, publicJwk, privateJwk };
    await withControlStore(cluster, (store) => store.addSigningKey(key));
    const path = `/v1/payments/pay_01h455vb4pex5vsknk084sn02q`;
    await until("the new key is served", 20_000, async () => {
      const jwks = (await (await fetch(`${cluster.info.apiUrl}/.well-known/jwks.json`)).json()) as { keys: unknown[] };
      return jwks.keys.length === 2;
    });
    for (const signing of [table.key, key as CraftingTable["key"]])
      expect(await statusOf("GET", path, await craftToken("good", { ...table, key: signing }, nowS()))).to.equal(404);
    expect((await merchant.send(read("/v1/balances"))).status, "of the key before").to.equal(200);
    const later = await Merchant.signIn(cluster.info, 0);
    expect((await later.send(read("/v1/balances"))).status, "of a key now").to.equal(200);
    await later.close();
  });

  it("attack 7: guessing a secret is slowed down, for the guesser, and says when to come back", async () => {
    const { clientId } = cluster.info.merchants[GUESSED] as { clientId: string };
    const ask = (secret: string): Promise<Response> =>
      fetch(cluster.info.tokenUrl, {
        method: "POST",
        headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
      });
    let guesses = 0;
    let answer = await ask("pcsk_wrong");
    while (answer.status !== 429 && ++guesses < GUESSES_MAX) {
      expect(answer.status).to.equal(401);
      answer = await ask(`pcsk_${guesses}`);
    }
    expect(answer.status, `after ${guesses} guesses`).to.equal(429);
    expect(Number(answer.headers.get("retry-after"))).to.be.greaterThan(0);
    const other = await Merchant.signIn(cluster.info, 0);
    expect(other.token, "others sign in").to.not.equal("");
    await other.close();
  });

  it("attack 9: no answer has a member that the document does not name", async () => {
    const id = await merchant.pay("members", payment({ gateway: "stripe" }));
    const refunded = await merchant.untilFinal(refund("members-refund", id, { amount: 1 }), 30_000);
    const url = "http://127.0.0.1:9/hooks"; // nobody listens
    const endpoint = await merchant.send({
      method: "POST",
      path: "/v1/webhook_endpoints",
      key: "members-endpoint",
      body: { url },
    });
    expect(endpoint.status, endpoint.text).to.equal(201);
    for (const { name, method, path, scope } of ROUTES) {
      if (method !== "GET" || scope === null) continue;
      const segment = path.includes("{key}")
        ? "members"
        : path.includes("refunds/{")
          ? String(refunded.body["id"])
          : path.includes("webhook_endpoints/{")
            ? String(endpoint.body["id"])
            : id;
      const answer = await merchant.send(read(path.replace(/\{.*\}/, segment)));
      expect(answer.status, answer.text).to.equal(200);
      const schema = answerSchema(name, 200);
      if (schema === null) throw new Error(`${name} has no schema`);
      expect(unnamed(schema, answer.body), name).to.deep.equal([]);
    }
  });

  it("attack 11: many tokens and invented addresses share one limit", async () => {
    await limitRate(cluster, [merchants[LIMITED] as Merchant], 2);
    const own = await Promise.all(Array.from({ length: 10 }, () => Merchant.signIn(cluster.info, LIMITED)));
    const seen = new Set<number | undefined>();
    while (!seen.has(429)) {
      const statuses = await Promise.all(
        own.map(({ token }, n) => statusOf("GET", "/v1/balances", token, `X-Forwarded-For: 10.0.0.${n}\r\n`)),
      );
      for (const status of statuses) seen.add(status);
    }
    expect([...seen].filter((status) => status !== 200 && status !== 429)).to.deep.equal([]);
    await Promise.all(own.map((one) => one.close()));
  });

  it(`attack 12: ${SLOW_CLIENTS} clients that never end their heads or bodies keep nobody waiting`, async () => {
    const slow = await Promise.all(Array.from({ length: SLOW_CLIENTS }, () => RawClient.connect(port)));
    for (const [n, client] of slow.entries()) {
      const begun = head(
        "POST",
        "/v1/payments",
        merchant.token,
        "Content-Type: application/json\r\nContent-Length: 60000\r\n",
      );
      client.send(n % 2 === 0 ? begun.slice(0, 40) : `${begun}{`);
    }
    for (let n = 0; n < 20; n++) expect((await merchant.create(`beside-${n}`, payment())).status).to.equal(201);
    for (const client of slow) client.close();
    expect((await merchant.create("after-them", payment())).status).to.equal(201);
    expect(cluster.nodePid).to.equal(nodePid);
  });

  it("attack 13: no request inside another one's body is seen", async () => {
    const body = JSON.stringify(payment());
    const inner = (n: number): string =>
      head(
        "POST",
        "/v1/payments",
        merchant.token,
        `X-Idempotency-Key: smuggled-${n}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`,
      ) + body;
    const frames: readonly ((inside: string) => string)[] = [
      (inside) => `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${inside}`,
      (inside) => `Content-Length: 0\r\nContent-Length: ${inside.length}\r\n\r\n${inside}`,
      (inside) => `Content-Length: ${inside.length}\r\nContent-Length: 0\r\n\r\n${inside}`,
      (inside) => `Content-Length: 0, ${inside.length}\r\n\r\n${inside}`,
      (inside) => `Content-Length: +0\r\n\r\n${inside}`,
      (inside) => `Content-Length : 0\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding: xchunked\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${inside}`,
      (inside) => `Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n${inside}`,
      (inside) => `X: a\r\n Content-Length: 0\r\n\r\n${inside}`,
    ];
    const before = readCharges(cluster.info).length;
    const tried = frames.map(async (frame, n) => {
      const client = await RawClient.connect(port);
      client.send(`POST /v1/payments HTTP/1.1\r\nHost: a\r\n${frame(inner(n))}`);
      const first = await client.read();
      const second = first === null ? null : await client.read(); // until the connection ends
      client.close();
      return [first?.status ?? null, second] as const;
    });
    for (const [n, [first, second]] of (await Promise.all(tried)).entries()) {
      expect([first, second], `frame ${n}`).to.deep.equal([first === null ? null : 400, null]);
      expect((await merchant.send(read(`/v1/idempotency/smuggled-${n}`))).status, `frame ${n}`).to.equal(404);
    }
    expect(readCharges(cluster.info).length).to.equal(before);
  });

  it("attack 23: secrets are long and random, and no two are alike", () => {
    const secrets = cluster.info.merchants.map(({ clientSecret }) => clientSecret.replace(/^pcsk_/, ""));
    expect(new Set(secrets.map((secret) => secret.slice(0, 12))).size).to.equal(secrets.length);
    for (const secret of secrets) expect(secret.length * 6, "bits of base64url").to.be.at.least(128 + 36);
  });

  it("attack 27: what names the server is pinned", async () => {
    const names = [...(await fetch(`${cluster.info.apiUrl}/v1/meta/state-machine`)).headers.keys()];
    const naming = (one: string): boolean => /server|powered|via|version|uwebsockets/i.test(one);
    expect(names.filter(naming), "headers").to.deep.equal(["uwebsockets"]);
    const page = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\n");
    expect(page?.body.toString(), "the library's own page").to.equal(
      "<h1>Bad Request</h1><hr><i>uWebSockets/20 Server</i>",
    );
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});

/** Pointers to members of a value that its schema does not name. */
function unnamed(schema: TSchema, value: unknown, at = ""): readonly string[] {
  const { anyOf, items, properties } = schema as {
    readonly anyOf?: readonly TSchema[];
    readonly items?: TSchema;
    readonly properties?: Readonly<Record<string, TSchema>>;
  };
  if (anyOf !== undefined) {
    const each = anyOf.map((one) => unnamed(one, value, at));
    return each.find((found) => found.length === 0) ?? (each[0] as readonly string[]);
  }
  if (Array.isArray(value)) return items === undefined ? [] : value.flatMap((one) => unnamed(items, one, `${at}/0`));
  if (typeof value !== "object" || value === null || properties === undefined) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const row = properties[name];
    return row === undefined ? [`${at}/${name}`] : unnamed(row, member, `${at}/${name}`);
  });
}
