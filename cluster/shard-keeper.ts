/**
 * Makes this node serve the shards that are assigned to it, and no others. What it may write is not decided here: the
 * shard's own lease fences whoever is late.
 */
import type { Log } from "../actors/index.ts";
import type { ServedShard } from "./shard-thread.ts";

export interface KeeperParts {
  /** Of the newest view. */
  assigned(): readonly { readonly shard: number; readonly generation: bigint }[];
  /** Another node that lives and says that it serves the shard. */
  servedElsewhere(shard: number): string | undefined;
  dsnOf(shard: number): string | undefined;
  readonly host: {
    readonly given: ReadonlyMap<number, bigint>;
    serve(shard: ServedShard): void;
    release(shard: number, withinMs: number): Promise<void>;
  };
  /** A shard was given up: whoever waits for that should hear of it soon. */
  readonly released: () => void;
  readonly log: Log;
}

/**
 * To answer what runs, before a shard is given up. Requests wait for its next owner meanwhile, for two seconds at most;
 * what a gateway has not answered by then is told 202, and the next owner finds out.
 */
export const RELEASE_WITHIN_MS = 1_000;
/** So long an owner that lives is waited for: it needs as long as it may, and to hear of it. */
export const PATIENCE_MS = 5_000;

export class ShardKeeper {
  readonly #parts: KeeperParts;
  readonly #leaving = new Map<number, Promise<void>>();
  #isClosing = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** To be called with each new view. */
  look(): void {
    if (this.#isClosing) return;
    const { host, log } = this.#parts;
    const assigned = new Map(this.#parts.assigned().map(({ shard, generation }) => [shard, generation]));
    for (const shard of host.given.keys()) if (!assigned.has(shard)) this.#release(shard);
    for (const [shard, generation] of assigned) {
      const given = host.given.get(shard);
      if (this.#leaving.has(shard) || (given !== undefined && given >= generation)) continue;
      const dsn = this.#parts.dsnOf(shard);
      if (dsn === undefined) {
        log.warn({ shard }, "a shard is assigned to this node, which does not know where its database is yet");
        continue;
      }
      const present = this.#parts.servedElsewhere(shard);
      log.info({ shard, generation: generation.toString(), present: present ?? null }, "a shard is taken");
      host.serve({ id: shard, dsn, generation, patienceMs: present === undefined ? 0 : PATIENCE_MS });
    }
  }

  /** Shards that are being given up. */
  get leaving(): number {
    return this.#leaving.size;
  }

  /** No shard is taken any more. */
  close(): void {
    this.#isClosing = true;
  }

  #release(shard: number): void {
    if (this.#leaving.has(shard)) return;
    this.#parts.log.info({ shard }, "a shard is given up: it is assigned to another node");
    const done = this.#parts.host.release(shard, RELEASE_WITHIN_MS).then(() => {
      this.#leaving.delete(shard);
      this.#parts.released();
    });
    this.#leaving.set(shard, done);
  }
}
