/**
 * The sandbox as a whole: starts PostgreSQL, the gateway simulators and one node in the order that they need each
 * other, keeps them up, tells the world in `sandbox.json`, and ends them in the opposite order.
 */
import { relative } from "node:path";
import { renderBanner } from "./banner.ts";
import type { Cluster, PrepareCluster } from "./cluster-data.ts";
import type { SandboxFolder } from "./folder.ts";
import { GATEWAY_TOKENS } from "./gateways/tokens.ts";
import { SANDBOX_API_KEYS, SANDBOX_WEBHOOK_SECRETS } from "./node-config.ts";
import type { SandboxOptions } from "./options.ts";
import { keepRunning } from "./keep-running.ts";
import type { Part, ProgramPart } from "./part.ts";
import { reservePort } from "./ports.ts";
import { PostgresPart } from "./postgres-part.ts";
import { gatewaysPart, nodePart, type GatewaysReady, type NodeReady } from "./programs.ts";
import { waitUntilReady } from "./readiness.ts";
import { describeSandbox, type SandboxFile } from "./sandbox-file.ts";

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

const PORTS = { api: 8080, admin: 9091, stripe: 12_111, adyen: 12_112 } as const;
const NODE_ID = "node-1";
const READY_LIMIT_MS = 30_000;
/** Requests a second of a new merchant. */
const RATE_LIMIT_PER_SECOND = 100;

