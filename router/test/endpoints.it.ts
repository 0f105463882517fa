/** Merchants' webhook endpoints over real sockets with a fake shard, by the client that we give away. */
import { expect } from "chai";
import { type api, PaymentClient, PaymentError } from "../client/index.ts";
import { SCOPES } from "../scopes.ts";
import { FakeReplyCache } from "./fake-reply-cache.ts";
import { RawClient } from "./raw-http.ts";
import { startTestServer, type TestClient, type TestServer } from "./rig.ts";

const URL = "https://shop.example/webhooks";
const CARD: api.CreatePayment = { amount: 1999, currency: "EUR", payment_method: "tok_visa" };

describe("webhook endpoints", function () {
  this.timeout(30_000);
  const cache = new FakeReplyCache();
  let rig: TestServer;
  let client: PaymentClient;
  let serial = 0;

  before(async () => {
    rig = await startTestServer({ replyCache: cache });
    rig.rate = { limit: 1_000, remaining: 999, resetMs: 0 };
  });
  after(() => rig.server.close());
  /** A merchant of its own for each test. */
  beforeEach(() => {
    const { id, secret } = rig.directory.add(`merchant-${++serial}`, SCOPES);
    client = clientOf(id, secret);
    cache.reset();
    rig.submitted.length = 0;
  });

  const clientOf = (clientId: string, clientSecret: string): PaymentClient =>
    new PaymentClient({ baseUrl: rig.server.url, clientId, clientSecret, retry: { triesMax: 1 } });
  const failure = async (promise: Promise<unknown>): Promise<PaymentError> => {
    try {
      await promise;
    } catch (error) {
      if (error instanceof PaymentError) return error;
      throw error;
    }
    throw new Error("it did not fail");
  };
  const without = (endpoint: api.WebhookEndpoint): object => {
    const { secret, ...shown } = endpoint;
    expect(secret).to.be.a("string");
    return shown;
  };

  it("shows a secret in the answer that made it, and in no other", async () => {
    const made = await client.createWebhookEndpoint({ url: URL, event_types: ["payment.captured"] });
    expect(made.secret).to.match(/^whsec_/);
    expect(made).to.include({ object: "webhook_endpoint", url: URL, status: "enabled", disabled_reason: null });
    expect(await client.getWebhookEndpoint(made.id)).to.deep.equal(without(made));
    expect((await client.listWebhookEndpoints()).data).to.deep.equal([without(made)]);
    const rotated = await client.rotateWebhookSecret(made.id);
    expect(rotated.secret)
      .to.match(/^whsec_/)
      .and.not.equal(made.secret);
    expect(await client.getWebhookEndpoint(made.id)).to.deep.equal(without(rotated));
  });

  it("gives a repeat the same answer, from the shard alone: no cache learns a secret", async () => {
    await client.getBalances(); // from now on the router knows the merchant's rate, and would ask the cache
    const key = { idempotencyKey: "the-endpoint" };
    const made = await client.createWebhookEndpoint({ url: URL }, key);
    expect(await client.createWebhookEndpoint({ url: URL }, key)).to.deep.equal(made);
    const rotated = await client.rotateWebhookSecret(made.id, { idempotencyKey: "rotate" });
    expect(await client.rotateWebhookSecret(made.id, { idempotencyKey: "rotate" })).to.deep.equal(rotated);
    expect([cache.asked, cache.kept]).to.deep.equal([[], []]);
    await client.createPayment(CARD, { idempotencyKey: "a-payment" });
    expect([cache.asked.length, cache.kept.length], "it would have been").to.deep.equal([1, 1]);
  });

  it("binds a key to one request, whatever that is about", async () => {
    await client.createWebhookEndpoint({ url: URL }, { idempotencyKey: "one" });
    const key = { idempotencyKey: "one" };
    const others = [
      client.createWebhookEndpoint({ url: `${URL}/other` }, key),
      client.createWebhookEndpoint({ url: URL, event_types: ["payment.failed"] }, key),
      client.createPayment(CARD, key),
    ];
    for (const other of others) expect((await failure(other)).code).to.equal("idempotency_key_reuse");
    await client.createPayment(CARD, { idempotencyKey: "two" });
    expect((await failure(client.createWebhookEndpoint({ url: URL }, { idempotencyKey: "two" }))).code).to.equal(
      "idempotency_key_reuse",
    );
  });

  it("41: refuses the URLs that no event may go to", async () => {
    for (const url of [
      "http://shop.example/",
      "https://127.0.0.1/",
      "https://localhost/",
      "https://shop.example:22/",
    ]) {
      const error = await failure(client.createWebhookEndpoint({ url }));
      expect([error.code, error.status, error.errors[0]?.pointer, error.errors[0]?.code], url).to.deep.equal([
        "validation_failed",
        422,
        "/url",
        "invalid_url",
      ]);
    }
    expect((await client.listWebhookEndpoints()).data).to.deep.equal([]);
  });

  it("deletes for good, with an answer that has neither a body nor a length", async () => {
    const { id } = await client.createWebhookEndpoint({ url: URL });
    const other = await client.createWebhookEndpoint({ url: `${URL}/other` });
    const token = await rig.token(`merchant-${serial}`);
    const connection = await RawClient.connect(rig.server.port);
    const head = (method: string) =>
      `${method} /v1/webhook_endpoints/${id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    connection.send(head("DELETE"));
    const deleted = await connection.read();
    expect([
      deleted?.status,
      deleted?.headers.has("content-length"),
      deleted?.headers.has("content-type"),
    ]).to.deep.equal([204, false, false]);
    expect(deleted?.headers.get("request-id")).to.match(/^req_/);
    for (const method of ["GET", "DELETE"]) {
      connection.send(head(method));
      expect((await connection.read())?.status, "the connection goes on").to.equal(404);
    }
    connection.close();
    expect((await client.listWebhookEndpoints()).data.map((endpoint) => endpoint.id)).to.deep.equal([other.id]);
    expect(await client.deleteWebhookEndpoint(other.id)).to.equal(undefined);
  });

  it("reads nothing into the body of a DELETE, and takes what follows for the next request", async () => {
    const { id } = await client.createWebhookEndpoint({ url: URL });
    const token = await rig.token(`merchant-${serial}`);
    const connection = await RawClient.connect(rig.server.port);
    const head = (method: string, more = "") =>
      `${method} /v1/webhook_endpoints/${id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
    connection.send(`${head("DELETE", "Content-Length: 15\r\n")}{"force":false}`);
    expect((await connection.read())?.status).to.equal(204);
    connection.send(head("GET"));
    expect((await connection.read())?.status).to.equal(404);
    connection.close();
  });

  it("lists what became of each event, page by page, newest first, and sends one again", async () => {
    const endpoint = await client.createWebhookEndpoint({ url: URL, event_types: ["payment.captured"] });
    const quiet = await client.createWebhookEndpoint({ url: URL, event_types: ["dispute.lost"] });
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift((await client.createPayment(CARD)).id);
    const seen: api.WebhookDelivery[] = [];
    for await (const delivery of client.allDeliveries(endpoint.id, { limit: 2 })) seen.push(delivery);
    expect(seen.map(({ payment_id: id }) => id)).to.deep.equal(made);
    expect(new Set(seen.map(({ event_type: type, sequence }) => `${type} ${sequence}`))).to.deep.equal(
      new Set(["payment.captured 2"]),
    );
    expect((await client.listDeliveries(quiet.id)).data).to.deep.equal([]);
    const [newest] = seen;
    if (newest === undefined) throw new Error("there is a delivery");
    expect(await client.resendEvent(endpoint.id, { event_id: newest.event_id })).to.deep.equal(newest);
    expect((await failure(client.resendEvent(quiet.id, { event_id: newest.event_id }))).code).to.equal("not_found");
    const page = await client.listDeliveries(endpoint.id, { limit: 1 });
    const stolen = { limit: 1, starting_after: page.next_cursor ?? "" };
    expect((await failure(client.listDeliveries(quiet.id, stolen))).code).to.equal("invalid_parameter");
    expect((await client.listDeliveries(endpoint.id, stolen)).data[0]?.payment_id).to.equal(made[1]);
  });

  it("has at most 20 endpoints", async () => {
    for (let i = 0; i < 20; i++) await client.createWebhookEndpoint({ url: URL });
    expect((await failure(client.createWebhookEndpoint({ url: URL }))).code).to.equal("validation_failed");
    expect((await client.listWebhookEndpoints()).data).to.have.lengthOf(20);
  });

  it("asks the merchant's own shard alone", async () => {
    const { id } = await client.createWebhookEndpoint({ url: URL });
    const { id: other, secret } = rig.directory.clients.get("other") as TestClient;
    const stranger = clientOf(other, secret);
    rig.submitted.length = 0;
    for (const call of [
      stranger.getWebhookEndpoint(id),
      stranger.deleteWebhookEndpoint(id),
      stranger.rotateWebhookSecret(id),
      stranger.listDeliveries(id),
      stranger.resendEvent(id, { event_id: "evt_01h455vb4pex5vsknk084sn02q" }),
    ])
      expect((await failure(call)).code).to.equal("not_found");
    const { merchantId } = rig.directory.clients.get("other") as TestClient;
    expect(new Set(rig.submitted.map((request) => request.merchantId))).to.deep.equal(new Set([merchantId]));
    expect((await client.getWebhookEndpoint(id)).status).to.equal("enabled");
  });
});
