/** Examples about merchants' endpoints, and of what gateways are answered. */
import { type ApiExample, example, PROBLEM_SAME } from "./openapi-example.ts";
import { problem } from "./openapi-samples.ts";
import {
  DELIVERY_SAMPLE,
  ENDPOINT_SAMPLE,
  NOBODYS_ENDPOINT,
  NOBODYS_EVENT,
  WITH_SECRET,
} from "./openapi-webhook-samples.ts";

const ENDPOINT = { idOf: "endpoint" } as const;
const UNKNOWN = problem("not_found", "There is no such object.");
const SAME = ["/object", "/url", "/event_types", "/status", "/disabled_reason"];

/** In an order in which they run. */
export const WEBHOOK_EXAMPLES: readonly ApiExample[] = [
  example({
    name: "endpoint",
    route: "create_webhook_endpoint",
    summary: "Tell us where to send events",
    key: "endpoint-1",
    body: { url: ENDPOINT_SAMPLE.url, event_types: ENDPOINT_SAMPLE.event_types },
    status: 201,
    answer: WITH_SECRET,
    same: SAME,
  }),
  example({
    name: "endpoint_refused",
    route: "create_webhook_endpoint",
    summary: "An address that we do not send to",
    key: "endpoint-2",
    body: { url: "https://10.0.0.7/webhooks" },
    status: 422,
    answer: problem("validation_failed", "The URL is not one that events are sent to.", {
      errors: [{ pointer: "/url", code: "invalid_url", detail: "The URL is not one that events are sent to." }],
    }),
    same: [...PROBLEM_SAME, "/errors/0/pointer", "/errors/0/code"],
  }),
  example({
    name: "endpoints_listed",
    route: "list_webhook_endpoints",
    summary: "All endpoints",
    status: 200,
    answer: { object: "list", data: [ENDPOINT_SAMPLE], has_more: false, next_cursor: null },
    same: ["/object", "/has_more", "/next_cursor"],
  }),
  example({
    name: "endpoint_read",
    route: "get_webhook_endpoint",
    summary: "The endpoint, without its secret",
    path: ENDPOINT,
    status: 200,
    answer: ENDPOINT_SAMPLE,
    same: SAME,
  }),
  example({
    name: "secret_replaced",
    route: "rotate_webhook_secret",
    summary: "A new secret",
    path: ENDPOINT,
    key: "endpoint-1-secret-2",
    body: {},
    status: 200,
    answer: WITH_SECRET,
    same: SAME,
  }),
  example({
    name: "deliveries_listed",
    route: "list_deliveries",
    summary: "What became of each event",
    path: ENDPOINT,
    query: { limit: "5" },
    status: 200,
    answer: { object: "list", data: [DELIVERY_SAMPLE], has_more: false, next_cursor: null },
    same: ["/object"],
  }),
  example({
    name: "resent_unknown",
    route: "resend_event",
    summary: "An event that is not yours, or nobody's",
    path: ENDPOINT,
    key: "endpoint-1-resend",
    body: { event_id: NOBODYS_EVENT },
    status: 404,
    answer: UNKNOWN,
    same: [...PROBLEM_SAME, "/detail"],
  }),
  example({
    name: "endpoint_deleted",
    route: "delete_webhook_endpoint",
    summary: "No more events",
    path: ENDPOINT,
    status: 204,
    answer: null,
  }),
  example({
    name: "endpoint_unknown",
    route: "get_webhook_endpoint",
    summary: "An endpoint that is not yours, or nobody's",
    path: { text: NOBODYS_ENDPOINT },
    status: 404,
    answer: UNKNOWN,
    same: [...PROBLEM_SAME, "/detail"],
  }),
  example({
    name: "stripe_unsigned",
    route: "stripe_webhook",
    summary: "Without a signature",
    authorization: "none",
    body: { id: "evt_1", object: "event", type: "payment_intent.succeeded" },
    status: 401,
    answer: problem("invalid_signature", "The signature does not fit the body, or is too old."),
    same: [...PROBLEM_SAME, "/detail"],
  }),
  example({
    name: "adyen_unsigned",
    route: "adyen_webhook",
    summary: "An item without a signature",
    authorization: "none",
    body: {
      live: "false",
      notificationItems: [
        {
          NotificationRequestItem: {
            eventCode: "AUTHORISATION",
            success: "true",
            pspReference: "7914073381342284",
            merchantAccountCode: "TestMerchant",
            merchantReference: "op_01m819eke0ek9aj4926d25asgz",
            amount: { value: 1999, currency: "EUR" },
          },
        },
      ],
    },
    status: 401,
    answer: problem("invalid_signature", "The signature does not fit the body, or is too old."),
    same: [...PROBLEM_SAME, "/detail"],
  }),
];
