/** One cluster measured: one point, or the floor rate and the search for the largest that holds, with yardsticks in between. */
import { join } from "node:path";
import { measureBreaker } from "./breaker.ts";
import { RATE_LIMIT, startCluster } from "./cluster.ts";
import type { ClusterTarget } from "./cluster.ts";
import { COLD_START_ARGS, COLD_START_WORKERS, coldStart } from "./cold-start.ts";
import { readServerSettings } from "./machine.ts";
import { FLOOR_RATE } from "./plan.ts";
import type { Window } from "./plan.ts";
import type { BenchRedis } from "./redis.ts";
import type { ClusterReport } from "./report.ts";
import { searchRate } from "./step-search.ts";
import { Stage } from "./stage.ts";
import type { BenchContext } from "./stage.ts";

/** Starts a cluster of `shards` on fresh data and measures what the plan says. Its processes are gone afterwards. */
export async function benchCluster(context: BenchContext, shards: number): Promise<ClusterReport> {
  const { options, plan, profile, redis } = context;
  const dataDir = join(context.dataDir, `shards-${shards}`);
  const cluster = await launch(context, shards, dataDir, redis);
  const stage = new Stage(context, cluster);
  const measureS = Math.max(plan.full.measureS, profile.measureMinS);
  const full = { warmupS: options.warmupS ?? plan.full.warmupS, measureS: options.seconds ?? measureS };
  const heldRate =
    options.rate === null
      ? await searchAll(context, stage, dataDir, full)
      : await holds(stage, options.rate, full, options.cpuProf);
  const breaker = options.notices === null ? null : await measureBreaker(cluster, "breaker");
  return { ...(await conclude(context, stage, cluster, shards, heldRate)), breaker };
}

/** Starts a cluster on fresh data, gets payments into doubt and kills its node. Its processes are gone afterwards. */
export async function benchRecovery(
  context: BenchContext,
  terms: NonNullable<BenchContext["options"]["recovery"]>,
): Promise<ClusterReport> {
  const dataDir = join(context.dataDir, "recovery");
  const cluster = await launch(context, 1, dataDir, context.redis);
  const recovery = await coldStart({ ...terms, dataDir, say: context.say });
  return { ...(await conclude(context, new Stage(context, cluster), cluster, 1, null)), recovery };
}

/** The cluster, started; `redis`: null for none. */
export async function launch(
  context: BenchContext,
  shards: number,
  dataDir: string,
  redis: BenchRedis | null,
): Promise<ClusterTarget> {
  const { root, options, profile, stops } = context;
  const { merchants, workers, postgresSettings } = options;
  const { gateway, label } = profile;
  const sandboxArgs = options.recovery === null ? [] : COLD_START_ARGS;
  const cluster = await startCluster({
    root,
    dataDir,
    shards,
    merchants,
    gateway,
    label,
    redis,
    workers: options.recovery === null ? workers : COLD_START_WORKERS,
    sandboxArgs,
    postgresSettings,
  });
  stops.add(cluster.stop);
  context.say(`${cluster.name}: it is up`);
  return cluster;
}

/** Ends the cluster and what is beside it, and says what was measured of it. */
export async function conclude(
  { pgbench, stops, options }: BenchContext,
  stage: Stage,
  cluster: ClusterTarget,
  shards: number,
  heldRate: number | null,
): Promise<ClusterReport> {
  const settings = await readServerSettings(cluster.serverDsn);
  await stage.endYardsticks();
  stops.delete(cluster.stop);
  await cluster.stop();
  return {
    shards,
    workers: cluster.workers,
    merchants: options.merchants,
    rateLimit: RATE_LIMIT,
    redis: cluster.redisVersion,
    settings,
    runs: stage.runs,
    naive: stage.naiveRuns,
    pgbench: pgbench === undefined ? null : stage.pgbenchRounds,
    heldRate,
    breaker: null,
    recovery: null,
  };
}

async function holds(stage: Stage, rate: number, full: Window, profileDir: string | null): Promise<number | null> {
  const { verdict } = await stage.cluster({ rate, ...full, profileDir });
  return verdict.holds ? rate : null;
}

async function searchAll(
  { options, plan, profile, startedMs }: BenchContext,
  stage: Stage,
  dataDir: string,
  full: Window,
): Promise<number | null> {
  const late = (): boolean => performance.now() - startedMs > plan.probesUntilS * 1000;
  const yardsticks = async (): Promise<void> => {
    if (profile.yardsticks) await stage.yardsticks();
  };
  if (profile.yardsticks) await stage.prepareYardsticks(dataDir);
  await yardsticks();
  const floor = await holds(stage, FLOOR_RATE, full, options.cpuProf);
  let roundsLeft = plan.rounds - 2;
  const heldRate = await searchRate(plan.search, async (rate, length) => {
    if (rate === FLOOR_RATE) return floor !== null; // measured above, in full
    if (length === "probe") return !late() && (await stage.cluster({ rate, ...plan.probe })).verdict.holds;
    if (roundsLeft-- > 0) await yardsticks();
    return (await holds(stage, rate, full, null)) !== null;
  });
  await yardsticks();
  return heldRate;
}
