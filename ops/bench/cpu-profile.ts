/**
 * CPU profiles of a running node and its worker threads, over the inspector that SIGUSR1 opens: the process is neither
 * started differently nor restarted. One `.cpuprofile` per thread, for Chrome's DevTools, and its hottest functions.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const INSPECTOR_URL = "http://127.0.0.1:9229/json/list";
const SAMPLE_US = 500;
const OPEN_TRIES = 40;

export interface CpuProfiler {
  /** Ends the recording. */
  stop(): void;
  /** Settles when the profiles lie in the folder, or could not be had, which is said on stderr. */
  readonly saved: Promise<void>;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Begins at once; `stop` ends it. Never throws: a run without a profile is still a run. */
export function profileProcess(pid: number, folder: string): CpuProfiler {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const saved = record(pid, folder, ended).catch((error: unknown) => console.error(`no CPU profile: ${String(error)}`));
  return { stop: end, saved };
}

async function record(pid: number, folder: string, ended: Promise<void>): Promise<void> {
  process.kill(pid, "SIGUSR1");
  const session = await InspectorSession.open();
  try {
    const sessions = await session.startAll();
    await ended;
    mkdirSync(folder, { recursive: true });
    for (const thread of sessions) {
      const profile = await session.stop(thread);
      const name = thread === null ? "main" : `worker-${thread}`;
      writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(profile));
      writeFileSync(join(folder, `${name}.txt`), `${summarize(profile).join("\n")}\n`);
    }
  } finally {
    session.close();
  }
}

/** Self time by function, hottest first: percent of the samples, function, place. */
export function summarize(profile: CpuProfile, top = 40): readonly string[] {
  const selfUs = new Map<number, number>();
  profile.samples.forEach((id, i) => selfUs.set(id, (selfUs.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0)));
  const byFunction = new Map<string, number>();
  let total = 0;
  for (const { id, callFrame } of profile.nodes) {
    const us = selfUs.get(id) ?? 0;
    const place =
      callFrame.url === "" ? "" : ` ${callFrame.url.split("/").slice(-3).join("/")}:${callFrame.lineNumber + 1}`;
    const name = `${callFrame.functionName || "(anonymous)"}${place}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + us);
    total += us;
  }
  return [...byFunction]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, top)
    .map(([name, us]) => `${((100 * us) / total).toFixed(1).padStart(5)} %  ${name}`);
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A thread: null is the main one, else the worker's session id. */
type Thread = string | null;

class InspectorSession {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  readonly #workers: string[] = [];
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#onMessage(null, JSON.parse(String(event.data)) as Reply));
  }

  static async open(): Promise<InspectorSession> {
    for (let attempt = 1; ; attempt++) {
      try {
        const list = (await (await fetch(INSPECTOR_URL)).json()) as { readonly webSocketDebuggerUrl: string }[];
        const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? "");
        await new Promise((resolve, reject) => {
          socket.addEventListener("open", resolve, { once: true });
          socket.addEventListener("error", () => reject(new Error("the inspector does not answer")), { once: true });
        });
        return new InspectorSession(socket);
      } catch (error) {
        if (attempt === OPEN_TRIES) throw error;
        await sleep(50);
      }
    }
  }

  /** Starts recording in the main thread and every worker. */
  async startAll(): Promise<readonly Thread[]> {
    await this.#ask(null, "NodeWorker.enable", { waitForDebuggerOnStart: false });
    const threads: readonly Thread[] = [null, ...this.#workers];
    for (const thread of threads) {
      await this.#ask(thread, "Profiler.enable", {});
      await this.#ask(thread, "Profiler.setSamplingInterval", { interval: SAMPLE_US });
      await this.#ask(thread, "Profiler.start", {});
    }
    return threads;
  }

  async stop(thread: Thread): Promise<CpuProfile> {
    const { profile } = (await this.#ask(thread, "Profiler.stop", {})) as { readonly profile: CpuProfile };
    return profile;
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(thread: Thread, method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = this.#nextId++;
    const message = JSON.stringify({ id, method, params });
    const answered = new Promise<Reply>((resolve) => this.#waiting.set(`${thread ?? ""}:${id}`, resolve));
    this.#socket.send(
      thread === null
        ? message
        : JSON.stringify({
            id: this.#nextId++,
            method: "NodeWorker.sendMessageToWorker",
            params: { sessionId: thread, message },
          }),
    );
    const reply = await answered;
    if (reply.error !== undefined) throw new Error(`${method}: ${JSON.stringify(reply.error)}`);
    return reply.result;
  }

  #onMessage(thread: Thread, reply: Reply): void {
    if (reply.method === "NodeWorker.attachedToWorker") this.#workers.push(String(reply.params?.["sessionId"]));
    else if (reply.method === "NodeWorker.receivedMessageFromWorker")
      this.#onMessage(String(reply.params?.["sessionId"]), JSON.parse(String(reply.params?.["message"])) as Reply);
    else if (reply.id !== undefined) {
      const key = `${thread ?? ""}:${reply.id}`;
      this.#waiting.get(key)?.(reply);
      this.#waiting.delete(key);
    }
  }
}