/** See the file's head. `end` is always called, whatever failed before. */
export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #around: Surroundings;
  readonly #folder: SandboxFolder;
  readonly #notes: string[] = [];
  readonly #stopping = new AbortController();
  #postgres: PostgresPart | undefined;
  #gateways: ProgramPart<GatewaysReady> | undefined;
  #node: ProgramPart<NodeReady> | undefined;
  #cluster: Cluster | undefined;

  constructor(options: SandboxOptions, around: Surroundings, folder: SandboxFolder) {
    this.#options = options;
    this.#around = around;
    this.#folder = folder;
  }

  /** Brings everything up and prints the banner. Throws when a part does not start or `end` is called meanwhile. */
  async boot(startedMs: number): Promise<void> {
    await Promise.all([this.#bootDatabases(), this.#bootGateways()]);
    await this.#bootNode();
    await this.#waitForNode();
    const file = this.#publish();
    this.#folder.announce(file.apiUrl);
    this.#around.print(
      renderBanner({
        file,
        nodeVersion: process.versions.node,
        postgres: this.#postgres === undefined ? "PostgreSQL (given)" : "PostgreSQL 18 (embedded)",
        gateways: this.#options.fixedLatencyMs === null ? "stripe and adyen sandboxes" : "fixed-latency gateway",
        notes: this.#notes,
        dataDir: this.#shownFolder(),
        tookMs: performance.now() - startedMs,
      }),
    );
  }

  /** Keeps the parts up until `end` is called. Throws when one ends again and again. */
  async watch(): Promise<void> {
    const parts = [this.#postgres, this.#gateways, this.#node].filter((part) => part !== undefined);
    await Promise.all(parts.map((part) => this.#watchPart(part)));
  }

  async #watchPart(part: Part): Promise<void> {
    await keepRunning(
      part,
      this.#stopping.signal,
      (line) => this.#around.say(line),
      async () => {
        this.#around.say(`${part.name} is back (process ${part.pid})`);
        await this.#waitForNode().catch((error: Error) => this.#around.say(error.message)); // it may have ended meanwhile
        if (this.#node?.pid !== 0) this.#publish();
      },
    );
  }

  /** Ends the parts in order and gives the folder up. */
  async end(): Promise<void> {
    this.#stopping.abort();
    await this.#node?.stop(); // drains: it still needs the gateways and the databases
    await this.#gateways?.stop();
    await this.#postgres?.stop();
    this.#folder.close();
  }

  kill(): void {
    for (const part of [this.#node, this.#gateways, this.#postgres]) part?.kill();
  }

  async #bootDatabases(): Promise<void> {
    const given = this.#options.postgres;
    if (given.length === 0) {
      this.#postgres = new PostgresPart({
        dataDir: this.#folder.file("postgres"),
        settings: this.#options.postgresSettings,
      });
      await this.#start(this.#postgres);
      this.#notePostgres(this.#postgres);
    }
    this.#stopping.signal.throwIfAborted();
    const servers = this.#postgres === undefined ? given : [this.#postgres.server.ownerUrl];
    this.#cluster = await this.#around
      .prepareCluster({
        servers,
        shards: this.#options.shards,
        merchants: this.#options.merchants,
        gateways: this.#options.fixedLatencyMs === null ? ["stripe", "adyen"] : ["fixed-latency"],
        rateLimitPerSecond: this.#options.rateLimitPerSecond ?? RATE_LIMIT_PER_SECOND,
        keysFile: this.#folder.file("keys.json"),
      })
      .catch((error: NodeJS.ErrnoException) => {
        const where = servers.map((server) => new URL(server).host).join(", ");
        const why = error.message === "" ? error.code : error.message; // a refused connection has no message
        throw new Error(`the databases on ${where} cannot be prepared: ${why}`, { cause: error });
      });
  }

  #notePostgres({ server }: PostgresPart): void {
    if (server.port !== 5440) this.#notes.push(`port 5440 taken, PostgreSQL uses ${server.port}`);
    if (!server.place.home.startsWith(this.#folder.path))
      this.#notes.push(
        `user ${server.place.runAs.name} cannot look into this folder: PostgreSQL is in ${server.place.home}`,
      );
    else if (server.place.native.startsWith(server.place.home))
      this.#notes.push(`PostgreSQL's programs were copied to ${server.place.native}`);
  }

  /** The preferred port or another one, which is noted. */
  async #port(name: string, preferred: number): Promise<number> {
    const { port } = await reservePort(preferred);
    if (port !== preferred && preferred !== 0) this.#notes.push(`port ${preferred} taken, ${name} uses ${port}`);
    return port;
  }

  async #bootGateways(): Promise<void> {
    this.#gateways = gatewaysPart(this.#launch(this.#around.gatewaysEntry), {
      stripe: { port: await this.#port("stripe", PORTS.stripe), chargeLog: this.#chargeLog("stripe") },
      adyen: { port: await this.#port("adyen", PORTS.adyen), chargeLog: this.#chargeLog("adyen") },
      dataDir: this.#folder.file("gateways"),
    });
    await this.#start(this.#gateways);
  }

  /** Nothing starts any more once `end` was called, for it has stopped what it found. */
  #start(part: Part): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    return part.start();
  }

  #launch(entry: string): Parameters<typeof nodePart>[0] {
    return { entry, environment: this.#around.environment, folder: this.#folder };
  }

  #chargeLog(gateway: string): string {
    return this.#folder.file(`gateways/${gateway}-charges.jsonl`);
  }

  async #bootNode(): Promise<void> {
    const { cluster, gateways } = this.#running();
    const { stripeUrl, adyenUrl, fixedLatencyMs, redisUrl, workers } = this.#options;
    const { gatewayCallsPerSecond, gatewayCallsInFlight, limits } = this.#options;
    this.#node = nodePart(this.#launch(this.#around.nodeEntry), {
      mode: "sandbox",
      node: { id: NODE_ID },
      api: { host: "127.0.0.1", port: await this.#port("the API", this.#options.port ?? PORTS.api) },
      admin: { host: "127.0.0.1", port: await this.#port("the admin listener", PORTS.admin) },
      control: { dsn: cluster.control.dsn },
      keys: { file: cluster.keysFile },
      gateways: {
        stripe: {
          baseUrl: stripeUrl ?? gateways.stripeUrl,
          apiKey: SANDBOX_API_KEYS.stripe,
          webhooks: { secrets: [SANDBOX_WEBHOOK_SECRETS.stripe], livemode: false },
        },
        adyen: {
          baseUrl: adyenUrl ?? gateways.adyenUrl,
          apiKey: SANDBOX_API_KEYS.adyen,
          webhooks: { hmacKeys: [SANDBOX_WEBHOOK_SECRETS.adyen], live: false, basicAuth: null },
        },
        fixedLatency: fixedLatencyMs === null ? null : { delayMs: fixedLatencyMs },
      },
      redis: redisUrl === null ? null : { url: redisUrl },
      sandboxTokens: GATEWAY_TOKENS.map(({ token, meaning }) => ({ token, meaning })),
      workers,
      gatewayCallsPerSecond,
      gatewayCallsInFlight,
      limits,
    });
    await this.#start(this.#node);
    await this.#tellGateways(this.#node.ready.apiUrl);
  }

  /** Where their notifications go; they remember it over a restart. */
  async #tellGateways(apiUrl: string): Promise<void> {
    const { gateways } = this.#running();
    const { stripe, adyen } = SANDBOX_WEBHOOK_SECRETS;
    await setWebhooks(gateways.stripeUrl, { gateway: "stripe", url: `${apiUrl}/v1/webhooks/stripe`, secret: stripe });
    await setWebhooks(gateways.adyenUrl, { gateway: "adyen", url: `${apiUrl}/v1/webhooks/adyen`, hmacKey: adyen });
  }

  #running(): { cluster: Cluster; gateways: GatewaysReady } {
    if (this.#cluster === undefined || this.#gateways === undefined) throw new Error("the sandbox is not started");
    return { cluster: this.#cluster, gateways: this.#gateways.ready };
  }

  /** Until the node commits. */
  async #waitForNode(): Promise<void> {
    if (this.#node === undefined || this.#node.pid === 0) return;
    await waitUntilReady(`${this.#node.ready.adminUrl}/readyz`, READY_LIMIT_MS, this.#stopping.signal);
  }

  /** Writes `sandbox.json` as things are now. */
  #publish(): SandboxFile {
    const { cluster, gateways } = this.#running();
    if (this.#node === undefined) throw new Error("the node is not started");
    const file = describeSandbox({
      cluster,
      stripe: {
        url: gateways.stripeUrl,
        chargeLog: this.#chargeLog("stripe"),
        controlUrl: `${gateways.stripeUrl}/_control`,
      },
      adyen: {
        url: gateways.adyenUrl,
        chargeLog: this.#chargeLog("adyen"),
        controlUrl: `${gateways.adyenUrl}/_control`,
      },
      redisUrl: this.#options.redisUrl,
      node: { id: NODE_ID, pid: this.#node.pid, ...this.#node.ready },
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

/** Tells a simulator where to send its notifications. Throws when it does not take it. */
async function setWebhooks(simulatorUrl: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${simulatorUrl}/_control/webhooks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  if (!response.ok) throw new Error(`the ${fields["gateway"]} simulator does not take an address: ${response.status}`);
}
