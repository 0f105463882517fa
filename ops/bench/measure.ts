/** One measured load on one target: generator, CPU, log volume, memory, then the audit and the verdict. */
import { randomBytes } from "node:crypto";
import type { Auditor } from "./audit.ts";
import { profileProcess } from "./cpu-profile.ts";
import type { CpuProfiler } from "./cpu-profile.ts";
import { cpuBetween, residentBytes, takeSnapshot, threadSeconds } from "./cpu.ts";
import type { CpuSnapshot, GroupRoot } from "./cpu.ts";
import { withDatabase } from "./databases.ts";
import { DRAIN_MS } from "./load-terms.ts";
import type { LoadFigures, LoadResult } from "./load-terms.ts";
import { runLoad } from "./load.ts";
import { readServerSettings, readWalCounters, undurableSettings, walBetween } from "./machine.ts";
import type { WalCounters } from "./machine.ts";
import { auditNotices, prepareNotices } from "./notices.ts";
import type { PreparedNotices } from "./notices.ts";
import type { Profile } from "./profiles.ts";
import { readRedisCounters, redisBetween } from "./redis.ts";
import type { RedisCounters } from "./redis.ts";
import { connectionsFor } from "./schedule.ts";
import type { Target } from "./target.ts";
import { judge, P99_LIMIT_MS } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

const CONNECTIONS_MAX = 3000;
const BODY_BYTES = 600;

export interface MeasureTerms {
  readonly rate: number;
  readonly warmupS: number;
  readonly measureS: number;
  /** Forces a checkpoint in the middle of the window. */
  readonly checkpoint: boolean;
  /** Finds the most the target can do with so many connections; null: open loop at the rate. */
  readonly capacityConnections: number | null;
  readonly paymentMethod: string;
  readonly mix: Profile["mix"];
  readonly spread: Profile["spread"];
  /** Notifications of a gateway a second, about payments that are made before; null: none. */
  readonly notices: number | null;
  /** What idles beside the target and is not to count as foreign. */
  readonly beside: readonly GroupRoot[];
  /** Folder for CPU profiles of the window; null: none. */
  readonly profileDir: string | null;
}

/** CPU of one thread of the service, microseconds per accepted payment; per right answer where reads are in the mix. */
export interface ThreadUse {
  readonly thread: string;
  readonly usEach: number;
}

export interface Measurement {
  readonly target: string;
  readonly terms: MeasureTerms;
  readonly load: LoadFigures;
  /** Microseconds, as ThreadUse has them, by group of processes; generator and kernel threads too. */
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly foreignCores: number;
  readonly threads: readonly ThreadUse[];
  readonly wal: WalCounters;
  readonly walBytesPerPayment: number;
  readonly commitsPerFlush: number;
  /** Looks into Redis inside the window; null: the target has none, or it did not answer. */
  readonly redis: RedisCounters | null;
  readonly residentMiB: { readonly before: number; readonly after: number };
  readonly audit: { readonly faults: readonly string[]; readonly payments: number; readonly tookMs: number };
  readonly verdict: Verdict;
}

/** A name that is no run's yet, in letters only: digits of keys must not look like a card number. */
const runName = (): string =>
  `bench-${[...randomBytes(8)].map((byte) => String.fromCharCode(97 + (byte % 26))).join("")}`;

/** What is read when the window begins and again when it ends. */
interface Edge {
  readonly cpu: CpuSnapshot;
  readonly threads: ReturnType<typeof threadSeconds>;
  readonly wal: Promise<WalCounters>;
  /** Null: there is none, or it does not answer. */
  readonly redis: Promise<RedisCounters | null>;
  readonly residentBytes: number;
}

function readEdge(target: Target): Edge {
  return {
    cpu: takeSnapshot(),
    threads: threadSeconds(target.servicePid),
    wal: readWalCounters(target.serverDsn),
    redis: target.redisUrl === null ? Promise.resolve(null) : readRedisCounters(target.redisUrl).catch(() => null),
    residentBytes: residentBytes(target.servicePid),
  };
}

