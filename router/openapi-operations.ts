/** What the OpenAPI document says of each route beside the table of routes: bodies, parameters, answers, refusals. */
import { PAYMENT_STATUSES, type RefusalCode } from "../actors/domain/index.ts";
import Type from "typebox";
import {
  answer,
  ASKED,
  CHANGING,
  DONE,
  json,
  OPEN,
  type OperationRow,
  PAGE,
  PLAIN,
  type QueryRow,
  STARTING,
} from "./openapi-operation.ts";
import { WEBHOOK_OPERATIONS } from "./openapi-webhook-operations.ts";
import * as answers from "./response-schemas.ts";
import type { RouteName } from "./routes.ts";
import { CANCEL_PAYMENT, CAPTURE_PAYMENT, CREATE_PAYMENT, CREATE_REFUND } from "./schemas.ts";

const KEYED: readonly RefusalCode[] = [...CHANGING, "payment_declined", "amount_out_of_range", "gateway_unavailable"];
const LATER: readonly RefusalCode[] = [...KEYED, "not_found", "operation_in_doubt", "invalid_transition"];

const TIME_HINT = "RFC 3339, or Unix seconds.";
const PAYMENT_FILTERS: readonly QueryRow[] = [
  { name: "status", schema: Type.Enum([...PAYMENT_STATUSES], { description: "Only payments with this status." }) },
  { name: "created[gte]", schema: Type.String({ description: `Accepted then or later. ${TIME_HINT}` }) },
  { name: "created[lt]", schema: Type.String({ description: `Accepted before. ${TIME_HINT}` }) },
  { name: "merchant_reference", schema: Type.String({ description: "Exactly this reference." }) },
];

const OF_PAYMENT = "The payment's id.";

const later = (what: string): string =>
  `The outcome is not known yet: ${what}. Send the same request again with the same key, or read the object.`;

/** The form of RFC 6749 §4.4; the endpoint reads it by hand. */
const TOKEN_FORM = Type.Object({
  grant_type: Type.Literal("client_credentials"),
  scope: Type.Optional(Type.String({ description: "Scopes divided by spaces. None: all that the client has." })),
  client_id: Type.Optional(Type.String({ description: "Unless it is sent as Basic." })),
  client_secret: Type.Optional(Type.String({ description: "Unless it is sent as Basic." })),
});

