/** The nodes of a sandbox: each a process with a configuration, ports and a log of its own. */
import type { ProgramPart } from "./part.ts";
import { reservePort, reservePortFrom } from "./ports.ts";
import { type Launch, nodePart, type NodeReady } from "./programs.ts";
import { waitUntilAllReady, waitUntilReady } from "./readiness.ts";
import type { NodeAddress } from "./sandbox-file.ts";
import type { SharedConfig } from "./shared-config.ts";

/** Preferred ones of the first node; each further node has the next free ones. */
const PORTS = { api: 8080, admin: 9091, peers: 9191, grpc: 9291 } as const;
const HOST = "127.0.0.1";
const READY_LIMIT_MS = 30_000;

export interface NodesWish {
  readonly count: number;
  /** Preferred port of the first node's API; null: 8080. */
  readonly apiPort: number | null;
  readonly launch: Launch;
  readonly config: SharedConfig;
}

interface NodePorts {
  readonly api: number;
  readonly admin: number;
  readonly grpc: number;
  readonly peers: number;
}

type NodePart = ProgramPart<NodeReady>;

const readyUrl = ({ ready }: NodePart): string => `${ready.adminUrl}/readyz`;

export class SandboxNodes {
  readonly parts: readonly NodePart[];
  /** What is to be told of the ports. */
  readonly notes: readonly string[];
  /** By name: as each was when it last answered. */
  readonly #seen = new Map<string, NodeAddress>();

  private constructor(parts: readonly NodePart[], notes: readonly string[]) {
    this.parts = parts;
    this.notes = notes;
  }

  /** Finds their ports and writes their configuration files; nothing is started. */
  static async prepare({ count, apiPort, launch, config }: NodesWish): Promise<SandboxNodes> {
    const notes: string[] = [];
    const choose = async (name: string, preferred: number, before: number | undefined): Promise<number> => {
      if (before !== undefined) return (await reservePortFrom(preferred === 0 ? 0 : before + 1)).port;
      const { port } = await reservePort(preferred);
      if (port !== preferred && preferred !== 0) notes.push(`port ${preferred} taken, ${name} uses ${port}`);
      return port;
    };
    const ports: NodePorts[] = [];
    for (let n = 0; n < count; n++) {
      const before = ports.at(-1);
      ports.push({
        api: await choose("the API", apiPort ?? PORTS.api, before?.api),
        admin: await choose("the admin listener", PORTS.admin, before?.admin),
        grpc: (await reservePortFrom(before === undefined ? PORTS.grpc : before.grpc + 1)).port,
        peers: (await reservePortFrom(before === undefined ? PORTS.peers : before.peers + 1)).port,
      });
    }
    const issuer = count === 1 ? null : `http://${HOST}:${ports[0]?.api}`; // they take each other's tokens
    const parts = ports.map(({ api, admin, grpc, peers }, n) =>
      nodePart(launch, {
        ...config,
        node: { id: `node-${n + 1}` },
        api: { host: HOST, port: api },
        issuer,
        admin: { host: HOST, port: admin, grpcPort: grpc },
        peers: { host: HOST, port: peers },
      }),
    );
    return new SandboxNodes(parts, notes);
  }

  /** Starts all at once and waits until each answers. Throws when one does not. */
  async start(): Promise<void> {
    await Promise.all(
      this.parts.map(async (part) => {
        await part.start();
        this.#remember(part, part.pid);
      }),
    );
  }

  /** In the order of their numbers. Throws before `start` has settled. */
  get addresses(): readonly NodeAddress[] {
    return this.parts.map(({ name }) => {
      const address = this.#seen.get(name);
      if (address === undefined) throw new Error(`${name} is not started`);
      return address;
    });
  }

  /** Until this one says that it can do its work; nothing is waited for while it does not run. */
  async waitFor(part: NodePart, stopping: AbortSignal): Promise<void> {
    const { pid } = part;
    if (pid === 0) return;
    await waitUntilReady(readyUrl(part), READY_LIMIT_MS, stopping);
    this.#remember(part, pid);
  }

  /** Until all that run do, at the same time. */
  async waitForAll(stopping: AbortSignal): Promise<void> {
    const running = this.parts.filter(({ pid }) => pid !== 0).map((part) => ({ part, pid: part.pid }));
    await waitUntilAllReady(
      running.map(({ part }) => readyUrl(part)),
      READY_LIMIT_MS,
      stopping,
    );
    for (const { part, pid } of running) this.#remember(part, pid);
  }

  /** Unless another process has taken the place of `pid` meanwhile: whoever started that one remembers it. */
  #remember(part: NodePart, pid: number): void {
    if (pid !== 0 && part.pid === pid) this.#seen.set(part.name, { id: part.name, pid, ...part.ready });
  }
}
