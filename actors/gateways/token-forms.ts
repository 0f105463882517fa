/**
 * Which gateway a token comes from, told by its form: enough to send it where it works. What has no form of its own is
 * judged by the gateways themselves.
 */
import type { GatewayName } from "../domain/index.ts";
import type { TokenVault } from "../ports/policies.ts";

/** The first form that fits decides. The benchmark's gateway takes every token. */
const FORMS: readonly (readonly [form: RegExp, gateways: readonly GatewayName[]])[] = [
  [/^(?:pm|card|src|ba)_/, ["stripe", "fixed-latency"]], // Stripe's payment methods, cards, sources, bank accounts
  [/^tok_stripe_/, ["stripe", "fixed-latency"]],
  [/^tok_adyen_/, ["adyen", "fixed-latency"]],
  [/^[A-Z0-9]{16}$/, ["adyen", "fixed-latency"]], // Adyen's stored payment methods
];

/** The vault that knows tokens by their form alone, the same for every merchant. */
export const tokensByForm: TokenVault = {
  gatewaysOf: (_, token) => FORMS.find(([form]) => form.test(token))?.[1] ?? null,
};