/** One row for each route: a route without one does not compile. */
export const OPERATIONS: { readonly [N in RouteName]: OperationRow } = {
  create_payment: {
    tag: "Payments",
    summary: "Create a payment",
    description:
      "Authorizes, or with capture_method automatic (the default) charges, a token of a gateway. Each key charges at most once, whatever fails in between.",
    body: json("CreatePayment", CREATE_PAYMENT, true),
    keyed: true,
    path: null,
    query: [],
    answers: [
      answer(201, answers.PAYMENT, "Authorized or captured.", DONE),
      answer(202, answers.PAYMENT, later("the gateway has not said"), OPEN),
    ],
    refusals: [...KEYED, "currency_not_enabled"],
  },
  list_payments: {
    ...PLAIN,
    tag: "Payments",
    summary: "List payments",
    description: "Newest first. Payments that arrive while you page are on no page, and none is on two.",
    query: [...PAGE, ...PAYMENT_FILTERS],
    answers: [answer(200, answers.PAYMENT_LIST, "A page.")],
    refusals: ASKED,
  },
  get_payment: {
    ...PLAIN,
    tag: "Payments",
    summary: "Read a payment",
    description: "At least as new as any answer that you were given.",
    path: OF_PAYMENT,
    answers: [answer(200, answers.PAYMENT, "The payment.")],
    refusals: [...ASKED, "not_found"],
  },
  capture_payment: {
    tag: "Payments",
    summary: "Capture an authorized payment",
    description: "Takes the amount, or all that is authorized. There is one capture: the rest is released.",
    body: json("CapturePayment", CAPTURE_PAYMENT, false),
    keyed: true,
    path: OF_PAYMENT,
    query: [],
    answers: [
      answer(200, answers.PAYMENT, "Captured.", DONE),
      answer(202, answers.PAYMENT, later("the gateway works on the capture"), OPEN),
    ],
    refusals: [...LATER, "amount_exceeds_capturable"],
  },
  cancel_payment: {
    tag: "Payments",
    summary: "Cancel a payment",
    description:
      "Releases what is authorized. While the outcome of the payment is in doubt, no charge becomes the goal: the answer is 202, and a charge that comes to light is given back.",
    body: json("CancelPayment", CANCEL_PAYMENT, false),
    keyed: true,
    path: OF_PAYMENT,
    query: [],
    answers: [
      answer(200, answers.PAYMENT, "Canceled.", DONE),
      answer(202, answers.PAYMENT, later("the gateway works on it"), OPEN),
    ],
    refusals: LATER,
  },
  create_refund: {
    tag: "Refunds",
    summary: "Refund a captured payment",
    description:
      "Gives back the amount, or all that is left. Several refunds may run at once; together they never exceed what was captured.",
    body: json("CreateRefund", CREATE_REFUND, false),
    keyed: true,
    path: OF_PAYMENT,
    query: [],
    answers: [
      answer(201, answers.REFUND, "Refunded.", DONE),
      answer(202, answers.REFUND, later("the gateway works on the refund"), OPEN),
    ],
    refusals: [...LATER, "amount_exceeds_refundable"],
  },
  list_refunds: {
    ...PLAIN,
    tag: "Refunds",
    summary: "List a payment's refunds",
    description: "In the order in which they were accepted.",
    path: OF_PAYMENT,
    query: PAGE,
    answers: [answer(200, answers.REFUND_LIST, "A page.")],
    refusals: [...ASKED, "not_found"],
  },
  get_refund: {
    ...PLAIN,
    tag: "Refunds",
    summary: "Read a refund",
    description: "At least as new as any answer that you were given.",
    path: "The refund's id.",
    answers: [answer(200, answers.REFUND, "The refund.")],
    refusals: [...ASKED, "not_found"],
  },
  list_payment_events: {
    ...PLAIN,
    tag: "Events",
    summary: "List a payment's events",
    description: "What happened to the payment, oldest first.",
    path: OF_PAYMENT,
    query: PAGE,
    answers: [answer(200, answers.EVENT_LIST, "A page.")],
    refusals: [...ASKED, "not_found"],
  },
  list_events: {
    ...PLAIN,
    tag: "Events",
    summary: "List events",
    description:
      "What happened to all payments, oldest first. Keep next_cursor of the last page to learn what came since; an empty page gives back the cursor that was sent.",
    query: PAGE,
    answers: [answer(200, answers.EVENT_LIST, "A page.")],
    refusals: ASKED,
  },
  get_balances: {
    ...PLAIN,
    tag: "Balances",
    summary: "Read the balances",
    description: "Exact sums over the ledger, one entry for each currency.",
    answers: [answer(200, answers.BALANCES, "The balances.")],
    refusals: ASKED,
  },
  get_idempotency_key: {
    ...PLAIN,
    tag: "Payments",
    summary: "Read what became of a key",
    description:
      "For a client that lost its answer and its body: which payment a key belongs to, and what it was answered.",
    path: "The idempotency key, percent-encoded.",
    answers: [answer(200, answers.IDEMPOTENCY_KEY, "The key.")],
    refusals: [...ASKED, "not_found"],
  },
  ...WEBHOOK_OPERATIONS,
  token: {
    ...PLAIN,
    tag: "Access",
    summary: "Get an access token",
    description: "OAuth 2 client credentials, as Basic or in the form. Errors are objects of RFC 6749, not problems.",
    body: {
      name: "TokenRequest",
      schema: TOKEN_FORM,
      contentType: "application/x-www-form-urlencoded",
      required: true,
    },
    answers: [
      answer(200, answers.TOKEN, "The token.", []),
      answer(400, answers.OAUTH_ERROR, "invalid_request, invalid_scope or unsupported_grant_type.", []),
      answer(401, answers.OAUTH_ERROR, "invalid_client: the id or the secret is wrong.", []),
      answer(429, answers.OAUTH_ERROR, "rate_limited: too many failures.", ["Retry-After"]),
    ],
    refusals: [],
  },
  authorization_server: {
    ...PLAIN,
    tag: "Access",
    summary: "Metadata of the token endpoint",
    description: "RFC 8414.",
    answers: [answer(200, answers.AUTHORIZATION_SERVER, "The metadata.", [])],
    refusals: STARTING,
  },
  jwks: {
    ...PLAIN,
    tag: "Access",
    summary: "Public keys of the tokens",
    description: "RFC 7517.",
    answers: [answer(200, answers.JWKS, "The keys.", [])],
    refusals: STARTING,
  },
  state_machine: {
    ...PLAIN,
    tag: "Documents",
    summary: "The state machine",
    description: "Every legal change of a payment and of an operation: the tables that decide.",
    answers: [answer(200, answers.STATE_MACHINE, "The tables.", [])],
    refusals: STARTING,
  },
  openapi: {
    ...PLAIN,
    tag: "Documents",
    summary: "This document",
    description: "OpenAPI 3.1, made from the schemas that validate.",
    answers: [answer(200, answers.OPENAPI, "The document.", [])],
    refusals: STARTING,
  },
  docs: {
    ...PLAIN,
    tag: "Documents",
    summary: "The manual",
    description:
      "One page without anything from elsewhere; /docs/errors is the same page, where a problem's type points.",
    answers: [{ status: 200, contentType: "text/html", schema: null, description: "HTML.", headers: [] }],
    refusals: STARTING,
  },
};
