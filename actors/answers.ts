/** The answers that an actor gives, as the router will write them. */
import {
  isOpen,
  type MerchantId,
  type Payment,
  refundIdOf,
  REFUSALS,
  type Refusal,
  refuse,
  type RefusalCode,
} from "./domain/index.ts";
import type { StoredReply } from "./ports/decisions.ts";
import type { ReadResult } from "./ports/reads.ts";
import type { Presenter, RateState, ShardReply } from "./ports/requests.ts";
import type { ShardMeter } from "./shard-meter.ts";

/** Who asked, and how much of its merchant's rate that used up. */
export interface Asker {
  readonly ticket: number;
  readonly requestId: string;
  readonly rate: RateState | null;
}

const RETRY_AFTER_S: { readonly [C in RefusalCode]?: number } = {
  idempotency_key_in_use: 1,
  operation_in_doubt: 5,
  shard_unavailable: 1,
  storage_unavailable: 1,
  gateway_unavailable: 5,
  overloaded: 1,
};
const PENDING_RETRY_AFTER_S = 2;
const NOTHING = new Uint8Array(0);
/** A reply that carries nothing beside its status and body. */
const BARE = {
  problem: false,
  code: null,
  replayed: false,
  retryAfterS: null,
  location: null,
  gatewayMs: null,
  final: false,
} as const;

export class Answers {
  readonly #presenter: Presenter;
  readonly #send: (reply: ShardReply) => void;
  readonly #meter: ShardMeter;

  constructor(presenter: Presenter, send: (reply: ShardReply) => void, meter: ShardMeter) {
    this.#presenter = presenter;
    this.#send = send;
    this.#meter = meter;
  }

  refuse(asker: Asker, refusal: Refusal): void {
    const { code } = refusal;
    this.#meter.refused(code);
    this.#send({
      ticket: asker.ticket,
      status: REFUSALS[code].status,
      body: this.#presenter.refusal(refusal, asker.requestId),
      problem: true,
      code,
      replayed: false,
      retryAfterS: refusal.retryAfterS ?? RETRY_AFTER_S[code] ?? null,
      location: null,
      gatewayMs: null,
      final: false,
      rate: asker.rate,
    });
  }

  refuseWith(asker: Asker, code: RefusalCode, detail: string): void {
    this.refuse(asker, refuse(code, detail));
  }

  /** The final answer. `gatewayMs`: null for a replay. */
  final(asker: Asker, reply: StoredReply, replayed: boolean, gatewayMs: number | null): void {
    this.#send({
      ticket: asker.ticket,
      status: reply.status,
      body: reply.body,
      problem: reply.status >= 400,
      code: reply.status === 402 ? "payment_declined" : null,
      replayed,
      retryAfterS: null,
      location: null,
      gatewayMs,
      final: true,
      rate: asker.rate,
    });
  }

  /** 202: the outcome of `payment.operation` is open. `nextCheckAtMs`: Unix milliseconds. */
  pending(asker: Asker, payment: Payment, nextCheckAtMs: number | null, gatewayMs: number | null): void {
    const { operation, terms } = payment;
    const isRefund = operation.kind === "refund";
    this.#send({
      ticket: asker.ticket,
      status: 202,
      body: isRefund
        ? this.#presenter.refund(payment, operation, nextCheckAtMs)
        : this.#presenter.payment(payment, nextCheckAtMs),
      problem: false,
      code: null,
      replayed: false,
      retryAfterS: PENDING_RETRY_AFTER_S,
      location: isRefund ? `/v1/refunds/${refundIdOf(operation.id)}` : `/v1/payments/${terms.id}`,
      gatewayMs,
      final: false,
      rate: asker.rate,
    });
  }

  /** No answer: the connection is closed (see ShardReply). The payment may have been charged and nothing certain is known. */
  silence(asker: Asker): void {
    this.#meter.refused("unanswered");
    this.#send({ ...BARE, ticket: asker.ticket, status: 0, body: NOTHING, rate: asker.rate });
  }

  /** 200 with the payment as it is. */
  payment(asker: Asker, payment: Payment, nextCheckAtMs: number | null): void {
    const body = this.#presenter.payment(payment, nextCheckAtMs);
    this.#send({ ...BARE, ticket: asker.ticket, status: 200, body, rate: asker.rate });
  }

  /** 200 with what a read found. */
  found(asker: Asker & { readonly merchantId: MerchantId }, result: ReadResult): void {
    const body = this.#presenter.read(result, asker.merchantId);
    this.#send({ ...BARE, ticket: asker.ticket, status: 200, body, rate: asker.rate });
  }

  /**
   * What is stored for ever when `payment.operation` ends. Of an authorize or a sale the payment's status tells, of a
   * later operation its own state: 201 for what was made, 200 for what was changed, 402 for a refusal by the gateway.
   */
  storedReply(payment: Payment, requestId: string): StoredReply {
    const { operation, status } = payment;
    if (isOpen(operation.state)) throw new Error("an open operation has no final answer");
    const isFirst = operation.kind === "authorize" || operation.kind === "sale";
    const isDone = isFirst ? status === "authorized" || status === "captured" : operation.state === "succeeded";
    if (!isDone) return { status: 402, body: this.#presenter.declined(payment, requestId) };
    if (operation.kind === "refund") return { status: 201, body: this.#presenter.refund(payment, operation, null) };
    return { status: isFirst ? 201 : 200, body: this.#presenter.payment(payment, null) };
  }
}
