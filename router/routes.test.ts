import { expect } from "chai";
import { NEXT_STATUS, REFUSALS, type RefusalCode, refuse } from "../actors/domain/index.ts";
import { retryAfterSOf, statusLine } from "./http-errors.ts";
import { matchRoute } from "./routes.ts";
import { stateMachineJson } from "./state-machine.ts";

describe("routes", () => {
  const cases: readonly (readonly [method: string, path: string, expected: string])[] = [
    ["POST", "/v1/payments", "create_payment"],
    ["GET", "/v1/payments/pay_1", "get_payment pay_1"],
    ["GET", "/v1/meta/state-machine", "state_machine"],
    ["GET", "/v1/payments", "list_payments"],
    ["PUT", "/v1/payments", "allow POST, GET"],
    ["HEAD", "/v1/payments", "allow POST, GET"],
    ["OPTIONS", "/v1/payments", "allow POST, GET"],
    ["PUT", "/v1/payments/pay_1", "allow GET"],
    ["get", "/v1/payments/pay_1", "allow GET"],
    ["POST", "/v1/payments/pay_1/capture", "capture_payment pay_1"],
    ["GET", "/v1/payments/pay_1/capture", "allow POST"],
    ["POST", "/v1/payments/pay_1/cancel", "cancel_payment pay_1"],
    ["POST", "/v1/payments/pay_1/refunds", "create_refund pay_1"],
    ["GET", "/v1/payments/pay_1/refunds", "list_refunds pay_1"],
    ["DELETE", "/v1/payments/pay_1/refunds", "allow POST, GET"],
    ["GET", "/v1/payments/pay_1/events", "list_payment_events pay_1"],
    ["GET", "/v1/refunds/ref_1", "get_refund ref_1"],
    ["GET", "/v1/refunds", "unknown"],
    ["GET", "/v1/refunds/", "unknown"],
    ["GET", "/v1/events", "list_events"],
    ["GET", "/v1/balances", "get_balances"],
    ["GET", "/v1/idempotency/a%2Fb", "get_idempotency_key a%2Fb"],
    ["GET", "/v1/idempotency/a/b", "unknown"],
    ["GET", "/v1/idempotency/", "unknown"],
    ["POST", "/v1/webhook_endpoints", "create_webhook_endpoint"],
    ["DELETE", "/v1/webhook_endpoints", "allow POST, GET"],
    ["DELETE", "/v1/webhook_endpoints/whe_1", "delete_webhook_endpoint whe_1"],
    ["PATCH", "/v1/webhook_endpoints/whe_1", "allow GET, DELETE"],
    ["POST", "/v1/webhook_endpoints/whe_1/rotate_secret", "rotate_webhook_secret whe_1"],
    ["POST", "/v1/webhook_endpoints/whe_1/resend", "resend_event whe_1"],
    ["GET", "/v1/webhook_endpoints/whe_1/deliveries", "list_deliveries whe_1"],
    ["GET", "/v1/webhook_endpoints/whe_1/secret", "unknown"],
    ["POST", "/v1/webhooks/stripe", "stripe_webhook"],
    ["POST", "/v1/webhooks/adyen", "adyen_webhook"],
    ["GET", "/v1/webhooks/adyen", "allow POST"],
    ["POST", "/v1/webhooks/fixed-latency", "unknown"],
    ["POST", "/v1/webhooks/stripe/", "unknown"],
    ["GET", "/openapi.json", "openapi"],
    ["GET", "/docs", "docs"],
    ["GET", "/docs/errors", "docs"],
    ["GET", "/docs/other", "unknown"],
    ["GET", "/oauth/token", "allow POST"],
    ["GET", "/", "unknown"],
    ["GET", "", "unknown"],
    ["GET", "/v1/payments/", "unknown"],
    ["GET", "/v1/payments//capture", "unknown"],
    ["POST", "/v1/payments/pay_1/capture/", "unknown"],
    ["POST", "/v1/payments/pay_1/%63apture", "unknown"],
    ["GET", "/v1/payments/a/b", "unknown"],
    ["GET", "/v1/payments/{id}", "get_payment {id}"],
    ["GET", "//v1/payments", "unknown"],
    ["GET", "/V1/payments", "unknown"],
    ["GET", "/v1/payments/toString", "get_payment toString"],
    ["GET", "/v1/payments/a/toString", "unknown"],
  ];
  for (const [method, path, expected] of cases)
    it(`${method} ${path}`, () => {
      const match = matchRoute(method, path);
      const shown =
        match.kind === "route"
          ? `${match.route.name} ${match.segment}`.trim()
          : match.kind === "wrongMethod"
            ? `allow ${match.allow}`
            : match.kind;
      expect(shown).to.equal(expected);
    });
});

describe("HTTP errors", () => {
  it("has a status line for every code", () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[])
      expect(statusLine(REFUSALS[code].status)).to.match(new RegExp(`^${REFUSALS[code].status} [A-Z]`));
    expect(() => statusLine(1)).to.throw();
  });

  it("says when to come back, for what may be sent again", () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[])
      if (code !== "internal_error")
        expect(retryAfterSOf(refuse(code, "")) !== null, code).to.equal(REFUSALS[code].retryable);
    expect(retryAfterSOf(refuse("overloaded", "", { retryAfterS: 7 }))).to.equal(7);
  });
});

describe("state machine document", () => {
  it("shows legal changes and no others", () => {
    const { payment } = JSON.parse(stateMachineJson()) as { payment: { transitions: object[] } };
    expect(payment.transitions).to.deep.include({ from: "failed", by: "lateCaptured", to: "captured" });
    expect(payment.transitions).to.not.deep.include({ from: "captured", by: "voided", to: "canceled" });
    const cells = Object.values(NEXT_STATUS).flatMap((row) => Object.keys(row));
    expect(payment.transitions).to.have.lengthOf(cells.length);
  });
});
