/** What Adyen's SDK puts on the wire, and what is made of every answer: the adapter over a transport that holds no socket. */
import { expect } from "chai";
import type { GatewayCall } from "../ports/gateway.ts";
import { createAdyenGateway } from "./adyen.ts";
import { type HttpAnswer, TransportError } from "./http-transport.ts";
import {
  adyen,
  adyenError,
  authorised,
  call,
  clock,
  html,
  json,
  KEY,
  type Sent,
  StubTransport,
  summary,
} from "./sdk-rig.ts";

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
      "capture a part",
      { kind: "capture", amountMinor: 400n, gatewayReference: "PSP1" },
      json(201, received),
      "/v72/payments/PSP1/captures",
      KEY,
      { merchantAccount: "acct_1", reference: "op_1", amount: { value: 400, currency: "EUR" } },
    ],
    [
      "refund",
      { kind: "refund", amountMinor: 300n, gatewayReference: "PSP1" },
      json(201, received),
      "/v72/payments/PSP1/refunds",
      KEY,
      { merchantAccount: "acct_1", reference: "op_1", amount: { value: 300, currency: "EUR" } },
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
      expect(observed.kind).to.not.be.oneOf(["unknown", "notSubmitted", "conflicted"]);
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
      for (const kind of ["authorize", "capture", "void", "refund"] as const)
        expect((await adyen(transport).run(call({ action, kind }))).kind).to.equal("unknown");
    expect(transport.sent).to.have.length(0);
  });

  it("calls off nothing that was done to a payment later, and asks nothing without its reference", async () => {
    const transport = new StubTransport(json(201, received));
    for (const kind of ["capture", "void", "refund"] as const) {
      const abandoned = await adyen(transport).run(call({ action: "abandon", kind, gatewayReference: "PSP1" }));
      expect(summary(abandoned)).to.equal("unknown no_query_at_adyen");
      expect(summary(await adyen(transport).run(call({ kind, gatewayReference: null })))).to.equal(
        "notSubmitted no_reference",
      );
    }
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

describe("Adyen adapter: every answer of gateways.md §3.2", () => {
  type Case = readonly [name: string, answer: HttpAnswer | Error, expected: string, more?: Partial<GatewayCall>];
  const cases: readonly Case[] = [
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
    ["a refused cancel", adyenError(422, "167"), "unknown cancel_refused", { action: "abandon" }],
    ...(["capture", "void", "refund"] as const).flatMap((kind): Case[] => {
      const later = { kind, gatewayReference: "PSP1" };
      return [
        [`${kind} received`, json(201, { status: "received", pspReference: "M1" }), "processing M1", later],
        [`${kind} received, 200`, json(200, { status: "received", pspReference: "M1" }), "processing M1", later],
        [`${kind} otherwise`, json(201, { status: "done", pspReference: "M1" }), "unknown modification_done", later],
        [`${kind} without status`, json(201, { pspReference: "M1" }), "unknown modification_undefined", later],
        [`${kind} in use`, adyenError(422, "704"), "busy key_in_use", later],
        [`${kind} refused`, adyenError(422, "167"), "declined invalid_gateway_request", later],
        [
          `${kind} refused, later try`,
          adyenError(422, "167"),
          "unknown refused_later_try",
          { ...later, earlierTryOpen: true },
        ],
        [`${kind} lost`, new TransportError("timeout", true), "unknown timeout", later],
      ];
    }),
  ];
  for (const [name, answer, expected, more] of cases)
    it(`${name} -> ${expected}`, async () => {
      const transport = new StubTransport(answer);
      const observed = await adyen(transport).run(call({ gateway: "adyen", gatewayReference: null, ...more }));
      expect(summary(observed)).to.equal(expected);
      expect(transport.sent).to.have.length(1);
    });
});
