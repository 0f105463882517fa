/** Shapes of endpoints, deliveries and outgoing events, as JSON Schema; see response-schemas.ts. */
import type { DeliveryState, EndpointStatus } from "../actors/index.ts";
import Type from "typebox";
import { EVENT_TYPES } from "./event-types.ts";
import { idOf, listOf, nullable, PAYMENT, REFUND, text, time } from "./response-schemas.ts";
import { EVENT_API_VERSION } from "./webhook-json.ts";
import { PAYMENT_STATUSES } from "../actors/domain/index.ts";

export const ENDPOINT_STATUSES = ["enabled", "disabled"] as const satisfies readonly EndpointStatus[];
export const DELIVERY_STATUSES = ["waiting", "delivered", "given_up"] as const satisfies readonly DeliveryState[];

export const WEBHOOK_ENDPOINT = Type.Object(
  {
    id: idOf("whe", "endpoint"),
    object: Type.Literal("webhook_endpoint"),
    url: text("Where events are sent."),
    event_types: nullable(
      Type.Array(Type.Enum([...EVENT_TYPES]), { description: "Only events of these types; null: all." }),
    ),
    status: Type.Enum([...ENDPOINT_STATUSES]),
    disabled_reason: nullable(text("Why nothing is sent any more, such as gone: it answered 410.")),
    created_at: time("When it was made."),
    updated_at: time("When it was last changed."),
    secret: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description:
          "Signs what is sent, by Standard Webhooks. Only in the answer to the request that made it, and in its repeats: those within 24 hours show it while it is in use, later ones say null.",
      }),
    ),
  },
  { title: "WebhookEndpoint", description: "A receiver of events." },
);
export const WEBHOOK_ENDPOINT_LIST = listOf(WEBHOOK_ENDPOINT, "WebhookEndpointList");

export const WEBHOOK_DELIVERY = Type.Object(
  {
    object: Type.Literal("webhook_delivery"),
    event_id: idOf("evt", "event"),
    event_type: text("Type of the event."),
    payment_id: idOf("pay", "payment"),
    sequence: Type.Integer({ minimum: 1, description: "Of the event." }),
    status: Type.Enum([...DELIVERY_STATUSES], { description: "given_up: 72 hours passed, or the endpoint is gone." }),
    attempts: Type.Integer({ minimum: 0, description: "How often it was sent." }),
    next_attempt_at: nullable(time("When it is sent next.")),
    last_status: nullable(Type.Integer({ description: "HTTP status of the newest answer; null: none came." })),
    last_failure: nullable(text("Why the newest try failed, a stable word.")),
    last_attempt_at: nullable(time("When it was last sent.")),
    created_at: time("When it was planned."),
  },
  { title: "WebhookDelivery", description: "How far one event came at one endpoint." },
);
export const WEBHOOK_DELIVERY_LIST = listOf(WEBHOOK_DELIVERY, "WebhookDeliveryList");

export const OUTGOING_EVENT = Type.Object(
  {
    id: idOf("evt", "event"),
    type: Type.Enum([...EVENT_TYPES], { description: "What happened. More may join." }),
    created: time("When it was recorded."),
    api_version: Type.Literal(EVENT_API_VERSION),
    payment_id: idOf("pay", "payment"),
    sequence: Type.Integer({ minimum: 1, description: "1 for the payment's first event, then without a gap." }),
    data: Type.Object(
      { payment: PAYMENT, refund: Type.Optional(REFUND) },
      { description: "As in the event of GET /v1/events." },
    ),
    previous: nullable(
      Type.Object(
        { status: Type.Enum([...PAYMENT_STATUSES]) },
        { description: "The payment's status before the event, where it changed." },
      ),
    ),
    shortened: Type.Optional(
      Type.Boolean({
        description:
          "true: with its texts the body would be over 20 kB, so metadata is empty and description null. Read the payment.",
      }),
    ),
  },
  { title: "OutgoingEvent", description: "An event as it is sent to endpoints: the whole body." },
);
