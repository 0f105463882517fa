/** The benchmark's figures as people read them. */
import { renderCompare } from "./compare-report.ts";
import type { CompareReport } from "./compare-report.ts";
import type { ColdStartReport } from "./cold-start.ts";
import type { Answers, PreparedResult } from "./load-terms.ts";
import type { MachineFacts, ServerSettings } from "./machine.ts";
import type { Measurement } from "./measure.ts";
import type { PgbenchRound } from "./pgbench.ts";
import { renderRecovery } from "./recovery-report.ts";
import { breakerLine, NOTICES } from "./notice-report.ts";
import { renderTable, spreadOf } from "./report-table.ts";
import type { Spread } from "./report-table.ts";

/** Everything measured with one number of shards. */
export interface ClusterReport {
  readonly shards: number;
  readonly workers: number;
  readonly merchants: number;
  /** Requests a second that each merchant may send. */
  readonly rateLimit: number;
  /** The version of its Redis; null: it has none. */
  readonly redis: string | null;
  readonly settings: ServerSettings;
  readonly runs: readonly Measurement[];
  readonly naive: readonly Measurement[];
  /** Null: not measured. */
  readonly pgbench: readonly PgbenchRound[] | null;
  /** The largest rate that held a full measurement; null: none did, or none was looked for. */
  readonly heldRate: number | null;
  /** Refusals while a breaker was open; null: not measured. */
  readonly breaker: PreparedResult | null;
  /** Null: no node was killed. */
  readonly recovery: ColdStartReport | null;
}

export interface BenchReport {
  readonly at: string;
  readonly command: string;
  readonly machine: MachineFacts;
  readonly pgbenchVersion: string | null;
  readonly clusters: readonly ClusterReport[];
  readonly comparisons: readonly CompareReport[];
}

/** How many times a yardstick the held rate is: with its median, and with its best and worst round. */
export function ratioTo(rate: number | null, yardstick: readonly number[]): Spread | null {
  const spread = spreadOf(yardstick.filter((value) => value > 0));
  if (rate === null || spread === null) return null;
  return { median: rate / spread.median, min: rate / spread.max, max: rate / spread.min };
}

const ms = (us: number): string => (us / 1000).toFixed(us < 100_000 ? 1 : 0);
const HEADS = ["target", "offered", "achieved", "wrong", "missing", "refused", "P50", "P99", "P99.9", "1st share"];
const CPU_GROUPS = ["node", "postgres", "redis", "gateways", "generator"] as const;
const ENDS = ["WAL B", "holds"];

const missing = (answers: Answers): number => answers.unanswered + answers.neverSent;
/** Payments, their repeats and refunds. */
const postsOf = ({ load }: Measurement): readonly Answers[] => [load.fresh, load.replays, load.conflicts, load.refunds];

/** One row, and one each for reads and notices where there were any: their times stand apart. */
export function rowsOf(m: Measurement): readonly (readonly string[])[] {
  const { load, terms } = m;
  const { reads, notices } = load;
  const posts = postsOf(m);
  const sum = (of: (answers: Answers) => number): string => String(posts.reduce((n, answers) => n + of(answers), 0));
  const capacity = terms.capacityConnections !== null;
  const postRate = (terms.rate * (10 - terms.mix.readsInTen)) / 10;
  const row = [
    reads === null && notices === null ? m.target : `${m.target}: payments`,
    capacity ? "all it takes" : String(postRate),
    load.achieved.toFixed(0),
    sum((answers) => answers.wrong),
    sum(missing),
    sum((answers) => answers.refused),
    ...(capacity ? ["", "", ""] : [ms(load.net.p50Us), ms(load.net.p99Us), ms(load.net.p999Us)]),
    `${(load.firstMerchant.share * 100).toFixed(1)} %`,
    ...CPU_GROUPS.map((name) => m.cpuUs[name]?.toFixed(0) ?? ""),
    String(m.walBytesPerPayment),
    capacity ? "" : verdictOf(m),
  ];
  return [
    row,
    ...(reads === null ? [] : [timesOf(`${m.target}: reads`, terms.rate - postRate, reads)]),
    ...(notices === null ? [] : [timesOf(`${m.target}: notices`, notices.offered, notices)]),
  ];
}

/** The share of the first merchant, CPU, log volume and verdict stand in the row of the payments. */
const timesOf = (
  name: string,
  offered: number,
  { achieved, answers, latency }: Pick<PreparedResult, "achieved" | "answers" | "latency">,
): readonly string[] => [
  name,
  String(offered),
  achieved.toFixed(0),
  String(answers.wrong),
  String(missing(answers)),
  String(answers.refused),
  ...[latency.p50Us, latency.p99Us, latency.p999Us].map(ms),
  "",
  ...CPU_GROUPS.map(() => ""),
  "",
  "",
];

function verdictOf(m: Measurement): string {
  const { holds, against, voidFor } = m.verdict;
  const verdict = holds ? `yes, ${m.terms.measureS} s` : `no: ${against.join("; ")}`;
  return voidFor.length > 0 ? `VOID (${voidFor.join("; ")}): ${verdict}` : verdict;
}

const describeSpread = (spread: Spread | null, unit: string): string =>
  spread === null
    ? "not measured"
    : `${spread.median.toFixed(1)}${unit} (${spread.min.toFixed(1)} to ${spread.max.toFixed(1)})`;

