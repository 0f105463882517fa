/**
 * The sandbox as a whole: starts PostgreSQL, the gateway simulators and the nodes in the order that they need each
 * other, keeps them up, tells the world in `sandbox.json`, and ends them in the opposite order.
 */
import { relative } from "node:path";
import { renderBanner } from "./banner.ts";
import type { Cluster, PrepareCluster } from "./cluster-data.ts";
import type { SandboxFolder } from "./folder.ts";
import { SandboxNodes } from "./nodes.ts";
import type { SandboxOptions } from "./options.ts";
import { keepRunning } from "./keep-running.ts";
import type { Part, ProgramPart } from "./part.ts";
import { reservePort } from "./ports.ts";
import { gatewaysPart, type GatewaysReady, type Launch } from "./programs.ts";
import { describeSandbox, type GatewayAddress, type SandboxFile } from "./sandbox-file.ts";
import { DatabaseServers } from "./servers.ts";
import { sharedConfigOf } from "./shared-config.ts";
import { tellGateways } from "./webhook-addresses.ts";

const PORT_TRIES = 3;

/** What a start needs from outside; tests put stand-ins here. */
export interface Surroundings {
  readonly nodeEntry: string;
  readonly gatewaysEntry: string;
  readonly prepareCluster: PrepareCluster;
  readonly environment: NodeJS.ProcessEnv;
  /** Folder that the commands of the banner are typed in. */
  readonly projectDir: string;
  print(text: string): void;
  /** For people who wait: goes to stderr. */
  say(line: string): void;
}

const PORTS = { stripe: 12_111, adyen: 12_112 } as const;
/** Requests a second of a new merchant. */
const RATE_LIMIT_PER_SECOND = 100;

