/** Speaks to card processors: one adapter each behind the port `Gateway`. No SDK is loaded before an adapter is made. */
export { type AdyenGatewayOptions, createAdyenGateway } from "./adyen.ts";
export { type AdyenNoticeOptions, createAdyenNoticeReader } from "./adyen-notices.ts";
export { fromGatewayUnits } from "./amounts.ts";
export { GATEWAY_CAPABILITIES } from "./capabilities.ts";
export { type ContractCase, type ContractEffect, type ContractHarness, gatewayContract } from "./contract.ts";
export { createFixedLatencyGateway, type FixedLatencyOptions } from "./fixed-latency.ts";
export { createStripeGateway, type StripeGatewayOptions } from "./stripe.ts";
export { createStripeNoticeReader, type StripeNoticeOptions } from "./stripe-notices.ts";
export { tokensByForm } from "./token-forms.ts";
export { FAILURE_CODES, GATEWAY_CODES } from "./failures.ts";
