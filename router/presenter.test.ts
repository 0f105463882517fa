import { Buffer } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import {
  mintId,
  type Operation,
  OPERATION_KINDS,
  type Payment,
  REFUSALS,
  type RefusalCode,
  refundIdOf,
  refuse,
} from "../actors/domain/index.ts";
import { createPresenter } from "./presenter.ts";
import { CAPTURED_PAYMENT as PAYMENT } from "./test/sample-payment.ts";

const presenter = createPresenter();
const random = new Uint8Array(8);
const { createdAtMs: atMs } = PAYMENT.terms;
const FAILURE = {
  code: "insufficient_funds",
  retryable: true,
  customerAction: 'use "another" card',
  gatewayCode: "NSF",
};
const FAILED: Payment = { ...PAYMENT, status: "failed", failure: FAILURE };
const PENDING: Payment = {
  ...PAYMENT,
  status: "pending",
  gatewayReference: null,
  operation: { ...PAYMENT.operation, state: "unknown", pendingReason: "outcome_unknown", needsReview: true },
};
/** A cancel was asked for while the sale was open. */
const CANCELING: Payment = {
  ...PENDING,
  cancel: { operationId: mintId("op", 7, atMs + 1, random), requestedAtMs: atMs + 1, deadlineAtMs: atMs + 900_001 },
};
const REFUND: Operation = {
  ...PAYMENT.operation,
  id: mintId("op", 7, atMs + 5_000, random),
  kind: "refund",
  amountMinor: 300n,
  submittedAtMs: atMs + 5_000,
  deadlineAtMs: atMs + 905_000,
  reference: 're_"1"',
  note: "broken\u2028lid",
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
      dispute: null,
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

  describe("pending", () => {
    const pendingOf = (payment: Payment) => json(presenter.payment(payment, null))["pending"];
    it("says that a cancel was asked for while the first operation is open", () =>
      expect(pendingOf(CANCELING)).to.include({ operation: "sale", cancel_requested: true, needs_review: true }));
    it("shows the cancel itself once that operation has ended", () => {
      const captured: Payment = { ...CANCELING, status: "captured", operation: PAYMENT.operation };
      expect(pendingOf(captured)).to.deep.equal({
        operation: "void",
        reason: "outcome_unknown",
        cancel_requested: true,
        since: "2026-11-22T19:36:53.008Z",
        next_check_at: null,
        deadline: "2026-11-22T19:51:53.008Z",
        needs_review: false,
      });
    });
    it("shows the cancel behind the refund that gives a charge back", () => {
      const giving: Payment = { ...CANCELING, status: "captured", operation: { ...REFUND, state: "submitted" } };
      expect(pendingOf(giving)).to.include({ operation: "void", cancel_requested: true });
    });
    it("leaves refunds to themselves", () =>
      expect(pendingOf({ ...PAYMENT, operation: { ...REFUND, state: "submitted" } })).to.equal(null));
    it("shows a capture", () =>
      expect(
        pendingOf({ ...PAYMENT, operation: { ...PAYMENT.operation, kind: "capture", state: "submitted" } }),
      ).to.include({ operation: "capture", cancel_requested: false }));
  });

  describe("refund", () => {
    const shown = (operation: Operation) => json(presenter.refund({ ...PAYMENT, operation }, operation, atMs + 9_000));
    it("has exactly the documented fields", () =>
      expect(shown(REFUND)).to.deep.equal({
        id: refundIdOf(REFUND.id),
        object: "refund",
        payment_id: PAYMENT.terms.id,
        merchant_id: PAYMENT.terms.merchantId,
        amount: 300,
        currency: "EUR",
        status: "succeeded",
        reason: "broken\u2028lid",
        gateway: "stripe",
        gateway_reference: 're_"1"',
        pending: null,
        failure: null,
        created_at: "2026-11-22T19:36:58.007Z",
        updated_at: "2026-11-22T19:36:54.007Z",
      }));
    for (const state of ["submitted", "unknown"] as const)
      it(`is pending while it is ${state}`, () => {
        const open = shown({ ...REFUND, state, pendingReason: "gateway_processing" });
        expect(open["status"]).to.equal("pending");
        expect(open["pending"]).to.deep.equal({
          operation: "refund",
          reason: "gateway_processing",
          cancel_requested: false,
          since: "2026-11-22T19:36:58.007Z",
          next_check_at: "2026-11-22T19:37:02.007Z",
          deadline: "2026-11-22T19:51:58.007Z",
          needs_review: false,
        });
      });
    it("says why it failed", () =>
      expect(shown({ ...REFUND, state: "failed", failure: FAILURE })).to.deep.include({
        status: "failed",
        failure: { code: "insufficient_funds", retryable: true, customer_action: 'use "another" card' },
      }));
  });

  it("says of each operation in words what a refusal means, and of none that another was refused", () => {
    const details = OPERATION_KINDS.map((kind) => {
      const failed = { ...PAYMENT.operation, kind, state: "failed", failure: { ...FAILURE, code: kind } } as const;
      const problem = json(presenter.declined({ ...FAILED, operation: failed }, "r"));
      expect((problem["decline"] as Record<string, unknown>)["code"], "the operation's own failure").to.equal(kind);
      expect("refund" in problem).to.equal(kind === "refund");
      return problem["detail"];
    });
    expect(details[0]).to.equal(details[1]);
    expect(new Set(details).size).to.equal(OPERATION_KINDS.length - 1);
  });

  it("does not say of a payment that was canceled in doubt that anybody refused it", () => {
    const operation = { ...PAYMENT.operation, state: "failed", failure: null } as const;
    const problem = json(presenter.declined({ ...FAILED, status: "canceled", failure: null, operation }, "r"));
    expect(problem["detail"]).to.match(/was canceled .* nothing was charged/);
    expect(problem["decline"]).to.equal(null);
    expect(problem["payment"]).to.include({ status: "canceled", failure: null });
  });

  it("shows a refused refund beside its payment", () => {
    const refused: Payment = { ...PAYMENT, operation: { ...REFUND, state: "failed", failure: FAILURE } };
    const problem = json(presenter.declined(refused, "r"));
    expect(problem["refund"]).to.deep.equal(json(presenter.refund(refused, refused.operation, null)));
    expect(problem["payment"]).to.include({ status: "captured", failure: null, pending: null });
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
    for (const bytes of [
      presenter.payment(PENDING, null),
      presenter.declined(FAILED, "req_1"),
      presenter.refund(PAYMENT, REFUND, null),
    ])
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
