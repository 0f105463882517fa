/**
 * Asks a gateway about operations that have ended, before a notice changes money (gateways.md §1.3: an event is a hint),
 * and whose an object is that names nothing of ours. Each question is asked once: what comes back, or that nothing did, decides; the notice's row is tried again later.
 */
import { firstOperationOf, mintId } from "./domain/index.ts";
import type { Ownership } from "./ownership.ts";
import type { GatewayAnswer, GatewayCall, GatewayDesk, GatewayObservation } from "./ports/gateway.ts";
import type { OperationView } from "./ports/reads.ts";
import type { NoticeRow } from "./ports/inbox.ts";
import type { Clock, Random } from "./ports/world.ts";

export interface ConfirmationParts {
  readonly desk: GatewayDesk;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: { readonly gatewayCallMs: number };
}

interface Question {
  readonly dueAtMs: number;
  readonly answered: (observed: GatewayObservation) => void;
}

/** Questions that may be out at once: a flood of notices must not become one of queries. */
const OUT_MAX = 256;
/** Tries of operations count from 1 within their epoch; these never meet them. */
const FIRST_NUMBER = 2 ** 52;

const NOT_ASKED: GatewayObservation = { kind: "notSubmitted", reason: "not asked" };
const LOST: GatewayObservation = { kind: "unknown", reason: "no answer" };

export class Confirmations {
  readonly #parts: ConfirmationParts;
  readonly #out = new Map<number, Question>();
  #number = FIRST_NUMBER;

  constructor(parts: ConfirmationParts) {
    this.#parts = parts;
  }

  /** Reads the operation at its gateway. `answered` is called once, unless the actor reloads. */
  ask({ payment, operation }: OperationView, answered: (observed: GatewayObservation) => void): void {
    const { terms, gatewayReference } = payment;
    this.#submit(answered, {
      operationId: operation.id,
      paymentId: terms.id,
      merchantId: terms.merchantId,
      kind: operation.kind,
      action: "query",
      gateway: terms.gateway,
      account: terms.gatewayAccount,
      gatewayKey: operation.gatewayKey,
      gatewayReference,
      amountMinor: operation.amountMinor,
      currency: terms.currency,
    });
  }

  /** Asks which of our operations the object belongs to that a notice speaks of. */
  identify({ notice, slot }: NoticeRow, answered: (observed: GatewayObservation) => void): void {
    const { clock, random } = this.#parts;
    const nobodys = mintId("pay", slot, clock.nowMs(), random.bytes(8));
    this.#submit(answered, {
      operationId: firstOperationOf(nobodys),
      paymentId: nobodys,
      merchantId: null,
      kind: "sale",
      action: "identify",
      gateway: notice.gateway,
      account: notice.account,
      gatewayKey: "",
      gatewayReference: notice.paymentReference,
      amountMinor: 0n,
      currency: notice.currency ?? "",
    });
  }

  /** An answer of the gateway threads; false: no question of ours. */
  onAnswer({ try: number, observation }: GatewayAnswer): boolean {
    const question = this.#out.get(number);
    if (question === undefined) return false;
    this.#out.delete(number);
    question.answered(observation);
    return true;
  }

  /** Gives up what was not answered. `nowMs`: monotonic. */
  sweep(nowMs: number): void {
    for (const [number, { dueAtMs, answered }] of this.#out) {
      if (nowMs < dueAtMs) continue;
      this.#out.delete(number);
      answered(LOST);
    }
  }

  /** The actor drops its memory. */
  reset(): void {
    this.#out.clear();
  }

  #submit(
    answered: (observed: GatewayObservation) => void,
    asked: Omit<GatewayCall, "try" | "earlierTryOpen" | "paymentMethod" | "timeoutMs" | "notAfterMs">,
  ): void {
    const { desk, clock, ownership, limits } = this.#parts;
    if (this.#out.size >= OUT_MAX || !ownership.isCertain) return answered(NOT_ASKED);
    const nowMs = clock.monotonicMs();
    const number = this.#number++;
    this.#out.set(number, { dueAtMs: nowMs + 2 * limits.gatewayCallMs, answered });
    desk.submit([
      {
        ...asked,
        try: number,
        earlierTryOpen: true,
        paymentMethod: "",
        timeoutMs: limits.gatewayCallMs,
        notAfterMs: nowMs + limits.gatewayCallMs,
      },
    ]);
  }
}
