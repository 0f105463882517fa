/** How long things take and in which order they come: the full benchmark, and the one that ends in three minutes. */
import type { SearchTerms } from "./step-search.ts";
import { STANDARD_SEARCH } from "./step-search.ts";

/** Seconds. */
export interface Window {
  readonly warmupS: number;
  readonly measureS: number;
}

export interface Plan {
  readonly shards: readonly number[];
  /** Every rate that counts is measured so long. */
  readonly full: Window;
  readonly probe: Window;
  readonly naive: Window;
  readonly pgbenchS: number;
  /** Rounds of pgbench and the naive service, spread over the run of one cluster. */
  readonly rounds: number;
  /** Measures the naive service with prepared statements too. */
  readonly careful: boolean;
  readonly search: SearchTerms;
  /** Two clusters in turns, each once a round. */
  readonly compare: { readonly rounds: number; readonly window: Window };
  /** No new probe is begun later than this after the start of the command. */
  readonly probesUntilS: number;
}

/** A rate that the cluster must hold whatever else it can do. */
export const FLOOR_RATE = 6000;

export const FULL_PLAN: Plan = {
  shards: [1, 2, 4],
  full: { warmupS: 10, measureS: 60 },
  probe: { warmupS: 5, measureS: 12 },
  naive: { warmupS: 3, measureS: 12 },
  pgbenchS: 15,
  rounds: 3,
  careful: true,
  search: { ...STANDARD_SEARCH, startRate: FLOOR_RATE },
  compare: { rounds: 8, window: { warmupS: 3, measureS: 15 } },
  probesUntilS: Number.POSITIVE_INFINITY,
};

export const QUICK_PLAN: Plan = {
  shards: [1], // on two cores a second actor only takes turns with the first
  full: { warmupS: 4, measureS: 8 },
  probe: { warmupS: 3, measureS: 5 },
  naive: { warmupS: 2, measureS: 5 },
  pgbenchS: 5,
  rounds: 2,
  careful: false,
  search: { ...STANDARD_SEARCH, startRate: FLOOR_RATE, confirmMax: 1 },
  compare: { rounds: 3, window: { warmupS: 2, measureS: 6 } },
  probesUntilS: 110,
};
