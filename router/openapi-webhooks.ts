/** The part of the OpenAPI document about what we send: events to merchants' endpoints, and how they are signed. */
import type { ComponentSchemas, Json } from "./openapi-schemas.ts";
import { OUTGOING_SAMPLE, WEBHOOK_HEADERS_SAMPLE } from "./openapi-webhook-samples.ts";
import { OUTGOING_EVENT } from "./webhook-schemas.ts";

interface HeaderRow {
  readonly name: keyof typeof WEBHOOK_HEADERS_SAMPLE;
  readonly description: string;
}

/** Those of Standard Webhooks. */
export const WEBHOOK_HEADERS: readonly HeaderRow[] = [
  { name: "webhook-id", description: "The event's id, the same whenever it is sent: take each only once." },
  { name: "webhook-timestamp", description: "Unix seconds of this try. Refuse what is more than 300 seconds off." },
  {
    name: "webhook-signature",
    description:
      "v1, and base64 of HMAC-SHA256 over id.timestamp.body, keyed with the decoded part of the secret behind whsec_. Several, divided by spaces, while a secret is replaced: one that fits is enough.",
  },
];

/** `webhooks` of the document. */
export const describeWebhooks = (schemas: ComponentSchemas): Json => ({
  event: {
    post: {
      operationId: "receive_event",
      tags: ["Webhook endpoints"],
      summary: "An event, sent to your endpoint",
      description:
        "Answer 2xx within 10 seconds, before you work on it. Anything else is sent again for 72 hours; 410 disables the endpoint. Redirects are not followed. Events may come twice or out of order: sequence is gapless per payment.",
      security: [],
      parameters: WEBHOOK_HEADERS.map(({ name, description }) => ({
        name,
        in: "header",
        required: true,
        description,
        schema: { type: "string" },
        example: WEBHOOK_HEADERS_SAMPLE[name],
      })),
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: schemas.refer("OutgoingEvent", OUTGOING_EVENT),
            examples: { captured: { summary: "A payment was captured", value: OUTGOING_SAMPLE as unknown as Json } },
          },
        },
      },
      responses: {
        "2XX": { description: "Taken. The body is not read." },
        "410": { description: "Gone: the endpoint is disabled." },
        default: { description: "Sent again later. Retry-After of a 429 or 503 is honoured." },
      },
    },
  },
});
