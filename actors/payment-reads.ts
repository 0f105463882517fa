/**
 * Reads by id, beside the mailbox (design §3.2): from memory while ownership is certain, after one epoch check for all
 * waiting reads when it is not, and by key from the database when the payment is not in memory.
 */
import type { Answers } from "./answers.ts";
import type { FlowTable } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Operations } from "./operations.ts";
import type { Clock, Lease, ShardRequest, ShardStore } from "./ports.ts";

export type ReadRequest = Extract<ShardRequest, { kind: "getPayment" }>;

export interface ReadParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly operations: Operations;
  readonly answers: Answers;
  readonly clock: Clock;
  /** Memory may answer for this long after the last acknowledged commit or renewal was sent. */
  readonly memoryAnswersForMs: number;
}

export class PaymentReads {
  readonly #parts: ReadParts;
  #uncertain: ReadRequest[] = [];
  #missing: ReadRequest[] = [];

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  take(request: ReadRequest): void {
    const { flows, commit, clock, memoryAnswersForMs } = this.#parts;
    if (flows.byPayment(request.paymentId)?.payment === undefined) this.#missing.push(request);
    else if (clock.monotonicMs() - commit.lastAckSentAtMs < memoryAnswersForMs) this.#fromMemory(request);
    else this.#uncertain.push(request);
  }

  /** One statement for all reads of this tick that memory cannot answer alone. */
  flush(): void {
    const { lease } = this.#parts.commit;
    if (lease === undefined) return;
    if (this.#uncertain.length > 0) void this.#confirm(this.#uncertain.splice(0), lease);
    if (this.#missing.length > 0) void this.#load(this.#missing.splice(0));
  }

  #fromMemory(request: ReadRequest): void {
    const { flows, answers, operations } = this.#parts;
    const flow = flows.byPayment(request.paymentId);
    if (flow?.payment === undefined) return this.#unavailable(request);
    if (flow.merchantId !== request.merchantId) return this.#notFound(request);
    answers.payment(request, flow.payment, operations.nextCheckAtMs(flow));
  }

  async #confirm(requests: readonly ReadRequest[], lease: Lease): Promise<void> {
    const mine = await this.#parts.store.confirmEpoch(lease).catch(() => false);
    const still = mine && this.#parts.commit.lease === lease;
    for (const request of requests) {
      if (still) this.#fromMemory(request);
      else this.#unavailable(request);
    }
  }

  async #load(requests: readonly ReadRequest[]): Promise<void> {
    const asked = requests.map(({ merchantId, paymentId }) => ({ merchantId, id: paymentId }));
    const found = await this.#parts.store.findPayments(asked).catch(() => undefined);
    requests.forEach((request, i) => {
      const payment = found?.[i];
      if (found === undefined) this.#unavailable(request);
      else if (payment === undefined) this.#notFound(request);
      else this.#parts.answers.payment(request, payment, null);
    });
  }

  #notFound(request: ReadRequest): void {
    this.#parts.answers.refuseWith(request, "not_found", "there is no such payment");
  }
  #unavailable(request: ReadRequest): void {
    this.#parts.answers.refuseWith(request, "storage_unavailable", "the shard cannot be sure of its state now");
  }
}
