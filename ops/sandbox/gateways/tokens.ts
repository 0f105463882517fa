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
  | "garbled"
  /** The charge takes place, the answer is 200 with nothing (first). */
  | "empty"
  /** The charge takes place, the answer is 200 with the first half of its JSON (first). */
  | "cut"
  /** The charge takes place, the answer is 200 with its JSON as `text/plain` (first). */
  | "mistyped"
  /** The charge takes place, the answer is 500 with the JSON of a success (first). */
  | "contradictory"
  /** The charge takes place, its answer comes at one byte a second (first). */
  | "drip"
  /** The charge takes place, the answer stops after its headers (first). */
  | "silent"
  /** Nothing takes place, the key is said to be in use (first). */
  | "inUse"
  /** The charge takes place and no answer comes (first); Stripe does not find the payment for as long as `slowMs`. */
  | "hidden";

/** How the webhooks of a payment travel, if not once and soon after their cause. */
export type WebhookManner =
  /** They arrive before the call is answered. */
  | "first"
  /** None is sent. */
  | "lost"
  /** After `lateMs`. */
  | "late"
  /** Each comes two times. */
  | "twice"
  /** What tells of the charge comes after `lateMs`, everything else soon: so it comes last. */
  | "reordered"
  /** One that says the opposite of the charge's outcome arrives before its answer, the true one afterwards. */
  | "opposite";

/** What happens to a payment or a refund later, without a call, `lateMs` after its cause. */
export type Sequel =
  | "refund_settled"
  | "refund_failed"
  | "capture_failed"
  | "dispute"
  | "dispute_won"
  | "dispute_lost"
  | "expire"
  | "late_success";

/** What becomes of a capture or of a refund, if it is not the ordinary way. */
export type LaterTrouble =
  /** Stripe refuses it definitively; Adyen says `received` as always and its webhook refuses. Nothing takes place. */
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
  /** What the gateway charges, or echoes, other than asked: one minor unit more, another currency, another operation. */
  readonly mismatch?: "amount" | "currency" | "reference";
  readonly webhooks?: WebhookManner;
  /** One after the other: each follows the one before it. */
  readonly sequels?: readonly Sequel[];
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
const travelling = (webhooks: WebhookManner, meaning: string): TokenRow =>
  approve(`tok_webhook_${webhooks}`, meaning, { webhooks });
const followed = (token: string, sequel: Sequel, meaning: string): TokenRow =>
  approve(token, meaning, { sequels: [sequel] });

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
  approve("tok_amount_mismatch", "charged one minor unit too much", { mismatch: "amount" }),
  approve("tok_currency_mismatch", "charged in another currency", { mismatch: "currency" }),
  approve("tok_reference_mismatch", "charged, but answers and webhooks name another operation", {
    mismatch: "reference",
  }),
  troubled("tok_drip", "drip", true, "charged, but the answer comes at one byte a second"),
  troubled("tok_headers_then_silence", "silent", true, "charged, but the answer stops after its headers"),
  troubled(
    "tok_500_no_error_member",
    "contradictory",
    true,
    "charged, but the answer is 500 with a success as its JSON",
  ),
  troubled("tok_empty_answer", "empty", true, "charged, but the answer is 200 with an empty body"),
  troubled("tok_cut_json", "cut", true, "charged, but the answer's JSON is cut in half"),
  troubled("tok_wrong_content_type", "mistyped", true, "charged, but the answer's JSON is called text/plain"),
  troubled("tok_key_in_use", "inUse", true, "the key is in use once (Stripe 409, Adyen 422 704), then approved"),
  troubled("tok_not_found_at_first", "hidden", true, "charged, no answer, and Stripe's query says 404 for 5 s"),
  approve("tok_capture_fails", "authorized, but every capture is refused (Adyen: `received`, then CAPTURE false)", {
    capture: "refused",
  }),
  approve("tok_capture_fails_unheard", "like tok_capture_fails, but Adyen says `received` and nothing follows", {
    capture: "refused",
    webhooks: "lost",
  }),
  approve("tok_capture_timeout_charged", "authorized; the capture takes place, but its first answer never comes", {
    capture: "hangAfter",
  }),
  approve("tok_refund_fails", "approved, but every refund is refused (Adyen: `received`, then REFUND false)", {
    refund: "refused",
  }),
  approve("tok_refund_fails_unheard", "like tok_refund_fails, but Adyen says `received` and nothing follows", {
    refund: "refused",
    webhooks: "lost",
  }),
  approve("tok_refund_timeout_refunded", "approved; a refund takes place, but its first answer never comes", {
    refund: "hangAfter",
  }),
  approve("tok_refund_pending", "approved; Stripe says `pending` of a refund for 5 s, then refund.updated", {
    refund: "pending",
    sequels: ["refund_settled"],
  }),
  travelling("first", "approved; its webhooks arrive before the answers"),
  travelling("lost", "approved; none of its webhooks is sent"),
  travelling("late", "approved; its webhooks come seconds later"),
  travelling("twice", "approved; each webhook comes two times"),
  travelling("reordered", "approved; the webhook of the charge comes after those of what is done to it later"),
  travelling("opposite", "approved; a webhook before the answer says that it was refused, the true one follows"),
  followed(
    "tok_capture_fails_late",
    "capture_failed",
    "captured; Adyen undoes it later (CAPTURE_FAILED), Stripe never",
  ),
  followed("tok_refund_fails_late", "refund_failed", "approved; each refund succeeds and fails seconds later"),
  followed("tok_expires", "expire", "authorized; the authorization expires seconds later"),
  followed("tok_dispute", "dispute", "captured; seconds later disputed, and the funds are withdrawn"),
  approve("tok_dispute_won", "like tok_dispute; then won, and the funds come back", {
    sequels: ["dispute", "dispute_won"],
  }),
  approve("tok_dispute_lost", "like tok_dispute; then lost, and the funds stay away", {
    sequels: ["dispute", "dispute_lost"],
  }),
  approve("tok_late_success", "declined in the answer and by webhook; seconds later charged all the same", {
    charged: false,
    decline: { stripe: "generic_decline", adyenCode: "2", adyenReason: "Refused" },
    sequels: ["late_success"],
  }),
];

const ROWS: ReadonlyMap<string, TokenRow> = new Map(GATEWAY_TOKENS.map((row) => [row.token, row]));

/** The row of a token that this gateway knows; undefined: it does not. */
export function tokenRow(gateway: SimulatedGateway, token: string): TokenRow | undefined {
  const row = ROWS.get(token);
  return row?.gateways.includes(gateway) === true ? row : undefined;
}
