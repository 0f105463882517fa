/** Whether a rate holds, and whether the measurement may be believed. */
import type { LoadFigures, PreparedResult } from "./load-terms.ts";

export const P99_LIMIT_MS = 500;
/** Of reads, with everything in it. */
export const READS_P99_LIMIT_MS = 100;
/** Of the acknowledgement of a notification: a gateway waits 10 s at most, and its queue behind it. */
export const NOTICES_P99_LIMIT_MS = 100;
const REFUSED_SHARE_MAX = 0.001;
const FOREIGN_CORES_MAX = 0.2;
const LATE_SHARE_MAX = 0.01;
const STARVED_SHARE_MAX = 0.01;

export interface Verdict {
  /** Nothing against the rate. */
  readonly holds: boolean;
  /** Why it does not hold. */
  readonly against: readonly string[];
  /** Why the measurement says nothing, whatever it shows. */
  readonly voidFor: readonly string[];
}

export interface Evidence {
  readonly load: LoadFigures;
  readonly foreignCores: number;
  readonly auditFaults: readonly string[];
  readonly undurable: readonly string[];
  /** The target has a Redis, and no look into it found anything although replays were right. */
  readonly redisIdle: boolean;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/**
 * The rule of the benchmark: no wrong or missing answer, at most 0.1 % refused, P99 net of the gateway under 500 ms, that of
 * reads and of the acknowledgement of notifications under 100 ms.
 */
export function judge({ load, foreignCores, auditFaults, undurable, redisIdle }: Evidence): Verdict {
  const { reads } = load;
  const kinds = [load.fresh, load.replays, load.conflicts, load.refunds, ...(reads === null ? [] : [reads.answers])];
  const sum = (of: (answers: (typeof kinds)[number]) => number): number => kinds.reduce((n, a) => n + of(a), 0);
  const wrong = sum((a) => a.wrong);
  const missing = sum((a) => a.unanswered + a.neverSent);
  const refusedShare =
    sum((a) => a.refused) /
    Math.max(
      1,
      sum((a) => a.due),
    );
  const p99Ms = load.net.p99Us / 1000;
  const readsP99Ms = (reads?.latency.p99Us ?? 0) / 1000;
  const against = [
    ...(wrong > 0 ? [`${wrong} wrong answers`] : []),
    ...(missing > 0 ? [`${missing} missing answers`] : []),
    ...(load.faultyInWarmup > 0 ? [`${load.faultyInWarmup} wrong or missing answers in the warm-up`] : []),
    ...(refusedShare > REFUSED_SHARE_MAX ? [`${percent(refusedShare)} refused`] : []),
    ...(p99Ms >= P99_LIMIT_MS ? [`P99 ${p99Ms.toFixed(0)} ms`] : []),
    ...(readsP99Ms >= READS_P99_LIMIT_MS ? [`P99 of reads ${readsP99Ms.toFixed(0)} ms`] : []),
    ...(load.notices === null ? [] : againstNotices(load.notices)),
    ...auditFaults.map((fault) => `audit: ${fault}`),
  ];
  const late = load.lateShare > LATE_SHARE_MAX && load.starvedShare <= STARVED_SHARE_MAX;
  const voidFor = [
    ...(auditFaults.length > 0 ? ["the audit failed"] : []),
    ...(redisIdle ? ["no replay was found in Redis"] : []),
    ...undurable.map((setting) => `the server runs with ${setting}`),
    ...(foreignCores > FOREIGN_CORES_MAX ? [`foreign load of ${foreignCores.toFixed(2)} cores`] : []),
    ...(late ? [`the generator sent ${percent(load.lateShare)} over 50 ms late`] : []),
  ];
  return { holds: against.length === 0, against, voidFor };
}

function againstNotices({ answers, faultyInWarmup, latency }: PreparedResult): readonly string[] {
  const { due, refused, wrong, unanswered, neverSent } = answers;
  const p99Ms = latency.p99Us / 1000;
  const faulty = wrong + unanswered + neverSent + faultyInWarmup;
  const refusedShare = refused / Math.max(1, due);
  return [
    ...(faulty > 0 ? [`${faulty} notices with a wrong answer or none`] : []),
    ...(refusedShare > REFUSED_SHARE_MAX ? [`${percent(refusedShare)} of the notices refused`] : []),
    ...(p99Ms >= NOTICES_P99_LIMIT_MS ? [`P99 of notices ${p99Ms.toFixed(0)} ms`] : []),
  ];
}
