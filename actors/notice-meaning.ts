/**
 * What a notice means for one operation of ours: a pure table, total over claims and kinds (gateways.md §1.1, §1.5, §1.6).
 * A late refusal never undoes a success; what the tables do not name is forbidden and left to people.
 */
import {
  assertNever,
  type Dispute,
  type DisputeState,
  type Fact,
  type LateFact,
  type Operation,
} from "./domain/index.ts";
import type { OperationKind, Payment } from "./domain/index.ts";
import type { GatewayNotice, NoticeClaim } from "./ports/notices.ts";

/** A claim as far as it is judged, with the amounts that came with it. */
export type Claimed = Pick<GatewayNotice, "claim" | "amount" | "currency" | "reference" | "paymentReference">;

/**
 * `same`: our books say so already, or nothing follows. `fact`: of the open operation. `late`: of one that has ended.
 * `conflict`: what was compared differs; nothing is posted. `forbidden`: the machine has no place for it.
 */
export type Meaning =
  | { readonly kind: "same" }
  | { readonly kind: "fact"; readonly fact: Fact }
  | { readonly kind: "late"; readonly fact: LateFact }
  | { readonly kind: "conflict"; readonly detail: string }
  | { readonly kind: "forbidden" };

type ClaimKind = NoticeClaim["kind"];
const SAME: Meaning = { kind: "same" };
const FORBIDDEN: Meaning = { kind: "forbidden" };

const SUCCESS: { readonly [K in OperationKind]: readonly ClaimKind[] } = {
  authorize: ["authorized", "charged"],
  sale: ["authorized", "charged", "captured"],
  capture: ["captured", "charged"],
  void: ["voided"],
  refund: ["refunded"],
};
const FAILURE: { readonly [K in OperationKind]: ClaimKind } = {
  authorize: "declined",
  sale: "declined",
  capture: "captureFailed",
  void: "voidFailed",
  refund: "refundFailed",
};

/** Their amount is not the operation's: of a dispute, of the rest that expires, of all that a void releases. */
const NAMES_NO_AMOUNT: ReadonlySet<ClaimKind> = new Set<ClaimKind>(["dispute", "expired", "voided"]);

/** The word for what does not agree with our row, or null. A void releases all there is, whatever amount it bears. */
function disagreement({ terms, gatewayReference }: Payment, operation: Operation, claimed: Claimed): string | null {
  const { claim, amount, currency, paymentReference } = claimed;
  if (claim.kind === "unclear") return claim.why;
  if (currency !== null && currency !== terms.currency) return "currency";
  if (NAMES_NO_AMOUNT.has(claim.kind) || operation.kind === "void") return null;
  if (amount !== null && BigInt(amount) !== operation.amountMinor) return "amount";
  const names = claim.kind === "authorized" || claim.kind === "charged";
  const isOther = paymentReference !== null && gatewayReference !== null && paymentReference !== gatewayReference;
  return names && isOther ? "charged_twice" : null;
}

/** What it means for an operation that is open. Only where the gateway cannot be asked: else it is a hint. */
export function meaningForOpen(payment: Payment, operation: Operation, claimed: Claimed): Meaning {
  const detail = disagreement(payment, operation, claimed);
  if (detail !== null) return { kind: "conflict", detail };
  const { claim } = claimed;
  const { kind } = operation;
  if (claim.kind === "processing")
    return { kind: "fact", fact: { kind: "gatewayProcessing", reference: namedBy(kind, claimed) } };
  if (SUCCESS[kind].includes(claim.kind)) return successOf(kind, claimed);
  if ("failure" in claim && claim.kind === FAILURE[kind])
    return {
      kind: "fact",
      fact: { kind: failedFact(kind), failure: claim.failure, reference: namedBy(kind, claimed) },
    };
  const isFirst = kind === "authorize" || kind === "sale";
  if (claim.kind === "voidFailed" && isFirst) return SAME; // a technical cancel in vain says nothing of the charge
  if (claim.kind === "voided" && isFirst)
    return { kind: "fact", fact: { kind: "voided", reference: claimed.paymentReference } };
  return FORBIDDEN;
}

function successOf(kind: OperationKind, claimed: Claimed): Meaning {
  const reference = namedBy(kind, claimed);
  const held = kind === "authorize" && claimed.claim.kind === "authorized";
  if (held && reference === null) return { kind: "conflict", detail: "reference" };
  if (held) return { kind: "fact", fact: { kind: "authorized", reference: reference as string } };
  if (kind === "void") return { kind: "fact", fact: { kind: "voided", reference } };
  if (kind === "refund") return { kind: "fact", fact: { kind: "refunded", reference } };
  return { kind: "fact", fact: { kind: "captured", reference } };
}

const failedFact = (kind: OperationKind): "declined" | "captureFailed" | "voidFailed" | "refundFailed" =>
  FAILURE[kind] as "declined";

/** The gateway's name for the operation; of an authorize or a sale it is the payment's. */
const namedBy = (kind: OperationKind, { reference, paymentReference }: Claimed): string | null =>
  kind === "authorize" || kind === "sale" ? paymentReference : reference;

/**
 * What it means for an operation that has ended. `isNewest`: the gateway says so now; else it is a signed notice, which may
 * be older than what our books say.
 */
