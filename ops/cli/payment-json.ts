/** What `payctl payment …` prints for scripts: items of one kind, with commands to go on with. Pure. */
import type { PaymentStory, StuckPayment } from "../../storage/index.ts";
import { ASSUMED, type Check, openOperationsOf, STEP_WORDS } from "./payment-check.ts";
import { nextOf } from "./payment-next.ts";
import { timelineOf } from "./payment-timeline.ts";
import { toWireItem, type WireItem } from "./wire-json.ts";

export interface WireAnswer {
  readonly kind: string;
  readonly items: readonly WireItem[];
  readonly nextSteps: readonly string[];
}

/** Everything that is known, the same once more in causal order, and what fires next. */
export function storyAnswer(story: PaymentStory): WireAnswer {
  const timeline = timelineOf(story).map(({ row, lines }) => ({ version: row.version, fact: row.fact, lines }));
  const nextSteps =
    openOperationsOf(story).length === 0
      ? [`npx payctl ledger verify ${story.id}`]
      : [`npx payctl payment resolve ${story.id} --dry-run`];
  return { kind: "PaymentStory", items: [toWireItem({ ...story, timeline, next: nextOf(story) })], nextSteps };
}

/** What the resolver would do about each open operation. */
export function checksAnswer({ id }: PaymentStory, checks: readonly Check[]): WireAnswer {
  const items = checks.map(({ operation, doubt, explanation, whenUndecided, waitsFor, flagsForReview, atMs }) => ({
    id: operation.id,
    paymentId: id,
    operation,
    checkedAtMs: atMs,
    waitsFor: waitsFor?.id ?? null,
    flagsForReview,
    ...explanation,
    does: STEP_WORDS[explanation.step],
    whenUndecided: whenUndecided === null ? null : { ...whenUndecided, does: STEP_WORDS[whenUndecided.step] },
    inputs: doubt,
    assumed: ASSUMED,
  }));
  return { kind: "ResolverDryRun", items: items.map(toWireItem), nextSteps: [`npx payctl payment why ${id}`] };
}

/** Payments that do not come to rest. */
export function stuckAnswer(payments: readonly StuckPayment[]): WireAnswer {
  const first = payments.find(({ paymentId }) => paymentId !== null)?.paymentId;
  return {
    kind: "StuckPayment",
    items: payments.map((one) => toWireItem({ id: one.paymentId, ...one })),
    nextSteps: first === undefined ? [] : [`npx payctl payment why ${first}`],
  };
}
