/** What happens to a payment later, without a call of ours: because of its token, or because the control API asks. */
import type { Bookkeeper } from "./bookkeeper.ts";
import type { ChargeLine } from "./charge-log.ts";
import { KEY_SUFFIX, recordOfLate } from "./effects.ts";
import { chargeKindOf } from "./happening.ts";
import { type PaymentRecord, refundableOf } from "./payment-record.ts";
import type { Sequel, SimulatedGateway } from "./tokens.ts";

/** `impossible`: the payment is not, or no more, in the state that it takes. `busy`: somebody works on it. */
export type LateOutcome = "done" | "impossible" | "busy";

interface LateRule {
  /** Who knows such a thing. */
  readonly gateways: readonly SimulatedGateway[];
  /** Its line in the charge log; null: no money moves. */
  readonly line: (current: PaymentRecord) => ChargeLine["kind"] | null;
  readonly amount: (current: PaymentRecord, cause: PaymentRecord) => number;
  readonly isPossible: (current: PaymentRecord, cause: PaymentRecord) => boolean;
}

const BOTH: readonly SimulatedGateway[] = ["stripe", "adyen"];

const RULES: { readonly [S in Sequel]: LateRule } = {
  refund_settled: {
    gateways: ["stripe"],
    line: () => null,
    amount: (_, cause) => cause.stepAmount,
    isPossible: (_, cause) => cause.step === "refund",
  },
  refund_failed: {
    gateways: BOTH,
    line: () => "refund_failed",
    amount: (_, cause) => cause.stepAmount,
    isPossible: (_, cause) => cause.step === "refund" && cause.answer !== "declined",
  },
  /** A card payment that Stripe has captured stays captured: only a refund or a dispute takes it back. */
  capture_failed: {
    gateways: ["adyen"],
    line: () => "capture_failed",
    amount: (_, cause) => cause.stepAmount,
    isPossible: (current, cause) =>
      (cause.step === "capture" || cause.step === "charge") && current.captured >= cause.stepAmount,
  },
  dispute: {
    gateways: BOTH,
    line: () => "dispute",
    amount: refundableOf,
    isPossible: (current) => refundableOf(current) > 0,
  },
  dispute_won: {
    gateways: BOTH,
    line: () => "dispute_won",
    amount: ({ disputed }) => disputed,
    isPossible: ({ disputed }) => disputed > 0,
  },
  dispute_lost: {
    gateways: BOTH,
    line: () => null,
    amount: ({ disputed }) => disputed,
    isPossible: ({ disputed }) => disputed > 0,
  },
  expire: {
    gateways: BOTH,
    line: () => "expire",
    amount: ({ amount }) => amount,
    isPossible: ({ state }) => state === "authorized",
  },
  late_success: {
    gateways: BOTH,
    line: chargeKindOf,
    amount: ({ amount }) => amount,
    isPossible: ({ state }) => state === "declined",
  },
};

const hasSuffix = (what: Sequel): what is keyof typeof KEY_SUFFIX => what in KEY_SUFFIX;

/** Lets it happen once. `key`: of the call that it follows. */
export async function happenLater(
  books: Bookkeeper,
  what: Sequel,
  { account, key }: { readonly account: string; readonly key: string },
): Promise<LateOutcome> {
  const { records, dialect } = books;
  const rule = RULES[what];
  const cause = records.byKey(account, key);
  if (cause === undefined || !rule.gateways.includes(dialect.gateway)) return "impossible";
  return (await books.exclusively(cause.id, () => happen(books, what, rule, cause))) ?? "busy";
}

async function happen(books: Bookkeeper, what: Sequel, rule: LateRule, cause: PaymentRecord): Promise<LateOutcome> {
  const { account, key } = cause;
  const current = books.records.byId(account, cause.id);
  const ownKey = hasSuffix(what) ? `${key}${KEY_SUFFIX[what]}` : key;
  if (current === undefined || !rule.isPossible(current, cause)) return "impossible";
  if (ownKey !== key && books.records.hasEffect(account, ownKey)) return "impossible";
  const amount = rule.amount(current, cause);
  const line = rule.line(current);
  if (line === null) {
    const told = { ...current, ...stepOf(cause), stepAmount: amount, key };
    await books.tell(told, { kind: what as "refund_settled" | "dispute_lost", success: true }, key); // those without a line
  } else await books.effect(recordOfLate(line, ownKey, amount, current, cause), line);
  return "done";
}

/** The members of the call that something follows. */
const stepOf = ({ step, stepOperation, stepReference, stepRefundId, at }: PaymentRecord) => ({
  step,
  stepOperation,
  stepReference,
  stepRefundId,
  at,
});