export function meaningForEnded(payment: Payment, operation: Operation, claimed: Claimed, isNewest: boolean): Meaning {
  const { claim } = claimed;
  const { kind, state } = operation;
  const detail = disagreement(payment, operation, claimed);
  if (detail !== null) return { kind: "conflict", detail };
  const succeeded = state === "succeeded";
  switch (claim.kind) {
    case "dispute":
      return disputeMeaning(payment, claimed, claim);
    case "expired":
      return payment.status === "authorized" && kind === "authorize" ? late({ kind: "authorizationExpired" }) : SAME;
    case "captureReversed":
      if (kind !== "sale" && kind !== "capture") return FORBIDDEN;
      return succeeded ? late({ kind: "captureReversed", failure: claim.failure }) : SAME;
    case "refundReversed":
      if (kind !== "refund") return FORBIDDEN;
      return succeeded ? late({ kind: "refundReversed", failure: claim.failure }) : SAME;
    case "refundFailed":
      if (kind !== "refund") return FORBIDDEN;
      return succeeded ? late({ kind: "refundReversed", failure: claim.failure }) : SAME;
    case "voidFailed":
      return voidFailedMeaning(payment, operation);
    case "declined":
    case "captureFailed":
      return !succeeded && claim.kind === FAILURE[kind] ? SAME : FORBIDDEN;
    case "voided":
      return voidedMeaning(payment, operation);
    case "authorized":
    case "charged":
    case "captured":
    case "refunded":
      if (!SUCCESS[kind].includes(claim.kind)) return FORBIDDEN;
      if (succeeded) return agreed(payment, operation, claim.kind);
      return isOlder(payment, operation, isNewest) ? SAME : lateSuccess(operation, claimed);
    case "processing":
    case "none":
    case "quarantined":
      return SAME;
    case "unclear":
      return { kind: "conflict", detail: claim.why };
    default:
      return assertNever(claim);
  }
}

const late = (fact: LateFact): Meaning => ({ kind: "late", fact });

/** The success was undone since, by a capture that failed late, or by a signed void: its own notice only comes after that. */
const isOlder = ({ status }: Payment, { kind, failure }: Operation, isNewest: boolean): boolean =>
  (kind === "sale" && status === "captured") ||
  (!isNewest && (kind === "authorize" || kind === "sale") && status === "canceled" && failure === null);

/** A charge of what we only hold, with no capture of ours, is somebody else's doing. */
const agreed = (payment: Payment, operation: Operation, claim: ClaimKind): Meaning =>
  claim === "charged" && operation.kind === "authorize" && payment.status === "authorized"
    ? { kind: "conflict", detail: "charged_without_capture" }
    : SAME;

/** In vain: another call of ours has released it, or there was nothing to release. */
const voidFailedMeaning = ({ status }: Payment, { kind, state }: Operation): Meaning => {
  if (kind === "authorize" || kind === "sale") return SAME; // a technical cancel bears the payment's own reference
  return kind === "void" && (state === "failed" || status === "canceled") ? SAME : FORBIDDEN;
};

function voidedMeaning({ status }: Payment, { kind, state }: Operation): Meaning {
  if (kind === "void") return state === "succeeded" ? SAME : late({ kind: "voided", reference: null });
  if (kind !== "authorize" && kind !== "sale") return FORBIDDEN;
  if (status === "authorized" && kind === "authorize") return late({ kind: "authorizationExpired" });
  return status === "captured" ? FORBIDDEN : SAME;
}

function lateSuccess({ kind }: Operation, claimed: Claimed): Meaning {
  const { paymentReference, reference } = claimed;
  switch (kind) {
    case "authorize":
    case "sale": {
      if (paymentReference === null) return { kind: "conflict", detail: "reference" };
      const holds = kind === "authorize" && claimed.claim.kind === "authorized";
      return late({ kind: holds ? "lateAuthorized" : "lateCaptured", reference: paymentReference });
    }
    case "capture":
      return late({ kind: "captured", reference });
    case "void":
      return late({ kind: "voided", reference });
    case "refund":
      return FORBIDDEN; // its reserve was released: whether there is enough left to give back is for people
    default:
      return assertNever(kind);
  }
}

const FUNDS_FACT = { held: "disputeHeld", released: "disputeReleased", lost: "disputeLost" } as const;

/** A dispute goes on in one direction, whatever order its notices come in; ends are equal: the first one stays. */
const RANK: { readonly [S in DisputeState]: number } = {
  inquiry: 0,
  needs_response: 1,
  under_review: 2,
  won: 3,
  lost: 3,
  accepted: 3,
  expired: 3,
  reversed: 3,
};
const laterOf = (known: DisputeState | undefined, told: DisputeState | null): DisputeState => {
  if (known === undefined || told === null) return known ?? told ?? "needs_response";
  return RANK[told] > RANK[known] ? told : known;
};

/**
 * A dispute's notices are signed, and no adapter reads disputes: they are compared with what is known of it. What is held
 * is what the notice of the holding says; what is given back or lost must be that.
 */
function disputeMeaning(
  payment: Payment,
  { amount }: Claimed,
  claim: Extract<NoticeClaim, { kind: "dispute" }>,
): Meaning {
  const known = payment.dispute?.reference === claim.reference ? payment.dispute : null;
  const { funds } = claim;
  const told = funds === "held" ? amount : (known?.amount ?? amount);
  if (told === null) return funds === null ? SAME : { kind: "conflict", detail: "amount" };
  if (known?.funds === "held" && funds !== null && funds !== "held" && amount !== null && amount !== known.amount)
    return { kind: "conflict", detail: "amount" };
  const state = laterOf(known?.state, claim.state);
  const dispute: Dispute = { reference: claim.reference, state, amount: told, funds: funds ?? known?.funds ?? "none" };
  if (funds !== null && funds !== known?.funds) return late({ kind: FUNDS_FACT[funds], dispute });
  return known?.state === state
    ? SAME
    : late({ kind: "disputeUpdated", dispute: { ...dispute, amount: known?.amount ?? told } });
}
