/** The answers that an actor gives, as the router will write them. */
import { type Payment, REFUSALS, type Refusal, refuse, type RefusalCode } from "./domain/index.ts";
import type { StoredReply } from "./ports/decisions.ts";
import type { Presenter, ShardReply } from "./ports/requests.ts";
import type { ShardMeter } from "./shard-meter.ts";

/** Who asked. */
export interface Asker {
  readonly ticket: number;
  readonly requestId: string;
}

const RETRY_AFTER_S: { readonly [C in RefusalCode]?: number } = {
  idempotency_key_in_use: 1,
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
    });
  }

  /** 202: the outcome is open. `nextCheckAtMs`: Unix milliseconds. */
  pending(asker: Asker, payment: Payment, nextCheckAtMs: number | null, gatewayMs: number | null): void {
    this.#send({
      ticket: asker.ticket,
      status: 202,
      body: this.#presenter.payment(payment, nextCheckAtMs),
      problem: false,
      code: null,
      replayed: false,
      retryAfterS: PENDING_RETRY_AFTER_S,
      location: `/v1/payments/${payment.terms.id}`,
      gatewayMs,
    });
  }

  /** No answer: the connection is closed (see ShardReply). The payment may have been charged and nothing certain is known. */
  silence(asker: Asker): void {
    this.#meter.refused("unanswered");
    this.#send({
      ...BARE,
      ticket: asker.ticket,
      status: 0,
      body: NOTHING,
    });
  }

  /** 200 with the payment as it is. */
  payment(asker: Asker, payment: Payment, nextCheckAtMs: number | null): void {
    this.#send({
      ...BARE,
      ticket: asker.ticket,
      status: 200,
      body: this.#presenter.payment(payment, nextCheckAtMs),
    });
  }

  /** What is stored for ever when an operation ends: 201 for money reserved or taken, 402 for a refusal. */
  storedReply(payment: Payment, requestId: string): StoredReply {
    return payment.status === "authorized" || payment.status === "captured"
      ? { status: 201, body: this.#presenter.payment(payment, null) }
      : { status: 402, body: this.#presenter.declined(payment, requestId) };
  }
}
