/** Makes the terms and the operation of a request: what T1 writes. */
import {
  type AllowedRequest,
  type CaptureMethod,
  firstOperationOf,
  type GatewayName,
  gatewayKeyOf,
  mintId,
  type Operation,
  type PaymentTerms,
  type Refusal,
  refuse,
  REQUESTED_KIND,
} from "./domain/index.ts";
import { lineDown } from "./gateway-gate.ts";
import type { CreatePayment, MerchantProfile } from "./ports/requests.ts";
import type { Random } from "./ports/world.ts";

/** A gateway with the account that the money goes through. */
export type Route = MerchantProfile["gateways"][number];

/** What decides where a payment can go, beside the merchant's profile. */
export interface RouteFacts {
  /** Where the token works; null: not known, each gateway judges it itself. */
  readonly working: readonly GatewayName[] | null;
  takes(gateway: GatewayName, currency: string, amountMinor: bigint): boolean;
  /** Milliseconds until the account is tried again; undefined: nothing is known against it. */
  downForMs(route: Route): number | undefined;
}

/**
 * The first of the merchant's gateways that the payment can go to, or why it can go to none: what no body tells. One that
 * is down is passed over: nothing has been sent yet. If all are, the payment is refused.
 */
export function chooseRoute(merchant: MerchantProfile, command: CreatePayment, facts: RouteFacts): Route | Refusal {
  const { currency, amountMinor, gateway } = command;
  if (merchant.currencies !== null && !merchant.currencies.includes(currency))
    return refuse("currency_not_enabled", `${currency} is not enabled for this merchant`);
  const own = merchant.gateways.filter(({ name }) => gateway === null || name === gateway);
  if (own.length === 0)
    return noRoute("/gateway", "gateway_not_enabled", "the merchant has no account at this gateway");
  const working = own.filter(({ name }) => facts.working === null || facts.working.includes(name));
  if (working.length === 0)
    return noRoute("/payment_method", "token_not_usable", "the token does not work at this gateway");
  const able = working.filter(({ name }) => facts.takes(name, currency, amountMinor));
  if (able.length === 0) return UNSPEAKABLE;
  let soonestMs = Number.POSITIVE_INFINITY;
  for (const route of able) {
    const downForMs = facts.downForMs(route);
    if (downForMs === undefined) return route;
    soonestMs = Math.min(soonestMs, downForMs);
  }
  return lineDown(soonestMs);
}

const noRoute = (pointer: string, code: string, detail: string): Refusal =>
  refuse("validation_failed", "the payment can go to no gateway of this merchant", {
    errors: [{ pointer, code, detail }],
  });

/** Of a currency that the gateway counts in coarser units. */
export const UNSPEAKABLE = refuse("amount_out_of_range", "The gateway cannot take exactly this amount.", {
  errors: [{ pointer: "/amount", code: "out_of_range", detail: "The gateway counts this currency in coarser units." }],
});

/** Terms of a payment that goes by `route`. `nowMs`: Unix milliseconds. */
export function termsOf(
  merchant: MerchantProfile,
  route: Route,
  command: CreatePayment,
  nowMs: number,
  random: Random,
): PaymentTerms {
  const { slot } = merchant;
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

/** The kind of operation that makes a payment. */
export const firstKindOf = (captureMethod: CaptureMethod): "sale" | "authorize" =>
  captureMethod === "automatic" ? "sale" : "authorize";

/** The first attempt to charge them. `deadlineMs`: how long its call may be repeated. */
export function operationOf(terms: PaymentTerms, idempotencyKey: string, deadlineMs: number): Operation {
  const kind = firstKindOf(terms.captureMethod);
  return {
    id: firstOperationOf(terms.id),
    kind,
    state: "submitted",
    amountMinor: terms.amountMinor,
    gatewayKey: gatewayKeyOf(terms.merchantId, idempotencyKey, kind, 1),
    attempt: 1,
    submittedAtMs: terms.createdAtMs,
    deadlineAtMs: terms.createdAtMs + deadlineMs,
    ...UNTRIED,
    note: null,
  };
}

/** An operation that nobody has asked a gateway for yet. */
const UNTRIED = { reference: null, pendingReason: "outcome_unknown", needsReview: false, failure: null } as const;

/** The operation of a request that `checkRequest` allowed. Times: Unix milliseconds. */
export function modificationOf(
  terms: PaymentTerms,
  { fact, amountMinor }: AllowedRequest,
  idempotencyKey: string,
  {
    note,
    nowMs,
    deadlineMs,
    random,
  }: { readonly note: string | null; readonly nowMs: number; readonly deadlineMs: number; readonly random: Random },
): Operation {
  const kind = REQUESTED_KIND[fact];
  return {
    id: mintId("op", terms.slot, nowMs, random.bytes(8)),
    kind,
    state: "submitted",
    amountMinor,
    gatewayKey: gatewayKeyOf(terms.merchantId, idempotencyKey, kind, 1),
    attempt: 1,
    submittedAtMs: nowMs,
    deadlineAtMs: nowMs + deadlineMs,
    ...UNTRIED,
    note,
  };
}
