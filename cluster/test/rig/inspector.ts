/** Reaches into the threads of a running node as a debugger would: faults from outside, without a hook in the product. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, until } from "./cluster.ts";

/** Set in the environment of a start: a debugger may then be woken on any free port. */
export const DEBUGGABLE = "--inspect-port=0";
const WITHIN_MS = 20_000;

interface Incoming {
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
export interface NodeThread {
  readonly session: string;
}

export class Inspector {
  readonly #socket: WebSocket;
  /** Those that live: code by session. */
  readonly #threads = new Map<string, string>();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data)) as Incoming));
  }

  /** Wakes the debugger of the node, once in its life. */
  static async attach(cluster: Cluster): Promise<Inspector> {
    const { nodePid, dataDir } = cluster;
    const logFile = join(dataDir, `logs/${cluster.info.nodes[0]?.id}.log`);
    const addresses = (): readonly string[] =>
      [...readFileSync(logFile, "utf8").matchAll(/Debugger listening on (ws:\S+)/g)].map(([, url]) => String(url));
    const before = addresses().length;
    process.kill(nodePid, "SIGUSR1");
    await until("the debugger listens", WITHIN_MS, async () => addresses().length > before);
    const socket = new WebSocket(String(addresses().at(-1)));
    await new Promise((open, fail) => {
      socket.addEventListener("open", open);
      socket.addEventListener("error", () => fail(new Error("the debugger does not answer")));
    });
    const inspector = new Inspector(socket);
    inspector.#send("NodeWorker.enable", { waitForDebuggerOnStart: false });
    return inspector;
  }

  /** The threads whose code is `file`, as soon as there are `count`. */
  async threadsOf(file: string, count: number): Promise<readonly NodeThread[]> {
    const found = (): readonly NodeThread[] =>
      [...this.#threads].filter(([, url]) => url.includes(file)).map(([session]) => ({ session }));
    await until(`${count} threads of ${file}`, WITHIN_MS, async () => found().length === count);
    return found();
  }

  /** Runs an expression in a thread, whatever comes of it. */
  run({ session }: NodeThread, expression: string): void {
    const message = JSON.stringify({ id: ++this.#id, method: "Runtime.evaluate", params: { expression } });
    this.#send("NodeWorker.sendMessageToWorker", { message, sessionId: session });
  }

  close(): void {
    this.#socket.close();
  }

  #send(method: string, params: object): void {
    this.#socket.send(JSON.stringify({ id: ++this.#id, method, params }));
  }

  #take({ method, params }: Incoming): void {
    const { sessionId, workerInfo } = (params ?? {}) as { sessionId: string; workerInfo?: { url: string } };
    if (method === "NodeWorker.attachedToWorker") this.#threads.set(sessionId, workerInfo?.url ?? "");
    if (method === "NodeWorker.detachedFromWorker") this.#threads.delete(sessionId);
  }
}
