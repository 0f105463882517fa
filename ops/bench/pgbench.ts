/**
 * pgbench as the yardstick: its default script (TPC-B like), 32 clients, scale 50, in a database of its own on the
 * server that the cluster uses.
 */
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { withDatabase } from "./databases.ts";

const run = promisify(execFile);

const CLIENTS = 32;
const THREADS = 2;
const SCALE = 50;
const DATABASE = "bench_pgbench";
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** A program that answers to `--version`, and what its loader needs. */
export interface Pgbench {
  readonly path: string;
  readonly version: string;
  readonly libraryPath: string | null;
}

/**
 * Finds pgbench: on PATH, in the distribution's PostgreSQL folders, or its package fetched and unpacked into `stackDir`
 * without installing. Undefined: it cannot be had, and `say` was told why.
 */
export async function findPgbench(stackDir: string, say: (line: string) => void): Promise<Pgbench | undefined> {
  const installed = globSync("/usr/lib/postgresql/*/bin/pgbench").toSorted().toReversed();
  for (const path of ["pgbench", ...installed, ...unpacked(stackDir)]) {
    const found = await ask(path, stackDir);
    if (found !== undefined) return found;
  }
  try {
    await unpackPackage(stackDir);
  } catch (error) {
    say(`pgbench is not installed and its package cannot be had: ${(error as Error).message.split("\n")[0]}`);
    return undefined;
  }
  for (const path of unpacked(stackDir)) {
    const found = await ask(path, stackDir);
    if (found !== undefined) return found;
  }
  say(`pgbench was unpacked into ${stackDir} but does not run`);
  return undefined;
}

const unpacked = (stackDir: string): readonly string[] =>
  globSync(join(stackDir, "usr/lib/postgresql/*/bin/pgbench")).toSorted().toReversed();

async function ask(path: string, stackDir: string): Promise<Pgbench | undefined> {
  const libraries = path.startsWith(stackDir) ? globSync(join(stackDir, "usr/lib/*-linux-*")) : [];
  const libraryPath = libraries.length > 0 ? libraries.join(":") : null;
  try {
    const { stdout } = await run(path, ["--version"], { env: environmentOf(libraryPath) });
    return { path, version: stdout.trim(), libraryPath };
  } catch {
    return undefined;
  }
}

const environmentOf = (libraryPath: string | null): NodeJS.ProcessEnv =>
  libraryPath === null ? process.env : { ...process.env, LD_LIBRARY_PATH: libraryPath };

/** Fetches the newest `postgresql-<n>` package, which holds pgbench, and the client library that it loads. */
async function unpackPackage(stackDir: string): Promise<void> {
  mkdirSync(stackDir, { recursive: true });
  const { stdout } = await run("apt-cache", ["search", "--names-only", "^postgresql-[0-9]+$"]);
  const names = [...stdout.matchAll(/^(postgresql-(\d+)) /gm)].map((match) => ({
    name: match[1] as string,
    major: Number(match[2]),
  }));
  const newest = names.toSorted((a, b) => b.major - a.major)[0];
  if (newest === undefined) throw new Error("no package list names postgresql-<n>");
  await run("apt-get", ["download", newest.name, "libpq5"], { cwd: stackDir });
  for (const file of readdirSync(stackDir))
    if (file.endsWith(".deb")) await run("dpkg-deb", ["-x", join(stackDir, file), stackDir]);
}

/** One round. */
export interface PgbenchRound {
  readonly tps: number;
  readonly latencyMs: number;
  readonly seconds: number;
}

export class PgbenchYardstick {
  readonly #pgbench: Pgbench;
  readonly #server: URL;

  constructor(pgbench: Pgbench, ownerDsn: string) {
    this.#pgbench = pgbench;
    this.#server = new URL(ownerDsn);
  }

  get version(): string {
    return this.#pgbench.version;
  }

  /** Makes the database and fills it (about 750 MB). */
  async prepare(): Promise<void> {
    await withDatabase(this.#server.href, async (admin) => {
      await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${DATABASE}`);
    });
    await this.#run(["-i", "-q", "-s", String(SCALE), "-I", "dtGvp"]);
  }

  async drop(): Promise<void> {
    await withDatabase(this.#server.href, async (admin) => {
      await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
    });
  }

  /** Throws when pgbench fails or a client was aborted. */
  async round(seconds: number): Promise<PgbenchRound> {
    const output = await this.#run(["-n", "-c", String(CLIENTS), "-j", String(THREADS), "-T", String(seconds)]);
    return { ...parseOutput(output), seconds };
  }

  async #run(args: readonly string[]): Promise<string> {
    const { hostname, port, username, password } = this.#server;
    const { stdout } = await run(
      this.#pgbench.path,
      [
        "-h",
        decodeURIComponent(hostname),
        "-p",
        port === "" ? "5432" : port,
        "-U",
        decodeURIComponent(username),
        ...args,
        DATABASE,
      ],
      {
        env: { ...environmentOf(this.#pgbench.libraryPath), PGPASSWORD: decodeURIComponent(password) },
        maxBuffer: OUTPUT_BYTES_MAX,
      },
    );
    return stdout;
  }
}

/** The figures of pgbench's report. Throws when it has none. */
export function parseOutput(output: string): { readonly tps: number; readonly latencyMs: number } {
  const tps = /^tps = ([\d.]+)/m.exec(output)?.[1];
  const latencyMs = /^latency average = ([\d.]+) ms/m.exec(output)?.[1];
  if (tps === undefined || latencyMs === undefined)
    throw new Error(`pgbench printed no figures: ${output.slice(-300)}`);
  return { tps: Number(tps), latencyMs: Number(latencyMs) };
}

/** Where unpacked packages lie below the project's folder. */
export const stackDirOf = (root: string): string => {
  const folder = join(root, ".stack", "pgbench");
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return folder;
};
