import { Buffer } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import { mintId, type Payment, REFUSALS, type RefusalCode, refuse } from "../actors/domain/index.ts";
import { createPresenter } from "./presenter.ts";

const presenter = createPresenter();
const random = new Uint8Array(8);
const atMs = Date.UTC(2026, 10, 22, 19, 36, 53, 7);

const PAYMENT: Payment = {
  terms: {
    id: mintId("pay", 7, atMs, random),
    merchantId: mintId("mer", 7, atMs, random),
    slot: 7,
    amountMinor: 1299n,
    currency: "EUR",
    captureMethod: "automatic",
    gateway: "stripe",
    gatewayAccount: "acct_secret",
    merchantReference: "order-1",
    description: null,
    metadataJson: '{"b":"2","a":"1"}',
    createdAtMs: atMs,
  },
  status: "captured",
  version: 2,
  authorizedMinor: 1299n,
  capturedMinor: 1299n,
  refundedMinor: 0n,
  disputedMinor: 0n,
  gatewayReference: "pi_1",
  operation: {
    id: mintId("op", 7, atMs, random),
    kind: "sale",
    state: "succeeded",
    amountMinor: 1299n,
    gatewayKey: "gateway-key-secret",
    attempt: 1,
    submittedAtMs: atMs,
    deadlineAtMs: atMs + 900_000,
  },
  pendingReason: null,
  needsReview: false,
  failure: null,
  updatedAtMs: atMs + 1_000,
  chainHead: new Uint8Array(32),
};
const FAILED: Payment = {
  ...PAYMENT,
  status: "failed",
  failure: { code: "insufficient_funds", retryable: true, customerAction: 'use "another" card', gatewayCode: "NSF" },
};
const PENDING: Payment = {
  ...PAYMENT,
  status: "pending",
  pendingReason: "outcome_unknown",
  needsReview: true,
  gatewayReference: null,
};

const json = (bytes: Uint8Array): Record<string, unknown> =>
  JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;

describe("presenter", () => {
  it("shows a payment with exactly the documented fields", () => {
    expect(json(presenter.payment(PAYMENT, null))).to.deep.equal({
      id: PAYMENT.terms.id,
      object: "payment",
      merchant_id: PAYMENT.terms.merchantId,
      amount: 1299,
      currency: "EUR",
      status: "captured",
      capture_method: "automatic",
      amount_authorized: 1299,
      amount_captured: 1299,
      amount_refunded: 0,
      amount_disputed: 0,
      gateway: "stripe",
      gateway_reference: "pi_1",
      merchant_reference: "order-1",
      description: null,
      metadata: { b: "2", a: "1" },
      pending: null,
      failure: null,
      version: 2,
      created_at: "2026-11-22T19:36:53.007Z",
      updated_at: "2026-11-22T19:36:54.007Z",
    });
  });

  it("says why a payment is pending", () => {
    expect(json(presenter.payment(PENDING, atMs + 3_000))["pending"]).to.deep.equal({
      operation: "sale",
      reason: "outcome_unknown",
      cancel_requested: false,
      since: "2026-11-22T19:36:53.007Z",
      next_check_at: "2026-11-22T19:36:56.007Z",
      deadline: "2026-11-22T19:51:53.007Z",
      needs_review: true,
    });
  });

  it("shows a decline as a problem with the payment inside", () => {
    const problem = json(presenter.declined(FAILED, "req_1"));
    expect(Object.keys(problem)).to.deep.equal([
      "type",
      "title",
      "status",
      "detail",
      "code",
      "request_id",
      "retryable",
      "payment_id",
      "decline",
      "payment",
    ]);
    expect(problem["decline"]).to.deep.equal({
      code: "insufficient_funds",
      gateway_code: "NSF",
      customer_action: 'use "another" card',
    });
    expect(problem["payment"]).to.deep.equal(json(presenter.payment(FAILED, null)));
    expect([problem["status"], problem["code"], problem["payment_id"]]).to.deep.equal([
      402,
      "payment_declined",
      FAILED.terms.id,
    ]);
    expect((problem["payment"] as Record<string, unknown>)["failure"]).to.deep.equal({
      code: "insufficient_funds",
      retryable: true,
      customer_action: 'use "another" card',
    });
  });

  it("shows nothing internal", () => {
    for (const bytes of [presenter.payment(PENDING, null), presenter.declined(FAILED, "req_1")])
      expect(Buffer.from(bytes).toString()).to.not.match(/secret|slot|chain/);
  });

  it("writes amounts that a float would round", () => {
    const text = Buffer.from(presenter.payment({ ...PAYMENT, capturedMinor: 9_007_199_254_740_993n }, null)).toString();
    expect(text).to.contain('"amount_captured":9007199254740993,');
  });

  it("makes a problem of every code", () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
      const errors = [{ pointer: "/a", code: "b", detail: 'c"' }];
      const problem = json(presenter.refusal(refuse(code, 'because "so"', { errors }), "req_1"));
      expect(problem["type"]).to.equal(`/docs/errors#${code}`);
      expect([problem["code"], problem["status"], problem["retryable"]]).to.deep.equal([
        code,
        REFUSALS[code].status,
        REFUSALS[code].retryable,
      ]);
      expect(problem["errors"]).to.deep.equal(errors);
      expect(problem["request_id"]).to.equal("req_1");
    }
  });

  it("gives away neither a foreign object nor a cause of ours", () => {
    for (const code of ["not_found", "internal_error"] as const)
      expect(presenter.refusal(refuse(code, "it is another merchant's"), "r")).to.deep.equal(
        presenter.refusal(refuse(code, "it does not exist"), "r"),
      );
  });

  it("writes every time as Date does, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 1 }), (times) => {
        for (const time of times)
          expect(json(presenter.payment({ ...PAYMENT, updatedAtMs: time }, null))["updated_at"]).to.equal(
            new Date(time).toISOString(),
          );
      }),
    );
  });

  it("escapes whatever text it shows", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const payment = {
          ...PAYMENT,
          gatewayReference: text,
          terms: { ...PAYMENT.terms, description: text, merchantReference: text },
        };
        const shown = json(presenter.payment(payment, null));
        expect([shown["description"], shown["merchant_reference"], shown["gateway_reference"]]).to.deep.equal([
          text,
          text,
          text,
        ]);
      }),
    );
  });
});
