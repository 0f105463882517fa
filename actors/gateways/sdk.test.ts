/** What the SDKs put on the wire, and what is made of every answer: both adapters over a transport that holds no socket. */
import { expect } from "chai";
import type { OperationId, PaymentId } from "../domain/index.ts";
import type { Gateway, GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { createAdyenGateway } from "./adyen.ts";
import { type HttpAnswer, type HttpRequest, type HttpTransport, TransportError } from "./http-transport.ts";
import { createStripeGateway } from "./stripe.ts";

const KEY = "5c0b6a54-6f0c-5d0e-9a55-0d6f0a1b2c3d";
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };

interface Sent extends HttpRequest {
  /** Who called: the proof that the request came out of the SDK. */
  readonly stack: string;
}

/** Answers in turn; the last answer stays. */
class StubTransport implements HttpTransport {
  readonly sent: Sent[] = [];
  readonly #answers: (HttpAnswer | Error)[];
  constructor(...answers: (HttpAnswer | Error)[]) {
    this.#answers = answers;
  }
  send(request: HttpRequest): Promise<HttpAnswer> {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 50;
    this.sent.push({ ...request, stack: new Error("stack").stack ?? "" });
    Error.stackTraceLimit = limit;
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as HttpAnswer);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const html = (status: number): HttpAnswer => ({ status, headers: { "content-type": "text/html" }, text: "<html>" });

const call = (more: Partial<GatewayCall> = {}): GatewayCall => ({
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  kind: "authorize",
  action: "execute",
  try: 1,
  earlierTryOpen: false,
  gateway: "stripe",
  account: "acct_1",
  gatewayKey: KEY,
  gatewayReference: "pi_1",
  amountMinor: 1000n,
  currency: "EUR",
  paymentMethod: "tok_visa",
  timeoutMs: 10_000,
  notAfterMs: Number.POSITIVE_INFINITY,
  ...more,
});
const intent = (status: string, more: object = {}) => ({
  id: "pi_1",
  object: "payment_intent",
  status,
  amount: 1000,
  amount_capturable: 1000,
  amount_received: status === "succeeded" ? 1000 : 0,
  currency: "eur",
  metadata: { operation_id: "op_1", payment_id: "pay_1" },
  ...more,
});
const authorised = {
  resultCode: "Authorised",
  pspReference: "PSP1",
  merchantReference: "op_1",
  amount: { value: 1000, currency: "EUR" },
};

const stripe = (transport: HttpTransport): Gateway =>
  createStripeGateway({ baseUrl: "http://127.0.0.1:9", apiKey: "sk_test_x", account: null, clock, transport });
const adyen = (transport: HttpTransport): Gateway =>
  createAdyenGateway({ baseUrl: "http://127.0.0.1:9", apiKey: "key", merchantAccount: null, clock, transport });

describe("Stripe adapter on the wire", () => {
  const cases: ReadonlyArray<
    readonly [
      name: string,
      Partial<GatewayCall>,
      answer: object,
      method: string,
      path: string,
      key: string | undefined,
      body: string | null,
    ]
  > = [
    [
      "prepare an authorize",
      { action: "prepare", gatewayReference: null },
      intent("requires_confirmation"),
      "POST",
      "/v1/payment_intents",
      `${KEY}-create`,
      "amount=1000&currency=eur&capture_method=manual&payment_method=tok_visa&allowed_payment_method_types[0]=card&metadata[operation_id]=op_1&metadata[payment_id]=pay_1",
    ],
    [
      "prepare a sale",
      { action: "prepare", kind: "sale", gatewayReference: null },
      intent("requires_confirmation"),
      "POST",
      "/v1/payment_intents",
      `${KEY}-create`,
      "amount=1000&currency=eur&capture_method=automatic&payment_method=tok_visa&allowed_payment_method_types[0]=card&metadata[operation_id]=op_1&metadata[payment_id]=pay_1",
    ],
    [
      "execute",
      {},
      intent("requires_capture"),
      "POST",
      "/v1/payment_intents/pi_1/confirm",
      KEY,
      "error_on_requires_action=true",
    ],
    ["query", { action: "query" }, intent("requires_capture"), "GET", "/v1/payment_intents/pi_1", undefined, null],
    [
      "abandon",
      { action: "abandon", try: 7 },
      intent("canceled"),
      "POST",
      "/v1/payment_intents/pi_1/cancel",
      `${KEY}-cancel-7`,
      "",
    ],
    ["void", { kind: "void" }, intent("canceled"), "POST", "/v1/payment_intents/pi_1/cancel", KEY, ""],
    [
      "capture",
      { kind: "capture" },
      intent("succeeded"),
      "POST",
      "/v1/payment_intents/pi_1/capture",
      KEY,
      "amount_to_capture=1000&metadata[capture_operation_id]=op_1",
    ],
  ];
  for (const [name, more, answer, method, path, key, body] of cases)
    it(`${name}: ${method} ${path}, built by the official SDK`, async () => {
      const transport = new StubTransport(json(200, answer));
      const observed = await stripe(transport).run(call(more));
      expect(observed.kind).to.not.be.oneOf(["unknown", "notSubmitted"]);
      expect(transport.sent).to.have.length(1);
      const [request] = transport.sent as [Sent];
      expect(request).to.include({ method, path, body });
      expect(request.headers["Idempotency-Key"]).to.equal(key);
      expect(request.headers["Stripe-Account"]).to.equal("acct_1");
      expect(request.headers["User-Agent"]).to.match(/^Stripe\/v1 NodeBindings\/23\./);
      expect(request.headers["X-Stripe-Client-User-Agent"]).to.contain("undici");
      expect(request.headers).to.not.have.property("X-Stripe-Client-Telemetry");
      expect(request.stack).to.match(/node_modules\/stripe\/.*RequestSender/);
    });

  it("sends the same bytes on every try", async () => {
    const transport = new StubTransport(json(500, { error: { type: "api_error" } }));
    for (const number of [2, 3, 4]) await stripe(transport).run(call({ try: number }));
    const [first, ...later] = transport.sent.map(({ path, headers, body }) => ({
      path,
      key: headers["Idempotency-Key"],
      body,
    }));
    expect(later).to.deep.equal([first, first]);
  });

  const lost: ReadonlyArray<readonly [string, TransportError, GatewayObservation]> = [
    ["reset after send", new TransportError("connection_lost", true), { kind: "unknown", reason: "connection_lost" }],
    ["refused", new TransportError("connection_failed", false), { kind: "notSubmitted", reason: "connection_failed" }],
    ["time-out", new TransportError("timeout", true), { kind: "unknown", reason: "timeout" }],
  ];
  for (const [name, error, expected] of lost)
    it(`${name} -> ${expected.kind}, and the SDK does not send again`, async () => {
      const transport = new StubTransport(error);
      expect(await stripe(transport).run(call())).to.deep.equal(expected);
      expect(transport.sent).to.have.length(1);
    });
});

const stripeError = (status: number, error: object, headers: Record<string, string> = {}): HttpAnswer =>
  json(status, { error }, headers);
const replayed = { "idempotent-replayed": "true" };

describe("Stripe adapter: every answer of gateways.md §3.1", () => {
  const cases: ReadonlyArray<
    readonly [name: string, answer: HttpAnswer, expected: string, more?: Partial<GatewayCall>]
  > = [
    ["200 HTML", html(200), "unknown unreadable_200"],
    ["200 cut JSON", json(200, '{"id":"pi_1","obj'), "unknown unreadable_200"],
    ["200 empty", json(200, ""), "unknown unreadable_200"],
    ["200 null", json(200, "null"), "unknown unreadable_200"],
    ["200 array", json(200, "[]"), "unknown unreadable_200"],
    ["200 with an error member", stripeError(200, {}), "unknown unreadable_200"],
    [
      "200 as text/html",
      json(200, intent("requires_capture"), { "content-type": "text/html" }),
      "unknown unreadable_200",
    ],
    ["200 without id", json(200, { ...intent("requires_capture"), id: undefined }), "unknown unreadable_answer"],
    [
      "200 without status",
      json(200, { ...intent("requires_capture"), status: undefined }),
      "unknown unreadable_answer",
    ],
    ["302", json(302, {}, { location: "http://elsewhere.invalid/" }), "unknown unreadable_302"],
    ["302 with an intent", json(302, intent("requires_capture")), "unknown unreadable_302"],
    ["500 without error member", json(500, { fine: true }), "unknown unreadable_500"],
    ["500 with an intent", json(500, intent("requires_capture")), "unknown unreadable_500"],
    ["500", stripeError(500, { type: "api_error" }), "unknown http_500"],
    ["502 HTML", html(502), "unknown unreadable_502"],
    ["503", stripeError(503, { type: "api_error" }), "unknown http_503"],
    ["409 in use", stripeError(409, { code: "idempotency_key_in_use" }), "busy key_in_use"],
    ["409 other", stripeError(409, { code: "conflict" }), "unknown http_409"],
    ["429", stripeError(429, { code: "rate_limit" }, { "retry-after": "3" }), "busy rate_limited"],
    ["429 lock_timeout", stripeError(429, { code: "lock_timeout" }), "busy rate_limited"],
    ["429 HTML", html(429), "busy rate_limited"],
    ["401", stripeError(401, { type: "invalid_request_error" }), "notSubmitted credentials"],
    ["403", stripeError(403, { type: "invalid_request_error" }), "notSubmitted credentials"],
    ["403 HTML", html(403), "unknown unreadable_403"],
    ["402", stripeError(402, { type: "card_error", decline_code: "expired_card" }), "declined expired_card"],
    [
      "402 on a later try",
      stripeError(402, { type: "card_error", code: "card_declined" }),
      "declined generic_decline",
      { try: 9 },
    ],
    ["402 of no card", stripeError(402, { type: "api_error" }), "unknown http_402"],
    [
      "402 about another intent",
      stripeError(402, { type: "card_error", payment_intent: intent("requires_payment_method", { id: "pi_2" }) }),
      "conflicted reference",
    ],
    ["400 idempotency_error", stripeError(400, { type: "idempotency_error" }), "conflicted idempotency_error"],
    ["400 unexpected state", stripeError(400, { code: "payment_intent_unexpected_state" }), "unknown already_changed"],
    ["400 already captured", stripeError(400, { code: "charge_already_captured" }), "unknown already_changed"],
    [
      "400 token",
      stripeError(400, { code: "resource_missing", param: "payment_method" }),
      "declined invalid_payment_method",
    ],
    ["400 other", stripeError(400, { code: "parameter_missing" }), "declined invalid_gateway_request", { try: 5 }],
    [
      "400 other, later try",
      stripeError(400, { code: "parameter_missing" }),
      "unknown refused_later_try",
      { earlierTryOpen: true },
    ],
    ["404", stripeError(404, { code: "resource_missing", param: "intent" }), "declined invalid_gateway_request"],
    ["418", stripeError(418, { type: "api_error" }), "unknown http_418"],
  ];
  for (const [name, answer, expected, more] of cases)
    it(`${name} -> ${expected}`, async () => {
      const transport = new StubTransport(answer);
      expect(summary(await stripe(transport).run(call(more)))).to.equal(expected);
      expect(transport.sent).to.have.length(1);
    });

  it("passes Retry-After on", async () => {
    const answer = stripeError(429, {}, { "retry-after": "3" });
    expect(await stripe(new StubTransport(answer)).run(call())).to.include({ retryAfterMs: 3000 });
  });

  const stored = stripeError(500, { type: "api_error" }, replayed);
  const afterStored: ReadonlyArray<readonly [name: string, read: HttpAnswer | Error, expected: string]> = [
    ["still unconfirmed", json(200, intent("requires_confirmation")), "notExecuted processing_error"],
    ["authorized after all", json(200, intent("requires_capture")), "authorized pi_1"],
    ["unreadable", html(200), "unknown stored_500_replayed"],
    ["lost", new TransportError("connection_failed", false), "unknown stored_500_replayed"],
  ];
  for (const [name, read, expected] of afterStored)
    it(`stored 500 replayed, and the object is ${name} -> ${expected}`, async () =>
      expect(summary(await stripe(new StubTransport(stored, read)).run(call()))).to.equal(expected));

  it("a first 500 is never taken for a replayed one", async () => {
    const transport = new StubTransport(
      stripeError(500, { type: "api_error" }),
      json(200, intent("requires_confirmation")),
    );
    expect(summary(await stripe(transport).run(call()))).to.equal("unknown http_500");
  });

  const abandoned: ReadonlyArray<readonly [name: string, answers: (HttpAnswer | Error)[], expected: string]> = [
    ["canceled", [json(200, intent("canceled"))], "voided pi_1"],
    [
      "too late",
      [stripeError(400, { code: "payment_intent_unexpected_state" }), json(200, intent("succeeded"))],
      "captured pi_1",
    ],
    ["500, but canceled", [stripeError(500, {}), json(200, intent("canceled"))], "voided pi_1"],
    [
      "500 and not canceled",
      [stripeError(500, {}), json(200, intent("requires_confirmation"))],
      "unknown not_canceled",
    ],
    [
      "500 and no read",
      [stripeError(500, {}), new TransportError("connection_failed", false)],
      "unknown cancel_unread",
    ],
    ["in use", [stripeError(409, { code: "idempotency_key_in_use" })], "busy key_in_use"],
    ["not reached", [new TransportError("connection_failed", false)], "notSubmitted connection_failed"],
  ];
  for (const [name, answers, expected] of abandoned)
    it(`abandon, ${name} -> ${expected}`, async () =>
      expect(summary(await stripe(new StubTransport(...answers)).run(call({ action: "abandon" })))).to.equal(expected));

  it("abandons an unknown intent by asking for its id with the create's key", async () => {
    const transport = new StubTransport(json(200, intent("requires_confirmation")), json(200, intent("canceled")));
    const observed = await stripe(transport).run(call({ action: "abandon", gatewayReference: null }));
    expect(summary(observed)).to.equal("voided pi_1");
    expect(transport.sent.map(({ headers }) => headers["Idempotency-Key"])).to.deep.equal([
      `${KEY}-create`,
      `${KEY}-cancel-1`,
    ]);
  });

  it("sends nothing for what it cannot do", async () => {
    const transport = new StubTransport(json(200, {}));
    for (const more of [
      { gatewayReference: null },
      { kind: "refund" as const },
      { action: "query" as const, gatewayReference: null },
    ])
      expect((await stripe(transport).run(call(more))).kind).to.equal("notSubmitted");
    const other = createStripeGateway({ baseUrl: null, apiKey: "sk_test_x", account: "acct_2", clock, transport });
    expect(summary(await other.run(call()))).to.equal("notSubmitted account_not_ours");
    expect(transport.sent).to.have.length(0);
  });
});

describe("Adyen adapter on the wire", () => {
  const request = {
    merchantAccount: "acct_1",
    merchantOrderReference: "pay_1",
    reference: "op_1",
    amount: { value: 1000, currency: "EUR" },
    paymentMethod: { type: "scheme", storedPaymentMethodId: "tok_visa" },
    returnUrl: "https://return.invalid/",
    authenticationData: { attemptAuthentication: "never" },
  };
  const received = { status: "received", pspReference: "M1" };
  const cases: ReadonlyArray<
    readonly [name: string, Partial<GatewayCall>, answer: HttpAnswer, path: string, key: string, body: object]
  > = [
    [
      "authorize",
      {},
      json(200, authorised),
      "/v72/payments",
      KEY,
      { ...request, additionalData: { manualCapture: "true" } },
    ],
    ["sale", { kind: "sale" }, json(200, authorised), "/v72/payments", KEY, { ...request, captureDelayHours: 0 }],
    [
      "capture",
      { kind: "capture", gatewayReference: "PSP1" },
      json(201, received),
      "/v72/payments/PSP1/captures",
      KEY,
      { merchantAccount: "acct_1", reference: "op_1", amount: request.amount },
    ],
    [
      "void",
      { kind: "void", gatewayReference: "PSP1" },
      json(201, received),
      "/v72/payments/PSP1/cancels",
      KEY,
      { merchantAccount: "acct_1", reference: "op_1" },
    ],
    [
      "abandon",
      { action: "abandon", try: 4 },
      json(201, received),
      "/v72/cancels",
      `${KEY}-cancel-4`,
      { merchantAccount: "acct_1", reference: "op_1", paymentReference: "op_1" },
    ],
  ];
  for (const [name, more, answer, path, key, body] of cases)
    it(`${name}: POST ${path}, built by the official SDK`, async () => {
      const transport = new StubTransport(answer);
      const observed = await adyen(transport).run(call({ gateway: "adyen", gatewayReference: null, ...more }));
      expect(observed.kind).to.not.be.oneOf(["unknown", "notSubmitted"]);
      expect(transport.sent).to.have.length(1);
      const [sent] = transport.sent as [Sent];
      expect(sent).to.include({ method: "POST", path });
      expect(JSON.parse(sent.body ?? "")).to.deep.equal(body);
      expect(sent.headers).to.include({ "Idempotency-Key": key, "X-API-Key": "key" });
      expect(sent.headers["adyen-library-name"]).to.equal("adyen-node-api-library");
      expect(sent.headers["adyen-library-version"]).to.match(/^32\./);
      expect(sent.stack).to.match(/node_modules\/@adyen\/api-library\/lib\/src\/services\/resource/);
    });

  it("has no read and no first step", async () => {
    const transport = new StubTransport(json(200, {}));
    for (const action of ["prepare", "query"] as const)
      expect((await adyen(transport).run(call({ action }))).kind).to.equal("unknown");
    expect(transport.sent).to.have.length(0);
  });

  it("goes to the live address only with a prefix", async () => {
    const transport = new StubTransport(json(200, authorised));
    const live = createAdyenGateway({
      baseUrl: null,
      apiKey: "key",
      merchantAccount: null,
      liveEndpointUrlPrefix: "abc",
      clock,
      transport,
    });
    await live.run(call({ gatewayReference: null }));
    expect(transport.sent[0]?.path).to.equal("/checkout/v72/payments");
  });
});

const adyenError = (status: number, errorCode: string, headers: Record<string, string> = {}): HttpAnswer =>
  json(status, { status: 200, errorCode, message: "m", errorType: "validation" }, headers);

describe("Adyen adapter: every answer of gateways.md §3.2", () => {
  const cases: ReadonlyArray<
    readonly [name: string, answer: HttpAnswer | Error, expected: string, more?: Partial<GatewayCall>]
  > = [
    ["200 HTML", html(200), "unknown unreadable_200"],
    ["200 cut JSON", json(200, '{"resultCode":"Auth'), "unknown unreadable_200"],
    ["200 empty", json(200, ""), "unknown unreadable_200"],
    ["200 without resultCode", json(200, { pspReference: "P" }), "unknown unreadable_answer"],
    ["202 Authorised", json(202, authorised), "unknown unreadable_202"],
    ["302", json(302, authorised, { location: "https://elsewhere.adyen.com/" }), "unknown unreadable_302"],
    ["308", json(308, {}, { location: "https://elsewhere.adyen.com/" }), "unknown unreadable_308"],
    ["500 Authorised", json(500, authorised), "unknown unreadable_500"],
    ["500", adyenError(500, "905"), "unknown http_500"],
    ["502 HTML", html(502), "unknown unreadable_502"],
    ["503 703", adyenError(503, "703"), "unknown key_store_down"],
    ["503 703 transient", adyenError(503, "703", { "transient-error": "true" }), "unknown key_store_down"],
    ["500 transient", adyenError(500, "905", { "transient-error": "true" }), "busy transient_error"],
    ["422 704", adyenError(422, "704"), "busy key_in_use"],
    ["409 704", adyenError(409, "704"), "busy key_in_use"],
    ["409 other", adyenError(409, "999"), "unknown http_409"],
    ["429", adyenError(429, "029"), "busy rate_limited"],
    ["401", adyenError(401, "000"), "notSubmitted credentials"],
    ["403", adyenError(403, "901"), "declined invalid_gateway_request"],
    ["403 on a later try", adyenError(403, "901"), "unknown refused_later_try", { earlierTryOpen: true }],
    ["403 HTML", html(403), "unknown unreadable_403"],
    ["400", adyenError(400, "702"), "declined invalid_gateway_request"],
    ["422 token", adyenError(422, "800"), "declined invalid_payment_method"],
    ["422 on a later try", adyenError(422, "130"), "unknown refused_later_try", { earlierTryOpen: true }],
    ["404", adyenError(404, "905"), "unknown http_404"],
    ["Refused", json(200, { ...authorised, resultCode: "Refused", refusalReasonCode: "6" }), "declined expired_card"],
    ["reset", new TransportError("connection_lost", true), "unknown connection_lost"],
    ["refused", new TransportError("connection_failed", false), "notSubmitted connection_failed"],
    ["a bug", new TypeError("oops"), "unknown adapter_error"],
  ];
  for (const [name, answer, expected, more] of cases)
    it(`${name} -> ${expected}`, async () => {
      const transport = new StubTransport(answer);
      const observed = await adyen(transport).run(call({ gateway: "adyen", gatewayReference: null, ...more }));
      expect(summary(observed)).to.equal(expected);
      expect(transport.sent).to.have.length(1);
    });
});

/** Kind and the one word that matters. */
function summary(observed: GatewayObservation): string {
  switch (observed.kind) {
    case "declined":
    case "notExecuted":
      return `${observed.kind} ${observed.failure.code}`;
    case "conflicted":
      return `conflicted ${observed.detail}`;
    case "notSubmitted":
    case "busy":
    case "unknown":
      return `${observed.kind} ${observed.reason}`;
    default:
      return `${observed.kind} ${observed.reference}`;
  }
}
