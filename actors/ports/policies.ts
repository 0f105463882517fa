/** Whom an actor asks before it accepts a payment: the holder of the tokens, and whoever judges risk. */
import type { GatewayName, MerchantId } from "../domain/index.ts";

/** Who knows what a token stands for. Answers from memory: it stands in the way of every payment. */
export interface TokenVault {
  /** Gateways at which the merchant's token may be charged; null: not known here, each gateway judges it itself. */
  gatewaysOf(merchant: MerchantId, token: string): readonly GatewayName[] | null;
}

/** What is judged: no card data, no names. `amountMinor`: minor units. */
export interface RiskQuestion {
  readonly merchantId: MerchantId;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly paymentMethod: string;
  readonly gateway: GatewayName;
}

/** `denied`: the payment is refused before anything is stored. `reason`: a stable word, shown to the merchant. */
export type RiskVerdict = { readonly kind: "allowed" } | { readonly kind: "denied"; readonly reason: string };

/**
 * Judges a payment before its intent is written. An answer at hand costs nothing; a promise that is late or rejects
 * counts as `allowed`, for a payment must not hang on it: the gateway judges risk too.
 */
export interface RiskCheck {
  assess(question: RiskQuestion): RiskVerdict | Promise<RiskVerdict>;
}
