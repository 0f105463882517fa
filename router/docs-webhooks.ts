/** The chapter of the manual for receivers of events. */
import { type Chapter, code, html, list, paragraphs, pre, table } from "./docs-html.ts";
import { OUTGOING_SAMPLE } from "./openapi-webhook-samples.ts";
import { WEBHOOK_HEADERS } from "./openapi-webhooks.ts";

const RECEIVER = `import { verifyWebhook } from "./router/client/index.ts";

// rawBody: the bytes as they came, before anything parses them
const event = await verifyWebhook({ body: rawBody, headers }, secret); // throws: answer 400
if (!seen(event.id)) enqueue(event); // then answer 204, and work on it later`;

/** How to receive events, and what we promise about their delivery. */
export function webhooksChapter(): Chapter {
  const headers = WEBHOOK_HEADERS.map(({ name, description }) => ({ cells: [code(name), description] }));
  const body = html`${paragraphs(
    html`Make an endpoint with ${code("POST /v1/webhook_endpoints")} and keep the ${code("secret")} of its answer.
      Only a repetition of the request shows it again, within 24 hours; later ones say ${code("null")}, and the way to a
      secret is ${code("rotate_secret")}. From then on every event of the types that you named is sent there by POST, signed by the
      rules of Standard Webhooks.`,
  )}${table(["header", "means"], headers)}${pre(JSON.stringify(OUTGOING_SAMPLE, null, 2))}${paragraphs(
    "Verify a delivery before you read it: take the raw body, for one that was parsed and written again has another signature. Compare in constant time.",
  )}${pre(RECEIVER)}${list(
    "An answer of 2xx within 10 seconds ends a delivery. Answer first and work later.",
    html`Anything else, a redirect too, is tried again: after about 5 and 30 seconds, 2, 10 and 30 minutes, 1, 2, 4 and 8
      hours, then every 8 hours until 72 hours have passed. ${code("Retry-After")} of a 429 or 503 is honoured.`,
    html`410 disables the endpoint: delete it and make a new one when you are back.`,
    html`An event may come twice: its ${code("webhook-id")}, which is ${code("id")} of the body, is the same each time.`,
    html`Events may come in another order than they happened. ${code("sequence")} counts a payment's events without a
      gap: keep the newest, and read what is missing from ${code("GET /v1/payments/{id}/events")}. An endpoint that wants
      only some types sees gaps.`,
    html`A body is at most 20 kB. Where a payment's texts would make it larger, ${code("metadata")} is empty,
      ${code("description")} is null and ${code("shortened")} is true: read the payment.`,
    html`To replace a secret, call ${code("rotate_secret")}. For 24 hours each delivery carries two signatures, one for
      each secret; one that fits is enough.`,
    html`${code("GET /v1/webhook_endpoints/{id}/deliveries")} shows what became of each event, and
      ${code("POST /v1/webhook_endpoints/{id}/resend")} sends one again.`,
    "A URL is https, names a public host and holds neither user information nor a fragment. Addresses inside networks are refused, when the endpoint is made and again whenever something is sent.",
    html`Nothing depends on webhooks: whatever they tell stands in ${code("GET /v1/events")} too.`,
  )}`;
  return { anchor: "webhooks", title: "Webhooks", body };
}
