/** The TypeScript client against a started server: what it is answered, and what it does when answers are lost. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import type { ShardReply } from "../../actors/index.ts";
import { type api, PaymentClient, PaymentError, type TryReport } from "../client/index.ts";
import { PAYMENT, REFUND } from "../response-schemas.ts";
import type { TestClient, TestServer } from "./rig.ts";
import { answerSchema, misfits } from "./run-examples.ts";
import { type Between, startSandboxServer } from "./sandbox-words.ts";

const CARD: api.CreatePayment = { amount: 1999, currency: "EUR", payment_method: "tok_visa" };
const MANUAL: api.CreatePayment = { ...CARD, capture_method: "manual" };
const QUICK = { initialMs: 1, maxMs: 5 };

describe("client against a server", function () {
  this.timeout(30_000);
  let rig: TestServer;
  let client: PaymentClient;
  let reports: TryReport[];
  let between: Between;

  const clientOf = (id: string, retry: object = QUICK): PaymentClient => {
    const { secret } = rig.directory.clients.get(id) as TestClient;
    return new PaymentClient({
      baseUrl: rig.server.url,
      clientId: id,
      clientSecret: secret,
      retry,
      onTry: (report) => reports.push(report),
    });
  };
  const failure = async (promise: Promise<unknown>): Promise<PaymentError> => {
    const error = await promise.then(
      () => new Error("it did not fail"),
      (thrown: unknown) => thrown,
    );
    if (error instanceof PaymentError) return error;
    throw error;
  };
  const collect = async <Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> => {
    const all: Item[] = [];
    for await (const item of items) all.push(item);
    return all;
  };

  before(async () => {
    rig = await startSandboxServer((request, reply) => between(request, reply));
  });
  after(() => rig.server.close());
  beforeEach(() => {
    between = (_, reply) => reply;
    reports = [];
    client = clientOf("writer");
  });

  it("pays, captures, refunds and cancels", async () => {
    const payment = await client.createPayment(MANUAL);
    expect([payment.status, payment.pending]).to.deep.equal(["authorized", null]);
    const captured = await client.capturePayment(payment.id, { amount: 1500 });
    expect([captured.status, captured.amount_captured]).to.deep.equal(["captured", 1500]);
    const refund = await client.createRefund(payment.id, { amount: 500, reason: "broken" });
    expect([refund.status, refund.amount, refund.reason]).to.deep.equal(["succeeded", 500, "broken"]);
    expect(await client.getRefund(refund.id)).to.deep.equal(refund);
    const rest = await client.createRefund(payment.id);
    expect(rest.amount).to.equal(1000);
    expect((await client.getPayment(payment.id)).amount_refunded).to.equal(1500);
    expect(await collect(client.allRefunds(payment.id, { limit: 1 }))).to.deep.equal([refund, rest]);
    expect(misfits(REFUND, refund)).to.deep.equal([]);

    const second = await client.createPayment(MANUAL);
    expect((await client.cancelPayment(second.id)).status).to.equal("canceled");
    const types = (await collect(client.allPaymentEvents(second.id, { limit: 1 }))).map(({ type }) => type);
    expect(types).to.deep.equal([
      "payment.pending",
      "payment.authorized",
      "payment.cancel_requested",
      "payment.canceled",
    ]);
  });

  it("walks lists page by page, without a gap or a repeat", async () => {
    const reference = `walk-${rig.submitted.length}`;
    const made: string[] = [];
    for (let i = 0; i < 7; i++)
      made.unshift((await client.createPayment({ ...CARD, merchant_reference: reference })).id);
    const found = await collect(client.allPayments({ merchant_reference: reference, limit: 2 }));
    expect(found.map(({ id }) => id)).to.deep.equal(made);
    const events = await collect(client.allEvents({ limit: 100 }));
    expect(new Set(events.map(({ id }) => id)).size).to.equal(events.length);
    const last = await client.listEvents({ limit: 100 });
    await client.createPayment(CARD);
    const since = await client.listEvents({ limit: 100, starting_after: last.next_cursor ?? "" });
    expect(since.data.map(({ type }) => type)).to.deep.equal(["payment.pending", "payment.captured"]);
  });

  it("reads balances, keys and documents", async () => {
    await client.createPayment(CARD, { idempotencyKey: "a_key/with?odd%characters" });
    const key = await client.getIdempotencyKey("a_key/with?odd%characters");
    expect([key.status, key.route, key.response?.status]).to.deep.equal(["completed", "POST /v1/payments", 201]);
    const { data } = await client.getBalances();
    expect(data.map(({ currency }) => currency)).to.deep.equal(["EUR"]);
    for (const [route, value] of Object.entries({
      get_balances: await client.getBalances(),
      state_machine: await client.stateMachine(),
      jwks: await client.jwks(),
      authorization_server: await client.authorizationServer(),
      openapi: await client.openapi(),
    }))
      expect(misfits(answerSchema(route as api.RouteName, 200) ?? PAYMENT, value), route).to.deep.equal([]);
  });

  it("gets the one answer of its key when the first is lost with its connection", async () => {
    let lost = 0;
    between = (request, reply): ShardReply =>
      request.kind === "createPayment" && lost++ < 2 ? { ...reply, status: 0 } : reply;
    const before = (await collect(client.allPayments({ limit: 100 }))).length;
    reports = [];
    const payment = await client.createPayment(CARD);
    expect(payment.status).to.equal("captured");
    expect(reports.map(({ status, replayed }) => [status, replayed])).to.deep.equal([
      [null, false],
      [null, false],
      [201, true],
    ]);
    expect(new Set(reports.map(({ idempotencyKey }) => idempotencyKey)).size).to.equal(1);
    expect((await collect(client.allPayments({ limit: 100 }))).length).to.equal(before + 1);
  });

  it("waits for an outcome that is not known yet", async () => {
    const pending = await client.createPayment({ ...CARD, payment_method: "tok_timeout_charged" });
    expect([pending.status, pending.pending?.operation]).to.deep.equal(["pending", "sale"]);
    let looks = 0;
    between = (request, reply) => {
      if (request.kind !== "getPayment" || ++looks < 3) return reply;
      const open = JSON.parse(Buffer.from(reply.body).toString()) as api.Payment;
      return { ...reply, body: Buffer.from(JSON.stringify({ ...open, status: "captured", pending: null })) };
    };
    expect((await client.waitUntilFinal(pending)).status).to.equal("captured");
    expect(looks).to.equal(3);
  });

  it("cancels while in doubt: no charge is the goal from then on", async () => {
    const pending = await client.createPayment({ ...CARD, payment_method: "tok_timeout_charged" });
    const canceling = await client.cancelPayment(pending.id);
    expect([canceling.status, canceling.pending?.cancel_requested]).to.deep.equal(["pending", true]);
    expect((await failure(client.createRefund(pending.id))).code).to.equal("operation_in_doubt");
  });

  it("throws what the API refuses, with the payment of a decline", async () => {
    const declined = await failure(client.createPayment({ ...CARD, payment_method: "tok_decline_insufficient_funds" }));
    expect([declined.code, declined.status, declined.payment?.status, declined.decline?.code]).to.deep.equal([
      "payment_declined",
      402,
      "failed",
      "insufficient_funds",
    ]);
    expect(declined.requestId).to.match(/^req_/);
    const wrong = await failure(client.createPayment({ ...CARD, amount: -1 }));
    expect([wrong.code, wrong.errors[0]?.pointer]).to.deep.equal(["amount_out_of_range", "/amount"]);
    expect((await failure(client.listPayments({ limit: 0 }))).code).to.equal("invalid_parameter");
    expect((await failure(client.getPayment("pay_01m819qrd0ek98c4926d25asha"))).code).to.equal("not_found");
    expect((await failure(clientOf("reader").createPayment(CARD))).code).to.equal("insufficient_scope");
    expect((await failure(clientOf("suspended").getBalances())).code).to.equal("merchant_suspended");
    const other = await client.createPayment(CARD);
    expect((await failure(clientOf("other").getPayment(other.id))).code).to.equal("not_found");
  });

  it("is refused with a wrong secret", async () => {
    const stranger = new PaymentClient({ baseUrl: rig.server.url, clientId: "writer", clientSecret: "wrong" });
    expect((await failure(stranger.getBalances())).code).to.equal("invalid_client");
  });

  it("says that nobody answers, with the key to go on with", async () => {
    const gone = createServer().listen(0, "127.0.0.1");
    await once(gone, "listening");
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, "close");
    const lonely = new PaymentClient({
      baseUrl: `http://127.0.0.1:${port}`,
      clientId: "a",
      clientSecret: "b",
      retry: { triesMax: 2, initialMs: 1 },
    });
    const error = await failure(lonely.createPayment(CARD, { idempotencyKey: "order-9" }));
    expect([error.code, error.idempotencyKey]).to.deep.equal(["connection_failed", "order-9"]);
  });
});
