/** The cluster under test: the sandbox as people start it, on fresh data, with the benchmark's server settings. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SANDBOX_WEBHOOK_SECRETS } from "../sandbox/node-config.ts";
import { readSandboxFile } from "../sandbox/sandbox-file.ts";
import type { SandboxFile } from "../sandbox/sandbox-file.ts";
import type { Profile } from "./profiles.ts";
import type { BenchRedis } from "./redis.ts";
import { findPostmaster, tokenSource } from "./target.ts";
import type { Target } from "./target.ts";

export interface ClusterTerms {
  readonly root: string;
  readonly dataDir: string;
  readonly shards: number;
  readonly merchants: number;
  readonly gateway: Profile["gateway"];
  /** Null: none. It is not ended with the cluster. */
  readonly redis: BenchRedis | null;
  /** What the table calls it beside its shards; empty: nothing. */
  readonly label: string;
  readonly workers: number | null;
  /** Further ones of the sandbox, which win. */
  readonly sandboxArgs: readonly string[];
  /** Beside `benchSettings`. */
  readonly postgresSettings: readonly string[];
}

export interface ClusterTarget extends Target {
  readonly file: SandboxFile;
  /** Null: it has none. */
  readonly redisVersion: string | null;
  /** Actor threads of the node. */
  readonly workers: number;
}

const READY_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 90_000;
const GATEWAY_MS = 50;
/** Requests a second of each merchant: the limiter counts every request and refuses none that a run can send. */
export const RATE_LIMIT = 100_000;

/** A quarter of the memory, 4 GB at most; room for a run without a checkpoint that nobody asked for. */
export function benchSettings(memoryBytes = totalmem()): readonly string[] {
  const gigabytes = Math.max(1, Math.min(4, Math.floor(memoryBytes / 2 ** 32)));
  return [
    `shared_buffers=${gigabytes}GB`,
    "wal_buffers=64MB",
    "max_wal_size=16GB",
    "checkpoint_timeout=15min",
    "checkpoint_completion_target=0.9",
    "max_connections=200",
  ];
}

/** Starts it and waits until it serves. Throws with the end of its log when it does not. */
export async function startCluster(terms: ClusterTerms): Promise<ClusterTarget> {
  rmSync(terms.dataDir, { recursive: true, force: true });
  mkdirSync(terms.dataDir, { recursive: true });
  const logPath = join(terms.dataDir, "bench-sandbox.log");
  const log = openSync(logPath, "a");
  const child = spawn(process.execPath, [join(terms.root, "ops/sandbox/start.ts"), ...argumentsOf(terms)], {
    cwd: terms.root,
    stdio: ["ignore", log, log],
    env: { ...process.env, npm_lifecycle_event: undefined },
  });
  closeSync(log);
  try {
    const file = await waitForFile(child, terms.dataDir, logPath);
    return await targetOf(child, file, terms);
  } catch (error) {
    await stopSandbox(child);
    throw error;
  }
}

function argumentsOf(terms: ClusterTerms): readonly string[] {
  return [
    `--data-dir=${terms.dataDir}`,
    `--shards=${terms.shards}`,
    `--merchants=${terms.merchants}`,
    `--rate-limit=${RATE_LIMIT}`,
    ...(terms.redis === null ? [] : [`--redis=${terms.redis.url}`]),
    ...(terms.gateway === "fixed-latency" ? ["--gateway", `fixed-latency:${GATEWAY_MS}`] : []),
    ...(terms.workers === null ? [] : ["--workers", String(terms.workers)]),
    ...[...benchSettings(), ...terms.postgresSettings].flatMap((setting) => ["--postgres-set", setting]),
    ...terms.sandboxArgs,
  ];
}

async function waitForFile(child: ChildProcess, dataDir: string, logPath: string): Promise<SandboxFile> {
  const limitMs = performance.now() + READY_LIMIT_MS;
  while (performance.now() < limitMs) {
    if (child.exitCode !== null) break;
    const file = readSandboxFile(dataDir);
    if (file !== undefined) return file;
    await sleep(50);
  }
  throw new Error(`the sandbox did not start:\n${readFileSync(logPath, "utf8").slice(-2000)}`);
}

async function targetOf(child: ChildProcess, file: SandboxFile, terms: ClusterTerms): Promise<ClusterTarget> {
  const { redis } = terms;
  if (file.redisUrl !== (redis?.url ?? null)) throw new Error(`the sandbox says that its Redis is ${file.redisUrl}`);
  const serverDsn = file.postgres.control.ownerDsn;
  const postmaster = await findPostmaster(serverDsn);
  const nodes = file.nodes.map((node) => ({ name: "node", pid: node.pid }));
  return {
    name: nameOf(terms),
    file,
    workers: terms.workers ?? Math.max(1, availableParallelism() - 1), // the node's own rule
    apiUrl: file.apiUrl,
    tokens: tokenSource(file.tokenUrl, file.merchants),
    servicePid: file.nodes[0]?.pid ?? 0,
    roots: [
      ...nodes,
      ...(postmaster === undefined ? [] : [{ name: "postgres", pid: postmaster }]),
      ...(redis === null || redis.pid === null ? [] : [{ name: "redis", pid: redis.pid }]),
      { name: "gateways", pid: child.pid ?? 0 }, // the simulators and their parent
    ],
    serverDsn,
    shardDsns: file.postgres.shards.map((shard) => shard.ownerDsn),
    gapless: true,
    redisUrl: redis?.url ?? null,
    redisVersion: redis?.version ?? null,
    notices: {
      url: `${file.apiUrl}/v1/webhooks/adyen`,
      hmacKey: SANDBOX_WEBHOOK_SECRETS.adyen,
      controlUrl: file.gateways.adyen.controlUrl ?? "",
      chargeLog: file.gateways.adyen.chargeLog,
    },
    stop: () => stopSandbox(child),
  };
}

const nameOf = ({ shards, label, redis }: ClusterTerms): string =>
  [
    "cluster",
    `${shards} ${shards === 1 ? "shard" : "shards"}`,
    ...(label === "" ? [] : [label]),
    ...(redis === null ? [] : ["Redis"]),
  ].join(", ");

/** Ends it in order; harder when it hangs: its parts end when their parent is gone. */
async function stopSandbox(child: ChildProcess): Promise<void> {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (hasEnded()) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await Promise.race([ended, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  if (!hasEnded()) child.kill("SIGKILL");
  await ended;
}
