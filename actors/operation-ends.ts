/** What stands beside the last row of an operation: notices that it decides, and findings that it answers or raises. */
import type { Transition } from "./domain/index.ts";
import { findingOf, lateSuccessKey, overdueKey } from "./findings.ts";
import type { OpenFlow } from "./flow.ts";
import { meaningForEnded } from "./notice-meaning.ts";
import { processed } from "./notice-rows.ts";
import type { Finding, NoticeRow, SideRows } from "./ports/inbox.ts";

/** Nobody's request asked for it: it gives back what came late. */
const isCompensation = ({ request }: OpenFlow): boolean => request === null;

/**
 * `side` with all of that; the same object when there is nothing more, as nearly always. Of the notices that hinted at the
 * operation those are decided that say what its end says; the others still wait on disk. `nowMs`: Unix milliseconds.
 */
export function sideOfEnd(flow: OpenFlow, next: Transition, side: SideRows, nowMs: number): SideRows {
  const { notices, operation } = flow;
  const undoes = isCompensation(flow) && operation.kind === "void" && next.fact !== "cancelSettled";
  if (notices.length === 0 && !operation.needsReview && !undoes) return side;
  const resolved = operation.needsReview ? [{ dedupeKey: overdueKey(operation.id), by: "outcome", atMs: nowMs }] : [];
  const isRefused = undoes && next.payment.operation.state === "failed";
  if (undoes && !isRefused) resolved.push({ dedupeKey: lateSuccessKey(next.payment), by: "compensation", atMs: nowMs });
  return {
    notices: [...side.notices, ...decidedBy(notices, next).map(processed)],
    findings: isRefused ? [...side.findings, refusedFinding(flow, next, nowMs)] : side.findings,
    resolved: [...side.resolved, ...resolved],
  };
}

const decidedBy = (hints: readonly NoticeRow[], { payment }: Transition): readonly NoticeRow[] =>
  hints.filter(({ notice }) => meaningForEnded(payment, payment.operation, notice, true).kind === "same");

/** What came late stands there still, and nothing more is tried. */
const refusedFinding = ({ operation, file }: OpenFlow, { payment }: Transition, nowMs: number): Finding =>
  findingOf("D07", {
    payment: file.payment,
    operation,
    slot: payment.terms.slot,
    what: operation.id,
    observed: `the void of a late success was refused: ${payment.operation.failure?.code ?? "unknown"}`,
    evidence: `${operation.amountMinor} ${payment.terms.currency} at ${payment.terms.gateway}`,
    nowMs,
  });
