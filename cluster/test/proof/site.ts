/**
 * A sandbox that a proof holds in its hands: PostgreSQL, both gateway simulators and one node that reaches them, and is
 * reached, over links only. Each lane has a merchant on a shard of its own. The node can be killed and started again
 * while everything else stays.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { prepareCluster } from "../../../ops/sandbox/cluster-data.ts";
import { SandboxFolder } from "../../../ops/sandbox/folder.ts";
import { startEmbeddedPostgres } from "../../../ops/sandbox/index.ts";
import { describeLog, type ProgramPart } from "../../../ops/sandbox/part.ts";
import { reservePort } from "../../../ops/sandbox/ports.ts";
import { gatewaysPart, nodePart, type NodeReady } from "../../../ops/sandbox/programs.ts";
import { waitUntilReady } from "../../../ops/sandbox/readiness.ts";
import { describeSandbox, type SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import type { Cluster } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { Lane } from "./lane.ts";
import { Links } from "./links.ts";
import { MessageLog } from "./message-log.ts";
import type { ProvenGateway } from "./scenario.ts";
import { type Seat, seatsOf } from "./seats.ts";
import { nodeConfigOf, tellAdyen } from "./site-config.ts";

const READY_WITHIN_MS = 60_000;
const LATE_REQUEST_WITHIN_MS = 5_000;
const OPS = join(import.meta.dirname, "../../../ops");

type Undo = () => unknown;

interface Parts {
  readonly links: Links;
  readonly node: ProgramPart<NodeReady>;
  readonly undo: Undo[];
}

export class Site {
  readonly log: MessageLog;
  readonly info: SandboxFile;
  readonly seats: readonly Seat[];
  readonly #parts: Parts;
  #up: Promise<void> = Promise.resolve();

  private constructor(parts: Parts, log: MessageLog, info: SandboxFile, seats: readonly Seat[]) {
    this.#parts = parts;
    this.log = log;
    this.info = info;
    this.seats = seats;
  }

  /** Everything in a new folder, with `laneCount` shards and merchants. Throws what did not start, and leaves nothing. */
  static async start(laneCount: number): Promise<Site> {
    const undo: Undo[] = [];
    try {
      return await Site.#start(laneCount, undo);
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  }

  static async #start(laneCount: number, undo: Undo[]): Promise<Site> {
    const path = mkdtempSync(join(tmpdir(), "payment-cluster-proof-"));
    chmodSync(path, 0o755); // PostgreSQL's user must look into it
    undo.push(() => rmSync(path, { recursive: true, force: true }));
    const log = new MessageLog();
    const lanes = Array.from({ length: laneCount }, (_, index) => new Lane(index, log));
    const folder = await SandboxFolder.open(path);
    undo.push(() => folder.close());
    const launch = (entry: string) => ({ entry: join(OPS, entry), environment: process.env, folder });
    const server = await startEmbeddedPostgres({ dataDir: join(path, "postgres"), port: 0 });
    undo.push(() => server.stop());
    const postgres = await Links.postgres(server.port, lanes);
    const chargeLog = (gateway: ProvenGateway): string => join(path, `${gateway}-charges.jsonl`);
    const gateways = gatewaysPart(launch("sandbox/gateways/main.ts"), {
      stripe: { port: 0, chargeLog: chargeLog("stripe") },
      adyen: { port: 0, chargeLog: chargeLog("adyen") },
      dataDir: join(path, "gateways"),
    });
    undo.push(() => gateways.stop());
    const [databases] = await Promise.all([
      prepareCluster({
        servers: [atPort(server.ownerUrl, postgres.port)],
        shards: laneCount,
        merchants: laneCount,
        gateways: ["stripe", "adyen"],
        rateLimitPerSecond: 100_000,
        keysFile: join(path, "keys.json"),
        operatorTokenFile: join(path, "operator.token"),
      }),
      gateways.start(),
    ]);
    const { stripeUrl, adyenUrl } = gateways.ready;
    const api = await reservePort(0);
    const admin = await reservePort(0);
    const links = await Links.start(postgres, { stripeUrl, adyenUrl, apiPort: api.port });
    undo.push(() => links.stop());
    const ports = { api: api.port, admin: admin.port, peers: (await reservePort(0)).port };
    const node = nodePart(
      launch("../cluster/node.ts"),
      nodeConfigOf({ databases, ports, stripe: links.stripe.url, adyen: links.adyen.url }),
    );
    undo.push(async () => {
      node.kill();
      await node.ended();
    });
    await node.start();
    const shards = databases.shards.map((shard) => ({ ...shard, ownerDsn: atPort(shard.ownerDsn, server.port) }));
    const info = describeSandbox({
      cluster: { ...databases, shards },
      servers: [{ ownerUrl: server.ownerUrl, pid: server.pid }],
      stripe: { url: stripeUrl, chargeLog: chargeLog("stripe"), controlUrl: `${stripeUrl}/_control` },
      adyen: { url: adyenUrl, chargeLog: chargeLog("adyen"), controlUrl: `${adyenUrl}/_control` },
      redisUrl: null,
      nodes: [{ id: node.name, pid: node.pid, ...node.ready, apiUrl: links.front.url }],
    });
    const seats = await seatsOf(info, databases.control.ownerDsn, lanes);
    links.watch(seats);
    await tellAdyen(adyenUrl, links.front.url);
    undo.push(() => Promise.all(seats.map(({ merchant }) => merchant.close())));
    return new Site({ links, node, undo }, log, info, seats);
  }

  /** Resolves while a node serves. */
  isUp = (): Promise<void> => this.#up;

  /** Ends with every connection of lanes new, and nothing prepared on it but what a renewal needs: as behind a start. */
  async refresh(): Promise<void> {
    const { links, node } = this.#parts;
    this.log.clear();
    links.postgres.resetLanes();
    const over = new AbortController();
    const died = node.ended().then(({ words }) => {
      throw new Error(`the node ended by itself: ${words}${describeLog(node.logFile)}`);
    });
    const ready = waitUntilReady(`${node.ready.adminUrl}/readyz`, READY_WITHIN_MS, over.signal);
    await Promise.race([ready, died]).finally(() => over.abort());
  }

  /** SIGKILL, and what was under way with it; then a new node, and what the dead one had sent of commits. */
  async killAndRestart(): Promise<void> {
    const { links, node } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined); // thrown below
    this.#up = promise;
    try {
      node.kill();
      await node.ended();
      await links.nodeDied();
      for (const { lane } of this.seats) lane.thaw();
      await node.start();
      await links.nodeServes();
      resolve();
    } catch (error) {
      reject(error);
      throw error;
    }
  }

  /** What the dead node had sent to a gateway arrives now. */
  async deliverLateRequests(lane: Lane): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, LATE_REQUEST_WITHIN_MS).unref());
    for (const exchange of lane.lateRequests.splice(0)) {
      lane.late("node>gateway", `${exchange.method} ${exchange.path}`);
      exchange.release();
      await Promise.race([exchange.done, limit]);
    }
  }

  /** Throws the first invariant that does not hold in the databases and the charge log. */
  async expectInvariants(): Promise<void> {
    // It uses no more of a cluster than these two.
    const seen = { info: this.info, query: this.query.bind(this) } satisfies Pick<Cluster, "info" | "query">;
    await expectInvariants(seen as unknown as Cluster);
  }

  /** Rows of a query on every shard's database, as its owner; not over the link. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const answers = this.info.postgres.shards.map(async ({ ownerDsn }) => {
      const client = new pg.Client({ connectionString: ownerDsn });
      await client.connect();
      try {
        return (await client.query<Row>(sql, [...values])).rows;
      } finally {
        await client.end();
      }
    });
    return (await Promise.all(answers)).flat();
  }

  /** Harmless when called again. */
  async stop(): Promise<void> {
    await undoAll(this.#parts.undo);
  }
}

/** Ends what was started, the newest first. */
async function undoAll(undo: Undo[]): Promise<void> {
  for (let end = undo.pop(); end !== undefined; end = undo.pop()) await end();
}

/** The same database behind another port of this machine. */
function atPort(dsn: string, port: number): string {
  const url = new URL(dsn);
  url.port = String(port);
  return url.href;
}
