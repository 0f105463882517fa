/** The bad-input catalogue and the promises of the HTTP door, over real sockets. */
import { expect } from "chai";
import { BAD_INPUT, type BadInputCase, paymentIdIn, toBytes, type Auth } from "./bad-input.ts";
import { craftToken } from "./crafted-tokens.ts";
import { exchange, RawClient, type RawAnswer } from "./raw-http.ts";
import { AUDIENCE, startTestServer, type TestClient, type TestServer } from "./rig.ts";

interface Problem {
  readonly code?: string;
  readonly request_id?: string;
  readonly errors?: readonly { readonly pointer: string; readonly code: string }[];
}

const parse = (answer: RawAnswer | null): Problem => JSON.parse(answer?.body.toString() ?? "null") as Problem;

describe("HTTP door", function () {
  this.timeout(30_000);
  let rig: TestServer;
  const tokens = new Map<string, string>();

  before(async () => {
    rig = await startTestServer();
    for (const id of ["writer", "reader", "suspended", "other"]) tokens.set(id, `Bearer ${await rig.token(id)}`);
  });
  after(() => rig.server.close());
  beforeEach(() => {
    rig.submitted.length = 0;
    rig.counted.length = 0;
  });

  const authorizationOf = async (auth: Auth): Promise<string | null> => {
    if (typeof auth === "string") return tokens.get(auth) ?? null;
    if ("raw" in auth) return auth.raw;
    const client = rig.directory.clients.get("writer") as TestClient;
    const [key] = rig.directory.signingKeys;
    if (key === undefined) throw new Error("the rig has no key");
    const table = {
      issuer: rig.server.url,
      audience: AUDIENCE,
      clientId: client.id,
      merchantId: client.merchantId,
      key,
    };
    return `Bearer ${await craftToken(auth.crafted, table, Math.floor(Date.now() / 1000))}`;
  };

  describe("bad input", () => {
    let ran = 0;
    let serial = 0;
    const run = async (input: BadInputCase): Promise<void> => {
      const newKey = `bad-input-${++serial}`;
      let paymentId: string | undefined;
      for (const { request, expect: expected } of input.steps) {
        const authorization = await authorizationOf(request.auth);
        const answer = await exchange(rig.server.port, toBytes(request, authorization, newKey, paymentId));
        const problem = parse(answer);
        paymentId ??= paymentIdIn(problem);
        expect([answer?.status, problem.code ?? null], JSON.stringify(problem).slice(0, 500)).to.deep.equal([
          expected.status,
          expected.code,
        ]);
        expect(answer?.headers.get("request-id")).to.match(/^req_[0-9a-f]{24}$/);
        if (expected.pointer !== undefined)
          expect(problem.errors).to.deep.include.members([
            {
              ...problem.errors?.find((error) => error.pointer === expected.pointer),
              pointer: expected.pointer,
              code: expected.reason,
            },
          ]);
        if (expected.code !== null) {
          expect(answer?.headers.get("content-type")).to.equal("application/problem+json");
          expect(problem.request_id).to.equal(answer?.headers.get("request-id"));
        }
        if (expected.status === 401) expect(answer?.headers.get("www-authenticate")).to.match(/^Bearer /);
        if (expected.status === 405)
          expect(answer?.headers.get("allow")).to.match(/^(?:GET|POST|POST, GET|GET, DELETE)$/);
        // Row 36 is about numbers that only look like one.
        expect(input.row !== 36 && answer?.body.includes("41111111"), "a card number came back").to.equal(false);
      }
      const asked = rig.submitted.filter(({ kind }) => kind !== "count");
      expect(asked.length > 0, "reached the shard").to.equal(input.reachesShard);
      ran++;
    };
    for (const input of BAD_INPUT) it(`${input.row}: ${input.name}`, () => run(input));
    it("ran every row of the file", () => expect(ran).to.equal(BAD_INPUT.length));
    it("left Object.prototype alone", () => expect(({} as Record<string, unknown>)["x"]).to.equal(undefined));
  });

  const post = (body: string, key: string, more = ""): string =>
    `POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: ${tokens.get("writer")}\r\nX-Idempotency-Key: ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;
  const get = (path: string, token = tokens.get("writer")): string =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${token}\r\n\r\n`;
  const good = '{"amount":1,"currency":"EUR","payment_method":"tok_visa"}';

  it("answers an unknown, a foreign and a malformed payment id with the same bytes but for the request id", async () => {
    const ids = ["pay_01h455vb4pex5vsknk084sn02q", "pay_01h455vb4pex5vsknk084sn02r", "nonsense"];
    const bodies = await Promise.all(
      ids.map(async (id) =>
        (await exchange(rig.server.port, get(`/v1/payments/${id}`)))?.body.toString().replace(/req_[0-9a-f]+/, ""),
      ),
    );
    expect(new Set(bodies).size).to.equal(1);
  });

  it("reuses a connection after a refusal whose body came later", async () => {
    const client = await RawClient.connect(rig.server.port);
    const [head, body] = post(good, "late").replace("Bearer ", "Bearer x").split("\r\n\r\n");
    client.send(`${head}\r\n\r\n`);
    expect((await client.read())?.status).to.equal(401);
    client.send(body ?? "");
    client.send(post(good, "after-a-refusal"));
    expect((await client.read())?.status).to.equal(201);
    client.close();
  });

  it("passes the body's bytes through unchanged when they come in pieces", async () => {
    const client = await RawClient.connect(rig.server.port);
    const bytes = post('{"amount":1,"currency":"EUR","payment_method":"tok_visa","description":"naïve"}', "pieces");
    const whole = Buffer.from(bytes, "utf8");
    for (let at = 0; at < whole.length; at += 40) client.send(whole.subarray(at, at + 40));
    expect((await client.read())?.status).to.equal(201);
    const [request] = rig.submitted;
    expect(request?.kind === "createPayment" && Buffer.from(request.body).toString()).to.contain("naïve");
    client.close();
  });

  it("marks a replay and keeps the gateway's time to itself", async () => {
    const first = await exchange(rig.server.port, post(good, "replayed"));
    const second = await exchange(rig.server.port, post(good, "replayed"));
    expect(first?.headers.has("idempotent-replayed")).to.equal(false);
    expect(first?.headers.has("gateway-time-ms")).to.equal(false);
    expect(second?.headers.get("idempotent-replayed")).to.equal("true");
    expect(second?.body).to.deep.equal(first?.body);
  });

  it("accepts the alias of the key header, alone and beside an equal one", async () => {
    const alias = post(good, "same").replace("X-Idempotency-Key: same\r\n", "Idempotency-Key: same\r\n");
    expect((await exchange(rig.server.port, alias))?.status).to.equal(201);
    expect((await exchange(rig.server.port, post(good, "same", "Idempotency-Key: same\r\n")))?.status).to.equal(201);
    expect((await exchange(rig.server.port, post(good, "same", "X-Idempotency-Key: same\r\n")))?.status).to.equal(201);
  });

  it("writes headers that the reply asks for", async () => {
    rig.hold = [];
    const answer = exchange(rig.server.port, post(good, "pending"));
    const request = await heldRequest(rig);
    rig.server.answer([
      {
        ticket: request.ticket,
        status: 202,
        body: Buffer.from("{}"),
        problem: false,
        code: null,
        replayed: false,
        retryAfterS: 3,
        location: "/v1/payments/pay_x",
        gatewayMs: 1,
        final: false,
        rate: null,
      },
    ]);
    const { status, headers } = (await answer) ?? { status: 0, headers: new Map<string, string>() };
    rig.hold = null;
    expect([status, headers.get("retry-after"), headers.get("location"), headers.get("content-type")]).to.deep.equal([
      202,
      "3",
      "/v1/payments/pay_x",
      "application/json",
    ]);
    expect(headers.get("cache-control")).to.equal("no-store");
  });

  it("drops a reply whose client left, and serves on", async () => {
    rig.hold = [];
    const client = await RawClient.connect(rig.server.port);
    client.send(post(good, "leaves"));
    const request = await heldRequest(rig);
    client.close();
    await until(() => rig.counted.some(([route, status]) => route === "create_payment" && status === 0));
    rig.release(request);
    rig.hold = null;
    expect(rig.server.openCount).to.equal(0);
    expect((await exchange(rig.server.port, post(good, "leaves")))?.status).to.equal(201);
  });

  it("answers HEAD without a body", async () => {
    const client = await RawClient.connect(rig.server.port);
    client.send("HEAD /v1/payments HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await client.read(true))?.status).to.equal(405);
    client.send(get("/nope"));
    expect((await client.read())?.status).to.equal(404);
    client.close();
  });

  it("answers 503 when nobody owns the merchant's slot", async () => {
    rig.directory.shardOf = () => undefined;
    const answer = await exchange(rig.server.port, post(good, "no-owner"));
    rig.directory.shardOf = () => 0;
    expect([answer?.status, parse(answer).code, answer?.headers.get("retry-after")]).to.deep.equal([
      503,
      "shard_unavailable",
      "1",
    ]);
  });

  it("serves its documents to anybody", async () => {
    const anonymous = (path: string) => exchange(rig.server.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const metadata = JSON.parse(
      (await anonymous("/.well-known/oauth-authorization-server"))?.body.toString() ?? "",
    ) as Record<string, unknown>;
    expect(metadata["token_endpoint"]).to.equal(`${rig.server.url}/oauth/token`);
    const keys = JSON.parse((await anonymous("/.well-known/jwks.json"))?.body.toString() ?? "") as {
      keys: Record<string, unknown>[];
    };
    expect(keys.keys.map((key) => Object.keys(key).sort())).to.deep.equal([
      ["alg", "crv", "kid", "kty", "use", "x", "y"],
    ]);
    const machine = (await anonymous("/v1/meta/state-machine"))?.body.toString();
    expect(machine).to.contain('{"from":"created","by":"accepted","to":"pending"}');
  });

  it("verifies a token that is used by many requests at once", async () => {
    const token = `Bearer ${await rig.token("other")}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        exchange(rig.server.port, get("/v1/payments/pay_01h455vb4pex5vsknk084sn02q", token)),
      ),
    );
    expect(answers.map((answer) => answer?.status)).to.deep.equal(Array.from({ length: 20 }, () => 404));
    expect(rig.submitted.length).to.equal(20);
  });

  it("ends a revoked client's tokens at once", async () => {
    const client = rig.directory.add("revoked-later", ["payments:read"]);
    const token = `Bearer ${await rig.token(client.id)}`;
    expect((await exchange(rig.server.port, get("/v1/payments/x", token)))?.status).to.equal(404);
    rig.directory.clients.set(client.id, { ...client, status: "revoked" });
    expect((await exchange(rig.server.port, get("/v1/payments/x", token)))?.status).to.equal(401);
  });
});

describe("HTTP door that stops", function () {
  this.timeout(30_000);
  const good = '{"amount":1,"currency":"EUR","payment_method":"tok_visa"}';
  const post = (token: string): string =>
    `POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nX-Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: ${good.length}\r\n\r\n${good}`;

  it("finishes what runs, refuses what comes, then closes", async () => {
    const rig = await startTestServer();
    const token = await rig.token("writer");
    rig.hold = [];
    const running = await RawClient.connect(rig.server.port);
    const idle = await RawClient.connect(rig.server.port);
    running.send(post(token));
    const request = await heldRequest(rig);
    const drained = rig.server.drain(25_000);
    idle.send("GET /v1/meta/state-machine HTTP/1.1\r\nHost: a\r\n\r\n");
    const refused = await idle.read();
    expect([refused?.status, refused?.headers.get("connection"), parse(refused).code]).to.deep.equal([
      503,
      "close",
      "shard_unavailable",
    ]);
    await idle.ended();
    rig.release(request);
    expect((await running.read())?.status).to.equal(201);
    await drained;
    await running.ended();
    const late = await RawClient.connect(rig.server.port).catch(() => null);
    expect(late).to.equal(null);
  });

  it("does not wait longer than it was told", async () => {
    const rig = await startTestServer();
    const token = await rig.token("writer");
    rig.hold = [];
    const running = await RawClient.connect(rig.server.port);
    running.send(post(token));
    await heldRequest(rig);
    await rig.server.drain(50);
    expect(await running.read()).to.equal(null);
  });

  it("closes the connection, and never answers 5xx, when the shard is silent past every deadline", async () => {
    const rig = await startTestServer({ answerDeadlineMs: -1_900 }); // gives up after 100 ms
    const token = await rig.token("writer");
    rig.hold = [];
    const client = await RawClient.connect(rig.server.port);
    client.send(post(token));
    expect(await client.read()).to.equal(null);
    expect(rig.counted).to.deep.include(["create_payment", 0]);
    rig.server.close();
  });

  it("closes the connection without an answer when the shard can say nothing certain", async () => {
    const rig = await startTestServer();
    const token = await rig.token("writer");
    rig.hold = [];
    const client = await RawClient.connect(rig.server.port);
    client.send(post(token));
    const { ticket } = await heldRequest(rig);
    const nothing = { status: 0, body: new Uint8Array(0), problem: false, code: null, replayed: false };
    const more = { retryAfterS: null, location: null, gatewayMs: null, final: false, rate: null };
    rig.server.answer([{ ...nothing, ...more, ticket }]);
    expect(await client.read()).to.equal(null);
    expect(rig.counted).to.deep.include(["create_payment", 0]);
    rig.server.close();
  });

  it("refuses a port that is taken", async () => {
    const rig = await startTestServer();
    const second = await startTestServer({ port: rig.server.port }).catch((error: unknown) => String(error));
    rig.server.close();
    expect(second).to.contain("cannot listen");
  });

  it("tells the gateway's time when it is asked to", async () => {
    const rig = await startTestServer({ exposeGatewayTime: true });
    const answer = await exchange(rig.server.port, post(await rig.token("writer")));
    rig.server.close();
    expect(answer?.headers.get("gateway-time-ms")).to.equal("12.500");
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function heldRequest(rig: TestServer) {
  await until(() => (rig.hold?.length ?? 0) > 0);
  const request = rig.hold?.[0];
  if (request === undefined) throw new Error("nothing is held");
  return request;
}
