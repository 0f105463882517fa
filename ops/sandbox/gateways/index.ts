/** The gateway simulators' door. */
export type { ChargeLine } from "./charge-log.ts";
export type { RequestReport } from "./request-log.ts";
export { startGatewaySimulators, type GatewaySimulatorOptions, type GatewaySimulators } from "./simulators.ts";
export { GATEWAY_TOKENS, type TokenRow } from "./tokens.ts";
export type { AdyenEndpoint, StripeEndpoint, WebhookEndpoints } from "./webhook-endpoint.ts";
