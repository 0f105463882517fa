/** The part of the invariants that books prove by themselves: chains, sums and states (design §3.5). */
import type { PaymentId } from "../../actors/domain/index.ts";
import {
  checkChains,
  checkInvariants,
  INVARIANT_NAMES,
  type InvariantName,
  type InvariantVerdict,
  withShards,
} from "../../storage/index.ts";

/** Transitions, chains and anchors, postings, balances and states, keys, epochs and bounds of refunds. */
const OF_BOOKS = new Set(["I6", "I7", "I8", "I10", "I11", "I15", "I19", "I20"]);
const NAMES: readonly InvariantName[] = INVARIANT_NAMES.filter((name) => OF_BOOKS.has(name.split(" ")[0] ?? ""));

export interface LedgerReport {
  readonly verdicts: readonly InvariantVerdict[];
  /** Rows that were hashed anew. */
  readonly hashes: number;
}

/** A late success is given back within this. */
const GRACE_MS = 120_000;

/**
 * Looks once. `what`: one payment, a sample of all payments' chains, or all of them; sums and states are always checked
 * whole. Throws what a database says.
 */
export async function verifyLedger(dsns: readonly string[], what: "all" | "sample" | PaymentId): Promise<LedgerReport> {
  const payment = what === "all" || what === "sample" ? null : what;
  return await withShards(dsns, async (ask) => {
    const verdicts = await checkInvariants(ask, { graceMs: GRACE_MS, silent: [] }, NAMES, payment);
    const { counted, verdict } = await checkChains(ask, what);
    return { verdicts: [...verdicts, verdict], hashes: counted };
  });
}
