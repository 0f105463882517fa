/**
 * The way of gateway calls out of a shard thread: in batches, one a tick, to the gateway threads; the fixed-latency
 * adapter alone answers in this thread. Answers come back in batches to the actor whose shard the call named.
 */
import type { MessagePort } from "node:worker_threads";
import type { GatewayName } from "../actors/domain/index.ts";
import type { Gateway, GatewayAnswer, GatewayCall, GatewayDesk } from "../actors/index.ts";
import { exposeOn, remoteOf } from "./remote.ts";

/** Calls, or answers, with the shard that each belongs to. */
export interface Tagged<T> {
  readonly shard: number;
  readonly item: T;
}

/** What a gateway thread offers on a port, and what the shard thread offers back on the same port. */
export interface GatewayPort {
  submit(calls: readonly Tagged<GatewayCall>[]): void;
}
export interface AnswerPort {
  onAnswers(answers: readonly Tagged<GatewayAnswer>[]): void;
}

/** From one batch to the next, at least: a hop between threads costs as much as ten of its items. */
const HOP_PACE_MS = 2;

/** Collects what comes within one turn of the event loop, or under load within the pace, and hands it on as one batch. */
export class TickBatch<T> {
  readonly #flush: (items: T[]) => void;
  #items: T[] = [];
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  constructor(flush: (items: T[]) => void) {
    this.#flush = flush;
  }
  add(item: T): void {
    if (this.#items.push(item) > 1) return;
    const waitMs = HOP_PACE_MS - (performance.now() - this.#flushedAtMs);
    const flush = (): void => {
      this.#flushedAtMs = performance.now();
      this.#flush(this.#items.splice(0));
    };
    if (waitMs > 0) setTimeout(flush, waitMs);
    else setImmediate(flush);
  }
}

/** Runs calls one by one at the adapter that each names, and gives their answers back as they come. */
export class GatewayBench {
  readonly #adapters: (name: GatewayName, account: string) => Gateway | undefined;
  readonly #answers: TickBatch<Tagged<GatewayAnswer>>;
  readonly #nowMs: () => number;

  constructor(
    adapters: (name: GatewayName, account: string) => Gateway | undefined,
    answer: (answers: Tagged<GatewayAnswer>[]) => void,
    nowMs: () => number,
  ) {
    this.#adapters = adapters;
    this.#answers = new TickBatch(answer);
    this.#nowMs = nowMs;
  }

  run({ shard, item: call }: Tagged<GatewayCall>): void {
    const startedAtMs = this.#nowMs();
    const { operationId, paymentId, action } = call;
    const observed = (observation: GatewayAnswer["observation"]): void => {
      const tookMs = this.#nowMs() - startedAtMs;
      this.#answers.add({ shard, item: { operationId, paymentId, try: call.try, action, observation, tookMs } });
    };
    const adapter = this.#adapters(call.gateway, call.account);
    if (adapter === undefined) observed({ kind: "notSubmitted", reason: "the gateway is not configured on this node" });
    else {
      adapter.run(call).then(observed, (error: unknown) => {
        observed({ kind: "unknown", reason: `the adapter threw: ${error instanceof Error ? error.message : "?"}` });
      });
    }
  }
}

/** The desks of one shard thread. */
export class GatewayDesks {
  readonly #local: GatewayBench;
  readonly #isLocal: (name: GatewayName) => boolean;
  readonly #onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => void;
  readonly #remotes: { readonly submit: (calls: readonly Tagged<GatewayCall>[]) => void }[] = [];
  readonly #outgoing: TickBatch<Tagged<GatewayCall>>;
  #next = 0;

  constructor(
    local: { readonly gateway: Gateway; readonly name: GatewayName } | undefined,
    onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => void,
    nowMs: () => number,
  ) {
    this.#onAnswers = onAnswers;
    this.#isLocal = (name) => local?.name === name;
    this.#local = new GatewayBench(() => local?.gateway, onAnswers, nowMs);
    this.#outgoing = new TickBatch((calls) => this.#send(calls));
  }

  /** Uses the gateway thread at the other end of `port`; a later one under the same index takes its place. */
  attach(index: number, port: MessagePort): void {
    exposeOn({ onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => this.#onAnswers(answers) }, port);
    const remote = remoteOf<GatewayPort>(port);
    this.#remotes[index] = { submit: (calls) => void remote.submit(calls) };
  }

  forShard(shard: number): GatewayDesk {
    return {
      submit: (calls) => {
        for (const item of calls) {
          if (this.#isLocal(item.gateway)) this.#local.run({ shard, item });
          else this.#outgoing.add({ shard, item });
        }
      },
    };
  }

  /** A batch goes to one thread; threads take turns. A batch lost with its thread is found by the resolver. */
  #send(calls: readonly Tagged<GatewayCall>[]): void {
    const remote = this.#remotes[this.#next++ % Math.max(1, this.#remotes.length)];
    remote?.submit(calls);
  }
}
