/** What the figures were measured on: the machine, and the database server's settings as the server itself gives them. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { withDatabase } from "./databases.ts";

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** `kernel.sched_autogroup_enabled`: "1" lets each database backend weigh as much as the whole node. */
  readonly schedAutogroup: string;
  /** Median time of one 8 kB write with fdatasync, microseconds. */
  readonly fdatasyncUs: number;
}

/** `folder`: on the disk that holds the databases. */
export function readMachineFacts(folder: string): MachineFacts {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    schedAutogroup: readSysctl("/proc/sys/kernel/sched_autogroup_enabled"),
    fdatasyncUs: measureFdatasync(folder),
  };
}

function readSysctl(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "unknown";
  }
}

function measureFdatasync(folder: string): number {
  const inside = mkdtempSync(join(folder, "fdatasync-"));
  const file = openSync(join(inside, "probe"), "w");
  const block = Buffer.alloc(8192, 1);
  const times: number[] = [];
  for (let i = 0; i < 100; i++) {
    const startMs = performance.now();
    writeSync(file, block, 0, block.length, (i % 16) * block.length);
    fdatasyncSync(file);
    times.push((performance.now() - startMs) * 1000);
  }
  closeSync(file);
  rmSync(inside, { recursive: true });
  return Math.round(times.toSorted((a, b) => a - b)[50] as number);
}

/** Settings that decide what a figure is worth. */
const SETTINGS = [
  "server_version",
  "fsync",
  "full_page_writes",
  "synchronous_commit",
  "wal_sync_method",
  "data_checksums",
  "commit_delay",
  "shared_buffers",
  "wal_buffers",
  "max_wal_size",
  "checkpoint_timeout",
  "wal_compression",
  "wal_level",
  "max_connections",
  "autovacuum",
] as const;
export type ServerSettings = Readonly<Record<string, string>>;

/** Each must be on, or the figure says nothing about durable payments. */
const MUST_BE_ON = ["fsync", "full_page_writes", "synchronous_commit"] as const;

/** The settings in force for a connection of `dsn`. */
export async function readServerSettings(dsn: string): Promise<ServerSettings> {
  return await withDatabase(dsn, async (client) => {
    const settings: Record<string, string> = {};
    for (const name of SETTINGS) {
      const { rows } = await client.query<{ value: string }>("SELECT current_setting($1) AS value", [name]);
      settings[name] = rows[0]?.value ?? "unknown";
    }
    return settings;
  });
}

/** Settings that make acknowledged commits less than durable; empty when all is well. */
export const undurableSettings = (settings: ServerSettings): readonly string[] =>
  MUST_BE_ON.filter((name) => settings[name] !== "on").map((name) => `${name}=${settings[name]}`);

/** Counters of one server since it was made. */
export interface WalCounters {
  readonly records: number;
  readonly fullPageImages: number;
  readonly bytes: number;
  /** Flushes of the log to disk. */
  readonly flushes: number;
  readonly commits: number;
}

const COUNTERS = `
SELECT w.wal_records::float8 AS records, w.wal_fpi::float8 AS "fullPageImages", w.wal_bytes::float8 AS bytes,
       (SELECT sum(fsyncs)::float8 FROM pg_stat_io WHERE object = 'wal') AS flushes,
       (SELECT sum(xact_commit)::float8 FROM pg_stat_database) AS commits
  FROM pg_stat_wal w`;

export async function readWalCounters(dsn: string): Promise<WalCounters> {
  return await withDatabase(dsn, async (client) => {
    const { rows } = await client.query<WalCounters>(COUNTERS);
    return rows[0] as WalCounters;
  });
}

/** What was written between two looks. */
export function walBetween(before: WalCounters, after: WalCounters): WalCounters {
  return {
    records: after.records - before.records,
    fullPageImages: after.fullPageImages - before.fullPageImages,
    bytes: after.bytes - before.bytes,
    flushes: after.flushes - before.flushes,
    commits: after.commits - before.commits,
  };
}
