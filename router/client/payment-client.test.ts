import { expect } from "chai";
import { EXAMPLES } from "../openapi-examples.ts";
import { CARD_PAYMENT, IN_DOUBT_PAYMENT, REFUND_SAMPLE } from "../openapi-samples.ts";
import { PaymentClient, type PaymentClientOptions } from "./payment-client.ts";
import { type ClientFault, PaymentError } from "./payment-error.ts";
import { BASE_URL, FakeApi, problemAnswer, type Scripted, textOf, TOKEN_ANSWER } from "./test/fake-api.ts";
import type { TryReport } from "./transport.ts";
import { type CreatePayment, type ErrorCode, ROUTES, type RouteName } from "./types.ts";

const BODY: CreatePayment = { amount: 1999, currency: "EUR", payment_method: "tok_visa" };
const paid: Scripted = { status: 201, body: CARD_PAYMENT };

describe("payment client", () => {
  let api: FakeApi;
  let reports: TryReport[];
  const make = (options: Partial<PaymentClientOptions> = {}): PaymentClient =>
    new PaymentClient({
      baseUrl: `${BASE_URL}/`,
      clientId: "cli a",
      clientSecret: "s:%ret",
      fetch: api.fetch,
      clock: api.clock,
      random: api.random,
      onTry: (report) => reports.push(report),
      ...options,
    });
  const failure = async (promise: Promise<unknown>): Promise<PaymentError> => {
    try {
      await promise;
    } catch (error) {
      if (error instanceof PaymentError) return error;
      throw error;
    }
    throw new Error("it did not fail");
  };
  const keys = (): readonly (string | null)[] => api.sent.map(({ headers }) => headers.get("X-Idempotency-Key"));

  beforeEach(() => {
    api = new FakeApi();
    api.script = [paid];
    reports = [];
  });

  /** Each method with what it sends. */
  const calls: {
    readonly [N in Exclude<RouteName, "token" | "docs" | "stripe_webhook" | "adyen_webhook">]: (
      client: PaymentClient,
    ) => Promise<unknown>;
  } = {
    create_payment: (client) => client.createPayment(BODY),
    list_payments: (client) => client.listPayments({ limit: 2 }),
    get_payment: (client) => client.getPayment("x"),
    capture_payment: (client) => client.capturePayment("x", { amount: 1 }),
    cancel_payment: (client) => client.cancelPayment("x"),
    create_refund: (client) => client.createRefund("x", { amount: 1 }),
    list_refunds: (client) => client.listRefunds("x"),
    list_payment_events: (client) => client.listPaymentEvents("x"),
    get_refund: (client) => client.getRefund("x"),
    list_events: (client) => client.listEvents(),
    get_balances: (client) => client.getBalances(),
    get_idempotency_key: (client) => client.getIdempotencyKey("x"),
    create_webhook_endpoint: (client) => client.createWebhookEndpoint({ url: "https://shop.example/" }),
    list_webhook_endpoints: (client) => client.listWebhookEndpoints(),
    get_webhook_endpoint: (client) => client.getWebhookEndpoint("x"),
    delete_webhook_endpoint: (client) => client.deleteWebhookEndpoint("x"),
    rotate_webhook_secret: (client) => client.rotateWebhookSecret("x"),
    list_deliveries: (client) => client.listDeliveries("x"),
    resend_event: (client) => client.resendEvent("x", { event_id: "evt_1" }),
    authorization_server: (client) => client.authorizationServer(),
    jwks: (client) => client.jwks(),
    state_machine: (client) => client.stateMachine(),
    openapi: (client) => client.openapi(),
  };
  for (const [route, call] of Object.entries(calls))
    it(`sends ${route} as the document says`, async () => {
      const { method, path, keyed } = ROUTES[route as RouteName];
      await call(make());
      const [sent] = api.sent;
      expect([sent?.method, sent?.path.split("?")[0]]).to.deep.equal([method, path.replace(/\{\w+\}/, "x")]);
      expect(sent?.headers.has("X-Idempotency-Key")).to.equal(keyed);
      expect(sent?.headers.has("Content-Type")).to.equal(method === "POST");
      const open = EXAMPLES.some(({ route: name, authorization }) => name === route && authorization === "none");
      const needsToken = path.startsWith("/v1/") && path !== "/v1/meta/state-machine";
      expect(sent?.headers.get("Authorization")).to.equal(needsToken ? "Bearer token-1" : null);
      expect(needsToken || open).to.equal(true);
      expect(sent?.redirect, "a token goes nowhere else").to.equal("error");
    });
  it("has a method for every route but the token's, the manual's and those of gateways", () =>
    expect([...Object.keys(calls), "token", "docs", "stripe_webhook", "adyen_webhook"].sort()).to.deep.equal(
      Object.keys(ROUTES).sort(),
    ));

  it("takes an answer without a body for what it is, and for nothing else", async () => {
    api.script = [{ status: 204, body: "" }];
    expect(await make().deleteWebhookEndpoint("x")).to.equal(undefined);
    api.script = [{ status: 200, body: "" }];
    expect((await failure(make().deleteWebhookEndpoint("x"))).code).to.equal("unexpected_answer");
  });

  it("escapes what stands in paths and queries", async () => {
    await make().getIdempotencyKey("a/b?c#d%");
    await make().listPayments({ "created[gte]": "2026-01-01T00:00:00Z", merchant_reference: "a&b" });
    expect(api.sent.map(({ path }) => path)).to.deep.equal([
      "/v1/idempotency/a%2Fb%3Fc%23d%25",
      "/v1/payments?created%5Bgte%5D=2026-01-01T00%3A00%3A00Z&merchant_reference=a%26b",
    ]);
  });

  describe("tokens", () => {
    it("are asked for with the form-encoded id and secret, once for all calls", async () => {
      const client = make({ scopes: ["payments:read", "payments:write"] });
      await Promise.all([client.getPayment("a"), client.getPayment("b")]);
      await client.getPayment("c");
      expect(api.tokenRequests).to.have.length(1);
      const [request] = api.tokenRequests;
      expect(atob((request?.headers.get("Authorization") ?? "").slice(6))).to.equal("cli%20a:s%3A%25ret");
      expect(request?.body).to.equal("grant_type=client_credentials&scope=payments%3Aread+payments%3Awrite");
    });

    it("are renewed a minute before they end", async () => {
      const client = make();
      await client.getPayment("a");
      api.nowMs = 3_539_000;
      await client.getPayment("b");
      expect(api.tokenRequests).to.have.length(1);
      api.nowMs = 3_540_000;
      await client.getPayment("c");
      expect(api.tokenRequests).to.have.length(2);
    });

    it("are replaced once when they are refused, and the request goes out again with the same key", async () => {
      api.script = [problemAnswer(401, "invalid_token"), paid];
      await make().createPayment(BODY);
      expect(api.tokenRequests).to.have.length(2);
      expect(new Set(keys()).size).to.equal(1);
      expect(api.waits).to.deep.equal([]);

      api = new FakeApi();
      api.script = [problemAnswer(401, "invalid_token")];
      expect((await failure(make().createPayment(BODY))).code).to.equal("invalid_token");
      expect(api.sent).to.have.length(2);
    });

    it("are asked for again after a failure, and the failure is told with the request's key", async () => {
      api.tokenScript = [{ status: 401, body: { error: "invalid_client", error_description: "wrong" } }, TOKEN_ANSWER];
      const client = make();
      const error = await failure(client.createPayment(BODY, { idempotencyKey: "k" }));
      expect([error.code, error.status, error.idempotencyKey]).to.deep.equal(["invalid_client", 401, "k"]);
      await client.createPayment(BODY);
      expect(api.sent).to.have.length(1);
    });

    it("are waited for when there are too many failures", async () => {
      const limited: Scripted = { status: 429, headers: { "Retry-After": "7" }, body: { error: "rate_limited" } };
      api.tokenScript = [limited, TOKEN_ANSWER];
      await make().createPayment(BODY);
      expect(api.waits).to.deep.equal([7_000]);
    });
  });

  describe("retries", () => {
    const again: readonly (readonly [string, Scripted])[] = [
      ["a connection that fails", new TypeError("fetch failed")],
      ["a key in use", problemAnswer(409, "idempotency_key_in_use")],
      ["a limit", problemAnswer(429, "rate_limited")],
      ["a 503", problemAnswer(503, "overloaded")],
      ["a 500", problemAnswer(500, "internal_error")],
      ["a page of a proxy", { status: 502, body: "<html>" }],
    ];
    for (const [what, first] of again)
      it(`repeat after ${what}, with the one key`, async () => {
        api.script = [first, first, paid];
        expect(await make().createPayment(BODY)).to.deep.equal(CARD_PAYMENT);
        expect(keys()).to.deep.equal(Array(3).fill("ab".repeat(16)));
        expect(new Set(api.sent.map(({ body }) => body)).size).to.equal(1);
        expect(api.waits).to.deep.equal([500, 1_000]);
      });

    const final: readonly (readonly [number, ErrorCode])[] = [
      [400, "invalid_json"],
      [402, "payment_declined"],
      [403, "insufficient_scope"],
      [404, "not_found"],
      [409, "operation_in_doubt"],
      [409, "invalid_transition"],
      [422, "validation_failed"],
    ];
    for (const [status, code] of final)
      it(`do not repeat after ${status} ${code}`, async () => {
        api.script = [problemAnswer(status, code)];
        const error = await failure(make().createPayment(BODY));
        expect([error.code, error.status, error.requestId]).to.deep.equal([code, status, "req_1"]);
        expect(api.sent).to.have.length(1);
      });

    it("wait as the server says, else twice as long each time up to a limit, less a part by chance", async () => {
      api.fraction = 0;
      const busy = problemAnswer(503, "overloaded");
      const hint = problemAnswer(503, "overloaded", { "Retry-After": "3" });
      const date = problemAnswer(429, "rate_limited", { "Retry-After": new Date(12_000).toUTCString() });
      api.script = [busy, hint, busy, busy, busy, busy, date, paid];
      await make({ retry: { triesMax: 8 } }).createPayment(BODY);
      expect(api.waits.slice(0, 6)).to.deep.equal([250, 3_000, 1_000, 2_000, 4_000, 4_000]);
      expect(api.waits[6]).to.equal(0); // the date is over
    });

    it("end after some tries, with the key to go on with", async () => {
      api.script = [new TypeError("fetch failed")];
      const error = await failure(make().createPayment(BODY, { idempotencyKey: "order-1" }));
      expect([error.code, error.status, error.idempotencyKey]).to.deep.equal(["connection_failed", null, "order-1"]);
      expect(error.cause).to.be.instanceOf(TypeError);
      expect(keys()).to.deep.equal(Array(5).fill("order-1"));
    });

    it("wait for a request with the same key for as long as it may run, however many tries that takes", async () => {
      const inUse = problemAnswer(409, "idempotency_key_in_use", { "Retry-After": "1" });
      api.script = [new TypeError("fetch failed"), ...Array<Scripted>(12).fill(inUse), paid];
      expect(await make().createPayment(BODY)).to.deep.equal(CARD_PAYMENT);
      expect(api.waits).to.deep.equal([500, ...Array<number>(12).fill(1_000)]);

      api = new FakeApi();
      api.script = [inUse];
      const error = await failure(make().createPayment(BODY, { idempotencyKey: "order-1" }));
      expect([error.code, error.idempotencyKey]).to.deep.equal(["idempotency_key_in_use", "order-1"]);
      expect(api.nowMs).to.equal(30_000);
    });

    it("do not wait for a server that asks for too long", async () => {
      api.script = [problemAnswer(429, "rate_limited", { "Retry-After": "600" })];
      expect((await failure(make().createPayment(BODY))).retryAfterMs).to.equal(600_000);
      expect(api.waits).to.deep.equal([]);
    });

    it("give up a try that takes too long, and repeat it", async () => {
      api.script = ["hang", paid];
      await make({ tryTimeoutMs: 20_000 }).createPayment(BODY);
      expect(api.waits).to.deep.equal([20_000, 500]);
      api.script = ["hang"];
      expect((await failure(make({ retry: { triesMax: 1 } }).createPayment(BODY))).code).to.equal("timed_out");
    });

    it("make keys of letters alone, which are no number's digits", async () => {
      for (let i = 0; i < 20; i++) await make().createPayment(BODY);
      for (const key of keys()) expect(key).to.match(/^[a-p]{32}$/);
      expect(new Set(keys()).size).to.equal(20);
    });

    it("make a key for each call and tell what each try came to", async () => {
      const busy = problemAnswer(503, "overloaded");
      const replay: Scripted = {
        status: 201,
        headers: { "Idempotent-Replayed": "true", "Request-Id": "req_2" },
        body: CARD_PAYMENT,
      };
      api.script = [busy, replay];
      const client = make();
      await client.createPayment(BODY);
      await client.createPayment(BODY);
      const [one, two, three] = keys();
      expect(one === two && two !== three).to.equal(true);
      expect(reports.filter(({ route }) => route !== "token")).to.deep.equal([
        { route: "create_payment", try: 1, status: 503, requestId: "req_1", idempotencyKey: one, replayed: false },
        { route: "create_payment", try: 2, status: 201, requestId: "req_2", idempotencyKey: one, replayed: true },
        { route: "create_payment", try: 1, status: 201, requestId: "req_2", idempotencyKey: three, replayed: true },
      ]);
    });
  });

  describe("abort", () => {
    const reason = new Error("the shopper left");
    it("ends a try, its repetition and a call that has not begun", async () => {
      for (const script of ["hang", problemAnswer(503, "overloaded", { "Retry-After": "5" })] as const) {
        api = new FakeApi();
        api.script = [script];
        const controller = new AbortController();
        const { fetch } = api;
        const client = make({
          fetch: async (input, init) => {
            const answer = fetch(input, init);
            if (textOf(input).includes("/v1/")) controller.abort(reason);
            return await answer;
          },
        });
        const caught = await client.createPayment(BODY, { signal: controller.signal }).catch((error: unknown) => error);
        expect(caught).to.equal(reason);
        expect(api.sent).to.have.length(1);
        expect(api.waits, "nothing was waited for").to.deep.equal([]);
        const next = await client.getPayment("x", { signal: controller.signal }).catch((error: unknown) => error);
        expect(next).to.equal(reason);
      }
    });
  });

  it("ends a wait when it is aborted", async () => {
    const reason = new Error("the shopper left");
    const controller = new AbortController();
    api.script = [problemAnswer(503, "overloaded", { "Retry-After": "5" })];
    const clock = {
      ...api.clock,
      after(delayMs: number, task: () => void) {
        if (delayMs !== 5_000) return api.clock.after(delayMs, task);
        setImmediate(() => controller.abort(reason));
        return () => {}; // it never ends by itself
      },
    };
    const call = make({ clock }).createPayment(BODY, { signal: controller.signal });
    expect(await call.catch((error: unknown) => error)).to.equal(reason);
    expect(api.sent).to.have.length(1);
  });

  describe("errors", () => {
    it("carry the payment, the refund, the decline and the fields", async () => {
      const declined = EXAMPLES.find(({ name }) => name === "declined")?.answer.body as object;
      api.script = [{ status: 402, body: { ...declined, refund: REFUND_SAMPLE } }];
      const error = await failure(make().createPayment(BODY));
      expect(error.payment?.status).to.equal("failed");
      expect(error.refund?.id).to.equal(REFUND_SAMPLE.id);
      expect(error.decline?.code).to.equal("insufficient_funds");
      expect(error.errors).to.deep.equal([]);
      expect(error.message).to.contain("payment_declined");
    });

    const odd: readonly (readonly [string, Scripted, ErrorCode | ClientFault])[] = [
      ["a code that joined later, by its status", problemAnswer(404, "gone_for_good"), "not_found"],
      ["a code and a status that joined later", problemAnswer(418, "teapot"), "unexpected_answer"],
      ["a success that is no JSON", { status: 200, body: "<html>" }, "unexpected_answer"],
      ["a refusal that is no JSON", { status: 404, body: "" }, "not_found"],
    ];
    for (const [what, answer, code] of odd)
      it(`know ${what}`, async () => {
        api.script = [answer];
        expect((await failure(make().getPayment("x"))).code).to.equal(code);
      });

    it("never tell the secret or the token", async () => {
      api.script = [new TypeError("fetch failed")];
      const error = await failure(make({ retry: { triesMax: 1 } }).createPayment(BODY));
      expect(`${JSON.stringify(error)} ${error.stack} ${error.message}`).not.to.match(/s:%ret|s%3A|token-1/);
    });
  });

  describe("lists", () => {
    const page = (data: readonly unknown[], cursor: string | null, hasMore = cursor !== null): Scripted => ({
      status: 200,
      body: { object: "list", data, has_more: hasMore, next_cursor: cursor },
    });
    const collect = async (items: AsyncIterable<unknown>): Promise<readonly unknown[]> => {
      const all: unknown[] = [];
      for await (const item of items) all.push(item);
      return all;
    };

    it("are walked to their end, over short and empty pages, with the same filters", async () => {
      api.script = [page([1, 2], "a"), page([], "b"), page([3], null)];
      expect(await collect(make().allPayments({ status: "captured", limit: 2 }))).to.deep.equal([1, 2, 3]);
      expect(api.sent.map(({ path }) => path)).to.deep.equal([
        "/v1/payments?status=captured&limit=2",
        "/v1/payments?status=captured&limit=2&starting_after=a",
        "/v1/payments?status=captured&limit=2&starting_after=b",
      ]);
    });
    it("are fetched no further than they are read", async () => {
      api.script = [page([1, 2], "a")];
      for await (const _ of make().allEvents()) break;
      expect(api.sent).to.have.length(1);
    });
    it("of events end although a cursor is left to keep", async () => {
      api.script = [page([1], "z", false)];
      expect(await collect(make().allEvents())).to.deep.equal([1]);
    });
    it("that lead nowhere are an error, not a loop", async () => {
      api.script = [page([1], "a"), page([2], "a"), page([], null)];
      expect((await failure(collect(make().allRefunds("x")))).code).to.equal("unexpected_answer");
      api = new FakeApi();
      api.script = [page([1], null, true)];
      expect((await failure(collect(make().allPaymentEvents("x")))).code).to.equal("unexpected_answer");
    });
  });

  describe("waitUntilFinal", () => {
    it("reads a payment until nothing is pending", async () => {
      const open: Scripted = { status: 200, body: IN_DOUBT_PAYMENT };
      api.script = [open, open, { status: 200, body: CARD_PAYMENT }];
      const final = await make().waitUntilFinal(IN_DOUBT_PAYMENT);
      expect(final).to.deep.equal(CARD_PAYMENT);
      expect(api.sent.map(({ path }) => path)).to.deep.equal(Array(3).fill(`/v1/payments/${IN_DOUBT_PAYMENT.id}`));
      expect(api.waits).to.deep.equal([500, 1_000, 2_000]);
    });
    it("reads a refund at its own path", async () => {
      api.script = [{ status: 200, body: REFUND_SAMPLE }];
      await make().waitUntilFinal({ ...REFUND_SAMPLE, status: "pending", pending: IN_DOUBT_PAYMENT.pending });
      expect(api.sent[0]?.path).to.equal(`/v1/refunds/${REFUND_SAMPLE.id}`);
    });
    it("asks nothing about what is final", async () => {
      expect(await make().waitUntilFinal(CARD_PAYMENT)).to.equal(CARD_PAYMENT);
      expect(api.sent).to.have.length(0);
    });
    it("ends after a while", async () => {
      api.script = [{ status: 200, body: IN_DOUBT_PAYMENT }];
      const error = await failure(make().waitUntilFinal(IN_DOUBT_PAYMENT, { timeoutMs: 10_000 }));
      expect(error.code).to.equal("still_pending");
      expect(api.nowMs).to.be.at.most(10_000);
    });
  });
});
