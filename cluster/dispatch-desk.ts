/**
 * The way of webhooks out of a shard thread: in batches, one a tick, over the ports of the gateway threads, which send them.
 * What became of each comes back in batches to the actor whose shard it is of.
 */
import type { MessagePort } from "node:worker_threads";
import type { Clock, Dispatch, DispatchDesk, Dispatched } from "../actors/index.ts";
import { signedHeaders, type WebhookOutcome, type WebhookSender } from "../actors/webhooks/index.ts";
import type { Tagged } from "./gateway-desk.ts";
import { remoteOf, transfer } from "./remote.ts";
import { TickBatch } from "./tick-batch.ts";

/** What a gateway thread offers on a port, and what the shard thread offers back on the same port. */
export interface DispatchPort {
  dispatch(tries: readonly Tagged<Dispatch>[]): void;
}
export interface DispatchedPort {
  onDispatched(answers: readonly Tagged<Dispatched>[]): void;
}

/** Signs and sends tries one by one, and gives back what became of them as they end. */
export class DispatchBench {
  readonly #sender: () => WebhookSender;
  readonly #answers: TickBatch<Tagged<Dispatched>>;
  readonly #clock: Clock;

  /** `sender`: made when first used. */
  constructor(sender: () => WebhookSender, answer: (answers: Tagged<Dispatched>[]) => void, clock: Clock) {
    this.#sender = sender;
    this.#answers = new TickBatch(answer);
    this.#clock = clock;
  }

  run({ shard, item }: Tagged<Dispatch>): void {
    const { deliveryKey } = item;
    const begunAtMs = this.#clock.monotonicMs();
    const ended = (outcome: Dispatched["outcome"]): void => {
      const tookMs = this.#clock.monotonicMs() - begunAtMs;
      this.#answers.add({ shard, item: { deliveryKey, outcome, tookMs } });
    };
    this.#send(item).then(
      (outcome) => ended(judgedPart(outcome)),
      () => ended({ kind: "failed", reason: "not_sent" }),
    );
  }

  /** Rejects when the try cannot be signed. */
  async #send({ eventId, body, secrets, url, isQuick }: Dispatch): Promise<WebhookOutcome> {
    const timestampS = Math.floor(this.#clock.nowMs() / 1_000);
    const headers = { ...signedHeaders(eventId, timestampS, body, secrets) };
    return await this.#sender().send({ url, headers, body, isQuick });
  }
}

/** Its time is told beside it. */
function judgedPart(outcome: WebhookOutcome): Dispatched["outcome"] {
  if (outcome.kind !== "answered") return outcome;
  const { kind, status, retryAfterMs } = outcome;
  return { kind, status, retryAfterMs };
}

/** The desks of one shard thread. */
export class DispatchDesks {
  readonly #onDispatched: (answers: readonly Tagged<Dispatched>[]) => void;
  /** By index of the gateway thread; those that run. */
  readonly #remotes = new Map<number, (tries: readonly Tagged<Dispatch>[]) => void>();
  readonly #outgoing: TickBatch<Tagged<Dispatch>>;
  readonly #unsent: TickBatch<Tagged<Dispatched>>;
  #next = 0;

  constructor(onDispatched: (answers: readonly Tagged<Dispatched>[]) => void) {
    this.#onDispatched = onDispatched;
    this.#outgoing = new TickBatch((tries) => this.#send(tries));
    this.#unsent = new TickBatch((answers) => this.#onDispatched(answers));
  }

  /** What this thread offers on each port to a gateway thread. */
  get offer(): DispatchedPort {
    return { onDispatched: (answers) => this.#onDispatched(answers) };
  }

  /** Uses the gateway thread at the other end of `port`; a later one under the same index takes its place. */
  attach(index: number, port: MessagePort): void {
    const remote = remoteOf<DispatchPort>(port);
    // A batch that is lost with its thread is not answered: the actor sends it again.
    this.#remotes.set(index, (tries) => {
      const bytes = tries.map(({ item }) => item.body.buffer as ArrayBuffer);
      void remote.dispatch(transfer(tries, bytes)).catch(() => undefined);
    });
  }

  /** The thread has died: nothing goes there until it is attached anew. */
  detach(index: number): void {
    this.#remotes.delete(index);
  }

  forShard(shard: number): DispatchDesk {
    return {
      submit: (tries) => {
        for (const item of tries) this.#outgoing.add({ shard, item });
      },
    };
  }

  /** A batch goes to one thread; threads take turns. Without any, nothing was tried. */
  #send(tries: readonly Tagged<Dispatch>[]): void {
    const sends = [...this.#remotes.values()];
    const send = sends[this.#next++ % Math.max(1, sends.length)];
    // A view would take its whole block along: rows of the database share theirs.
    if (send !== undefined) return send(tries.map(({ shard, item }) => ({ shard, item: withOwnBytes(item) })));
    for (const { shard, item } of tries)
      this.#unsent.add({
        shard,
        item: { deliveryKey: item.deliveryKey, outcome: { kind: "failed", reason: "busy" }, tookMs: 0 },
      });
  }
}

const withOwnBytes = (item: Dispatch): Dispatch => ({ ...item, body: Uint8Array.from(item.body) });
