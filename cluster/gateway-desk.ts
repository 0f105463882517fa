/**
 * The way of gateway calls out of a shard thread: in batches, one a tick, to the gateway threads; the fixed-latency
 * adapter alone answers in this thread. Answers come back in batches to the actor whose shard the call named.
 */
import type { MessagePort } from "node:worker_threads";
import type { GatewayName } from "../actors/domain/index.ts";
import {
  type Gateway,
  type GatewayAnswer,
  type GatewayCall,
  type GatewayDesk,
  type GatewayObservation,
  WAITED_TOO_LONG,
} from "../actors/index.ts";
import { exposeOn, remoteOf } from "./remote.ts";
import { TickBatch } from "./tick-batch.ts";

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
    const notSubmitted = (reason: string): void => observed({ kind: "notSubmitted", reason });
    if (startedAtMs > call.notAfterMs) return notSubmitted(WAITED_TOO_LONG);
    let adapter: Gateway | undefined;
    try {
      adapter = this.#adapters(call.gateway, call.account);
    } catch (error) {
      return notSubmitted(`the adapter could not be made: ${messageOf(error)}`);
    }
    if (adapter === undefined) return notSubmitted("the gateway is not configured on this node");
    run(adapter, call).then(observed, (error: unknown) =>
      observed({ kind: "unknown", reason: `the adapter threw: ${messageOf(error)}` }),
    );
  }
}

/** A throw before the first await becomes a rejection too. */
const run = async (adapter: Gateway, call: GatewayCall): Promise<GatewayObservation> => await adapter.run(call);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "?");

function noThread(): never {
  throw new Error("no gateway thread runs");
}

/** The desks of one shard thread. */
export class GatewayDesks {
  readonly #local: GatewayBench;
  readonly #isLocal: (name: GatewayName) => boolean;
  readonly #onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => void;
  /** By index of the gateway thread; those that run. */
  readonly #remotes = new Map<number, (calls: readonly Tagged<GatewayCall>[]) => void>();
  readonly #outgoing: TickBatch<Tagged<GatewayCall>>;
  readonly #nowhere: GatewayBench;
  #next = 0;

  constructor(
    local: { readonly gateway: Gateway; readonly name: GatewayName } | undefined,
    onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => void,
    nowMs: () => number,
  ) {
    this.#onAnswers = onAnswers;
    this.#isLocal = (name) => local?.name === name;
    this.#local = new GatewayBench(() => local?.gateway, onAnswers, nowMs);
    this.#nowhere = new GatewayBench(noThread, onAnswers, nowMs);
    this.#outgoing = new TickBatch((calls) => this.#send(calls));
  }

  /**
   * Uses the gateway thread at the other end of `port`; a later one under the same index takes its place. `beside`: what
   * else this thread offers there.
   */
  attach(index: number, port: MessagePort, beside: object = {}): void {
    exposeOn({ ...beside, onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => this.#onAnswers(answers) }, port);
    const remote = remoteOf<GatewayPort>(port);
    // A batch that is lost with its thread is found by the resolver.
    this.#remotes.set(index, (calls) => void remote.submit(calls).catch(() => undefined));
  }

  /** The thread has died: nothing goes there until it is attached anew. */
  detach(index: number): void {
    this.#remotes.delete(index);
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

  /** A batch goes to one thread; threads take turns. Without any, nothing was submitted. */
  #send(calls: readonly Tagged<GatewayCall>[]): void {
    const submits = [...this.#remotes.values()];
    const submit = submits[this.#next++ % Math.max(1, submits.length)];
    if (submit !== undefined) return submit(calls);
    for (const call of calls) this.#nowhere.run(call);
  }
}
