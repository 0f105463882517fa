/** Objects as the examples of the documents show them: one order's payment, its relatives, and problems. */
import { type FieldError, REFUSALS, type RefusalCode } from "../actors/domain/index.ts";
import type { Static } from "typebox";
import type { EVENT, IDEMPOTENCY_KEY, PAYMENT, PROBLEM, REFUND } from "./response-schemas.ts";

export type PaymentSample = Static<typeof PAYMENT>;
type RefundSample = Static<typeof REFUND>;
type EventSample = Static<typeof EVENT>;
type ProblemSample = Static<typeof PROBLEM>;

/** Ids of payments in the order of the examples. */
export const PAYMENT_IDS = {
  card: "pay_01m819eke0ek9824926d25asg7",
  declined: "pay_01m819ge10ek9844926d25asge",
  inDoubt: "pay_01m819j8m0ek9864926d25asgn",
  manual: "pay_01m819m370ek9884926d25asgw",
  canceled: "pay_01m819nxt0ek98a4926d25ash3",
  /** Well formed and nobody's. */
  unknown: "pay_01m819qrd0ek98c4926d25asha",
} as const;

/** The payment of the first example: sold, charged at once. */
export const CARD_PAYMENT: PaymentSample = {
  id: PAYMENT_IDS.card,
  object: "payment",
  merchant_id: "mer_01m73fs0y0ek99y4926d25asps",
  amount: 1999,
  currency: "EUR",
  status: "captured",
  capture_method: "automatic",
  amount_authorized: 1999,
  amount_captured: 1999,
  amount_refunded: 0,
  amount_disputed: 0,
  dispute: null,
  gateway: "stripe",
  gateway_reference: "pi_3Qk1aB2eZvKYlo2C0x",
  merchant_reference: "order-1001",
  description: null,
  metadata: { basket: "b-77" },
  pending: null,
  failure: null,
  version: 3,
  created_at: "2026-11-22T09:30:00.000Z",
  updated_at: "2026-11-22T09:30:00.412Z",
};

/** A payment that has no more than its amount and its token. */
export const plainPayment = (change: Partial<PaymentSample>): PaymentSample => ({
  ...CARD_PAYMENT,
  merchant_reference: null,
  metadata: {},
  ...change,
});

export const IN_DOUBT_PAYMENT: PaymentSample = plainPayment({
  id: PAYMENT_IDS.inDoubt,
  status: "pending",
  amount_authorized: 0,
  amount_captured: 0,
  version: 3,
  pending: {
    operation: "sale",
    reason: "outcome_unknown",
    cancel_requested: false,
    since: "2026-11-22T09:32:00.000Z",
    next_check_at: "2026-11-22T09:32:25.000Z",
    deadline: "2026-11-22T09:47:00.000Z",
    needs_review: false,
  },
});

export const DECLINED_PAYMENT: PaymentSample = plainPayment({
  id: PAYMENT_IDS.declined,
  status: "failed",
  amount_authorized: 0,
  amount_captured: 0,
  failure: { code: "insufficient_funds", retryable: true, customer_action: "try_another_card" },
});

export const REFUND_SAMPLE: RefundSample = {
  id: "ref_01m819hbagek98p4926d25asjd",
  object: "refund",
  payment_id: PAYMENT_IDS.card,
  merchant_id: CARD_PAYMENT.merchant_id,
  amount: 500,
  currency: "EUR",
  status: "succeeded",
  reason: "One of two cups arrived broken.",
  gateway: "stripe",
  gateway_reference: "re_3Qk1aB2eZvKYlo2C1y",
  pending: null,
  failure: null,
  created_at: "2026-11-22T09:31:30.000Z",
  updated_at: "2026-11-22T09:31:30.388Z",
};

/** The card payment's first two events. */
export const EVENT_SAMPLES: readonly [EventSample, EventSample] = [
  {
    id: "evt_01m819emd8ek99a4926d25asmk",
    object: "event",
    type: "payment.pending",
    created_at: "2026-11-22T09:30:00.000Z",
    api_version: "v1",
    payment_id: PAYMENT_IDS.card,
    sequence: 1,
    request: { id: "req_5f1c02d9a7e4b3860c1d2e3f", idempotency_key: "order-1001" },
    data: {
      payment: {
        ...CARD_PAYMENT,
        status: "pending",
        amount_authorized: 0,
        amount_captured: 0,
        gateway_reference: null,
        version: 1,
        updated_at: "2026-11-22T09:30:00.000Z",
      },
    },
  },
  {
    id: "evt_01m819encgek99c4926d25asmt",
    object: "event",
    type: "payment.captured",
    created_at: "2026-11-22T09:30:00.412Z",
    api_version: "v1",
    payment_id: PAYMENT_IDS.card,
    sequence: 2,
    request: { id: null, idempotency_key: null },
    data: { payment: CARD_PAYMENT },
  },
];

export const KEY_SAMPLE: Static<typeof IDEMPOTENCY_KEY> = {
  object: "idempotency_key",
  key: "order-1001",
  route: "POST /v1/payments",
  payment_id: PAYMENT_IDS.card,
  operation_id: "op_01m819eke0ek9aj4926d25asgz",
  status: "completed",
  response: { status: 201, body: CARD_PAYMENT },
};

/** The problem of a code as it is answered. */
export const problem = (
  code: RefusalCode,
  detail: string,
  more: Partial<ProblemSample> & { readonly errors?: FieldError[] } = {},
): ProblemSample => ({
  type: `/docs/errors#${code}`,
  title: REFUSALS[code].title,
  status: REFUSALS[code].status,
  detail,
  code,
  request_id: "req_a41c9e0b7d52f8366e0f1a2b",
  retryable: REFUSALS[code].retryable,
  ...more,
});
