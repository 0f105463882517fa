/**
 * What Redis costs: two clusters that differ in nothing else, both up, loaded in turns, to all that they can do unless a rate is given. The order
 * changes with every round, so that a machine that gets slower or faster favours neither.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { conclude, launch } from "./bench.ts";
import type { ClusterTarget } from "./cluster.ts";
import type { CompareReport, CompareRound } from "./compare-report.ts";
import type { Measurement } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { BenchRedis } from "./redis.ts";
import type { ClusterReport } from "./report.ts";
import { Stage } from "./stage.ts";
import type { BenchContext, ClusterRun } from "./stage.ts";

/** A core is saturated by so many clients, and by so many requests a second at the very least. */
const CONNECTIONS_PER_CORE = 300;
const RATE_PER_CORE = 8_000;

export interface Compared {
  readonly clusters: readonly ClusterReport[];
  readonly report: CompareReport;
}

/** Measures clusters of `shards` without and with `redis`. Their processes are gone afterwards. */
export async function compareRedis(context: BenchContext, shards: number, redis: BenchRedis): Promise<Compared> {
  const { options, plan, say } = context;
  const { rounds, window } = plan.compare;
  const off = await launch(context, shards, join(context.dataDir, `shards-${shards}-off`), null);
  const on = await launch(context, shards, join(context.dataDir, `shards-${shards}-on`), redis);
  const stages = { off: new Stage(context, off, besides(on)), on: new Stage(context, on, besides(off)) };
  const run: ClusterRun = {
    ...loadOf(options),
    warmupS: options.warmupS ?? window.warmupS,
    measureS: options.seconds ?? window.measureS,
  };
  say("both are loaded once; these figures do not count");
  for (const side of ["off", "on"] as const) {
    await stages[side].cluster(run);
    stages[side].runs.pop();
  }
  const done: CompareRound[] = [];
  for (let round = 0; round < rounds; round++) {
    const found: Partial<Record<"off" | "on", Measurement>> = {};
    for (const side of round % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const))
      found[side] = await stages[side].cluster(run);
    done.push({ off: sideOf(found.off as Measurement), on: sideOf(found.on as Measurement) });
  }
  const clusters = [
    await conclude(context, stages.off, off, shards, null),
    await conclude(context, stages.on, on, shards, null),
  ];
  const { version, pid } = redis;
  return { clusters, report: { shards, rate: options.rate, redis: version, redisPid: pid, rounds: done } };
}

/** The same rate for both, or more than any of them can do. */
function loadOf({ rate }: BenchOptions): Pick<ClusterRun, "rate" | "capacityConnections"> {
  if (rate !== null) return { rate };
  const cores = availableParallelism();
  return { rate: RATE_PER_CORE * cores, capacityConnections: CONNECTIONS_PER_CORE * cores };
}

/** The processes of the cluster that idles. */
const besides = (other: ClusterTarget): ClusterTarget["roots"] =>
  other.roots.map(({ name, pid }) => ({ name: name === "redis" ? name : "beside", pid }));

const sideOf = ({ load, cpuUs, verdict, audit }: Measurement): CompareRound["off"] => ({
  achieved: load.achieved,
  cpuUs,
  wrong: load.fresh.wrong + load.replays.wrong + load.conflicts.wrong + load.faultyInWarmup,
  faults: [...audit.faults, ...verdict.voidFor],
});
