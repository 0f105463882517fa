/** A whole cluster for one test: a sandbox in a folder of its own, looked at from outside. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { removeShelters } from "../../../ops/sandbox/index.ts";
import { type NodeAddress, readSandboxFile, type SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import { SandboxProcess } from "../../../ops/test/sandbox-process.ts";

/** A probe commits on each shard; a node that takes longer is not ready. */
const READY_ANSWER_MS = 5_000;

export class Cluster {
  readonly dataDir: string;
  readonly #process: SandboxProcess;
  #info: SandboxFile | undefined;
  /** Pids of nodes that stand still. */
  readonly #frozen = new Map<string, number>();

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
  /** Of the first node. */
  get nodePid(): number {
    return this.info.nodes[0]?.pid as number;
  }
  get nodes(): readonly NodeAddress[] {
    return this.info.nodes;
  }
  /** As it is now. Throws when there is no such node. */
  nodeOf(id: string): NodeAddress {
    const node = this.nodes.find((one) => one.id === id);
    if (node === undefined) throw new Error(`no node ${id}; there are ${this.nodes.map((one) => one.id).join(", ")}`);
    return node;
  }
  /** Of its newest process that became ready; a killed one's until its successor is. */
  nodePidOf(id: string): number {
    return this.nodeOf(id).pid;
  }

  /** SIGKILL, whether it is frozen or not; it is started again by itself. Returns the pid that it had, for `isBack`. */
  killNode(id: string): number {
    const pid = this.nodePidOf(id);
    process.kill(pid, "SIGKILL");
    this.#frozen.delete(id);
    return pid;
  }
  /** Whether a successor of the process `pid` of a node can commit on every shard that it owns. */
  async isBack(id: string, pid: number): Promise<boolean> {
    const node = this.nodeOf(id);
    return node.pid !== pid && (await isNodeReady(node));
  }
  /** SIGSTOP; harmless when it is frozen already. */
  freezeNode(id: string): void {
    const pid = this.nodePidOf(id);
    process.kill(pid, "SIGSTOP");
    this.#frozen.set(id, pid);
  }
  /** SIGCONT to the process that was frozen; nothing happens when there is none, or it has died. */
  thawNode(id: string): void {
    const pid = this.#frozen.get(id);
    this.#frozen.delete(id);
    if (pid === undefined) return;
    try {
      process.kill(pid, "SIGCONT");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Rows of a query on every shard's database, as its owner. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { shards } = this.info.postgres;
    return (await Promise.all(shards.map(({ ownerDsn }) => queryOne<Row>(ownerDsn, sql, values)))).flat();
  }

  async dispose(): Promise<void> {
    for (const id of this.#frozen.keys()) this.thawNode(id); // a frozen one cannot drain
    await this.#process.dispose();
    removeShelters(this.dataDir);
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
  client.on("error", () => {}); // a server that is ended meanwhile: the query, if there still is one, rejects
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
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

/** Whether every shard of every node can commit. */
export async function isReady({ nodes }: SandboxFile): Promise<boolean> {
  return (await Promise.all(nodes.map(isNodeReady))).every(Boolean);
}

/** Whether every shard of one node can commit; one that owns none is ready too. A frozen node is not, after 5 s. */
export async function isNodeReady({ adminUrl }: NodeAddress): Promise<boolean> {
  const signal = AbortSignal.timeout(READY_ANSWER_MS);
  const response = await fetch(`${adminUrl}/readyz`, { signal }).catch(() => undefined);
  return response?.status === 200;
}
