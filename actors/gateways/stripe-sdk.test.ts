/** What Stripe's SDK puts on the wire, and what is made of every answer: the adapter over a transport that holds no socket. */
import { expect } from "chai";
import type { GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import { type HttpAnswer, TransportError } from "./http-transport.ts";
import {
  call,
  captured,
  clock,
  html,
  intent,
  json,
  KEY,
  listOf,
  refund,
  replayed,
  type Sent,
  stripe,
  stripeError,
  StubTransport,
  summary,
} from "./sdk-rig.ts";
import { createStripeGateway } from "./stripe.ts";

type WireCase = readonly [
  name: string,
  Partial<GatewayCall>,
  answer: object,
  method: string,
  path: string,
  key: string | undefined,
  body: string | null,
];

describe("Stripe adapter on the wire", () => {
  const cases: readonly WireCase[] = [
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
      captured(1000),
      "POST",
      "/v1/payment_intents/pi_1/capture",
      KEY,
      "amount_to_capture=1000&metadata[capture_operation_id]=op_1",
    ],
    [
      "capture a part",
      { kind: "capture", amountMinor: 400n },
      captured(400),
      "POST",
      "/v1/payment_intents/pi_1/capture",
      KEY,
      "amount_to_capture=400&metadata[capture_operation_id]=op_1",
    ],
    [
      "refund",
      { kind: "refund", amountMinor: 300n },
      refund("succeeded", { amount: 300 }),
      "POST",
      "/v1/refunds",
      KEY,
      "payment_intent=pi_1&amount=300&metadata[operation_id]=op_1&metadata[payment_id]=pay_1&metadata[refund_id]=ref_1",
    ],
    ...(["query", "abandon"] as const).flatMap((action): WireCase[] => [
      [
        `${action} a capture`,
        { action, kind: "capture" },
        captured(1000),
        "GET",
        "/v1/payment_intents/pi_1",
        undefined,
        null,
      ],
      [
        `${action} a void`,
        { action, kind: "void" },
        intent("canceled"),
        "GET",
        "/v1/payment_intents/pi_1",
        undefined,
        null,
      ],
      [
        `${action} a refund`,
        { action, kind: "refund" },
        listOf([refund("succeeded")]),
        "GET",
        "/v1/refunds?payment_intent=pi_1&limit=100",
        undefined,
        null,
      ],
    ]),
  ];
  for (const [name, more, answer, method, path, key, body] of cases)
    it(`${name}: ${method} ${path}, built by the official SDK`, async () => {
      const transport = new StubTransport(json(200, answer));
      const observed = await stripe(transport).run(call(more));
      expect(observed.kind).to.not.be.oneOf(["unknown", "notSubmitted", "conflicted"]);
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

  for (const kind of ["authorize", "capture", "void", "refund"] as const)
    it(`sends the same bytes on every try of a ${kind}`, async () => {
      const transport = new StubTransport(json(500, { error: { type: "api_error" } }));
      for (const number of [2, 3, 4]) await stripe(transport).run(call({ kind, try: number }));
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
      { action: "query" as const, gatewayReference: null },
      ...(["capture", "void", "refund"] as const).flatMap((kind) => [
        { kind, gatewayReference: null },
        { kind, gatewayReference: null, action: "query" as const },
        { kind, gatewayReference: null, action: "abandon" as const },
        { kind, action: "prepare" as const },
      ]),
    ])
      expect((await stripe(transport).run(call(more))).kind).to.equal("notSubmitted");
    const other = createStripeGateway({ baseUrl: null, apiKey: "sk_test_x", account: "acct_2", clock, transport });
    expect(summary(await other.run(call()))).to.equal("notSubmitted account_not_ours");
    expect(transport.sent).to.have.length(0);
  });
});
