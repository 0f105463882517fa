/**
 * PostgreSQL 18 from the npm package, as a process of ours: makes the data, starts, stops, and ends what an earlier
 * start left over. Durable settings always; TCP on 127.0.0.1 with a random password, no Unix socket.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import { lastLines, openLog } from "./log-file.ts";
import { reservePort } from "./ports.ts";
import {
  discardData,
  endLeftOvers,
  ENVIRONMENT,
  idsOf,
  makeData,
  POSTGRES_USER,
  readMemo,
  writeMemo,
} from "./postgres-data.ts";
import { preparePlace, type PostgresPlace } from "./postgres-place.ts";
import { waitFor } from "./processes.ts";

/** Server settings by their PostgreSQL names; values as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

export interface EmbeddedPostgresOptions {
  /** A folder of its own: holds the password, the log, and the data unless its user cannot reach it. Made if missing. */
  readonly dataDir: string;
  /** Preferred port, 5440 unless said; when it is taken another is chosen, unless `exactPort`. 0: any. */
  readonly port?: number;
  readonly exactPort?: boolean;
  readonly settings?: PostgresSettings;
}

export interface EmbeddedPostgres {
  /** All rights, database `postgres`. */
  readonly ownerUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** Where the data lies, and the programs when they had to be copied. */
  readonly place: PostgresPlace;
  /** Settles when the server has ended, with the signal that ended it, if any. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Fast shutdown; settles when no process is left. Harmless when called again. */
  stop(): Promise<void>;
  /** Immediate shutdown without waiting; the next start recovers. */
  abandon(): void;
}

const START_LIMIT_MS = 120_000; // recovery after a crash reads up to max_wal_size of WAL

/** Durable whatever a caller says; a few connections per shard and thread, tests and people. */
const DEFAULTS: PostgresSettings = {
  max_connections: "200",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  wal_sync_method: "fdatasync",
  log_error_verbosity: "terse", // the detail line of a unique violation shows the key's value
  log_checkpoints: "off",
  timezone: "UTC",
  log_timezone: "UTC",
};
const FIXED: PostgresSettings = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  logging_collector: "off",
};

/**
 * Starts the server on `dataDir` and waits until it takes connections. Left-overs of a starter that died are ended
 * first. Throws FolderInUseError when a living process runs it, else an Error that says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const locks: FolderLock[] = [lockFolder(dataDir)];
  try {
    const memo = readMemo(dataDir);
    const known = memo === undefined ? undefined : (memo.home ?? join(dataDir, "home"));
    // a copied data folder names the same home: its lock keeps us from ending the original's server
    if (known !== undefined && existsSync(known)) locks.push(lockFolder(known));
    if (known !== undefined) await endLeftOvers(join(known, "data"));
    const place = preparePlace(dataDir, known);
    if (place.home !== known || locks.length === 1) {
      locks.splice(1).forEach((lock) => lock.release());
      locks.push(lockFolder(place.home));
    }
    if (memo === undefined) await discardData(join(place.home, "data")); // of a data folder that was removed
    const password = memo?.password ?? randomBytes(24).toString("base64url");
    writeMemo(dataDir, { version: 1, password, home: place.home === join(dataDir, "home") ? null : place.home });
    makeData(place, password);
    return await startServer(dataDir, place, password, options, () => locks.forEach((lock) => lock.release()));
  } catch (error) {
    locks.forEach((lock) => lock.release());
    throw error;
  }
}

async function startServer(
  dataDir: string,
  place: PostgresPlace,
  password: string,
  options: EmbeddedPostgresOptions,
  release: () => void,
): Promise<EmbeddedPostgres> {
  const logFile = join(dataDir, "postgres.log");
  const preferred = options.port ?? 5440;
  for (let attempt = 1; ; attempt++) {
    const reserved = options.exactPort === true ? { port: preferred, release: () => {} } : await reservePort(preferred);
    const { port } = reserved;
    const child = spawnServer(place, port, logFile, options.settings ?? {});
    const ended = new Promise<NodeJS.Signals | null>((done) => {
      child.once("exit", (_code, signal) => done(signal));
      child.once("error", () => done(null));
    });
    const up = await isUp(child, join(place.home, "data"));
    if (up && child.pid !== undefined) {
      const stop = async (): Promise<void> => {
        await stopServer(child);
        await endLeftOvers(join(place.home, "data")); // backends that outlive a killed server
        reserved.release();
        release();
      };
      const ownerUrl = `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/postgres`;
      return { ownerUrl, port, pid: child.pid, logFile, place, ended, stop, abandon: () => void child.kill("SIGQUIT") };
    }
    await stopServer(child);
    reserved.release();
    const tail = lastLines(logFile, 10);
    // between our look and its bind somebody took the port
    const portTaken = tail.some((line) => line.includes("Address already in use"));
    if (!portTaken || options.exactPort === true || attempt === 5)
      throw new Error(`PostgreSQL did not start. Last lines of ${logFile}:\n${tail.join("\n")}`);
  }
}

function spawnServer(place: PostgresPlace, port: number, logFile: string, settings: PostgresSettings): ChildProcess {
  const all = { ...DEFAULTS, ...settings, ...FIXED, port: String(port) };
  const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = openLog(logFile);
  try {
    return spawn(join(place.native, "bin/postgres"), ["-D", join(place.home, "data"), ...args], {
      ...idsOf(place),
      cwd: "/",
      env: ENVIRONMENT,
      stdio: ["ignore", log, log],
      detached: true, // a process group of its own: Ctrl-C on the terminal is for us, who stop it in order
    });
  } finally {
    closeSync(log);
  }
}

/** Waits for the line `ready` that the server writes into its pid file; false when it ended or takes too long. */
async function isUp(child: ChildProcess, data: string): Promise<boolean> {
  const state = (): string | undefined => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return "ended";
    try {
      const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
      return lines[0] === String(child.pid) ? lines[7]?.trim() : undefined;
    } catch {
      return undefined;
    }
  };
  await waitFor(() => state() === "ready" || state() === "ended", START_LIMIT_MS);
  return state() === "ready";
}

/** Fast shutdown; a server that hangs is ended harder, at last with its whole group. */
async function stopServer(child: ChildProcess): Promise<void> {
  const hasEnded = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const steps = [
    { signal: "SIGINT", waitMs: 30_000 },
    { signal: "SIGQUIT", waitMs: 7_000 }, // after 5 s of it the server kills its own children
    { signal: "SIGKILL", waitMs: 5_000 },
  ] as const;
  for (const { signal, waitMs } of steps) {
    if (hasEnded()) return;
    child.kill(signal);
    await waitFor(hasEnded, waitMs);
  }
}
