/** What a cold start with payments in doubt came to, as people read it. */
import type { ColdStartReport } from "./cold-start.ts";

/** All payments have ended as they should, within the budget. */
export const isRecovered = ({ recoveredMs, aheadOfBudget, faults }: ColdStartReport): boolean =>
  recoveredMs !== null && aheadOfBudget === 0 && faults.length === 0;

const seconds = (ms: number | null): string => (ms === null ? "never" : `${(ms / 1_000).toFixed(1)} s`);

export function renderRecovery(report: ColdStartReport): readonly string[] {
  const { payments, callsPerSecond, inDoubt, readyMs, recoveredMs, calls, busiestSecond, faults } = report;
  const late = report.aheadOfBudget === 0 ? "kept" : `exceeded by ${report.aheadOfBudget} calls`;
  return [
    `cold start with ${inDoubt} of ${payments} payments in doubt: half were charged and answered with 500, of the others`,
    "the gateway never heard. Times from the SIGKILL; no client asks, and no notification comes.",
    `  the node commits after    ${seconds(readyMs)}`,
    `  none is in doubt after    ${seconds(recoveredMs)}`,
    `  calls to the gateway      ${calls}, ${(calls / Math.max(1, inDoubt)).toFixed(2)} a payment, ${busiestSecond} in the busiest second`,
    `  budget of ${callsPerSecond}/s        ${late}`,
    `  audit                     ${faults.length === 0 ? "each payment captured, and charged once" : faults.join("; ")}`,
  ];
}
