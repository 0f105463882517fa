/**
 * One merchant on a shard of its own: what is sent about its payments, wherever it goes, is one sequence of messages, and
 * the run can be stopped behind any of them. Several lanes share a node, so that one kill tries many messages.
 *
 * Modes: idle -> counting (`begin`) -> frozen (behind the target nothing is passed on) -> idle (`thaw`, its node is dead).
 */
import type { HttpExchange } from "../rig/gateway-proxy.ts";
import type { MessageLog } from "./message-log.ts";

/** A request to a gateway that moves money, or may. */
export interface KeyedCall {
  /** Place in the order of its first byte. */
  readonly n: number;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** The database has told the node that something is on disk: a row that it read, or the COMMIT of what it wrote. */
interface Told {
  readonly n: number;
  readonly bytes: readonly Buffer[];
}

/** Longer than a notification takes to come. */
const QUIET_MS = 400;

export class Lane {
  readonly index: number;
  readonly #log: MessageLog;
  /** Counted messages of this run, in order. */
  #seen: string[] = [];
  #counts = new Map<string, number>();
  #step: string | null = null;
  #target: string | null = null;
  #lastAtMs = 0;
  #mode: "idle" | "counting" | "frozen" = "idle";
  #reached = false;
  #onFrozen: () => void = () => {};
  #once = new Set<string>();
  #keys = new Set<string>();
  readonly #oldKeys = new Set<string>();
  calls: KeyedCall[] = [];
  told: Told[] = [];
  /** What became of commits that arrived when their sender was dead: `COMMIT`, a SQLSTATE, or why there is neither. */
  lateCommits: string[] = [];
  /** Requests of a dead node that never left for the gateway. */
  lateRequests: HttpExchange[] = [];

  constructor(index: number, log: MessageLog) {
    this.index = index;
    this.#log = log;
  }

  get seen(): readonly string[] {
    return this.#seen;
  }
  get isFrozen(): boolean {
    return this.#mode === "frozen";
  }
  /** The target of this run was passed on. */
  get isReached(): boolean {
    return this.#reached;
  }

  /**
   * A run begins. `keys`: the gateway keys that it may use; calls with keys of earlier runs are not its own. `target`: the
   * counted message to stop behind; null: none. The promise resolves when it was passed on.
   */
  begin(keys: readonly string[], target: string | null): Promise<void> {
    for (const key of this.#keys) this.#oldKeys.add(key);
    this.#keys = new Set(keys);
    this.#seen = [];
    this.#counts = new Map();
    this.#once = new Set();
    this.#target = target;
    this.#mode = "counting";
    this.#reached = false;
    this.#step = null;
    this.calls = [];
    this.told = [];
    this.lateCommits = [];
    this.lateRequests = [];
    return new Promise((resolve) => {
      this.#onFrozen = resolve;
    });
  }

  /** What the client is at now, for the names of messages. */
  enter(step: string): void {
    this.#step = step;
  }

  /** Resolves when no message has counted for a while, or nothing passes any more. Paces the client, decides nothing. */
  async quiet(): Promise<void> {
    while (this.#mode === "counting" && performance.now() - this.#lastAtMs < QUIET_MS)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** The client has its last answer: what comes now is not counted. */
  end(): void {
    if (this.#mode === "counting") this.#mode = "idle";
  }

  /** The node is dead, and all its sockets are closed. */
  thaw(): void {
    this.#mode = "idle";
  }

  /** True once a run for each `what`. */
  isFirst(what: string): boolean {
    if (this.#once.has(what)) return false;
    this.#once.add(what);
    return true;
  }

  isOfEarlierRun(gatewayKey: string): boolean {
    return this.#oldKeys.has(gatewayKey.slice(0, 36));
  }

  /**
   * Whether a message may be passed on, and its place in the order. `text`: what it is called; null: it does not count.
   */
  pass(link: string, text: string | null): { readonly n: number; readonly held: boolean } {
    const held = this.isFrozen;
    if (text !== null) this.#lastAtMs = performance.now();
    const step = this.#mode === "counting" ? this.#step : null;
    const isCounted = text !== null && step !== null;
    const name = isCounted ? this.#name(`${step}: ${link} ${text}`) : `${link} ${text ?? "in the background"}`;
    const n = this.#log.add(this.index, name, held ? "held" : "passed");
    if (isCounted) this.#seen.push(name);
    if (isCounted && name === this.#target) {
      this.#mode = "frozen";
      this.#reached = true;
      this.#onFrozen();
    }
    return { n, held };
  }

  late(link: string, text: string): void {
    this.#log.add(this.index, `${link} ${text}`, "late");
  }

  #name(text: string): string {
    const count = (this.#counts.get(text) ?? 0) + 1;
    this.#counts.set(text, count);
    return count === 1 ? text : `${text} #${count}`;
  }
}
