/** Examples that read what the commands left. */
import { CARD, type ApiExample, example, PAYMENT_SAME, PROBLEM_SAME } from "./openapi-example.ts";
import * as samples from "./openapi-samples.ts";

const page = (data: readonly unknown[], nextCursor: string | null): unknown => ({
  object: "list",
  data,
  has_more: false,
  next_cursor: nextCursor,
});
const CURSOR = "AZ1hY2tub3dsZWRnZWQtYnktbm9ib2R5LWVsc2U";
const AFTER = { ...samples.CARD_PAYMENT, amount_refunded: 500, version: 5 };
/** In an order in which they run, after the commands. */
export const READ_EXAMPLES: readonly ApiExample[] = [
  example({
    name: "read",
    route: "get_payment",
    summary: "The payment after its refund",
    path: CARD,
    status: 200,
    answer: AFTER,
    same: [...PAYMENT_SAME, "/amount_refunded"],
  }),
  example({
    name: "read_unknown",
    route: "get_payment",
    summary: "An id that is not yours, or nobody's",
    path: { text: samples.PAYMENT_IDS.unknown },
    status: 404,
    answer: samples.problem("not_found", "There is no such object."),
    same: [...PROBLEM_SAME, "/detail"],
  }),
  example({
    name: "read_without_token",
    route: "get_payment",
    summary: "Without a token",
    authorization: "none",
    path: { text: samples.PAYMENT_IDS.unknown },
    status: 401,
    answer: samples.problem("unauthenticated", "Send an access token as Authorization: Bearer."),
    same: PROBLEM_SAME,
  }),
  example({
    name: "listed",
    route: "list_payments",
    summary: "Payments of one order",
    query: { merchant_reference: "order-1001", status: "captured", limit: "2" },
    status: 200,
    answer: page([AFTER], null),
    same: ["/object"],
  }),
  example({
    name: "listed_wrongly",
    route: "list_payments",
    summary: "A parameter that is not valid",
    query: { limit: "1000" },
    status: 400,
    answer: samples.problem("invalid_parameter", "The limit is 1 to 100.", {
      errors: [{ pointer: "limit", code: "out_of_range", detail: "The limit is 1 to 100." }],
    }),
    same: [...PROBLEM_SAME, "/errors"],
  }),
  example({
    name: "refund_read",
    route: "get_refund",
    summary: "A refund",
    path: { idOf: "refunded_part" },
    status: 200,
    answer: samples.REFUND_SAMPLE,
    same: ["/status", "/amount", "/reason"],
  }),
  example({
    name: "refunds_listed",
    route: "list_refunds",
    summary: "Refunds of a payment",
    path: CARD,
    status: 200,
    answer: page([samples.REFUND_SAMPLE], null),
    same: ["/object", "/has_more", "/data/0/amount", "/data/0/status"],
  }),
  example({
    name: "payment_events_listed",
    route: "list_payment_events",
    summary: "What happened to a payment",
    path: CARD,
    query: { limit: "2" },
    status: 200,
    answer: { ...(page(samples.EVENT_SAMPLES, CURSOR) as object), has_more: true },
    same: ["/object", "/has_more", "/data/0/type", "/data/0/sequence", "/data/1/type", "/data/1/sequence"],
  }),
  example({
    name: "events_listed",
    route: "list_events",
    summary: "What happened to all payments",
    query: { limit: "2" },
    status: 200,
    answer: { ...(page(samples.EVENT_SAMPLES, CURSOR) as object), has_more: true },
    same: ["/object"],
  }),
  example({
    name: "balances",
    route: "get_balances",
    summary: "The balances",
    status: 200,
    answer: {
      object: "balances",
      data: [
        {
          currency: "EUR",
          held: 0,
          payable: 4499,
          refunding: 0,
          receivable: [{ gateway: "stripe", amount: 4499 }],
        },
      ],
    },
    same: ["/object"],
  }),
  example({
    name: "key_read",
    route: "get_idempotency_key",
    summary: "What became of a key",
    path: { key: "order-1001" },
    status: 200,
    answer: samples.KEY_SAMPLE,
    same: ["/status", "/route", "/response/status", "/response/body/status"],
  }),
];
