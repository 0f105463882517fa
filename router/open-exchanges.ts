/**
 * The requests that were taken and not answered yet: answers them, forgets those whose client left, and gives up on
 * those that nobody answers. Everything is counted once, when it ends.
 */
import type { Refusal } from "../actors/domain/index.ts";
import type { Clock, Log, Presenter, ShardReply } from "../actors/index.ts";
import { type Answer, answerRefusal, answerReply } from "./answers.ts";
import type { Exchange } from "./exchange.ts";
import type { MerchantRates } from "./merchant-rates.ts";
import type { RouterMetrics } from "./metrics.ts";
import type { ReplyCache } from "./reply-cache.ts";

export interface OpenExchangesOptions {
  readonly presenter: Presenter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RouterMetrics;
  /** Age at which a connection is closed without an answer. */
  readonly giveUpMs: number;
  readonly exposeGatewayTime: boolean;
  /** Remembers final replies; null: nobody does. */
  readonly replyCache: ReplyCache | null;
  /** Is told what replies say of rates, for answers of the cache. */
  readonly rates: MerchantRates;
}

const SWEEP_MS = 500;

export class OpenExchanges {
  readonly #options: OpenExchangesOptions;
  /** By ticket, in the order of arrival: the oldest is the first. */
  readonly #open = new Map<number, Exchange>();
  /** Set by `drain`: from then on each answer ends its connection. */
  #closing = false;
  #callOffSweep: () => void = () => {};
  #whenEmpty: () => void = () => {};

  constructor(options: OpenExchangesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** From now on the exchange is found by its ticket and watched. */
  add(exchange: Exchange): void {
    this.#open.set(exchange.ticket, exchange);
  }

  /**
   * Writes what shards decided. A reply whose client left is dropped: its key keeps the outcome. Status 0 is no answer:
   * the connection is closed, because nothing that could be said is certain.
   */
  answer(replies: readonly ShardReply[]): void {
    const { exposeGatewayTime, replyCache, rates, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const reply of replies) {
      const exchange = this.#open.get(reply.ticket);
      if (exchange === undefined) continue;
      const { merchantId } = exchange;
      if (replyCache !== null && reply.rate !== null && merchantId !== null) rates.note(merchantId, reply.rate, nowMs);
      if (reply.status === 0) this.#giveUp(exchange, "uncertain");
      else this.write(exchange, answerReply(reply, exposeGatewayTime));
      if (reply.final && replyCache !== null && exchange.question !== null) replyCache.keep(exchange.question, reply);
    }
  }

  refuse(exchange: Exchange, refusal: Refusal, more: Partial<Pick<Answer, "allow" | "close">> = {}): void {
    this.write(exchange, answerRefusal(refusal, exchange.requestId, this.#options.presenter, more));
  }

  write(exchange: Exchange, answer: Answer): void {
    if (exchange.write(answer, answer.close || this.#closing)) {
      const tookMs = this.#options.clock.monotonicMs() - exchange.receivedAtMs;
      this.#options.metrics.requestEnded(exchange.route, answer.status, tookMs);
    }
    this.#forget(exchange);
  }

  /** The client left. What it asked for goes on, and can be asked for again with the same key. */
  abort(exchange: Exchange): void {
    this.#options.metrics.requestDropped(exchange.route, "aborted");
    this.#forget(exchange);
  }

  /** Looks for the overdue twice a second until `stopWatch`. */
  watch(): void {
    this.#callOffSweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#giveUpOverdue();
      this.watch();
    });
  }

  stopWatch(): void {
    this.#callOffSweep();
  }

  /** Resolves when nothing is open any more, or after `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    this.#closing = true;
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const callOff = this.#options.clock.after(withinMs, resolve);
      this.#whenEmpty = () => {
        callOff();
        resolve();
      };
    });
  }

  #giveUpOverdue(): void {
    const { clock, giveUpMs } = this.#options;
    const overdueMs = clock.monotonicMs() - giveUpMs;
    for (const exchange of this.#open.values()) {
      if (exchange.receivedAtMs > overdueMs) return; // all that follow are younger
      this.#giveUp(exchange, "deadline");
    }
  }

  /** Closes the connection without an answer. */
  #giveUp(exchange: Exchange, reason: "deadline" | "uncertain"): void {
    const { log, metrics } = this.#options;
    exchange.abandon();
    this.#forget(exchange);
    metrics.requestDropped(exchange.route, reason);
    log.warn({ requestId: exchange.requestId, route: exchange.route, reason }, "connection closed without an answer");
  }

  #forget(exchange: Exchange): void {
    if (this.#open.delete(exchange.ticket) && this.#open.size === 0) this.#whenEmpty();
  }
}
