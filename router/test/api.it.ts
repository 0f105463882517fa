/** The merchant API over real sockets with a fake shard: commands, lists, foreign objects, limits and the reply cache. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { expect } from "chai";
import { ROUTES } from "../routes.ts";
import { SHARD_ROUTES, type ShardRouteName } from "../shard-requests.ts";
import { FakeReplyCache } from "./fake-reply-cache.ts";
import { exchange, RawClient, type RawAnswer } from "./raw-http.ts";
import { realClock, startTestServer, type TestServer } from "./rig.ts";

type Json = Readonly<Record<string, unknown>>;
const json = (answer: RawAnswer | null): Json => JSON.parse(answer?.body.toString() ?? "null") as Json;
const GOOD = { amount: 1299, currency: "EUR", payment_method: "tok_visa" };

/** A merchant who talks to the server. */
class Caller {
  readonly #port: number;
  readonly #token: string;
  #serial = 0;

  constructor(port: number, token: string) {
    this.#port = port;
    this.#token = token;
  }

  get(path: string, more = ""): Promise<RawAnswer | null> {
    return exchange(
      this.#port,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${this.#token}\r\n${more}\r\n`,
    );
  }

  post(path: string, body: Json | string | null = null, key = `${this.#token.slice(-8)}-${++this.#serial}`, more = "") {
    const text = body === null ? "" : typeof body === "string" ? body : JSON.stringify(body);
    const type = body === null ? "" : "Content-Type: application/json\r\n";
    const head =
      `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${this.#token}\r\nX-Idempotency-Key: ${key}\r\n` +
      `${type}${more}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
    return exchange(this.#port, Buffer.from(head + text));
  }

  delete(path: string): Promise<RawAnswer | null> {
    const head = `DELETE ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${this.#token}\r\n\r\n`;
    return exchange(this.#port, head);
  }

  async create(fields: Json = {}): Promise<string> {
    const answer = await this.post("/v1/payments", { ...GOOD, ...fields });
    const payment = json(answer);
    return String(payment["id"] ?? payment["payment_id"]);
  }
}

describe("merchant API", function () {
  this.timeout(30_000);
  let rig: TestServer;
  let writer: Caller;
  let other: Caller;
  let reader: Caller;

  before(async () => {
    rig = await startTestServer({
      documents: (url) => ({
        openapi: { contentType: "application/json", body: `{"servers":["${url}"]}`, csp: null },
        docs: { contentType: "text/html; charset=utf-8", body: "<!doctype html>", csp: "default-src 'none'" },
      }),
    });
    writer = new Caller(rig.server.port, await rig.token("writer"));
    other = new Caller(rig.server.port, await rig.token("other"));
    reader = new Caller(rig.server.port, await rig.token("reader"));
  });
  after(() => rig.server.close());
  beforeEach(() => {
    rig.submitted.length = 0;
  });

  it("captures, cancels and refunds, each with an answer of its own", async () => {
    const id = await writer.create({ capture_method: "manual" });
    const captured = await writer.post(`/v1/payments/${id}/capture`, { amount: 1000 });
    expect([captured?.status, json(captured)["status"], json(captured)["amount_captured"]]).to.deep.equal([
      200,
      "captured",
      1000,
    ]);
    const refunded = await writer.post(`/v1/payments/${id}/refunds`, { amount: 300, reason: "broken lid" });
    const refund = json(refunded);
    expect([refunded?.status, refund["object"], refund["amount"], refund["reason"], refund["status"]]).to.deep.equal([
      201,
      "refund",
      300,
      "broken lid",
      "succeeded",
    ]);
    expect(json(await writer.get(`/v1/refunds/${String(refund["id"])}`))).to.deep.equal(refund);
    const canceled = await writer.post(`/v1/payments/${await writer.create({ capture_method: "manual" })}/cancel`);
    expect([canceled?.status, json(canceled)["status"]]).to.deep.equal([200, "canceled"]);
  });

  it("answers 202 and says where to look for what is open", async () => {
    const id = await writer.create({ payment_method: "tok_refund_pending" });
    const answer = await writer.post(`/v1/payments/${id}/refunds`);
    const refund = json(answer);
    expect([answer?.status, answer?.headers.get("location"), refund["status"]]).to.deep.equal([
      202,
      `/v1/refunds/${String(refund["id"])}`,
      "pending",
    ]);
    const open = await writer.create({ payment_method: "tok_pending" });
    const cancel = await writer.post(`/v1/payments/${open}/cancel`);
    expect([cancel?.status, cancel?.headers.get("location")]).to.deep.equal([202, `/v1/payments/${open}`]);
    expect(json(cancel)["pending"]).to.deep.include({ operation: "void", cancel_requested: true });
  });

  it("answers 402 with the payment, and the refund, that the gateway refused", async () => {
    const id = await writer.create({ payment_method: "tok_refund_fails" });
    const answer = await writer.post(`/v1/payments/${id}/refunds`);
    const problem = json(answer);
    expect([answer?.status, problem["code"], problem["payment_id"]]).to.deep.equal([402, "payment_declined", id]);
    expect(problem["refund"]).to.include({ object: "refund", status: "failed" });
    expect(problem["payment"]).to.include({ status: "captured", amount_refunded: 0 });
  });

  it("turns the pages of a list without a gap or a repeat while payments arrive", async () => {
    const reference = "pages";
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.unshift(await writer.create({ merchant_reference: reference }));
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 10; pages++) {
      const answer = await writer.get(`/v1/payments?limit=3&merchant_reference=${reference}${cursor}`);
      const page = json(answer) as { data: { id: string }[]; has_more: boolean; next_cursor: string | null };
      seen.push(...page.data.map(({ id }) => id));
      await writer.create({ merchant_reference: reference });
      if (!page.has_more) break;
      cursor = `&starting_after=${page.next_cursor}`;
    }
    expect(seen).to.deep.equal(made);
  });

  it("refuses the cursor of another merchant like a forged one", async () => {
    for (let i = 0; i < 2; i++) await other.create();
    const page = json(await other.get("/v1/payments?limit=1"));
    const answers = await Promise.all(
      [String(page["next_cursor"]), "forged"].map((cursor) =>
        writer.get(`/v1/payments?limit=1&starting_after=${cursor}`),
      ),
    );
    expect(answers.map((answer) => answer?.status)).to.deep.equal([400, 400]);
    expect(new Set(answers.map((answer) => withoutId(answer))).size).to.equal(1);
    expect((await other.get(`/v1/payments?limit=1&starting_after=${String(page["next_cursor"])}`))?.status).to.equal(
      200,
    );
  });

  it("tells what happened, in order, and what a key stands for", async () => {
    const created = await writer.post("/v1/payments", { ...GOOD, capture_method: "manual" }, "a/b?c");
    const id = String(json(created)["id"]);
    await writer.post(`/v1/payments/${id}/capture`);
    const page = json(await writer.get(`/v1/payments/${id}/events`)) as { data: Json[]; next_cursor: string };
    expect(page.data.map(({ type, sequence }) => [type, sequence])).to.deep.equal([
      ["payment.pending", 1],
      ["payment.authorized", 2],
      ["payment.capture_requested", 3],
      ["payment.captured", 4],
    ]);
    expect(page.data[0]?.["request"]).to.include({ idempotency_key: "a/b?c" });
    expect(page.next_cursor).to.be.a("string");
    const later = json(await writer.get(`/v1/payments/${id}/events?starting_after=${page.next_cursor}`));
    expect(later, "who keeps asking keeps the place").to.deep.equal({
      object: "list",
      data: [],
      has_more: false,
      next_cursor: page.next_cursor,
    });
    const key = json(await writer.get(`/v1/idempotency/${encodeURIComponent("a/b?c")}`));
    expect(key).to.include({ key: "a/b?c", route: "POST /v1/payments", payment_id: id, status: "completed" });
    expect(key["response"]).to.deep.equal({ status: 201, body: json(created) });
    expect(json(await writer.get("/v1/balances"))["object"]).to.equal("balances");
    expect(json(await writer.get("/v1/events?limit=100"))["data"]).to.have.length.above(4);
  });

  describe("walked with another merchant's ids", () => {
    /** What the path of each route names: an object of `other`, and one that nobody has. */
    const paths = async (
      route: ShardRouteName,
    ): Promise<readonly [foreign: string, unknown: string, malformed: string] | null> => {
      const { path } = ROUTES.find(({ name }) => name === route) ?? { path: "" };
      const swap = (id: string): string => `${id.slice(0, -4)}${id.endsWith("0000") ? "1111" : "0000"}`;
      const into = (id: string): string => path.replace(/\{.*\}/, id);
      if (!path.includes("{")) return null;
      if (path.startsWith("/v1/webhook_endpoints/")) {
        const endpoint = String(
          json(await other.post("/v1/webhook_endpoints", { url: "https://other.example/" }))["id"],
        );
        return [into(endpoint), into(swap(endpoint)), into("nonsense")];
      }
      if (route === "get_idempotency_key") {
        await other.post("/v1/payments", GOOD, `walk-${route}`);
        return [into(`walk-${route}`), into("walk-nobody"), into("walk-nobody-else")];
      }
      const payment = await other.create({ capture_method: route === "capture_payment" ? "manual" : "automatic" });
      const id =
        route === "get_refund" ? String(json(await other.post(`/v1/payments/${payment}/refunds`))["id"]) : payment;
      return [into(id), into(swap(id)), into("nonsense")];
    };
    for (const route of SHARD_ROUTES)
      it(`${route} tells nothing of what is not the asker's`, async () => {
        const found = await paths(route);
        const method = ROUTES.find(({ name }) => name === route)?.method;
        const body = await bodyOf(route, other, found);
        const ask = (path: string, asker = writer) =>
          method === "GET" ? asker.get(path) : method === "DELETE" ? asker.delete(path) : asker.post(path, body);
        if (found === null) {
          // No id in the path: what it answers is the asker's own, whoever made what.
          const marked = await other.create({ merchant_reference: "mark-of-another" });
          const answer = await ask(pathOf(route));
          expect(answer?.status).to.be.below(300);
          expect(answer?.body.toString()).to.not.contain(marked).and.to.not.contain("mark-of-another");
          return;
        }
        const answers = await Promise.all(found.map((path) => ask(path)));
        const own = await ask(found[0], other);
        expect(own?.status, "its owner is not refused as unknown").to.not.equal(404);
        expect(answers.map((answer) => answer?.status)).to.deep.equal([404, 404, 404]);
        expect(new Set(answers.map((answer) => withoutId(answer))).size, "byte for byte the same").to.equal(1);
      });
  });

  /** A body that the route takes from who owns what `found` names. */
  const bodyOf = async (
    route: ShardRouteName,
    owner: Caller,
    found: readonly string[] | null,
  ): Promise<Json | null> => {
    if (route === "create_payment") return GOOD;
    if (route === "create_webhook_endpoint") return { url: "https://shop.example/" };
    if (route !== "resend_event") return null;
    const payment = await owner.create();
    const deliveries = json(await owner.get((found?.[0] ?? "").replace("/resend", "/deliveries"))) as { data: Json[] };
    expect(deliveries.data[0]).to.include({ payment_id: payment });
    return { event_id: deliveries.data[0]?.["event_id"] };
  };

  it("tells what is left of the merchant's rate, and when to come back", async () => {
    rig.rate = { limit: 100, remaining: 42, resetMs: 0 };
    const answer = await writer.get("/v1/balances");
    rig.rate = null;
    const uncounted = await writer.get("/v1/balances");
    const headers = ["ratelimit-policy", "ratelimit"] as const;
    expect(headers.map((name) => answer?.headers.get(name))).to.deep.equal([
      '"merchant";q=100;w=1',
      '"merchant";r=42;t=1',
    ]);
    expect(headers.map((name) => uncounted?.headers.has(name))).to.deep.equal([false, false]);
    rig.hold = [];
    const refused = writer.get("/v1/balances");
    while (rig.hold.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const [request] = rig.hold;
    rig.hold = null;
    const base = {
      body: Buffer.from("{}"),
      problem: true,
      code: "rate_limited",
      replayed: false,
      location: null,
    } as const;
    const rate = { limit: 100, remaining: 0, resetMs: 1_500 };
    const more = { status: 429, gatewayMs: null, final: false, retryAfterS: null, rate };
    rig.server.answer([{ ...base, ...more, ticket: request?.ticket ?? 0 }]);
    const limited = await refused;
    expect([limited?.headers.get("retry-after"), limited?.headers.get("ratelimit")]).to.deep.equal([
      "2",
      '"merchant";r=0;t=2',
    ]);
  });

  const uncountedElsewhere: readonly (readonly [string, number, () => Promise<RawAnswer | null>])[] = [
    ["a bad parameter", 400, () => writer.get("/v1/payments?limit=abc")],
    ["a bad cursor", 400, () => writer.get("/v1/events?starting_after=x")],
    ["an id that is none", 404, () => writer.get("/v1/payments/nope")],
    ["a missing key", 400, () => writer.post("/v1/payments", GOOD, "")],
    ["a scope that is missing", 403, () => reader.get("/v1/balances")],
    ["a body over the limit", 413, () => writer.post("/v1/payments", "x".repeat(70_000))],
  ];
  for (const [what, status, send] of uncountedElsewhere)
    it(`counts ${what} for the merchant`, async () => {
      await writer.get("/v1/balances");
      await reader.get("/v1/payments");
      rig.submitted.length = 0;
      expect((await send())?.status).to.equal(status);
      expect(rig.submitted.map(({ kind }) => kind)).to.deep.equal(["count"]);
    });

  it("serves its description, with the page's own policy", async () => {
    const openapi = await exchange(rig.server.port, "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(json(openapi)).to.deep.equal({ servers: [rig.server.url] });
    for (const path of ["/docs", "/docs/errors"]) {
      const page = await exchange(rig.server.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect([
        page?.status,
        page?.headers.get("content-type"),
        page?.headers.get("content-security-policy"),
      ]).to.deep.equal([200, "text/html; charset=utf-8", "default-src 'none'"]);
    }
  });

  it("knows no description where none was given", async () => {
    const plain = await startTestServer();
    const answer = await exchange(plain.server.port, "GET /docs HTTP/1.1\r\nHost: a\r\n\r\n");
    plain.server.close();
    expect([answer?.status, json(answer)["code"]]).to.deep.equal([404, "not_found"]);
  });

  it("serves on after 1,000 clients that left right after the body", async () => {
    const token = await rig.token("writer");
    const body = JSON.stringify(GOOD);
    const abort = async (i: number): Promise<void> => {
      const client = await RawClient.connect(rig.server.port);
      client.send(
        `POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nX-Idempotency-Key: abort-${i}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      client.close();
    };
    rig.counted.length = 0;
    for (let i = 0; i < 1_000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => abort(i + j)));
    const ended = () => rig.counted.filter(([route]) => route === "create_payment").length;
    while (ended() < 1_000) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(rig.server.openCount).to.equal(0);
    expect((await writer.post("/v1/payments", GOOD))?.status).to.equal(201);
  });
});

describe("reply cache at the HTTP door", function () {
  this.timeout(30_000);
  const cache = new FakeReplyCache();
  let rig: TestServer;
  let writer: Caller;
  const RATE = { limit: 1_000, remaining: 999, resetMs: 0 };
  let nowMs = 0;
  before(async () => {
    const clock = { ...realClock, monotonicMs: () => nowMs };
    rig = await startTestServer({ replyCache: cache, clock });
    writer = new Caller(rig.server.port, await rig.token("writer"));
  });
  after(() => rig.server.close());
  beforeEach(async () => {
    rig.rate = RATE;
    await writer.get("/v1/balances"); // from now on the router knows the merchant's rate
    rig.submitted.length = 0;
    cache.reset();
  });
  const kinds = () => rig.submitted.map(({ kind }) => kind);

  it("is asked first, filled with the final answer, and then answers without the shard", async () => {
    const first = await writer.post("/v1/payments", GOOD, "cached");
    expect(kinds()).to.deep.equal(["createPayment"]);
    const second = await writer.post("/v1/payments", GOOD, "cached");
    expect(kinds()).to.deep.equal(["createPayment", "count"]);
    expect([
      second?.status,
      second?.headers.get("idempotent-replayed"),
      second?.headers.get("content-type"),
    ]).to.deep.equal([201, "true", "application/json"]);
    expect(second?.body).to.deep.equal(first?.body);
    const { merchantId } = rig.directory.clients.get("writer") ?? {};
    expect(cache.asked[0]).to.deep.equal({
      merchantId,
      key: "cached",
      route: "POST /v1/payments",
      bodyHash: createHash("sha256").update(JSON.stringify(GOOD)).digest(),
    });
  });

  it("keeps a refusal by the gateway as the problem that it is", async () => {
    const body = { ...GOOD, payment_method: "tok_decline_insufficient_funds" };
    const first = await writer.post("/v1/payments", body, "declined");
    const second = await writer.post("/v1/payments", body, "declined");
    expect([second?.status, second?.headers.get("content-type")]).to.deep.equal([402, "application/problem+json"]);
    expect(second?.body).to.deep.equal(first?.body);
    expect(kinds()).to.deep.equal(["createPayment", "count"]);
  });

  it("keeps nothing that is not final", async () => {
    await writer.post("/v1/payments", { ...GOOD, payment_method: "tok_pending" }, "open");
    await writer.post("/v1/payments", { ...GOOD, amount: 0 }, "invalid");
    await writer.post("/v1/payments", "{", "no-json");
    expect(cache.kept).to.have.lengthOf(0);
    await writer.post("/v1/payments", { ...GOOD, payment_method: "tok_pending" }, "open");
    expect(kinds()).to.deep.equal(["createPayment", "createPayment", "createPayment", "createPayment"]);
  });

  it("takes another body, spelling, route or payment for another question", async () => {
    const [one, two] = [
      await writer.create({ capture_method: "manual" }),
      await writer.create({ capture_method: "manual" }),
    ];
    cache.reset();
    await writer.post(`/v1/payments/${one}/capture`, null, "same-key");
    const codes = [
      await writer.post(`/v1/payments/${two}/capture`, null, "same-key"),
      await writer.post(`/v1/payments/${one}/cancel`, null, "same-key"),
      await writer.post(`/v1/payments/${one}/capture`, { amount: 1 }, "same-key"),
      await writer.post("/v1/payments", GOOD, "same-key"),
    ].map((answer) => json(answer)["code"]);
    expect(codes).to.deep.equal(Array.from({ length: 4 }, () => "idempotency_key_reuse"));
    const spelled = await writer.post(`/v1/payments/${one}/capture`, " {}", "same-key");
    expect([spelled?.status, spelled?.headers.get("idempotent-replayed")], "the shard knows it").to.deep.equal([
      200,
      "true",
    ]);
    const again = await writer.post(`/v1/payments/${one}/capture`, null, "same-key");
    expect([again?.status, kinds().at(-1)]).to.deep.equal([200, "count"]);
  });

  it("answers nobody else", async () => {
    await writer.post("/v1/payments", GOOD, "mine");
    const other = new Caller(rig.server.port, await rig.token("other"));
    const theirs = await other.post("/v1/payments", GOOD, "mine");
    expect([theirs?.status, theirs?.headers.has("idempotent-replayed")]).to.deep.equal([201, false]);
  });

  it("is not asked before the head is judged, nor for reads", async () => {
    cache.reset();
    await writer.get("/v1/balances");
    await writer.post("/v1/payments", GOOD, "k e y");
    await writer.post("/v1/payments/nonsense/capture", null, "key");
    expect(cache.asked).to.have.lengthOf(0);
  });

  it("says what is left of the merchant's rate, and leaves what may be over it to the shard", async () => {
    rig.rate = { limit: 3, remaining: 2, resetMs: 0 };
    await writer.post("/v1/payments", GOOD, "limited");
    const rates: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++)
      rates.push((await writer.post("/v1/payments", GOOD, "limited"))?.headers.get("ratelimit"));
    expect(rates).to.deep.equal(['"merchant";r=1;t=1', '"merchant";r=0;t=1']);
    expect(kinds()).to.deep.equal(["createPayment", "count", "count"]);
    rig.rate = { limit: 3, remaining: 0, resetMs: 700 };
    const asked = cache.asked.length;
    for (let i = 0; i < 2; i++) await writer.post("/v1/payments", GOOD, "limited");
    expect(kinds().slice(3), "the shard decides").to.deep.equal(["createPayment", "createPayment"]);
    expect(cache.asked.length, "nor is the cache asked").to.equal(asked);
    nowMs += 1_000;
    const later = await writer.post("/v1/payments", GOOD, "limited");
    expect([later?.headers.get("ratelimit-policy"), later?.headers.get("ratelimit")]).to.deep.equal([
      '"merchant";q=3;w=1',
      '"merchant";r=2;t=1',
    ]);
    expect(kinds().at(-1)).to.equal("count");
  });

  it("is not asked for a merchant whose rate nobody told yet", async () => {
    rig.directory.add("unheard", ["payments:write"]);
    const unheard = new Caller(rig.server.port, await rig.token("unheard"));
    rig.rate = null;
    for (let i = 0; i < 2; i++) await unheard.post("/v1/payments", GOOD, "unheard");
    expect([kinds(), cache.asked]).to.deep.equal([["createPayment", "createPayment"], []]);
  });

  it("begins nothing for a client that left while it was asked", async () => {
    cache.holdLooks();
    const client = await RawClient.connect(rig.server.port);
    const body = JSON.stringify(GOOD);
    client.send(
      `POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${await rig.token("writer")}\r\nX-Idempotency-Key: left\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    while (cache.asked.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(rig.server.openCount).to.equal(1);
    client.close();
    while (rig.server.openCount > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    cache.releaseLooks();
    expect(rig.submitted).to.have.lengthOf(0);
    expect((await writer.post("/v1/payments", GOOD, "left"))?.status).to.equal(201);
  });

  it("answers though nobody owns the merchant's slot", async () => {
    await writer.post("/v1/payments", GOOD, "no-owner");
    rig.submitted.length = 0;
    rig.directory.shardOf = () => undefined;
    const answer = await writer.post("/v1/payments", GOOD, "no-owner");
    rig.directory.shardOf = () => 0;
    expect([answer?.status, kinds()]).to.deep.equal([201, []]);
  });
});

describe("limit of an address", function () {
  this.timeout(30_000);

  it("refuses with 429 before anybody is asked who they are, whatever X-Forwarded-For says", async () => {
    const rig = await startTestServer({ edgeRequestsPerSecond: 5, clock: stoppedClock() });
    const client = await RawClient.connect(rig.server.port);
    const statuses: (number | undefined)[] = [];
    let last: RawAnswer | null = null;
    for (let i = 0; i < 7; i++) {
      client.send(
        `GET /v1/balances HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.${i}\r\nForwarded: for=10.0.0.${i}\r\n\r\n`,
      );
      last = await client.read();
      statuses.push(last?.status);
    }
    client.close();
    rig.server.close();
    expect(statuses).to.deep.equal([401, 401, 401, 401, 401, 429, 429]);
    expect([json(last)["code"], last?.headers.get("retry-after")]).to.deep.equal(["rate_limited", "1"]);
    expect(rig.submitted).to.have.lengthOf(0);
  });

  it("makes scanners pay more", async () => {
    const rig = await startTestServer({ edgeRequestsPerSecond: 100, clock: stoppedClock() });
    const statuses: (number | undefined)[] = [];
    for (const path of ["/.env", "/wp-login.php", "/v1/meta/state-machine"])
      statuses.push((await exchange(rig.server.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`))?.status);
    rig.server.close();
    expect(statuses).to.deep.equal([404, 404, 429]);
  });
});

/** A clock on which nothing becomes later, so that a limit per second is exact. */
const stoppedClock = () => ({
  nowMs: () => Date.now(),
  monotonicMs: () => 1_000,
  after: () => () => {},
});

const withoutId = (answer: RawAnswer | null): string =>
  `${answer?.status} ${answer?.body.toString().replaceAll(/req_[0-9a-f]+/g, "")}`;
const pathOf = (route: ShardRouteName): string => ROUTES.find(({ name }) => name === route)?.path ?? "";
