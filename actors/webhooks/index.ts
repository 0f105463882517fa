/** Webhooks to merchants: how they are signed, where they may go, when they are tried again, and the sending itself. */
export { isLoopbackAddress, isPublicAddress } from "./address-guard.ts";
export {
  type DeliveryVerdict,
  type JudgedOutcome,
  judgeTry,
  LADDER_MS,
  type LadderStanding,
  waitAfterMs,
} from "./delivery-ladder.ts";
export {
  type EndpointRules,
  type EndpointUrl,
  type EndpointUrlFault,
  PUBLIC_ENDPOINTS,
  readEndpointUrl,
  SANDBOX_ENDPOINTS,
} from "./endpoint-url.ts";
export { createWebhookSender, type WebhookRequest, type WebhookSender, type WebhookSenderOptions } from "./sender.ts";
export { isSecret, mintSecret, sign, type SignedHeaders, signedHeaders } from "./standard-webhooks.ts";
export { type WebhookFault, type WebhookOutcome } from "./webhook-outcome.ts";
