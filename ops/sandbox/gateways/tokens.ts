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

export interface TokenRow {
  readonly token: string;
  readonly charged: boolean;
  readonly trouble: Trouble;
  /** Set for a decline. */
  readonly decline?: { readonly stripe: string; readonly adyenCode: string; readonly adyenReason: string };
  /** The gateway charges one minor unit more than asked. */
  readonly wrongAmount?: boolean;
  readonly meaning: string;
}

const approve = (token: string, meaning: string): TokenRow => ({ token, charged: true, trouble: "none", meaning });
const decline = (name: string, stripe: string, adyenCode: string, adyenReason: string): TokenRow => ({
  token: `tok_decline_${name}`,
  charged: false,
  trouble: "none",
  decline: { stripe, adyenCode, adyenReason },
  meaning: `declined: ${stripe}`,
});
const troubled = (token: string, trouble: Trouble, charged: boolean, meaning: string): TokenRow => ({
  token,
  charged,
  trouble,
  meaning,
});

/** Every token that the simulators know. Any other one is refused by the gateway. */
export const GATEWAY_TOKENS: readonly TokenRow[] = [
  approve("tok_visa", "approved"),
  approve("tok_mastercard", "approved"),
  approve("tok_amex", "approved"),
  approve("tok_applepay", "approved"),
  approve("tok_googlepay", "approved"),
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
  { ...approve("tok_amount_mismatch", "charged one minor unit too much"), wrongAmount: true },
];

const ROWS: ReadonlyMap<string, TokenRow> = new Map(GATEWAY_TOKENS.map((row) => [row.token, row]));

/** The row of a token; undefined: nobody knows it. */
export const tokenRow = (token: string): TokenRow | undefined => ROWS.get(token);
