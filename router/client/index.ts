/** The TypeScript client of the API. This folder needs nothing from the rest but its generated types. */
export {
  type CallOptions,
  type KeyedOptions,
  PaymentClient,
  type PaymentClientOptions,
  type WaitOptions,
} from "./payment-client.ts";
export { type ClientFault, PaymentError } from "./payment-error.ts";
export type { RetryTerms } from "./retry.ts";
export type { TryReport } from "./transport.ts";
export { type ReceivedWebhook, verifyWebhook, type VerifyOptions } from "./verify-webhook.ts";
export * as api from "./types.ts";
export type { ClientClock, ClientRandom } from "./world.ts";
