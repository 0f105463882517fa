/**
 * Shapes of what merchants get, as JSON Schema: the documents, the client's types and the tests are made from them.
 * Additive: members may join later, so unknown ones are allowed everywhere (design §7). A schema with a title is a
 * component of the OpenAPI document under that name.
 */
import {
  CAPTURE_METHODS,
  type Dispute,
  DISPUTE_STATES,
  FACT_KINDS,
  GATEWAY_NAMES,
  OPERATION_KINDS,
  OPERATION_STATES,
  PAYMENT_STATUSES,
  REFUSALS,
  type RefusalCode,
} from "../actors/domain/index.ts";
import Type, { type TSchema } from "typebox";
import { EVENT_TYPES } from "./event-types.ts";

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
export const idOf = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_`,
    maxLength: 64,
    description: `Id of the ${what}. Opaque; at most 64 characters.`,
  });
const minor = (description: string) => Type.Integer({ minimum: 0, description: `${description} Minor units.` });
export const time = (description: string) =>
  Type.String({ format: "date-time", description: `${description} RFC 3339, UTC.` });
export const text = (description: string) => Type.String({ description });
const CURRENCY = Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217." });

export const REFUND_STATUSES = ["pending", "succeeded", "failed"] as const;
export const PENDING_REASONS = ["gateway_processing", "gateway_unreachable", "outcome_unknown"] as const;
export const KEY_STATUSES = ["processing", "completed"] as const;
export const ERROR_CODES = Object.keys(REFUSALS) as RefusalCode[];

const PENDING = Type.Object(
  {
    operation: Type.Enum([...OPERATION_KINDS], { description: "What is still open." }),
    reason: Type.Enum([...PENDING_REASONS]),
    cancel_requested: Type.Boolean({ description: "A cancel was asked for: from then on the goal is no charge." }),
    since: time("When the operation was submitted."),
    next_check_at: nullable(time("When we ask the gateway next.")),
    deadline: time("From then on a person looks at it; no timer decides about money."),
    needs_review: Type.Boolean({ description: "A person looks at it." }),
  },
  { title: "Pending", description: "Why the outcome is not known yet. A definite fact of the gateway ends it." },
);

const FAILURE = Type.Object(
  {
    code: text("Why, in words that do not depend on the gateway. More may join."),
    retryable: Type.Boolean({ description: "A new try, with a new key, may pass later." }),
    customer_action: nullable(text("What the shopper may do about it.")),
  },
  { title: "Failure" },
);

export const DISPUTE_FUNDS = ["none", "held", "released", "lost"] as const satisfies readonly Dispute["funds"][];

const DISPUTE = Type.Object(
  {
    status: Type.Enum([...DISPUTE_STATES], { description: "Where it stands. It labels only: funds says what moved." }),
    amount: minor("What the shopper's bank claims back."),
    funds: Type.Enum([...DISPUTE_FUNDS], {
      description: "What happened to the money: nothing, taken until the decision, given back, or lost.",
    }),
  },
  { title: "Dispute", description: "The payment's newest dispute." },
);

export const PAYMENT = Type.Object(
  {
    id: idOf("pay", "payment"),
    object: Type.Literal("payment"),
    merchant_id: idOf("mer", "merchant"),
    amount: minor("What was asked for."),
    currency: CURRENCY,
    status: Type.Enum([...PAYMENT_STATUSES]),
    capture_method: Type.Enum([...CAPTURE_METHODS]),
    amount_authorized: minor("What was reserved."),
    amount_captured: minor("What was taken."),
    amount_refunded: minor("What was given back: refunds that succeeded."),
    amount_disputed: minor("What shoppers' banks claim back."),
    dispute: nullable(DISPUTE),
    gateway: Type.Enum([...GATEWAY_NAMES]),
    gateway_reference: nullable(text("The gateway's own name for the payment.")),
    merchant_reference: nullable(text("The merchant's own reference.")),
    description: nullable(text("Shown to people.")),
    metadata: Type.Record(Type.String(), Type.String(), { description: "The merchant's own pairs, as they came." }),
    pending: nullable(PENDING),
    failure: nullable(FAILURE),
    version: Type.Integer({ minimum: 1, description: "Grows by each change." }),
    created_at: time("When it was accepted."),
    updated_at: time("When it last changed."),
  },
  { title: "Payment" },
);

export const REFUND = Type.Object(
  {
    id: idOf("ref", "refund"),
    object: Type.Literal("refund"),
    payment_id: idOf("pay", "payment"),
    merchant_id: idOf("mer", "merchant"),
    amount: minor("What is given back."),
    currency: CURRENCY,
    status: Type.Enum([...REFUND_STATUSES]),
    reason: nullable(text("The merchant's own words.")),
    gateway: Type.Enum([...GATEWAY_NAMES]),
    gateway_reference: nullable(text("The gateway's own name for the refund.")),
    pending: nullable(PENDING),
    failure: nullable(FAILURE),
    created_at: time("When it was accepted."),
    updated_at: time("When it last changed."),
  },
  { title: "Refund" },
);

export const EVENT = Type.Object(
  {
    id: idOf("evt", "event"),
    object: Type.Literal("event"),
    type: Type.Enum([...EVENT_TYPES], { description: "What happened. More may join." }),
    created_at: time("When it was recorded."),
    api_version: Type.Literal("v1"),
    payment_id: idOf("pay", "payment"),
    sequence: Type.Integer({ minimum: 1, description: "1 for the payment's first event, then without a gap." }),
    request: Type.Object(
      {
        id: nullable(text("Request-Id of the request that caused it; null: the gateway or a later check did.")),
        idempotency_key: nullable(text("Its idempotency key.")),
      },
      { description: "Who caused it." },
    ),
    data: Type.Object(
      { payment: PAYMENT, refund: Type.Optional(REFUND) },
      { description: "The payment as it was after the event; for events of a refund also the refund." },
    ),
  },
  { title: "Event" },
);

/** A page of a list. */
export const listOf = <S extends TSchema>(items: S, title: string) =>
  Type.Object(
    {
      object: Type.Literal("list"),
      data: Type.Array(items),
      has_more: Type.Boolean({ description: "There is another page, even if this one is short or empty." }),
      next_cursor: nullable(text("Send it as starting_after. Opaque, and of use for this list and its filters only.")),
    },
    { title },
  );
export const PAYMENT_LIST = listOf(PAYMENT, "PaymentList");
export const REFUND_LIST = listOf(REFUND, "RefundList");
export const EVENT_LIST = listOf(EVENT, "EventList");

const BALANCE = Type.Object(
  {
    currency: CURRENCY,
    held: Type.Integer({ description: "Reserved and not captured. Minor units." }),
    payable: Type.Integer({ description: "Captured, less what was or is being refunded. Minor units." }),
    refunding: Type.Integer({ description: "Refunds that are open. Minor units." }),
    receivable: Type.Array(
      Type.Object({ gateway: Type.String(), amount: Type.Integer({ description: "Minor units." }) }),
      { description: "Owed by each gateway." },
    ),
  },
  { title: "Balance" },
);
export const BALANCES = Type.Object(
  { object: Type.Literal("balances"), data: Type.Array(BALANCE, { description: "One for each currency." }) },
  { title: "Balances" },
);

export const IDEMPOTENCY_KEY = Type.Object(
  {
    object: Type.Literal("idempotency_key"),
    key: text("The key."),
    route: text("The route that it is bound to."),
    payment_id: idOf("pay", "payment"),
    operation_id: idOf("op", "operation"),
    status: Type.Enum([...KEY_STATUSES]),
    response: nullable(
      Type.Object(
        {
          status: Type.Integer({ description: "HTTP status." }),
          body: Type.Unknown({ description: "The answer's body." }),
        },
        { description: "What the request was answered for good; null while it is processed." },
      ),
    ),
  },
  { title: "IdempotencyKey" },
);

const FIELD_ERROR = Type.Object(
  {
    pointer: text("JSON pointer to the member of the body, or the name of the parameter."),
    code: text("A stable reason."),
    detail: text("For people."),
  },
  { title: "FieldError" },
);
const DECLINE = Type.Object(
  {
    code: text("Why, in words that do not depend on the gateway."),
    gateway_code: nullable(text("The gateway's own word.")),
    customer_action: nullable(text("What the shopper may do about it.")),
  },
  { title: "Decline" },
);
export const PROBLEM = Type.Object(
  {
    type: text("The page that explains the code."),
    title: text("The code in words."),
    status: Type.Integer({ description: "HTTP status." }),
    detail: text("What was wrong this time; for people, may change."),
    code: Type.Enum(ERROR_CODES, { description: "Stable; programs decide by it." }),
    request_id: text("The same as the header Request-Id."),
    retryable: Type.Boolean({ description: "The same request with the same key may pass later." }),
    errors: Type.Optional(Type.Array(FIELD_ERROR)),
    payment_id: Type.Optional(idOf("pay", "payment")),
    decline: Type.Optional(nullable(DECLINE)),
    payment: Type.Optional(PAYMENT),
    refund: Type.Optional(REFUND),
  },
  { title: "Problem", description: "RFC 9457." },
);

export const TOKEN = Type.Object(
  {
    access_token: text("Send it as Authorization: Bearer. Opaque to clients."),
    token_type: Type.Literal("Bearer"),
    expires_in: Type.Integer({ minimum: 1, maximum: 3600, description: "Seconds." }),
    scope: text("What it allows, divided by spaces."),
  },
  { title: "Token" },
);
export const OAUTH_ERROR = Type.Object(
  { error: text("RFC 6749 §5.2."), error_description: text("For people.") },
  { title: "OAuthError" },
);
export const AUTHORIZATION_SERVER = Type.Object(
  {
    issuer: text("Who issues the tokens."),
    token_endpoint: text("Where they are issued."),
    jwks_uri: text("Where the public keys are."),
    grant_types_supported: Type.Array(Type.String()),
    response_types_supported: Type.Array(Type.String()),
    token_endpoint_auth_methods_supported: Type.Array(Type.String()),
    scopes_supported: Type.Array(Type.String()),
  },
  { title: "AuthorizationServer", description: "RFC 8414." },
);
export const JWKS = Type.Object(
  { keys: Type.Array(Type.Object({ kty: Type.String(), kid: Type.String(), alg: Type.String(), use: Type.String() })) },
  { title: "Jwks", description: "RFC 7517." },
);

const CHANGE = { from: Type.String(), to: Type.String() };
export const STATE_MACHINE = Type.Object(
  {
    object: Type.Literal("state_machine"),
    payment: Type.Object({
      statuses: Type.Array(Type.Enum([...PAYMENT_STATUSES])),
      facts: Type.Array(Type.Enum([...FACT_KINDS])),
      transitions: Type.Array(Type.Object({ ...CHANGE, by: Type.String() })),
    }),
    operation: Type.Object({
      kinds: Type.Array(Type.Enum([...OPERATION_KINDS])),
      states: Type.Array(Type.Enum([...OPERATION_STATES])),
      transitions: Type.Array(Type.Object(CHANGE)),
    }),
  },
  { title: "StateMachine" },
);
export const OPENAPI = Type.Object(
  {
    openapi: Type.String(),
    info: Type.Unknown(),
    paths: Type.Unknown(),
    webhooks: Type.Unknown(),
    components: Type.Unknown(),
  },
  { title: "OpenApi", description: "OpenAPI 3.1." },
);
