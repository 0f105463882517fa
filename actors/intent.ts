/** Makes the terms and the operation of a new payment from a request: what T1 writes. */
import { gatewayKeyOf, mintId, type Operation, type PaymentTerms, type Refusal, refuse } from "./domain/index.ts";
import type { CreatePayment, MerchantProfile } from "./ports/requests.ts";
import type { Random } from "./ports/world.ts";

/** What only the merchant's profile can refuse. */
export function checkTerms(merchant: MerchantProfile, command: CreatePayment): Refusal | undefined {
  if (merchant.currencies !== null && !merchant.currencies.includes(command.currency)) {
    return refuse("currency_not_enabled", `${command.currency} is not enabled for this merchant`);
  }
  const has = merchant.gateways.some(({ name }) => command.gateway === null || name === command.gateway);
  if (has) return undefined;
  const errors = [
    { pointer: "/gateway", code: "gateway_not_enabled", detail: "the merchant has no account at this gateway" },
  ];
  return refuse("validation_failed", "the gateway is not enabled for this merchant", { errors });
}

/** Terms that `checkTerms` let pass. `nowMs`: Unix milliseconds. */
export function termsOf(
  merchant: MerchantProfile,
  command: CreatePayment,
  nowMs: number,
  random: Random,
): PaymentTerms {
  const { slot } = merchant;
  const route = merchant.gateways.find((gateway) => command.gateway === null || gateway.name === command.gateway);
  if (route === undefined) throw new Error("checkTerms let a payment without a gateway pass");
  return {
    id: mintId("pay", slot, nowMs, random.bytes(8)),
    merchantId: merchant.id,
    slot,
    amountMinor: command.amountMinor,
    currency: command.currency,
    captureMethod: command.captureMethod,
    gateway: route.name,
    gatewayAccount: route.account,
    merchantReference: command.merchantReference,
    description: command.description,
    metadataJson: command.metadataJson,
    createdAtMs: nowMs,
  };
}

/** The first attempt to charge them. `deadlineMs`: how long its call may be repeated. */
export function operationOf(
  terms: PaymentTerms,
  idempotencyKey: string,
  deadlineMs: number,
  random: Random,
): Operation {
  const kind = terms.captureMethod === "automatic" ? "sale" : "authorize";
  return {
    id: mintId("op", terms.slot, terms.createdAtMs, random.bytes(8)),
    kind,
    state: "submitted",
    amountMinor: terms.amountMinor,
    gatewayKey: gatewayKeyOf(terms.merchantId, idempotencyKey, kind, 1),
    attempt: 1,
    submittedAtMs: terms.createdAtMs,
    deadlineAtMs: terms.createdAtMs + deadlineMs,
  };
}
