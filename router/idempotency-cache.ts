/**
 * The reply cache in Redis: finished replies for a day, authenticated, and never in anybody's way. A look takes 20 ms at
 * most; whatever goes wrong, the answer is "not known" and the shard decides. Modes: connected and breaker closed
 * (asks); else looks are answered at once and replies are not kept; closed for good after `close`.
 */
import type { Clock, Log } from "../actors/index.ts";
import { PacedBatch } from "./idempotency-cache-batch.ts";
import { Breaker, type BreakerState } from "./idempotency-cache-breaker.ts";
import { EntrySeal, nameOf } from "./idempotency-cache-entry.ts";
import { type CacheClient, RedisCacheClient } from "./idempotency-cache-redis.ts";
import type { CachedReply, CacheQuestion, ReplyCache } from "./reply-cache.ts";

/**
 * How a look ended: the reply; no entry; an entry of another request with that key; one that we did not write; no answer
 * within the budget; an error; not asked.
 */
export type LookOutcome = "hit" | "miss" | "mismatched" | "rejected" | "late" | "failed" | "skipped";
export type KeepOutcome = "kept" | "failed" | "skipped";

/** What the cache counts. The implementation decides how. */
export interface IdempotencyCacheMetrics {
  looked(outcome: LookOutcome, count: number): void;
  kept(outcome: KeepOutcome, count: number): void;
  breakerChanged(state: BreakerState): void;
}

export interface IdempotencyCacheParts {
  readonly client: CacheClient;
  /** 32 secret bytes, the same on all nodes, that serve nothing else. */
  readonly macKey: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: IdempotencyCacheMetrics;
  /** Runs a task at the end of this turn of the event loop; tests have their own. */
  readonly soon?: (task: () => void) => void;
}

interface Look {
  readonly name: string;
  readonly question: CacheQuestion;
  readonly done: (reply: CachedReply | null) => void;
}
interface Keep {
  readonly name: string;
  readonly entry: Buffer;
}
/** Looks that were asked together. */
interface LookBatch {
  readonly looks: readonly Look[];
  isOver: boolean;
}

const LIFE_MS = 24 * 3_600_000;
/** A look, from its call to its answer. */
const BUDGET_MS = 20;
/** A quarter of the budget at most: the rest is Redis's. */
const LOOK_PACE = { minMs: 1, maxMs: 5, itemsMax: 512 } as const;
/** Nobody waits for them. */
const KEEP_PACE = { minMs: 10, maxMs: 25, itemsMax: 256 } as const;
/** Batches without an answer; more are not asked. */
const LOOK_BATCHES_MAX = 32;
const KEEP_BATCHES_MAX = 8;
const BREAKER = { failuresMax: 3, pauseMs: 500, probeLimitMs: 100 } as const;
const WARN_EVERY_MS = 60_000;
const PROBE_NAME = "idempotency:probe";

export class IdempotencyCache implements ReplyCache {
  readonly #client: CacheClient;
  readonly #seal: EntrySeal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: IdempotencyCacheMetrics;
  readonly #soon: (task: () => void) => void;
  readonly #breaker: Breaker;
  readonly #looks: PacedBatch<Look>;
  readonly #keeps: PacedBatch<Keep>;
  #lookBatches = 0;
  #keepBatches = 0;
  readonly #warnedAtMs = new Map<string, number>();
  #isClosed = false;

