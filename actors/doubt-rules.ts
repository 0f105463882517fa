/**
 * What to do next about an operation in doubt: an ordered table over gateways, operations and what is known (design §3.4,
 * gateways.md §3). Until the deadline, or a cancel, a check may repeat the money-moving call with its key; then it only
 * reads or cancels. No number of checks turns unknown into failed. Durations in milliseconds.
 */
import type { OperationKind } from "./domain/index.ts";
import type { Evidence, Validity } from "./evidence.ts";
import type { GatewayAction, GatewayCapabilities } from "./ports/gateway.ts";

/** What is known of the doubt when a check is due, or when a read has just answered. */
export interface Doubt {
  readonly kind: OperationKind;
  /** A refund of our own making: nobody wants to keep the money. */
  readonly isCompensation: boolean;
  /** The gateway's name for the payment is committed. */
  readonly hasReference: boolean;
  readonly isPastDeadline: boolean;
  /** Somebody asked to cancel the payment. Of an operation that does not charge it changes nothing. */
  readonly isCancelRequested: boolean;
  /** The deadline has passed long enough ago that no call of ours can still be on its way. */
  readonly isLongLate: boolean;
  /** Since T1: no gateway can have known the key for longer. */
  readonly keyAgeMs: number;
  /** The newest answer is a read that shows that the money-moving call has not run. */
  readonly seenUndecided: boolean;
  /** What the reads show is proof: an object's own state at once, that a list lacks something only after a while. */
  readonly absenceIsProven: boolean;
  /** A replay of the money-moving call brought the stored error of its first run. */
  readonly storedErrorReplayed: boolean;
  /** The same call with the same key was refused for good, after the total time of every earlier one was over. */
  readonly replayRefused: boolean;
  /** Every try since T1 was made and observed by this same (shard, epoch), and none left the machine. */
  readonly neverSubmitted: boolean;
  /** Since the first try that may have reached the gateway began. */
  readonly sinceFirstTryMs: number;
  /** Since the gateway last said that it cannot look keys up; null: it never did. */
  readonly sinceKeyStoreDownMs: number | null;
  /** What the call is built from cannot be read: it may not be repeated, for other bytes could be another charge. */
  readonly detailsLost: boolean;
}

/** `fail`: it is certain that nothing was executed. `wait`: nothing may be done before the next check. */
export type Step = Extract<GatewayAction, "prepare" | "execute" | "query" | "abandon"> | "fail" | "wait";

/** A row. It is of a gateway's table when `at` holds, and fires when the phase is its own and `when` holds. */
export interface Rule {
  /** Unlike that of any other row; people are shown it. */
  readonly name: string;
  readonly kinds: readonly OperationKind[];
  /** `open`: the call may be repeated. `late`: the deadline has passed, or a charge is to be canceled. */
  readonly phase: "open" | "late" | "any";
  readonly at: (gateway: GatewayCapabilities) => boolean;
  readonly when: (doubt: Doubt, gateway: GatewayCapabilities, graceMs: number) => boolean;
  readonly step: Step;
  readonly evidence: Evidence;
  readonly validity: Validity;
  readonly why: string;
}

/** A gateway whose key store is down is left alone this long: a key that it cannot look up guards nothing. */
export const KEY_STORE_HOLD_MS = 60_000;

const CHARGES = ["authorize", "sale"] as const;
const ALL = ["authorize", "sale", "capture", "void", "refund"] as const;
const anywhere = (): boolean => true;
const always = (): boolean => true;
const reads = (g: GatewayCapabilities): boolean => g.queryById || g.queryByMerchantRef;

/** There is something to read by, and the newest answer is not that it shows nothing. */
const isUnread = (d: Doubt, g: GatewayCapabilities): boolean =>
  !d.seenUndecided && (g.queryByMerchantRef || (g.queryById && d.hasReference));
const isKeyStoreDown = (d: Doubt): boolean =>
  d.sinceKeyStoreDownMs !== null && d.sinceKeyStoreDownMs < KEY_STORE_HOLD_MS;
/** A key that was never used has not begun to age. */
const isKeyOutlived = (d: Doubt, g: GatewayCapabilities): boolean => !d.neverSubmitted && d.keyAgeMs >= g.keyTtlMs;

/** What most rows have alike. */
type Row = Pick<Rule, "name" | "step" | "evidence" | "validity" | "why"> & Partial<Rule>;
const row = (given: Row): Rule => ({ kinds: ALL, phase: "any", at: anywhere, when: always, ...given });

