/** A whole cluster for one test: a sandbox in a folder of its own, looked at from outside. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { readSandboxFile, type SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import { SandboxProcess } from "../../../ops/test/sandbox-process.ts";

export class Cluster {
  readonly dataDir: string;
  readonly #process: SandboxProcess;
  #info: SandboxFile | undefined;

  private constructor(args: readonly string[]) {
    this.dataDir = mkdtempSync(join(tmpdir(), "payment-cluster-"));
    const start = join(import.meta.dirname, "../../../ops/sandbox/start.ts");
    this.#process = new SandboxProcess([process.execPath, start, "--data-dir", this.dataDir, ...args], this.dataDir);
  }

  /** Starts it and waits until every part answers. */
  static async start(...args: readonly string[]): Promise<Cluster> {
    const cluster = new Cluster(args);
    try {
      cluster.#info = await cluster.#process.ready();
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
    return cluster;
  }

  /** `sandbox.json` as it is now; while it is being rewritten, as it was. */
  get info(): SandboxFile {
    this.#info = readSandboxFile(this.dataDir) ?? this.#info;
    return this.#info as SandboxFile;
  }
  get nodePid(): number {
    return this.info.nodes[0]?.pid as number;
  }

  /** Rows of a query on every shard's database, as its owner. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { shards } = this.info.postgres;
    return (await Promise.all(shards.map(({ ownerDsn }) => queryOne<Row>(ownerDsn, sql, values)))).flat();
  }

  async dispose(): Promise<void> {
    await this.#process.dispose();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Rows of one query on one database. */
export async function queryOne<Row extends pg.QueryResultRow>(
  dsn: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Looks every 100 ms until `holds`; throws what it waited for when `withinMs` have passed. */
export async function until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const endAtMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > endAtMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100)); // between two looks
  }
}

/** Whether every shard of the node can commit. */
export async function isReady(info: SandboxFile): Promise<boolean> {
  const response = await fetch(`${info.nodes[0]?.adminUrl}/readyz`).catch(() => undefined);
  return response?.status === 200;
}