/** The whole report as lines. */
export function renderReport(report: BenchReport): readonly string[] {
  const { machine } = report;
  const lines = [
    `${machine.cores} x ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, ` +
      `fdatasync ${machine.fdatasyncUs} us, sched_autogroup ${machine.schedAutogroup}, ${report.pgbenchVersion ?? "no pgbench"}`,
    "Times: ms from the intended send time, net of the gateway. CPU: us per accepted payment, by process; in a mix with",
    "reads per right answer to any request. 1st share: of the accepted payments, those of the merchant with the most.",
  ];
  for (const cluster of report.clusters) {
    const rows = [...cluster.runs, ...cluster.naive].flatMap(rowsOf);
    const settings = Object.entries(cluster.settings).map(([name, value]) => `${name}=${value}`);
    lines.push("", headOf(cluster), settings.join(" "));
    if (cluster.recovery !== null) lines.push("", ...renderRecovery(cluster.recovery));
    if (rows.length === 0) continue;
    lines.push("", ...renderTable([...HEADS, ...CPU_GROUPS, ...ENDS], rows), ...summaryOf(cluster));
  }
  for (const comparison of report.comparisons) lines.push(...renderCompare(comparison));
  return lines;
}

const headOf = ({ shards, workers, merchants, rateLimit, redis }: ClusterReport): string =>
  `== ${shards} ${shards === 1 ? "shard" : "shards"}, ${workers} actor ${workers === 1 ? "thread" : "threads"}, ` +
  `${redis === null ? "no Redis" : `Redis ${redis}`}, ${merchants} ${merchants === 1 ? "merchant" : "merchants"}, ` +
  `limit ${rateLimit}/s each`;

function summaryOf(cluster: ClusterReport): readonly string[] {
  const pgbench = (cluster.pgbench ?? []).map((round) => round.tps);
  const naive = cluster.naive.map((m) => m.load.achieved);
  const top = cluster.runs.find((m) => m.terms.rate === cluster.heldRate && m.verdict.holds) ?? cluster.runs.at(-1);
  const yardsticks = [
    `pgbench TPC-B, 32 clients ${cluster.pgbench === null ? "not measured" : describeSpread(spreadOf(pgbench), " tps")}`,
    `naive service             ${describeSpread(spreadOf(naive), "/s")}`,
    `held rate / pgbench       ${describeSpread(ratioTo(cluster.heldRate, pgbench), "")}`,
    `held rate / naive         ${describeSpread(ratioTo(cluster.heldRate, naive), "")}`,
  ];
  return [
    "",
    `largest rate that holds   ${cluster.heldRate ?? "none, or not looked for"}`,
    ...(pgbench.length + naive.length > 0 ? yardsticks : []),
    ...(top === undefined ? [] : detailOf(top)),
    ...(cluster.breaker === null ? [] : [breakerLine(cluster.breaker)]),
  ];
}

function detailOf(m: Measurement): readonly string[] {
  const { load, redis, terms } = m;
  const { firstMerchant } = load;
  return [
    `at ${terms.capacityConnections === null ? `${terms.rate}/s` : "all it takes"}: generator ${load.cpuUsPerRequest.toFixed(1)} us a request, lag P99 ${ms(load.lag.p99Us)} ms, ` +
      `${(load.lateShare * 100).toFixed(2)} % late by itself, ${(load.starvedShare * 100).toFixed(2)} % for want of a connection`,
    `  replays ${load.replays.right}/${load.replays.due} equal, conflicts ${load.conflicts.right}/${load.conflicts.due} refused, ` +
      `refunds ${load.refunds.right}/${load.refunds.due} taken, ` +
      `P99 with the gateway ${ms(load.gross.p99Us)} ms, worst ${ms(load.gross.maxUs)} ms`,
    `  first merchant ${firstMerchant.answers.due} payments due, ${firstMerchant.answers.refused} refused, ` +
      `P50 ${ms(firstMerchant.net.p50Us)} P99 ${ms(firstMerchant.net.p99Us)} ms`,
    ...(redis === null ? [] : [`  Redis: ${redis.hits} looks found their key, ${redis.misses} did not`]),
    `  log flushes ${m.wal.flushes}, ${m.commitsPerFlush.toFixed(2)} commits a flush, ${m.walBytesPerPayment} B a payment, ` +
      `foreign load ${m.foreignCores.toFixed(2)} cores, node memory ${m.residentMiB.before} -> ${m.residentMiB.after} MiB`,
    `  threads, us each: ${m.threads.map((t) => `${t.thread} ${t.usEach}`).join(", ")}`,
    `  audit: ${m.audit.faults.length === 0 ? `${m.audit.payments} payments, no fault` : m.audit.faults.join("; ")}`,
    ...readsOf(m),
    ...(load.notices === null ? [] : NOTICES),
  ];
}

function readsOf({ load: { reads } }: Measurement): readonly string[] {
  if (reads === null) return [];
  const rows = reads.kinds.map(({ name, share, answers, latency }) => [
    name,
    `${share} %`,
    String(answers.due),
    String(answers.wrong),
    String(answers.refused),
    ms(latency.p50Us),
    ms(latency.p99Us),
    ms(latency.maxUs),
  ]);
  return ["", ...renderTable(["reads", "of all", "due", "wrong", "refused", "P50", "P99", "max"], rows)];
}
