/** `npm run bench`: measures, prints the table, writes `last.json`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchCluster, benchRecovery } from "./bench.ts";
import { calibrate } from "./calibrate.ts";
import type { CompareReport } from "./compare-report.ts";
import { compareRedis } from "./compare.ts";
import { readMachineFacts } from "./machine.ts";
import { readOptions, USAGE } from "./options.ts";
import type { BenchOptions } from "./options.ts";
import { findPgbench, stackDirOf } from "./pgbench.ts";
import { FULL_PLAN, QUICK_PLAN } from "./plan.ts";
import { PROFILES } from "./profiles.ts";
import { isRecovered } from "./recovery-report.ts";
import { bringRedis } from "./redis.ts";
import type { BenchRedis } from "./redis.ts";
import { renderReport } from "./report.ts";
import type { BenchReport, ClusterReport } from "./report.ts";
import type { BenchContext } from "./stage.ts";

const ROOT = join(import.meta.dirname, "../..");
const STACK = join(ROOT, ".stack");
const LAST = join(import.meta.dirname, "last.json");
const EXIT = { measured: 0, failed: 1, noPgbench: 2, wrongUsage: 2, interrupted: 130 } as const;

const say = (line: string): void => console.error(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${line}`);

const verdict = readOptions(process.argv.slice(2));
if (verdict.kind === "help") console.log(USAGE);
else if (verdict.kind === "wrong") {
  console.error(`${verdict.message}\n\n${USAGE}`);
  process.exitCode = EXIT.wrongUsage;
} else if (verdict.options.calibrate) for (const line of await calibrate(verdict.options)) console.log(line);
else process.exitCode = await bench(verdict.options);

async function bench(options: BenchOptions): Promise<number> {
  const plan = options.quick ? QUICK_PLAN : FULL_PLAN;
  const profile = PROFILES[options.profile];
  const dataDir = join(STACK, "bench", String(process.pid));
  mkdirSync(dataDir, { recursive: true });
  const stops = new Set<() => Promise<void>>();
  let ending = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (ending) return; // npm passes a Ctrl-C on a second time, and what runs must still be stopped in order
      ending = true;
      void cleanUp(stops, dataDir).finally(() => process.exit(EXIT.interrupted));
    });
  const wantsPgbench = options.pgbench && options.rate === null && options.compare === null && profile.yardsticks;
  const pgbench = wantsPgbench ? await findPgbench(stackDirOf(ROOT), say) : undefined;
  const machine = readMachineFacts(dataDir);
  const clusters: ClusterReport[] = [];
  const comparisons: CompareReport[] = [];
  let failure: unknown;
  try {
    const redis = await redisFor(options, dataDir, stops);
    const startedMs = performance.now();
    const context: BenchContext = {
      root: ROOT,
      dataDir,
      options,
      profile,
      plan,
      pgbench,
      redis,
      startedMs,
      say,
      stops,
    };
    for (const shards of options.shards ?? profile.shards ?? (options.compare === null ? plan.shards : [1]))
      if (options.compare !== null && redis !== null) {
        const compared = await compareRedis(context, shards, redis);
        clusters.push(...compared.clusters);
        comparisons.push(compared.report);
      } else if (options.recovery !== null) clusters.push(await benchRecovery(context, options.recovery));
      else clusters.push(await benchCluster(context, shards));
  } catch (error) {
    failure = error;
  }
  await cleanUp(stops, dataDir);
  const report: BenchReport = {
    at: new Date().toISOString(),
    command: process.argv.slice(2).join(" "),
    machine,
    pgbenchVersion: pgbench?.version ?? null,
    clusters,
    comparisons,
  };
  writeFileSync(LAST, `${JSON.stringify(report, null, 1)}\n`);
  for (const line of renderReport(report)) console.log(line);
  if (failure !== undefined) {
    console.error(`the benchmark did not end: ${(failure as Error).stack ?? "no reason"}`);
    return EXIT.failed;
  }
  const faulty = clusters.some(
    ({ runs, naive, recovery }) =>
      [...runs, ...naive].some((m) => m.audit.faults.length > 0) || (recovery !== null && !isRecovered(recovery)),
  );
  if (faulty) return EXIT.failed;
  return wantsPgbench && pgbench === undefined ? EXIT.noPgbench : EXIT.measured;
}

/** The Redis that the options ask for; a comparison has one anyway. */
async function redisFor(
  { redis, compare }: BenchOptions,
  dataDir: string,
  stops: Set<() => Promise<void>>,
): Promise<BenchRedis | null> {
  const wanted = redis ?? (compare === null ? null : "own");
  if (wanted === null) return null;
  const brought = await bringRedis(wanted, STACK, join(dataDir, "redis"));
  stops.add(brought.stop);
  say(`Redis ${brought.version} on ${new URL(brought.url).host}`);
  return brought;
}

/** Stops what still runs, the last started first, and removes the data, wherever the sandbox had to put it. */
async function cleanUp(stops: Set<() => Promise<void>>, dataDir: string): Promise<void> {
  for (const stop of [...stops].toReversed()) await stop().catch((error: unknown) => say(String(error)));
  stops.clear();
  for (const cluster of existsSync(dataDir) ? readdirSync(dataDir) : []) {
    const home = homeOf(join(dataDir, cluster, "postgres", "postgres.json"));
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  }
  rmSync(dataDir, { recursive: true, force: true });
}

/** Where a database lies that its unprivileged user could not reach here; undefined: in its folder. */
function homeOf(memo: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(memo, "utf8")) as { readonly home: string | null }).home ?? undefined;
  } catch {
    return undefined;
  }
}
