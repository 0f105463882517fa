/**
 * Shapes of what merchants send, as JSON Schema: the same objects validate requests and describe the API.
 * Unknown members are refused everywhere.
 */
import { CAPTURE_METHODS, CURRENCIES } from "../actors/domain/index.ts";
import Type from "typebox";
import { EVENT_TYPES } from "./event-types.ts";

/** No control characters: PostgreSQL refuses NUL, and the rest forge lines in logs and reports. */
const TEXT_PATTERN = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
const text = (maxLength: number, description: string) => Type.String({ maxLength, pattern: TEXT_PATTERN, description });

/** At most 50 pairs; `[` and `]` in keys are kept free for queries. */
const METADATA_KEY_PATTERN = "^[^\\u0000-\\u001f\\u007f-\\u009f\\[\\]]{1,40}$";

const KEY_AGAIN = Type.Optional(Type.String({ description: "Equal to the X-Idempotency-Key header." }));

/** Gateways that a merchant may name; `auto`: the merchant's first. */
export const REQUESTED_GATEWAYS = ["auto", "stripe", "adyen"] as const;

export const CREATE_PAYMENT = Type.Object(
  {
    amount: Type.Integer({ minimum: 1, description: "Minor units of the currency, a plain integer." }),
    currency: Type.Enum(Object.keys(CURRENCIES), { description: "ISO 4217, upper case." }),
    payment_method: Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[A-Za-z0-9_.:-]+$",
      description: "A gateway's token. Never a card number. Write-only.",
    }),
    capture_method: Type.Optional(Type.Enum([...CAPTURE_METHODS])),
    gateway: Type.Optional(Type.Enum([...REQUESTED_GATEWAYS])),
    merchant_reference: Type.Optional(text(80, "The merchant's own reference.")),
    description: Type.Optional(text(500, "Shown to people.")),
    customer: Type.Optional(
      Type.Object(
        {
          email: Type.Optional(text(254, "Write-only.")),
          name: Type.Optional(text(200, "Write-only.")),
        },
        { additionalProperties: false },
      ),
    ),
    metadata: Type.Optional(
      Type.Record(Type.String({ pattern: METADATA_KEY_PATTERN }), text(500, "A text of the merchant."), {
        maxProperties: 50,
        additionalProperties: false,
      }),
    ),
    idempotency_key: KEY_AGAIN,
  },
  { additionalProperties: false },
);

const partialAmount = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

export const CAPTURE_PAYMENT = Type.Object(
  {
    amount: partialAmount("Minor units, at most what is authorized; the rest is released. Left out: all of it."),
    idempotency_key: KEY_AGAIN,
  },
  { additionalProperties: false },
);

export const CANCEL_PAYMENT = Type.Object({ idempotency_key: KEY_AGAIN }, { additionalProperties: false });

export const CREATE_REFUND = Type.Object(
  {
    amount: partialAmount("Minor units, at most what was captured and not refunded yet. Left out: all of it."),
    reason: Type.Optional(text(500, "The merchant's words, kept with the refund.")),
    idempotency_key: KEY_AGAIN,
  },
  { additionalProperties: false },
);

export const CREATE_WEBHOOK_ENDPOINT = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2048,
      pattern: TEXT_PATTERN,
      description: "Where events are sent by POST: https, a public host, no user information, no fragment.",
    }),
    event_types: Type.Optional(
      Type.Array(Type.Enum([...EVENT_TYPES]), {
        minItems: 1,
        maxItems: 50,
        uniqueItems: true,
        description: "Only events of these types. Left out: all.",
      }),
    ),
    idempotency_key: KEY_AGAIN,
  },
  { additionalProperties: false },
);

export const ROTATE_WEBHOOK_SECRET = Type.Object({}, { additionalProperties: false });

export const RESEND_EVENT = Type.Object(
  { event_id: Type.String({ maxLength: 64, description: "Id of an event of yours." }) },
  { additionalProperties: false },
);

/** A body that passed `CREATE_PAYMENT`. */
export type CreatePaymentBody = Type.Static<typeof CREATE_PAYMENT>;
export type CreateWebhookEndpointBody = Type.Static<typeof CREATE_WEBHOOK_ENDPOINT>;
export type ResendEventBody = Type.Static<typeof RESEND_EVENT>;
export type CreateRefundBody = Type.Static<typeof CREATE_REFUND>;
