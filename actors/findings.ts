/**
 * Differences between our books and a gateway's that a shard finds by itself, as data: what was expected, what was seen,
 * and what to do (gateways.md §6). The same difference found again has the same key, so it stands there once.
 */
import type { Operation, OperationId, Payment } from "./domain/index.ts";
import type { Finding, FindingClass, NoticeRow, NoticeVerdict, SideRows } from "./ports/inbox.ts";

interface Class {
  readonly expected: string;
  readonly suggestedAction: string;
}
const CLASSES: { readonly [C in FindingClass]: Class } = {
  D01: {
    expected: "the capture stays captured",
    suggestedAction: "the capture was reversed in the ledger; ask the shopper for another payment",
  },
  D02: {
    expected: "every notice of a gateway speaks of a payment of ours",
    suggestedAction: "find out who uses the account; adopt the payment or refund it at the gateway",
  },
  D03: {
    expected: "a payment that ended without a charge stays uncharged",
    suggestedAction: "it is being given back; see that the compensation ends",
  },
  D04: { expected: "one charge for one operation", suggestedAction: "void or refund the later one at the gateway" },
  D05: {
    expected: "the amount that was asked for",
    suggestedAction: "compare with the gateway's page of the payment; correct there, then resolve by hand",
  },
  D06: {
    expected: "the currency that was asked for",
    suggestedAction: "compare with the gateway's page of the payment; correct there, then resolve by hand",
  },
  D07: {
    expected: "the gateway's status is the one that our operations lead to",
    suggestedAction: "find out who changed it at the gateway",
  },
  D08: {
    expected: "an operation ends before its deadline",
    suggestedAction: "wait for the gateway's word, or ask its support with the gateway reference",
  },
  D10: {
    expected: "a fact that the state machine allows",
    suggestedAction: "compare the payment's history with the gateway's; nothing was posted",
  },
  D19: {
    expected: "a refund that succeeded stays so",
    suggestedAction: "the refund was reversed in the ledger; tell the merchant to pay back another way",
  },
  D21: {
    expected: "one dispute of a payment moves money, and begins with a chargeback",
    suggestedAction: "look for a missing notice, or book the second dispute by hand; nothing was posted",
  },
};

/** What is known of a difference. `what`: names it within its class. */
interface Seen {
  readonly payment: Payment | null;
  readonly operation: Operation | null;
  readonly slot: number;
  readonly what: string;
  readonly observed: string;
  readonly evidence: string;
  readonly nowMs: number;
}

/** A difference of `kind`. */
export function findingOf(kind: FindingClass, seen: Seen): Finding {
  return {
    class: kind,
    slot: seen.slot,
    paymentId: seen.payment?.terms.id ?? null,
    operationId: seen.operation?.id ?? null,
    dedupeKey: `${kind}:${seen.what}`,
    expected: CLASSES[kind].expected,
    observed: seen.observed,
    evidence: seen.evidence,
    suggestedAction: CLASSES[kind].suggestedAction,
    firstSeenAtMs: seen.nowMs,
  };
}

/** What the adapters' word for a conflict is about; any other one is a status that does not fit. */
const CLASS_OF_CONFLICT: Readonly<Record<string, FindingClass>> = {
  amount: "D05",
  amount_capturable: "D05",
  amount_received: "D05",
  partially_authorised: "D05",
  currency: "D06",
  refunded_twice: "D04",
  charged_twice: "D04",
};

/** The gateway has something else than what was asked. `detail`: a stable word. */
export function conflictFinding(payment: Payment, operation: Operation, detail: string, nowMs: number): Finding {
  const kind = Object.hasOwn(CLASS_OF_CONFLICT, detail) ? (CLASS_OF_CONFLICT[detail] as FindingClass) : "D07";
  const { amountMinor } = operation;
  return findingOf(kind, {
    payment,
    operation,
    slot: payment.terms.slot,
    what: operation.id,
    observed: detail,
    evidence: `${operation.kind} of ${amountMinor} ${payment.terms.currency} at ${payment.terms.gateway}`,
    nowMs,
  });
}

/** The key of an operation that is open past its deadline. */
export const overdueKey = (operation: OperationId): string => `D08:${operation}`;
/** The key of what stands open while a late success is being given back. */
export const lateSuccessKey = ({ terms }: Payment): string => `D03:${terms.id}`;
const nameOf = ({ notice }: NoticeRow): string => `${notice.gateway}:${notice.dedupeKey}`;
/** What stands open while a notice waits for its place: it is closed when it finds it after all. */
const WHILE_PARKED: { readonly [V in NoticeVerdict]?: readonly FindingClass[] } = {
  unknown_payment: ["D02"],
  forbidden: ["D10", "D21"],
};
export const placeFound = (row: NoticeRow, atMs: number): SideRows["resolved"] =>
  (WHILE_PARKED[row.verdict] ?? []).map((kind) => ({ dedupeKey: `${kind}:${nameOf(row)}`, by: "later_fact", atMs }));
/** How long a notice may wait for its place before people are told: others may come first that belong before it. */
export const isOverdue = (row: NoticeRow, nowMs: number): boolean => nowMs - row.receivedAtMs >= GRACE_MS;
const GRACE_MS = 60_000;

/** What a notice shows that our books do not say. */
export const noticeFinding = (
  kind: FindingClass,
  row: NoticeRow,
  about: { readonly payment: Payment; readonly operation: Operation } | null,
  nowMs: number,
): Finding =>
  findingOf(kind, {
    payment: about?.payment ?? null,
    operation: about?.operation ?? null,
    slot: row.slot,
    what: kind === "D03" && about !== null ? about.payment.terms.id : nameOf(row),
    observed:
      `${row.notice.type}: ${row.notice.claim.kind} ${row.notice.amount ?? ""} ${row.notice.currency ?? ""}`.trim(),
    evidence: `notice ${row.notice.dedupeKey} about ${row.notice.paymentReference ?? row.notice.reference ?? "nothing that we know"}`,
    nowMs,
  });