/** Runs one load and judges it. Throws when the generator or the target fails as a program. */
export async function measure(target: Target, auditor: Auditor, terms: MeasureTerms): Promise<Measurement> {
  const url = new URL(target.apiUrl);
  const run = runName();
  const edges: Edge[] = [];
  const notices = await noticesFor(target, run, terms);
  let generatorPid = 0;
  let checkpoint: Promise<void> | undefined;
  let profiler: CpuProfiler | undefined;
  const load = await runLoad(
    {
      rate: terms.rate,
      warmupS: terms.warmupS,
      measureS: terms.measureS,
      host: url.host,
      address: url.hostname,
      port: Number(url.port),
      run,
      tokens: await target.tokens(),
      paymentMethod: terms.paymentMethod,
      bodyBytes: BODY_BYTES,
      connections: terms.capacityConnections ?? connectionsFor(terms.rate, P99_LIMIT_MS, CONNECTIONS_MAX),
      mix: terms.mix,
      spread: terms.spread,
      seed: 1,
      notices: notices?.load ?? null,
      drainMs: DRAIN_MS,
      capacity: terms.capacityConnections !== null,
    },
    {
      measuring: (pid) => {
        generatorPid = pid;
        edges.push(readEdge(target));
        if (terms.checkpoint) checkpoint = checkpointAfter(target.serverDsn, (terms.measureS * 1000) / 2);
        if (terms.profileDir !== null) profiler = profileProcess(target.servicePid, terms.profileDir);
      },
      measured: () => {
        edges.push(readEdge(target));
        profiler?.stop();
      },
    },
  );
  await checkpoint;
  await profiler?.saved;
  const [begin, end] = edges;
  if (begin === undefined || end === undefined) throw new Error("the generator did not name its window");
  return await conclude(target, auditor, { terms, run, load, notices, begin, end, generatorPid });
}

async function noticesFor(target: Target, run: string, terms: MeasureTerms): Promise<PreparedNotices | null> {
  if (terms.notices === null) return null;
  if (target.notices === null) throw new Error(`${target.name} takes no notifications`);
  const { warmupS, measureS } = terms;
  return await prepareNotices(target, target.notices, { rate: terms.notices, warmupS, measureS, run });
}

async function checkpointAfter(dsn: string, delayMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await withDatabase(dsn, (client) => client.query("CHECKPOINT"));
}

interface Raw {
  readonly terms: MeasureTerms;
  readonly run: string;
  readonly load: LoadResult;
  readonly notices: PreparedNotices | null;
  readonly begin: Edge;
  readonly end: Edge;
  readonly generatorPid: number;
}

async function conclude(target: Target, auditor: Auditor, raw: Raw): Promise<Measurement> {
  const { outcomes, noticeOutcomes, ...load } = raw.load;
  const { begin, end, notices } = raw;
  const payments = Math.max(1, load.acceptedInWindow);
  const units = load.reads === null ? payments : Math.max(1, load.rightInWindow);
  const roots = [
    ...target.roots,
    ...raw.terms.beside,
    { name: "generator", pid: raw.generatorPid },
    { name: "bench", pid: process.pid },
  ];
  const cpu = cpuBetween(begin.cpu, end.cpu, roots);
  const foreignCores = cpu.foreignS / cpu.wallS;
  const wal = walBetween(await begin.wal, await end.wal);
  const [redisBefore, redisAfter] = [await begin.redis, await end.redis];
  const redis = redisBefore === null || redisAfter === null ? null : redisBetween(redisBefore, redisAfter);
  const { shardDsns: dsns, gapless } = target;
  const inbox = notices === null ? [] : await auditNotices(dsns, notices.before, noticeOutcomes);
  const books = await auditor.audit({ dsns, run: raw.run, outcomes, prepared: notices?.prepared ?? 0, gapless });
  const audit = { ...books, faults: [...books.faults, ...inbox] };
  const undurable = undurableSettings(await readServerSettings(target.serverDsn));
  const perUnit = (seconds: number): number => Math.round((seconds * 1e7) / units) / 10;
  return {
    target: target.name,
    terms: raw.terms,
    load,
    cpuUs: Object.fromEntries(
      [...Object.entries(cpu.groups), ["kernel", cpu.kernelS] as const].map(([name, s]) => [name, perUnit(s)]),
    ),
    foreignCores,
    threads: threadUse(target.servicePid, begin, end, perUnit),
    wal,
    walBytesPerPayment: Math.round(wal.bytes / payments),
    redis,
    commitsPerFlush: wal.commits / Math.max(1, wal.flushes),
    residentMiB: {
      before: Math.round(begin.residentBytes / 2 ** 20),
      after: Math.round(end.residentBytes / 2 ** 20),
    },
    audit,
    verdict: judge({
      load,
      foreignCores,
      auditFaults: audit.faults,
      undurable,
      redisIdle: target.redisUrl !== null && (redis?.hits ?? 0) === 0 && load.replays.right > 0,
    }),
  };
}

/** The busiest threads, the main one named so. */
function threadUse(pid: number, begin: Edge, end: Edge, perUnit: (seconds: number) => number): readonly ThreadUse[] {
  return [...end.threads]
    .map(([tid, { name, seconds }]) => ({
      thread: tid === pid ? "main" : `${name} ${tid}`,
      usEach: perUnit(seconds - (begin.threads.get(tid)?.seconds ?? 0)),
    }))
    .filter((use) => use.usEach >= 1)
    .toSorted((a, b) => b.usEach - a.usEach)
    .slice(0, 8);
}
