/** The benchmark's figures as people read them. */
import type { MachineFacts, ServerSettings } from "./machine.ts";
import type { Measurement } from "./measure.ts";
import type { PgbenchRound } from "./pgbench.ts";

/** Everything measured with one number of shards. */
export interface ClusterReport {
  readonly shards: number;
  readonly workers: number;
  readonly settings: ServerSettings;
  readonly runs: readonly Measurement[];
  readonly naive: readonly Measurement[];
  /** Null: not measured. */
  readonly pgbench: readonly PgbenchRound[] | null;
  /** The largest rate that held a full measurement; null: none did, or none was looked for. */
  readonly heldRate: number | null;
}

export interface BenchReport {
  readonly at: string;
  readonly command: string;
  readonly machine: MachineFacts;
  readonly pgbenchVersion: string | null;
  readonly clusters: readonly ClusterReport[];
}

/** The value in the middle, and the ends. Null of nothing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [median, min, max] = [sorted[middle], sorted[0], sorted.at(-1)];
  if (median === undefined || min === undefined || max === undefined) return null;
  const below = sorted[middle - 1];
  return { median: sorted.length % 2 === 0 && below !== undefined ? (median + below) / 2 : median, min, max };
}

/** How many times a yardstick the held rate is: with its median, and with its best and worst round. */
export function ratioTo(rate: number | null, yardstick: readonly number[]): Spread | null {
  const spread = spreadOf(yardstick.filter((value) => value > 0));
  if (rate === null || spread === null) return null;
  return { median: rate / spread.median, min: rate / spread.max, max: rate / spread.min };
}

const ms = (us: number): string => (us / 1000).toFixed(us < 100_000 ? 1 : 0);
const HEADS = [
  "target",
  "offered",
  "achieved",
  "wrong",
  "missing",
  "refused",
  "P50",
  "P99",
  "P99.9",
  "node",
  "postgres",
];
const MORE = ["gateways", "generator", "WAL B", "holds"];

function rowOf(m: Measurement): readonly string[] {
  const kinds = [m.load.fresh, m.load.replays, m.load.conflicts];
  const sum = (of: (a: (typeof kinds)[number]) => number): string => String(kinds.reduce((n, a) => n + of(a), 0));
  const capacity = m.terms.capacityConnections !== null;
  return [
    m.target,
    capacity ? "all it takes" : String(m.terms.rate),
    m.load.achieved.toFixed(0),
    sum((a) => a.wrong),
    sum((a) => a.unanswered + a.neverSent),
    sum((a) => a.refused),
    ...(capacity ? ["", "", ""] : [ms(m.load.net.p50Us), ms(m.load.net.p99Us), ms(m.load.net.p999Us)]),
    ...["node", "postgres", "gateways", "generator"].map((name) => m.cpuUs[name]?.toFixed(0) ?? ""),
    String(m.walBytesPerPayment),
    capacity ? "" : verdictOf(m),
  ];
}

function verdictOf(m: Measurement): string {
  const { holds, against, voidFor } = m.verdict;
  const verdict = holds ? `yes, ${m.terms.measureS} s` : `no: ${against.join("; ")}`;
  return voidFor.length > 0 ? `VOID (${voidFor.join("; ")}): ${verdict}` : verdict;
}

/** Columns as wide as their widest cell; figures to the right. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const last = heads.length - 1;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 || i === last ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(heads), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
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
    "Times: ms from the intended send time, net of the gateway. CPU: us per accepted payment, by process.",
  ];
  for (const cluster of report.clusters) {
    const rows = [...cluster.runs, ...cluster.naive].map(rowOf);
    const settings = Object.entries(cluster.settings).map(([name, value]) => `${name}=${value}`);
    lines.push("", `== ${cluster.shards} shards, ${cluster.workers} actor threads`, settings.join(" "));
    lines.push("", ...renderTable([...HEADS, ...MORE], rows), ...summaryOf(cluster));
  }
  return lines;
}

function summaryOf(cluster: ClusterReport): readonly string[] {
  const pgbench = (cluster.pgbench ?? []).map((round) => round.tps);
  const naive = cluster.naive.map((m) => m.load.achieved);
  const top = cluster.runs.find((m) => m.terms.rate === cluster.heldRate && m.verdict.holds) ?? cluster.runs.at(-1);
  return [
    "",
    `largest rate that holds   ${cluster.heldRate ?? "none, or not looked for"}`,
    `pgbench TPC-B, 32 clients ${cluster.pgbench === null ? "not measured" : describeSpread(spreadOf(pgbench), " tps")}`,
    `naive service             ${describeSpread(spreadOf(naive), "/s")}`,
    `held rate / pgbench       ${describeSpread(ratioTo(cluster.heldRate, pgbench), "")}`,
    `held rate / naive         ${describeSpread(ratioTo(cluster.heldRate, naive), "")}`,
    ...(top === undefined ? [] : detailOf(top)),
  ];
}

function detailOf(m: Measurement): readonly string[] {
  const { load } = m;
  return [
    `at ${m.terms.rate}/s: generator ${load.cpuUsPerRequest.toFixed(1)} us a request, lag P99 ${ms(load.lag.p99Us)} ms, ` +
      `${(load.lateShare * 100).toFixed(2)} % late by itself, ${(load.starvedShare * 100).toFixed(2)} % for want of a connection`,
    `  replays ${load.replays.right}/${load.replays.due} equal, conflicts ${load.conflicts.right}/${load.conflicts.due} refused, ` +
      `P99 with the gateway ${ms(load.gross.p99Us)} ms, worst ${ms(load.gross.maxUs)} ms`,
    `  log flushes ${m.wal.flushes}, ${m.commitsPerFlush.toFixed(2)} commits a flush, ${m.walBytesPerPayment} B a payment, ` +
      `foreign load ${m.foreignCores.toFixed(2)} cores, node memory ${m.residentMiB.before} -> ${m.residentMiB.after} MiB`,
    `  threads, us a payment: ${m.threads.map((t) => `${t.thread} ${t.usPerPayment}`).join(", ")}`,
    `  audit: ${m.audit.faults.length === 0 ? `${m.audit.payments} payments, no fault` : m.audit.faults.join("; ")}`,
  ];
}
