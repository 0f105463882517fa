/** What a probe puts on the wire, and which answers show that the gateway is there. */
import { expect } from "chai";
import { type HttpAnswer, TransportError } from "./http-transport.ts";
import {
  adyen,
  adyenError,
  call,
  html,
  json,
  KEY,
  listOf,
  type Sent,
  stripe,
  stripeError,
  StubTransport,
  summary,
} from "./sdk-rig.ts";

/** A probe names no payment. */
const PROBE = {
  action: "probe",
  gatewayReference: null,
  amountMinor: 0n,
  paymentMethod: "",
  earlierTryOpen: true,
} as const;
const GATEWAYS = { stripe, adyen } as const;

describe("probe on the wire", () => {
  it("Stripe: reads one PaymentIntent of the account, without a key", async () => {
    const transport = new StubTransport(json(200, listOf([{ id: "pi_1", object: "payment_intent" }])));
    expect(await stripe(transport).run(call(PROBE))).to.deep.equal({ kind: "reachable" });
    const [sent] = transport.sent as [Sent];
    expect(sent).to.include({ method: "GET", path: "/v1/payment_intents?limit=1", body: null });
    expect(sent.headers).to.include({ "Stripe-Account": "acct_1" }).and.not.to.have.property("Idempotency-Key");
    expect(transport.sent).to.have.length(1);
  });

  it("Adyen: asks for the account's payment methods, with the probe's own key", async () => {
    const transport = new StubTransport(json(200, { paymentMethods: [] }));
    expect(await adyen(transport).run(call({ ...PROBE, gateway: "adyen" }))).to.deep.equal({ kind: "reachable" });
    const [sent] = transport.sent as [Sent];
    expect(sent).to.include({ method: "POST", path: "/v72/paymentMethods" });
    expect(JSON.parse(sent.body ?? "")).to.deep.equal({ merchantAccount: "acct_1" });
    expect(sent.headers).to.include({ "Idempotency-Key": KEY });
    expect(transport.sent).to.have.length(1);
  });

  const cases: ReadonlyArray<readonly ["stripe" | "adyen", string, HttpAnswer | Error, string]> = [
    ["stripe", "its own 400", stripeError(400, { type: "invalid_request_error" }), "reachable"],
    ["stripe", "its own 404", stripeError(404, { type: "invalid_request_error" }), "reachable"],
    ["stripe", "429", stripeError(429, { type: "invalid_request_error" }), "busy rate_limited"],
    ["stripe", "401", stripeError(401, { type: "invalid_request_error" }), "notSubmitted credentials"],
    ["stripe", "500", stripeError(500, { type: "api_error" }), "unknown http_500"],
    ["stripe", "a 404 that is not its own", html(404), "unknown unreadable_404"],
    ["stripe", "a 200 that is not its own", html(200), "unknown unreadable_200"],
    ["stripe", "a 200 without a list", json(200, { object: "list" }), "unknown unreadable_answer"],
    ["stripe", "no connection", new TransportError("connection_failed", false), "notSubmitted connection_failed"],
    ["stripe", "silence", new TransportError("timeout", true), "unknown timeout"],
    ["adyen", "its own 422", adyenError(422, "100"), "reachable"],
    ["adyen", "its own 403", adyenError(403, "901"), "reachable"],
    ["adyen", "its own 404", adyenError(404, "905"), "reachable"],
    ["adyen", "429", adyenError(429, "1"), "busy rate_limited"],
    ["adyen", "401", adyenError(401, "000"), "notSubmitted credentials"],
    ["adyen", "500", adyenError(500, "905"), "unknown http_500"],
    ["adyen", "a 404 that is not its own", html(404), "unknown unreadable_404"],
    ["adyen", "a 200 that is not its own", html(200), "unknown unreadable_200"],
    ["adyen", "no connection", new TransportError("connection_failed", false), "notSubmitted connection_failed"],
    ["adyen", "silence", new TransportError("timeout", true), "unknown timeout"],
  ];
  for (const [gateway, name, answer, expected] of cases)
    it(`${gateway}: ${name} -> ${expected}`, async () => {
      const observed = await GATEWAYS[gateway](new StubTransport(answer)).run(call({ ...PROBE, gateway }));
      expect(summary(observed)).to.equal(expected);
    });
});
