/** What each payment method token does at the simulators, as data: the banner and the documentation print this table. */

/** What goes wrong around the charge, if anything. `first`: only on the first call with a key. */
export type Trouble =
  | "none"
  /** The charge takes place after `slowMs`; until then the key is in use. */
  | "slow"
  /** The charge takes place, the answer never comes. */
  | "hangAfter"
  /** Nothing takes place and no answer comes (first); the same key executes later. */
  | "hangBefore"
  /** The charge takes place, the answer is 500. Stripe repeats the 500 for ever, Adyen then answers as if nothing was. */
  | "errorAfter"
  /** Nothing takes place, the answer is 500. Stripe repeats it for ever; at Adyen the same key executes later. */
  | "errorBefore"
  /** 429 (first). */
  | "busy"
  /** The charge takes place, the answer is 200 with HTML (first). */
  | "garbled";

/** What becomes of a capture or of a refund, if it is not the ordinary way. */
export type LaterTrouble =
  /** Stripe refuses it definitively; Adyen says `received` as always. Nothing takes place. */
  | "refused"
  /** It takes place, the first answer never comes. */
  | "hangAfter"
  /** It takes place; Stripe says `pending` for a while (as long as `tok_slow_5s` takes), Adyen says `received` as always. */
  | "pending";

export type SimulatedGateway = "stripe" | "adyen";
const EVERYWHERE: readonly SimulatedGateway[] = ["stripe", "adyen"];

export interface TokenRow {
  readonly token: string;
  /** Who knows the token; elsewhere it is refused like one of nobody. */
  readonly gateways: readonly SimulatedGateway[];
  readonly charged: boolean;
  readonly trouble: Trouble;
  /** Set for a decline. */
  readonly decline?: { readonly stripe: string; readonly adyenCode: string; readonly adyenReason: string };
  /** The gateway charges one minor unit more than asked. */
  readonly wrongAmount?: boolean;
  /** Of the capture of an authorization that succeeded. */
  readonly capture?: LaterTrouble;
  /** Of each refund of the payment. */
  readonly refund?: LaterTrouble;
  readonly meaning: string;
}

const approve = (token: string, meaning: string, more: Partial<TokenRow> = {}): TokenRow => ({
  token,
  gateways: EVERYWHERE,
  charged: true,
  trouble: "none",
  meaning,
  ...more,
});
const decline = (name: string, stripe: string, adyenCode: string, adyenReason: string): TokenRow =>
  approve(`tok_decline_${name}`, `declined: ${stripe}`, {
    charged: false,
    decline: { stripe, adyenCode, adyenReason },
  });
const troubled = (token: string, trouble: Trouble, charged: boolean, meaning: string): TokenRow =>
  approve(token, meaning, { trouble, charged });

/** Every token that the simulators know. Any other one is refused by the gateway. */
export const GATEWAY_TOKENS: readonly TokenRow[] = [
  approve("tok_visa", "approved"),
  approve("tok_mastercard", "approved"),
  approve("tok_amex", "approved"),
  approve("tok_applepay", "a wallet, Apple Pay: approved"),
  approve("tok_googlepay", "a wallet, Google Pay: approved"),
  approve("tok_stripe_only", "approved at Stripe; Adyen does not know it", { gateways: ["stripe"] }),
  approve("tok_adyen_only", "approved at Adyen; Stripe does not know it", { gateways: ["adyen"] }),
  decline("generic", "generic_decline", "2", "Refused"),
  decline("insufficient_funds", "insufficient_funds", "12", "Not enough balance"),
  decline("expired_card", "expired_card", "6", "Expired Card"),
  decline("stolen_card", "stolen_card", "5", "Blocked Card"),
  decline("lost_card", "lost_card", "5", "Blocked Card"),
  decline("incorrect_cvc", "incorrect_cvc", "24", "CVC Declined"),
  decline("do_not_honor", "do_not_honor", "27", "Declined Non Generic"),
  decline("fraudulent", "fraudulent", "20", "FRAUD"),
  decline("processing_error", "processing_error", "4", "Acquirer Error"),
  troubled("tok_timeout_charged", "hangAfter", true, "charged, but the answer never comes"),
  troubled("tok_timeout_not_charged", "hangBefore", true, "the first call is lost; the same key charges later"),
  troubled("tok_error_500_charged", "errorAfter", true, "charged, but the answer is 500"),
  troubled("tok_error_500_not_charged", "errorBefore", false, "not charged, 500; Adyen charges on the same key later"),
  troubled("tok_slow_5s", "slow", true, "charged after 5 s"),
  troubled("tok_rate_limited", "busy", true, "429 once, then approved"),
  troubled("tok_garbled_charged", "garbled", true, "charged, but the answer is a page of HTML"),
  approve("tok_amount_mismatch", "charged one minor unit too much", { wrongAmount: true }),
  approve(
    "tok_capture_fails",
    "authorized, but every capture is refused (Adyen says `received`, and nothing follows)",
    {
      capture: "refused",
    },
  ),
  approve("tok_capture_timeout_charged", "authorized; the capture takes place, but its first answer never comes", {
    capture: "hangAfter",
  }),
  approve("tok_refund_fails", "approved, but every refund is refused (Adyen says `received`, and nothing follows)", {
    refund: "refused",
  }),
  approve("tok_refund_timeout_refunded", "approved; a refund takes place, but its first answer never comes", {
    refund: "hangAfter",
  }),
  approve("tok_refund_pending", "approved; Stripe says `pending` of a refund for 5 s", { refund: "pending" }),
];

const ROWS: ReadonlyMap<string, TokenRow> = new Map(GATEWAY_TOKENS.map((row) => [row.token, row]));

/** The row of a token that this gateway knows; undefined: it does not. */
export function tokenRow(gateway: SimulatedGateway, token: string): TokenRow | undefined {
  const row = ROWS.get(token);
  return row?.gateways.includes(gateway) === true ? row : undefined;
}