  constructor(parts: IdempotencyCacheParts) {
    const { client, clock, metrics } = parts;
    this.#client = client;
    this.#seal = new EntrySeal(parts.macKey);
    this.#clock = clock;
    this.#log = parts.log;
    this.#metrics = metrics;
    this.#soon = parts.soon ?? ((task) => void setImmediate(task));
    this.#breaker = new Breaker({
      ...BREAKER,
      clock,
      probe: () => client.getMany([PROBE_NAME]),
      onChange: (state) => {
        metrics.breakerChanged(state);
        if (state === "open") this.#warn({}, "Redis does not answer; shards answer every repeat");
      },
    });
    this.#looks = new PacedBatch(LOOK_PACE, clock, this.#soon, (looks) => this.#ask(looks));
    this.#keeps = new PacedBatch(KEEP_PACE, clock, this.#soon, (keeps) => this.#store(keeps));
  }

  look(question: CacheQuestion, done: (reply: CachedReply | null) => void): void {
    if (!this.#asks() || this.#lookBatches >= LOOK_BATCHES_MAX) {
      this.#metrics.looked("skipped", 1);
      done(null);
      return;
    }
    this.#looks.add({ name: nameOf(question), question, done });
  }

  keep(question: CacheQuestion, reply: CachedReply): void {
    const name = nameOf(question);
    const isFull = this.#keepBatches >= KEEP_BATCHES_MAX;
    const entry = this.#asks() && !isFull ? this.#seal.seal(name, question, reply) : null;
    if (entry === null) this.#metrics.kept("skipped", 1);
    else this.#keeps.add({ name, entry });
  }

  /** Answers what waits, and ends the connection. */
  close(): void {
    this.#isClosed = true;
    this.#breaker.stop();
    for (const look of this.#looks.takeAll()) this.#answer(look, null);
    this.#keeps.takeAll();
    this.#client.close();
  }

  #asks(): boolean {
    return !this.#isClosed && this.#breaker.isClosed && this.#client.isReady;
  }

  #ask(looks: readonly Look[]): void {
    const batch: LookBatch = { looks, isOver: false };
    this.#lookBatches += 1;
    // The last turn of the event loop may have taken longer than the budget: an answer that is here is read first.
    const cancel = this.#clock.after(BUDGET_MS - LOOK_PACE.maxMs, () => this.#soon(() => this.#fail(batch, "late")));
    this.#client.getMany(looks.map(({ name }) => name)).then(
      (entries) => {
        cancel();
        this.#succeed(batch, entries);
      },
      (error: unknown) => {
        cancel();
        this.#fail(batch, "failed", error);
      },
    );
  }

  #succeed(batch: LookBatch, entries: readonly (Buffer | null)[]): void {
    if (!this.#end(batch)) return;
    this.#breaker.succeeded();
    const counts: { [O in LookOutcome]?: number } = {};
    for (const [i, look] of batch.looks.entries()) {
      const entry = entries[i] ?? null;
      const opened = entry === null ? "miss" : this.#seal.open(look.name, look.question, entry);
      const outcome = typeof opened === "string" ? opened : "hit";
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      this.#answer(look, typeof opened === "string" ? null : opened);
    }
    for (const [outcome, count] of Object.entries(counts)) this.#metrics.looked(outcome as LookOutcome, count);
    if (counts.rejected !== undefined)
      this.#warn({ count: counts.rejected }, "Redis holds replies that we did not write");
  }

  #fail(batch: LookBatch, outcome: "late" | "failed", error?: unknown): void {
    if (!this.#end(batch)) return;
    this.#metrics.looked(outcome, batch.looks.length);
    for (const look of batch.looks) this.#answer(look, null);
    this.#noteFailure(error);
  }

  /** True the first time: an answer that comes after its time is nobody's. */
  #end(batch: LookBatch): boolean {
    if (batch.isOver) return false;
    batch.isOver = true;
    this.#lookBatches -= 1;
    return true;
  }

  /** What the router does with an answer must not keep others from theirs. */
  #answer(look: Look, reply: CachedReply | null): void {
    try {
      look.done(reply);
    } catch (error) {
      this.#log.error({ error: String(error) }, "an answer of the reply cache could not be used");
    }
  }

  #store(keeps: readonly Keep[]): void {
    this.#keepBatches += 1;
    const end = (outcome: KeepOutcome): void => {
      this.#keepBatches -= 1;
      this.#metrics.kept(outcome, keeps.length);
    };
    const names = keeps.map(({ name }) => name);
    const entries = keeps.map(({ entry }) => entry);
    this.#client.setMany(names, entries, LIFE_MS).then(
      () => end("kept"),
      (error: unknown) => {
        end("failed");
        this.#noteFailure(error);
      },
    );
  }

  /** Never the error itself: it carries the command, and so what was to be kept. */
  #noteFailure(error: unknown): void {
    if (error instanceof Error) this.#warn({ reason: error.message }, "Redis refused or lost a command");
    this.#breaker.failed();
  }

  /** Each message once a minute: what is wrong with Redis is wrong for every batch. */
  #warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < (this.#warnedAtMs.get(message) ?? Number.NEGATIVE_INFINITY) + WARN_EVERY_MS) return;
    this.#warnedAtMs.set(message, nowMs);
    this.#log.warn(fields, message);
  }
}

/** The cache on the Redis at `url` (redis: or rediss:). Connects in the background; until then it knows nothing. */
export const openIdempotencyCache = (
  options: Omit<IdempotencyCacheParts, "client"> & { readonly url: string },
): IdempotencyCache => new IdempotencyCache({ ...options, client: new RedisCacheClient(options.url, options.log) });
