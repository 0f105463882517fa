/**
 * What the resolver would do about an open operation, by its own table (design §3.4), from what the shard's database
 * knows. What only the owner's memory knows is assumed, and said so. Pure.
 */
import type { Doubt, Explanation, Step } from "../../actors/index.ts";
import { explain } from "../../actors/index.ts";
import { GATEWAY_CAPABILITIES } from "../../actors/gateways/index.ts";
import { isOpen } from "../../actors/domain/index.ts";
import type { PaymentStory, StoryOperation } from "../../storage/index.ts";

/** The default of `limits.sameKeyGraceMs`. */
const SAME_KEY_GRACE_MS = 20_000;
/** As the actor counts it: no call of ours can still be on its way. */
const LONG_LATE_MS = 60_000;

/** Inputs that no database holds, and what they are taken for. */
export const ASSUMED: readonly string[] = [
  "seen_undecided: no read has just shown that nothing ran",
  "absence_is_proven: of a capture, void or refund nothing is proven",
  "stored_error_replayed: no replay brought a stored error",
  "replay_refused: no replay was refused",
  "since_key_store_down_ms: the gateway's key store is up",
  "details_lost: the sealed details can be opened",
];

/** What is expected of a check at `atMs`. */
export interface Check {
  readonly operation: StoryOperation;
  readonly atMs: number;
  /** The operation that must end first; then there is no check. Null: none. */
  readonly waitsFor: StoryOperation | null;
  /** The check also writes that people must see to it. */
  readonly flagsForReview: boolean;
  readonly doubt: Doubt;
  readonly explanation: Explanation;
  /** What follows at once when a read shows that nothing ran; null: it does not read. */
  readonly whenUndecided: Explanation | null;
}

export const openOperationsOf = ({ operations }: PaymentStory): readonly StoryOperation[] =>
  operations.filter(({ state }) => isOpen(state));

/** What a check of the operation would do at `atMs`, Unix milliseconds. */
export function checkOf(story: PaymentStory, operation: StoryOperation, atMs: number): Check {
  const gateway = GATEWAY_CAPABILITIES[story.payment.gateway];
  const doubt = doubtOf(story, operation, atMs);
  const explanation = explain(gateway, doubt, SAME_KEY_GRACE_MS);
  const read = explanation.step === "query";
  return {
    operation,
    atMs,
    waitsFor: waitsFor(story, operation),
    flagsForReview: doubt.isPastDeadline && explanation.step !== "fail" && !operation.needsReview,
    doubt,
    explanation,
    whenUndecided: read ? explain(gateway, { ...doubt, seenUndecided: true }, SAME_KEY_GRACE_MS) : null,
  };
}

/** A cancel waits for what runs; only of an authorized payment it voids by itself. */
function waitsFor(story: PaymentStory, { id }: StoryOperation): StoryOperation | null {
  if (story.payment.cancelOperationId !== id || story.payment.status === "authorized") return null;
  return openOperationsOf(story).find((other) => other.id !== id) ?? null;
}

const isCharge = ({ kind }: StoryOperation): boolean => kind === "authorize" || kind === "sale";

function doubtOf({ payment, owner }: PaymentStory, operation: StoryOperation, atMs: number): Doubt {
  const { kind, isCompensation, submittedAtMs, submittedEpoch, deadlineAtMs, pendingReason } = operation;
  // A new owner knows no try of the one before, and counts from its own beginning.
  const isOwnersOwn = submittedEpoch === owner.epoch;
  const firstTryAtMs = isOwnersOwn ? submittedAtMs : Math.max(submittedAtMs, owner.epochStartedAtMs ?? submittedAtMs);
  return {
    kind,
    isCompensation: isCompensation && kind === "refund",
    hasReference: payment.gatewayReference !== null,
    isPastDeadline: atMs >= deadlineAtMs,
    isCancelRequested: payment.cancelOperationId !== null,
    isLongLate: atMs >= deadlineAtMs + LONG_LATE_MS,
    keyAgeMs: atMs - submittedAtMs,
    seenUndecided: false,
    absenceIsProven: isCharge(operation),
    storedErrorReplayed: false,
    replayRefused: false,
    neverSubmitted: isOwnersOwn && pendingReason === "gateway_unreachable",
    sinceFirstTryMs: atMs - firstTryAtMs,
    sinceKeyStoreDownMs: null,
    detailsLost: false,
  };
}

/** What a step does, for people. */
export const STEP_WORDS: { readonly [S in Step]: string } = {
  prepare: "makes the create again, to learn the id; it moves no money",
  execute: "makes the call again with the same key",
  query: "reads it at the gateway",
  abandon: "calls the charge off at the gateway",
  fail: "writes that it failed: nothing was executed",
  wait: "does nothing but plan the next check",
};
