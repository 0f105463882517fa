/**
 * Has the resolver look at a payment's open operations now. It decides nothing by hand: what the actor does is what it
 * would have done at the next check, and a payment without a new fact stays as it is.
 */
import Type from "typebox";
import { type OperationId, operationIdOf, parseId, type PaymentId } from "../../actors/domain/index.ts";
import type { OperationCheckup, PaymentCheckup, Standing } from "../../actors/index.ts";
import { shareOf } from "./asker.ts";
import { viewNotes } from "./looks.ts";
import { change, type Found } from "./operation.ts";
import { refused } from "./question.ts";
import { timeOf } from "./world.ts";

interface StandingItem {
  readonly state: string;
  readonly pending_reason: string | null;
  readonly needs_review: boolean;
}
/** One operation that was open. */
export interface CheckupItem {
  readonly payment: string;
  readonly payment_status: string;
  readonly operation: string;
  readonly kind: string;
  readonly rule: string | null;
  readonly step: string | null;
  readonly why: string | null;
  readonly before: StandingItem;
  readonly after: StandingItem;
  /** What the gateway answered meanwhile, in that order. */
  readonly heard: readonly {
    readonly try: number;
    readonly action: string;
    readonly said: string;
    readonly detail: string | null;
    readonly took_ms: number;
  }[];
  readonly under_way: boolean;
  readonly next_check_at: string | null;
}

const standingItem = ({ state, pendingReason, needsReview }: Standing): StandingItem => ({
  state,
  pending_reason: pendingReason,
  needs_review: needsReview,
});
const checkupItem = (checkup: PaymentCheckup, one: OperationCheckup): CheckupItem => ({
  payment: checkup.paymentId ?? "",
  payment_status: checkup.status ?? "",
  operation: one.operationId,
  kind: one.kind,
  rule: one.rule,
  step: one.step,
  why: one.why,
  before: standingItem(one.before),
  after: standingItem(one.after),
  heard: one.heard.map(({ try: number, action, said, detail, tookMs }) => ({
    try: number,
    action,
    said,
    detail,
    took_ms: Math.round(tookMs),
  })),
  under_way: one.isUnderWay,
  next_check_at: one.nextCheckAtMs === null ? null : timeOf(one.nextCheckAtMs),
});

const isStillOpen = ({ after }: CheckupItem): boolean => after.state === "submitted" || after.state === "unknown";

/** What a person should know of an operation that is open still. */
function leftOver(item: CheckupItem): readonly string[] {
  if (!isStillOpen(item)) return [];
  const { operation, kind } = item;
  if (item.rule === null) return [`${operation}: the ${kind} waits for another operation of the payment to end`];
  if (item.under_way) return [`${operation}: a call is still under way; ask again to see what came of it`];
  if (!item.after.needs_review) return [`${operation}: no fact yet; the resolver goes on by itself`];
  return [
    `${operation}: no fact yet, and people are wanted: look the ${kind} up at the gateway by its reference. ` +
      "Nothing is decided by hand: its webhook, its read or its settlement report ends it here",
  ];
}

function foundOf(id: string, checkup: PaymentCheckup): Found {
  const items = checkup.operations.map((one) => checkupItem(checkup, one));
  const status = checkup.status === null ? "" : `; the payment is ${checkup.status}`;
  const open = items.filter(isStillOpen);
  return {
    ok: true,
    kind: "PaymentCheckup",
    items,
    notes:
      items.length === 0
        ? [`${id} has no open operation: there is nothing to resolve${status}`]
        : open.flatMap(leftOver),
    nextSteps: [
      `npx payctl payment why ${id}`,
      ...(open.length > 0 ? [`npx payctl payment resolve ${id} --dry-run`] : []),
    ],
  };
}

const wordsOf = (side: "before" | "after", { operations }: PaymentCheckup): string =>
  operations.map((one) => `${one.operationId} ${one[side].state}`).join(", ");

const parse = (text: string): PaymentId | OperationId | undefined => {
  const refund = parseId("ref", text);
  return parseId("pay", text) ?? parseId("op", text) ?? (refund === undefined ? undefined : operationIdOf(refund));
};

export const paymentResolve = change(
  Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
  async (call, { id: text }) => {
    const { world } = call;
    const id = parse(text);
    const slot = world.slotOf(text);
    if (id === undefined || slot === undefined)
      return refused("usage", `${text} is the id of no payment, refund or operation`);
    const shard = world.shardOfSlot(slot);
    const owner = world.view().cluster.assignments.find((one) => one.shard === shard)?.node;
    if (shard === undefined || owner === undefined)
      return refused("notFound", [`the shard of ${text} has no owner`, ...viewNotes(call)].join("; "));
    if (owner !== world.node && !call.isForwarded)
      return await call.ask(owner, "payment.resolve", { id: text }, call.reason);
    return {
      subject: text,
      found: { ok: true, kind: "PaymentCheckup", items: [] },
      apply: async ({ who, reason }) => {
        // Before: whoever has it done is known even if this process ends meanwhile.
        await world.trace({ who, action: "payment.resolve", subject: text, reason });
        const checkup = await world.checkNow(shard, id, shareOf(call.leftMs()));
        if (checkup === undefined) return refused("conflict", `node ${world.node} does not serve shard ${shard} now`);
        const [before, after] = [wordsOf("before", checkup), wordsOf("after", checkup)];
        if (before !== "") await world.trace({ who, action: "payment.resolved", subject: text, reason, before, after });
        return foundOf(text, checkup);
      },
    };
  },
);