/** The first row that fits is the one that fires. The last one fits always. */
export const RULES: readonly Rule[] = [
  row({
    name: "details lost, read",
    at: reads,
    when: (d, g) => d.detailsLost && isUnread(d, g),
    step: "query",
    evidence: "read",
    validity: "always",
    why: "what the call is built from cannot be opened, and other bytes could be another charge",
  }),
  row({
    name: "details lost",
    when: (d) => d.detailsLost,
    step: "wait",
    evidence: "webhook",
    validity: "always",
    why: "what the call is built from cannot be opened, and other bytes could be another charge",
  }),
  row({
    name: "late and never submitted",
    kinds: ["authorize", "sale", "capture", "refund"],
    phase: "late",
    when: (d) => d.neverSubmitted && !d.isCompensation,
    step: "fail",
    evidence: "ownTries",
    validity: "fromDeadline",
    why: "every try was made and observed by this owner, and none left the machine",
  }),
  row({
    name: "late, id unknown",
    kinds: CHARGES,
    phase: "late",
    at: (g) => g.twoStepCharge,
    when: (d) => !d.hasReference,
    step: "prepare",
    evidence: "create",
    validity: "always",
    why: "no id was committed, so nothing was confirmed: it is learned only to cancel what it names",
  }),
  row({
    name: "late release, read first",
    kinds: ["void", "refund"],
    phase: "late",
    at: reads,
    when: (d, g) => (d.kind === "void" || d.isCompensation) && isUnread(d, g),
    step: "query",
    evidence: "read",
    validity: "always",
    why: "a read may spare the call",
  }),
  row({
    name: "late release",
    kinds: ["void"],
    phase: "late",
    step: "execute",
    evidence: "replay",
    validity: "always",
    why: "to release twice is to release once",
  }),
  row({
    name: "late compensation",
    kinds: ["refund"],
    phase: "late",
    when: (d, g) => d.isCompensation && !isKeyOutlived(d, g) && !isKeyStoreDown(d),
    step: "execute",
    evidence: "replay",
    validity: "keyLife",
    why: "nobody wants to keep this money, and the key keeps it from being given back twice",
  }),
  row({
    name: "late, and shown not to have run",
    kinds: ["capture", "refund"],
    phase: "late",
    at: reads,
    when: (d) => d.seenUndecided && d.absenceIsProven && d.isLongLate,
    step: "fail",
    evidence: "read",
    validity: "fromDeadline",
    why: "no call of ours is on its way any more, and several reads a minute apart show nothing of it",
  }),
  row({
    name: "late, just read",
    kinds: ["capture", "refund"],
    phase: "late",
    at: reads,
    when: (d) => d.seenUndecided,
    step: "wait",
    evidence: "read",
    validity: "always",
    why: "that it is not there yet proves nothing yet",
  }),
  row({
    name: "late, read",
    kinds: ["capture", "refund"],
    phase: "late",
    at: reads,
    when: isUnread,
    step: "query",
    evidence: "read",
    validity: "always",
    why: "it is too late to execute, and there is nothing to call off",
  }),
  row({
    name: "late, nothing to ask",
    kinds: ["capture", "refund"],
    phase: "late",
    step: "wait",
    evidence: "webhook",
    validity: "always",
    why: "it is too late to execute, there is nothing to call off, and the gateway has no read: it tells, or its report",
  }),
  row({
    name: "late charge",
    kinds: CHARGES,
    phase: "late",
    at: (g) => g.twoStepCharge || g.cancelByMerchantRef,
    step: "abandon",
    evidence: "cancel",
    validity: "fromDeadline",
    why: "the shopper has long bought elsewhere: the goal is no charge",
  }),
  row({
    name: "late charge, no cancel",
    kinds: CHARGES,
    phase: "late",
    step: "wait",
    evidence: "webhook",
    validity: "always",
    why: "it is too late to execute, and this gateway calls nothing off that it has not named",
  }),
  row({
    name: "no id yet",
    kinds: CHARGES,
    phase: "open",
    at: (g) => g.twoStepCharge,
    when: (d) => !d.hasReference,
    step: "prepare",
    evidence: "create",
    validity: "always",
    why: "no id was committed, so nothing was confirmed: the same create brings the same id",
  }),
  row({
    name: "never submitted",
    phase: "open",
    when: (d) => d.neverSubmitted,
    step: "execute",
    evidence: "ownTries",
    validity: "untilDeadline",
    why: "no try has left the machine, so there is nothing to wait for",
  }),
  row({
    name: "ended without executing",
    phase: "open",
    at: (g) => g.replayReturnsStored5xx && reads(g),
    when: (d) => d.seenUndecided && d.absenceIsProven && d.storedErrorReplayed,
    step: "fail",
    evidence: "read",
    validity: "always",
    why: "the first run ended with an error that the key brings for ever, and the object shows that no money moved",
  }),
  // Sound for a refund at a gateway that keeps the result of a key and lists refunds (Stripe). Had the first call made the
  // refund, its stored success would have come back to the same key; had it been running, the key would have been in use.
  // Should it arrive only now, its key brings the refusal that the replay has left there. And the list, which shows a
  // refund of ours whatever became of the key, has shown none, three times and for a minute, the last time after the
  // refusal. Not so for a capture (a refusal may be because it took place), nor where no list tells (Adyen).
  row({
    name: "replay refused, and not there",
    kinds: ["refund"],
    phase: "open",
    at: (g) => g.replayReturnsStored5xx && reads(g),
    when: (d, g) => d.seenUndecided && d.absenceIsProven && d.replayRefused && !isKeyOutlived(d, g),
    step: "fail",
    evidence: "read",
    validity: "always",
    why: "the same call with its key is refused, which a refund that was made would have answered, and no list shows one",
  }),
  row({
    name: "read",
    phase: "open",
    at: reads,
    when: isUnread,
    step: "query",
    evidence: "read",
    validity: "always",
    why: "the object itself is the strongest evidence",
  }),
  row({
    name: "key outlived",
    kinds: ["authorize", "sale", "capture", "refund"],
    phase: "open",
    when: isKeyOutlived,
    step: "wait",
    evidence: "webhook",
    validity: "always",
    why: "the gateway may have forgotten the key: the same call could execute anew",
  }),
  row({
    name: "key store down",
    phase: "open",
    when: isKeyStoreDown,
    step: "wait",
    evidence: "webhook",
    validity: "always",
    why: "the gateway cannot look the key up; without its key the call must never be made",
  }),
  row({
    name: "same key again",
    phase: "open",
    when: (d, _, graceMs) => d.sinceFirstTryMs >= graceMs,
    step: "execute",
    evidence: "replay",
    validity: "untilDeadline",
    why: "the stored answer comes back, or the call executes now for the first time",
  }),
  row({
    name: "grace",
    step: "wait",
    evidence: "replay",
    validity: "untilDeadline",
    why: "the first call may still run",
  }),
];
