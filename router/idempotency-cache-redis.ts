/** The reply cache's connection to Redis: one, which is made again when it breaks; nothing waits for it. */
import { type ChainableCommander, Redis } from "ioredis";
import type { Log } from "../actors/index.ts";

/** What the cache asks of its store. Promises reject when the store does not answer, or answers with an error. */
export interface CacheClient {
  /** False: there is no connection just now, and asking is in vain. */
  readonly isReady: boolean;
  /** Values in the order of the names; null: none. */
  getMany(names: readonly string[]): Promise<readonly (Buffer | null)[]>;
  /** `values[i]` under `names[i]`, forgotten after `lifeMs`. All or some of them when it rejects. */
  setMany(names: readonly string[], values: readonly Buffer[], lifeMs: number): Promise<void>;
  close(): void;
}

/** One command for all: costs the main thread a third of what a pipeline does. */
const SET_ALL = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[1]) end";
/** A cluster takes no command on keys of several slots, and not every service lets scripts run. */
const ONE_BY_ONE =
  /^(CROSSSLOT|NOPERM|ERR unknown command|ERR This instance has cluster support)|non local key|same slot/;
const CONNECT_LIMIT_MS = 1_000;
/**
 * A connection that is silent for so long is given up, and with it every command that waits: they would pile up on a
 * frozen server. Nobody waits for that: the cache has a budget of its own. A time-out per command would fail those whose
 * answers are here already whenever a turn of the event loop took longer.
 */
const SILENCE_LIMIT_MS = 1_000;
const RETRY_MS = { first: 50, max: 1_000 } as const;

export class RedisCacheClient implements CacheClient {
  readonly #redis: Redis;
  #oneByOne = false;

  /** `url`: redis: or rediss:, with what it takes to sign in. Connects on its own and never throws. */
  constructor(url: string, log: Log) {
    this.#redis = new Redis(url, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_LIMIT_MS,
      socketTimeout: SILENCE_LIMIT_MS,
      retryStrategy: (times) => Math.min(RETRY_MS.max, RETRY_MS.first * times),
      reconnectOnError: ({ message }) => message.includes("READONLY"), // a replica now: the name leads to the new master
      disableClientInfo: true,
    });
    let isTold = false; // once per loss: a server that is away would fill the log
    this.#redis.on("error", ({ message }: Error) => {
      if (!isTold) log.warn({ reason: message }, "no connection to Redis; shards answer every repeat");
      isTold = true;
    });
    this.#redis.on("ready", () => {
      isTold = false;
      log.info({}, "connected to Redis");
    });
  }

  get isReady(): boolean {
    return this.#redis.status === "ready";
  }

  async getMany(names: readonly string[]): Promise<readonly (Buffer | null)[]> {
    if (!this.#oneByOne) {
      try {
        return await this.#redis.mgetBuffer([...names]);
      } catch (error) {
        this.#degrade(error);
      }
    }
    const pipeline = this.#redis.pipeline();
    for (const name of names) pipeline.getBuffer(name);
    return (await runAll(pipeline)) as (Buffer | null)[];
  }

  async setMany(names: readonly string[], values: readonly Buffer[], lifeMs: number): Promise<void> {
    if (!this.#oneByOne) {
      try {
        await this.#redis.eval(SET_ALL, names.length, ...names, lifeMs, ...values);
        return;
      } catch (error) {
        this.#degrade(error);
      }
    }
    const pipeline = this.#redis.pipeline();
    for (const [i, name] of names.entries()) pipeline.set(name, values[i] as Buffer, "PX", lifeMs);
    await runAll(pipeline);
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** From now on key by key, when it is that what the server asks for; else throws what it was given. */
  #degrade(error: unknown): void {
    if (!(error instanceof Error) || !ONE_BY_ONE.test(error.message)) throw error;
    this.#oneByOne = true;
  }
}

/** Results of all commands. Rejects with the first error. */
async function runAll(pipeline: ChainableCommander): Promise<readonly unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  for (const [error] of results) if (error !== null) throw error;
  return results.map(([, value]) => value);
}
