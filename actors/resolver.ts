/**
 * The resolver's knowledge: what to do next about an operation in doubt, as an ordered table, and when (design §3.4,
 * gateways.md §3). Until the deadline, or a cancel, a check may repeat the money-moving call with its key; then it only
 * reads or cancels. No number of checks turns unknown into failed. Durations in milliseconds.
 */
import type { GatewayAction, GatewayCapabilities } from "./ports/gateway.ts";
import type { Random } from "./ports/world.ts";

/** What is known of the doubt when a check is due, or when a read has just answered. */
export interface Doubt {
  readonly hasReference: boolean;
  /** Before the deadline, and no cancel was asked for. */
  readonly mayExecute: boolean;
  /** The call gives money back, or releases it: it may always be repeated. */
  readonly givesBack: boolean;
  /** A capture or a refund: there is nothing to abandon, after its deadline it is read until that proves something. */
  readonly isOnlyRead: boolean;
  /** The deadline has passed long enough ago that no call of ours can still be on its way. */
  readonly isLongLate: boolean;
  /** The newest answer is a read that shows that the money-moving call has not run. */
  readonly seenUndecided: boolean;
  /** What the reads show is proof: an object's own state at once, that a list lacks something only after a while. */
  readonly absenceIsProven: boolean;
  /** A replay of the money-moving call brought the stored error of its first run. */
  readonly storedErrorReplayed: boolean;
  /** Every try since T1 was made and observed by this same (shard, epoch), and none left the machine. */
  readonly neverSubmitted: boolean;
  /** Since the first try that may have reached the gateway began. */
  readonly sinceFirstTryMs: number;
  /** What the call is built from cannot be read: it may not be repeated, for other bytes could be another charge. */
  readonly detailsLost: boolean;
}

/** `fail`: it is certain that nothing was executed. `wait`: nothing may be done before the next check. */
export type Step = GatewayAction | "fail" | "wait";

interface Rule {
  readonly name: string;
  readonly when: (gateway: GatewayCapabilities, doubt: Doubt, graceMs: number) => boolean;
  readonly step: Step;
}

/** The first row that fits is the one that fires. */
export const RULES: readonly Rule[] = [
  {
    name: "details lost, read by id",
    when: (g, d) => d.detailsLost && g.queryById && d.hasReference && !d.seenUndecided,
    step: "query",
  },
  { name: "details lost", when: (_, d) => d.detailsLost, step: "wait" },
  { name: "late and never submitted", when: (_, d) => !d.mayExecute && d.neverSubmitted && !d.givesBack, step: "fail" },
  { name: "late, id unknown", when: (g, d) => !d.mayExecute && g.twoStepCharge && !d.hasReference, step: "prepare" },
  {
    name: "late release, read by id",
    when: (g, d) => !d.mayExecute && d.givesBack && g.queryById && !d.seenUndecided,
    step: "query",
  },
  { name: "late release", when: (_, d) => !d.mayExecute && d.givesBack, step: "execute" },
  {
    name: "late, and shown not to have run",
    when: (_, d) => !d.mayExecute && d.isOnlyRead && d.seenUndecided && d.absenceIsProven && d.isLongLate,
    step: "fail",
  },
  { name: "late, just read", when: (_, d) => !d.mayExecute && d.isOnlyRead && d.seenUndecided, step: "wait" },
  { name: "late, read by id", when: (g, d) => !d.mayExecute && d.isOnlyRead && g.queryById, step: "query" },
  { name: "late", when: (_, d) => !d.mayExecute, step: "abandon" },
  { name: "no id yet", when: (g, d) => g.twoStepCharge && !d.hasReference, step: "prepare" },
  { name: "never submitted", when: (_, d) => d.neverSubmitted, step: "execute" },
  {
    name: "ended without executing",
    when: (_, d) => d.seenUndecided && d.absenceIsProven && d.storedErrorReplayed,
    step: "fail",
  },
  { name: "read by id", when: (g, d) => g.queryById && d.hasReference && !d.seenUndecided, step: "query" },
  { name: "same key again", when: (_, d, graceMs) => d.sinceFirstTryMs >= graceMs, step: "execute" },
  { name: "grace", when: () => true, step: "wait" },
];

/** The rule that fires; `payctl payment resolve --dry-run` will print its name. */
export function ruleFor(gateway: GatewayCapabilities, doubt: Doubt, graceMs: number): Rule {
  return RULES.find((rule) => rule.when(gateway, doubt, graceMs)) as Rule; // the last row fits always
}

/** When to look, counted from the beginning of the doubt; afterwards hourly. */
const CHECK_AT_MS: readonly number[] = [1_000, 3_000, 10_000, 30_000, 120_000, 600_000, 1_800_000];
const HOUR_MS = 3_600_000;

/**
 * When to look next, in milliseconds from the doubt's beginning, `elapsedMs` after it: the first time of the schedule that
 * is still to come, with 0-20 % of jitter (of an hour at most, so that no time overtakes the next one). It depends on
 * nothing else, so planning twice plans the same check.
 */
export function nextCheckAfterMs(elapsedMs: number, random: Random): number {
  const lastMs = CHECK_AT_MS.at(-1) as number;
  const baseMs =
    CHECK_AT_MS.find((atMs) => atMs > elapsedMs) ?? lastMs + HOUR_MS * (1 + Math.floor((elapsedMs - lastMs) / HOUR_MS));
  return Math.round(baseMs + 0.2 * random.fraction() * Math.min(baseMs, HOUR_MS));
}