/** See the file's head. `end` is always called, whatever failed before. */
export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #around: Surroundings;
  readonly #folder: SandboxFolder;
  readonly #notes: string[] = [];
  readonly #stopping = new AbortController();
  readonly #servers: DatabaseServers;
  #gateways: ProgramPart<GatewaysReady> | undefined;
  #nodes: SandboxNodes | undefined;
  #cluster: Cluster | undefined;

  constructor(options: SandboxOptions, around: Surroundings, folder: SandboxFolder) {
    this.#options = options;
    this.#around = around;
    this.#folder = folder;
    this.#servers = new DatabaseServers(options, folder);
  }

  /** Brings everything up and prints the banner. Throws when a part does not start or `end` is called meanwhile. */
  async boot(startedMs: number): Promise<void> {
    await Promise.all([this.#bootDatabases(), this.#bootGateways()]);
    const nodes = await this.#bootNodes();
    await nodes.waitForAll(this.#stopping.signal);
    const file = this.#publish();
    this.#folder.announce(file.apiUrl);
    this.#around.print(
      renderBanner({
        file,
        nodeVersion: process.versions.node,
        postgres: this.#servers.title,
        gateways: this.#options.fixedLatencyMs === null ? "stripe and adyen sandboxes" : "fixed-latency gateway",
        notes: this.#notes,
        dataDir: this.#shownFolder(),
        tookMs: performance.now() - startedMs,
      }),
    );
  }

  /** Keeps the parts up until `end` is called, each by itself. Throws when one ends again and again. */
  async watch(): Promise<void> {
    const nodes = this.#startedNodes();
    await Promise.all([
      ...[...this.#servers.parts, this.#startedGateways()].map((part) =>
        this.#watchPart(part, (signal) => nodes.waitForAll(signal)),
      ),
      ...nodes.parts.map((part) => this.#watchPart(part, (signal) => nodes.waitFor(part, signal))),
    ]);
  }

  /** `settle`: waits for what the part's return lets work again. */
  async #watchPart(part: Part, settle: (stopping: AbortSignal) => Promise<void>): Promise<void> {
    await keepRunning(
      part,
      this.#stopping.signal,
      (line) => this.#around.say(line),
      async () => {
        this.#around.say(`${part.name} is back (process ${part.pid})`);
        this.#publish(); // a server has another pid; a node is named when it can do its work
        const failure = await settle(this.#stopping.signal).catch((error: Error) => error);
        if (this.#stopping.signal.aborted) return;
        if (failure !== undefined) this.#around.say(failure.message); // it may have ended meanwhile
        this.#publish();
      },
    );
  }

  /** Ends the parts in order and gives the folder up. */
  async end(): Promise<void> {
    this.#stopping.abort();
    await stopAll(this.#nodes?.parts ?? []); // they drain: they still need the gateways and the databases
    await this.#gateways?.stop();
    await stopAll(this.#servers.parts);
    this.#folder.close();
  }

  kill(): void {
    for (const part of [...(this.#nodes?.parts ?? []), this.#gateways, ...this.#servers.parts]) part?.kill();
  }

  async #bootDatabases(): Promise<void> {
    await Promise.all(this.#servers.parts.map((part) => this.#start(part)));
    this.#stopping.signal.throwIfAborted();
    const servers = this.#servers.urls;
    this.#cluster = await this.#around
      .prepareCluster({
        servers,
        shards: this.#options.shards,
        merchants: this.#options.merchants,
        gateways: this.#options.fixedLatencyMs === null ? ["stripe", "adyen"] : ["fixed-latency"],
        rateLimitPerSecond: this.#options.rateLimitPerSecond ?? RATE_LIMIT_PER_SECOND,
        keysFile: this.#folder.file("keys.json"),
        operatorTokenFile: this.#folder.file("operator.token"),
      })
      .catch((error: NodeJS.ErrnoException) => {
        const where = servers.map((server) => new URL(server).host).join(", ");
        const why = error.message === "" ? error.code : error.message; // a refused connection has no message
        throw new Error(`the databases on ${where} cannot be prepared: ${why}`, { cause: error });
      });
    this.#notes.push(...this.#servers.notes(this.#cluster.shards));
  }

  /** The preferred port or another one, which is noted. */
  async #port(name: string, preferred: number): Promise<number> {
    const { port } = await reservePort(preferred);
    if (port !== preferred) this.#notes.push(`port ${preferred} taken, ${name} uses ${port}`);
    return port;
  }

  /** A port that was free may be another sandbox's a moment later: then others are tried. */
  async #bootGateways(): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.#gateways = await this.#gatewaysPart();
      const failure = await this.#start(this.#gateways).catch((error: Error) => error);
      if (failure === undefined) return;
      if (!failure.message.includes("EADDRINUSE") || tries === PORT_TRIES) throw failure;
    }
  }

  async #gatewaysPart(): Promise<ProgramPart<GatewaysReady>> {
    return gatewaysPart(this.#launch(this.#around.gatewaysEntry), {
      stripe: { port: await this.#port("stripe", PORTS.stripe), chargeLog: this.#chargeLog("stripe") },
      adyen: { port: await this.#port("adyen", PORTS.adyen), chargeLog: this.#chargeLog("adyen") },
      dataDir: this.#folder.file("gateways"),
    });
  }

  /** Nothing starts any more once `end` was called, for it has stopped what it found. */
  #start(part: Pick<Part, "start">): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    return part.start();
  }

  #launch(entry: string): Launch {
    return { entry, environment: this.#around.environment, folder: this.#folder };
  }

  #chargeLog(gateway: string): string {
    return this.#folder.file(`gateways/${gateway}-charges.jsonl`);
  }

  async #bootNodes(): Promise<SandboxNodes> {
    const { nodes: count, port: apiPort } = this.#options;
    const gateways = this.#startedGateways().ready;
    const launch = this.#launch(this.#around.nodeEntry);
    const config = sharedConfigOf(this.#options, this.#prepared(), gateways);
    const nodes = await SandboxNodes.prepare({ count, apiPort, launch, config });
    this.#notes.push(...nodes.notes);
    this.#nodes = nodes;
    await this.#start(nodes);
    const apiUrls = nodes.addresses.map(({ apiUrl }) => apiUrl);
    await tellGateways(gateways, apiUrls);
    return nodes;
  }

  #prepared(): Cluster {
    if (this.#cluster === undefined) throw new Error("the databases are not prepared");
    return this.#cluster;
  }

  #startedGateways(): ProgramPart<GatewaysReady> {
    if (this.#gateways === undefined) throw new Error("the simulators are not started");
    return this.#gateways;
  }

  #startedNodes(): SandboxNodes {
    if (this.#nodes === undefined) throw new Error("the nodes are not started");
    return this.#nodes;
  }

  /** Writes `sandbox.json` as things are now. */
  #publish(): SandboxFile {
    const { stripeUrl, adyenUrl } = this.#startedGateways().ready;
    const addressOf = (gateway: string, url: string): GatewayAddress => ({
      url,
      chargeLog: this.#chargeLog(gateway),
      controlUrl: `${url}/_control`,
    });
    const file = describeSandbox({
      cluster: this.#prepared(),
      servers: this.#servers.addresses,
      stripe: addressOf("stripe", stripeUrl),
      adyen: addressOf("adyen", adyenUrl),
      redisUrl: this.#options.redisUrl,
      nodes: this.#startedNodes().addresses,
    });
    this.#folder.write("sandbox.json", file);
    return file;
  }

  /** The folder as people type it in the project's folder. */
  #shownFolder(): string {
    const inside = relative(this.#around.projectDir, this.#folder.path);
    return inside.startsWith("..") ? this.#folder.path : inside;
  }
}

/** All at the same time. Throws what went wrong when none is left to be stopped. */
async function stopAll(parts: readonly Part[]): Promise<void> {
  const stopped = await Promise.allSettled(parts.map((part) => part.stop()));
  for (const outcome of stopped) if (outcome.status === "rejected") throw outcome.reason;
}
