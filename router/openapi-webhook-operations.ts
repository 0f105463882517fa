/** What the OpenAPI document says of merchants' endpoints, and of the routes that gateways call. */
import Type from "typebox";
import { answer, ASKED, CHANGING, DONE, json, type OperationRow, PAGE, PLAIN, STARTING } from "./openapi-operation.ts";
import type { RouteName } from "./routes.ts";
import { CREATE_WEBHOOK_ENDPOINT, RESEND_EVENT, ROTATE_WEBHOOK_SECRET } from "./schemas.ts";
import * as answers from "./webhook-schemas.ts";

const OF_ENDPOINT = "The endpoint's id.";
const ENDPOINTS = { ...PLAIN, tag: "Webhook endpoints" } as const;

/** As far as the reader of its signature is told before: gateways document their own shapes. */
const STRIPE_NOTIFICATION = Type.Object(
  { id: Type.String(), type: Type.String() },
  { description: "An event as Stripe documents it." },
);
const ADYEN_NOTIFICATION = Type.Object(
  { live: Type.String(), notificationItems: Type.Array(Type.Unknown()) },
  { description: "Standard notifications as Adyen documents them: one or many." },
);

const INBOUND = {
  ...PLAIN,
  tag: "Gateways",
  refusals: [...STARTING, "invalid_signature", "body_too_large", "unsupported_media_type", "not_found", "overloaded"],
} as const;

type WebhookRoute = Extract<RouteName, `${string}webhook${string}` | "list_deliveries" | "resend_event">;

export const WEBHOOK_OPERATIONS: { readonly [N in WebhookRoute]: OperationRow } = {
  create_webhook_endpoint: {
    ...ENDPOINTS,
    summary: "Make a webhook endpoint",
    description:
      "From then on events are sent to it, signed with the secret in the answer, which is shown again only to repeats within 24 hours. At most 20 endpoints.",
    body: json("CreateWebhookEndpoint", CREATE_WEBHOOK_ENDPOINT, true),
    keyed: true,
    answers: [answer(201, answers.WEBHOOK_ENDPOINT, "Made. Keep the secret.", DONE)],
    refusals: CHANGING,
  },
  list_webhook_endpoints: {
    ...ENDPOINTS,
    summary: "List the webhook endpoints",
    description: "All of them, in one page.",
    answers: [answer(200, answers.WEBHOOK_ENDPOINT_LIST, "The endpoints.")],
    refusals: ASKED,
  },
  get_webhook_endpoint: {
    ...ENDPOINTS,
    summary: "Read a webhook endpoint",
    description: "Without its secret.",
    path: OF_ENDPOINT,
    answers: [answer(200, answers.WEBHOOK_ENDPOINT, "The endpoint.")],
    refusals: [...ASKED, "not_found"],
  },
  delete_webhook_endpoint: {
    ...ENDPOINTS,
    summary: "Delete a webhook endpoint",
    description: "Nothing is sent to it any more, and its deliveries are forgotten. A repetition is answered 404.",
    path: OF_ENDPOINT,
    answers: [{ ...answer(204, answers.WEBHOOK_ENDPOINT, "Deleted."), contentType: null, schema: null }],
    refusals: [...ASKED, "not_found"],
  },
  rotate_webhook_secret: {
    ...ENDPOINTS,
    summary: "Replace an endpoint's secret",
    description:
      "What is sent is signed with both secrets for 24 hours, then with the new one alone. The answer shows it, and so do its repeats within 24 hours.",
    body: json("RotateWebhookSecret", ROTATE_WEBHOOK_SECRET, false),
    keyed: true,
    path: OF_ENDPOINT,
    answers: [answer(200, answers.WEBHOOK_ENDPOINT, "The endpoint with its new secret.", DONE)],
    refusals: [...CHANGING, "not_found"],
  },
  list_deliveries: {
    ...ENDPOINTS,
    summary: "List an endpoint's deliveries",
    description: "What became of each event, the newest event first.",
    path: OF_ENDPOINT,
    query: PAGE,
    answers: [answer(200, answers.WEBHOOK_DELIVERY_LIST, "A page.")],
    refusals: [...ASKED, "not_found"],
  },
  resend_event: {
    ...ENDPOINTS,
    summary: "Send an event again",
    description: "Soon, and under the same webhook-id: a receiver that has it already can tell.",
    body: json("ResendEvent", RESEND_EVENT, true),
    keyed: true,
    path: OF_ENDPOINT,
    answers: [answer(202, answers.WEBHOOK_DELIVERY, "It will be sent.", DONE)],
    refusals: [...CHANGING, "not_found"],
  },
  stripe_webhook: {
    ...INBOUND,
    summary: "Take a notification of Stripe's",
    description:
      "Called by Stripe, with Stripe-Signature over the raw body. Acknowledged once it is on disk; at most 1 MiB. 404 where Stripe is not configured.",
    body: json("StripeNotification", STRIPE_NOTIFICATION, true),
    answers: [
      answer(200, Type.Object({ received: Type.Literal(true) }, { title: "NotificationReceived" }), "On disk.", []),
    ],
  },
  adyen_webhook: {
    ...INBOUND,
    summary: "Take notifications of Adyen's",
    description:
      "Called by Adyen, each item with its hmacSignature: all items are taken, or none. Acknowledged once they are on disk; at most 1 MiB. 404 where Adyen is not configured.",
    body: json("AdyenNotification", ADYEN_NOTIFICATION, true),
    answers: [
      { status: 200, contentType: "text/plain", schema: null, description: "On disk: [accepted].", headers: [] },
    ],
  },
};
