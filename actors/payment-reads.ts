/**
 * Reads by id, beside the mailbox (design §3.2): from memory while ownership is certain, after one look at the epoch when
 * it is not, and by key from the database when the payment is not in memory: one statement at a time, for all that came
 * while the one before it ran.
 */
import type { Answers } from "./answers.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Operations } from "./operations.ts";
import { type Ownership, WAITING_READS_MAX } from "./ownership.ts";
import type { ShardRequest } from "./ports/requests.ts";
import type { Lease, ShardStore } from "./ports/shard-store.ts";
import { UNSURE, type UnsureCode } from "./unsure.ts";

export type ReadRequest = Extract<ShardRequest, { kind: "getPayment" }>;

export interface ReadParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly operations: Operations;
  readonly answers: Answers;
  readonly ownership: Ownership;
}

export class PaymentReads {
  readonly #parts: ReadParts;
  #missing: ReadRequest[] = [];
  #loading = false;
  #unsure: UnsureCode = "storage_unavailable";

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  take(request: ReadRequest): void {
    const { flows, ownership } = this.#parts;
    if (flows.file(request.paymentId) === undefined) {
      if (this.#missing.length >= WAITING_READS_MAX) return this.#overloaded(request);
      this.#missing.push(request);
    } else if (ownership.isCertain) this.#fromMemory(request);
    else if (!ownership.ask((mine) => (mine ? this.#fromMemory(request) : this.#unavailable(request))))
      this.#overloaded(request);
  }

  /** Reads what memory does not hold. Called at the end of each tick. */
  flush(): void {
    const { lease } = this.#parts.commit;
    if (this.#missing.length === 0 || this.#loading || lease === undefined) return;
    void this.#load(this.#missing.splice(0), lease);
  }

  /** The actor drops its memory, or gives its shard up: what is read from now on says so. */
  reset(code: UnsureCode): void {
    this.#unsure = code;
    for (const request of this.#missing.splice(0)) this.#unavailable(request);
  }

  #fromMemory(request: ReadRequest): void {
    const { flows, answers, operations } = this.#parts;
    const file = flows.file(request.paymentId);
    if (file === undefined) return this.#unavailable(request);
    const { payment } = file;
    if (payment.terms.merchantId !== request.merchantId) return this.#notFound(request);
    const flow = flows.byOperation(payment.operation.id);
    answers.payment(request, payment, flow === undefined ? null : operations.nextCheckAtMs(flow));
  }

  /** What is read while a commit is being settled may not be there afterwards, so the lease must be the same throughout. */
  async #load(requests: readonly ReadRequest[], lease: Lease): Promise<void> {
    this.#loading = true;
    const asked = requests.map(({ merchantId, paymentId }) => ({ merchantId, id: paymentId }));
    const found = await this.#parts.store.findPayments(asked).catch(() => undefined);
    this.#loading = false;
    const certain = this.#parts.commit.lease === lease;
    requests.forEach((request, i) => {
      const payment = found?.[i];
      if (found === undefined || payment === null || !certain) this.#unavailable(request);
      else if (payment === undefined) this.#notFound(request);
      else this.#parts.answers.payment(request, payment, null);
    });
    this.flush();
  }

  #notFound(request: ReadRequest): void {
    this.#parts.answers.refuseWith(request, "not_found", "there is no such payment");
  }
  #unavailable(request: ReadRequest): void {
    this.#parts.answers.refuseWith(request, this.#unsure, UNSURE[this.#unsure]);
  }
  #overloaded(request: ReadRequest): void {
    this.#parts.answers.refuseWith(request, "overloaded", "too many reads wait for the shard's database");
  }
}
