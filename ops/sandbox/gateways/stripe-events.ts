/** Stripe's events in their real shape: which ones follow what happened, and the object that each carries. */
import { causeKeyOf, digestOf } from "./effects.ts";
import type { Happening, HappeningKind } from "./happening.ts";
import type { PaymentRecord } from "./payment-record.ts";
import { chargeIdOf, intentOf, refundOf } from "./stripe-words.ts";
import type { Message } from "./webhook-parcel.ts";

const API_VERSION = "2026-10-28.endive";

/** Types by what happened, and by what did not succeed. Missing: Stripe tells nobody. */
const TYPES: {
  readonly [K in HappeningKind]?: { readonly success: readonly string[]; readonly refusal?: readonly string[] };
} = {
  authorize: { success: ["payment_intent.amount_capturable_updated"], refusal: ["payment_intent.payment_failed"] },
  sale: { success: ["payment_intent.succeeded"], refusal: ["payment_intent.payment_failed"] },
  capture: { success: ["payment_intent.succeeded"] },
  void: { success: ["payment_intent.canceled"] },
  refund: { success: ["refund.created"], refusal: ["refund.created", "refund.failed"] },
  refund_settled: { success: ["refund.updated", "charge.refund.updated"] },
  refund_failed: { success: ["refund.updated", "refund.failed", "charge.refund.updated"] },
  dispute: { success: ["charge.dispute.created", "charge.dispute.funds_withdrawn"] },
  dispute_won: { success: ["charge.dispute.funds_reinstated", "charge.dispute.closed"] },
  dispute_lost: { success: ["charge.dispute.closed"] },
  expire: { success: ["charge.expired", "payment_intent.canceled"] },
};
/** What no call of ours has caused, and no key of its own tells so. */
const UNASKED: ReadonlySet<HappeningKind> = new Set(["refund_settled", "dispute_lost"]);
const DISPUTE_STATUS: { readonly [K in HappeningKind]?: string } = { dispute_won: "won", dispute_lost: "lost" };

type Json = Readonly<Record<string, unknown>>;

/** Disputes bear none of our names: their PaymentIntent has to be read. */
const disputeOf = (record: PaymentRecord, { kind }: Happening, nowMs: number): Json => ({
  id: `dp_${digestOf(`${record.account}:${record.id}`)}`,
  object: "dispute",
  amount: record.stepAmount,
  balance_transactions: [],
  charge: chargeIdOf(record),
  created: Math.floor(nowMs / 1000),
  currency: record.currency.toLowerCase(),
  evidence_details: { due_by: null, has_evidence: false, past_due: false, submission_count: 0 },
  is_charge_refundable: false,
  livemode: false,
  metadata: {},
  payment_intent: record.id,
  reason: "fraudulent",
  status: DISPUTE_STATUS[kind] ?? "needs_response",
});

const expiredChargeOf = (record: PaymentRecord): Json => ({
  id: chargeIdOf(record),
  object: "charge",
  amount: record.amount,
  amount_captured: 0,
  amount_refunded: 0,
  captured: false,
  currency: record.currency.toLowerCase(),
  disputed: false,
  livemode: false,
  metadata: {},
  paid: true,
  payment_intent: record.id,
  status: "succeeded",
});

/** The object that an event of this type carries; of an unknown type, the PaymentIntent. */
export function stripeObjectOf(type: string, record: PaymentRecord, happening: Happening, nowMs: number): Json {
  if (type === "charge.expired") return expiredChargeOf(record);
  if (type.startsWith("charge.dispute.")) return disputeOf(record, happening, nowMs);
  if (type.startsWith("refund.") || type.startsWith("charge.refund."))
    return refundOf(record, happening.kind !== "refund");
  return intentOf(record);
}

/** The account of a secret key itself: its events name none. */
const isOwnAccount = (account: string): boolean => /^acct_(?:test|live)_/.test(account);

/** An event around an object. `key`: of the call that caused it; null: none did. */
export const stripeEventOf = (
  id: string,
  type: string,
  object: Json,
  account: string,
  key: string | null,
  nowMs: number,
): Json => ({
  id,
  object: "event",
  ...(!isOwnAccount(account) && { account }),
  api_version: API_VERSION,
  created: Math.floor(nowMs / 1000),
  data: { object },
  livemode: false,
  pending_webhooks: 1,
  request: { id: key === null ? null : `req_${digestOf(key)}`, idempotency_key: key },
  type,
});

/** Every event that follows; the same ids again for the same happening. `record`: as it is afterwards. */
export function stripeMessages(record: PaymentRecord, happening: Happening, nowMs: number): readonly Message[] {
  const types = TYPES[happening.kind]?.[happening.success ? "success" : "refusal"] ?? [];
  const isUnasked = UNASKED.has(happening.kind) || causeKeyOf(record.key) !== record.key;
  const key = isUnasked ? null : record.key;
  const seen = happening.success || happening.kind === "refund" ? record : asDeclined(record);
  return types.map((type) => {
    const id = `evt_${digestOf(`${record.account}:${record.key}:${type}`)}`;
    const object = stripeObjectOf(type, seen, happening, nowMs);
    return { id, type, body: JSON.stringify(stripeEventOf(id, type, object, record.account, key, nowMs)) };
  });
}

/** For an event that lies, the intent as it would be had the charge been refused. */
const asDeclined = (record: PaymentRecord): PaymentRecord => ({ ...record, state: "declined", captured: 0 });
