/**
 * Clients whose payment may have been charged and who wait for its outcome. Each gets 202 when its time is up, but only
 * from an owner who is sure to be one; else nothing, and the same key tells it the truth elsewhere.
 */
import type { Answers } from "./answers.ts";
import { type OpenFlow, paymentOf } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { Operations } from "./operations.ts";
import type { Ownership } from "./ownership.ts";
import type { Clock } from "./ports/world.ts";

export class Waiters {
  readonly #flows: FlowTable;
  readonly #answers: Answers;
  readonly #operations: Operations;
  readonly #ownership: Ownership;
  readonly #clock: Clock;
  #asked = false;

  constructor(
    flows: FlowTable,
    answers: Answers,
    operations: Operations,
    { ownership, clock }: { readonly ownership: Ownership; readonly clock: Clock },
  ) {
    this.#flows = flows;
    this.#answers = answers;
    this.#operations = operations;
    this.#ownership = ownership;
    this.#clock = clock;
  }

  /** True while an open operation has one. */
  exist(): boolean {
    for (const flow of this.#flows.open()) if (flow.waiter !== undefined) return true;
    return false;
  }

  /** Answers those whose time is up. `nowMs`: monotonic. */
  expire(nowMs: number): void {
    if (this.#asked) return;
    const { isCertain } = this.#ownership;
    for (const flow of this.#flows.open()) {
      const { waiter } = flow;
      if (waiter === undefined || nowMs < waiter.deadlineAtMs) continue;
      if (isCertain) {
        this.#pending(flow, this.#operations.nextCheckAtMs(flow));
        continue;
      }
      this.#asked = this.#ownership.ask((mine) => this.#expireAll(mine));
      return;
    }
  }

  /** Answers all now: the actor stops. `mayAnswer`: it is sure to be the owner until now. */
  end(mayAnswer: boolean): void {
    for (const flow of this.#flows.open()) {
      if (mayAnswer) this.#pending(flow, null);
      else this.#silence(flow);
    }
  }

  #expireAll(mine: boolean): void {
    this.#asked = false;
    const nowMs = this.#clock.monotonicMs();
    for (const flow of this.#flows.open()) {
      if (flow.waiter === undefined || nowMs < flow.waiter.deadlineAtMs) continue;
      if (mine) this.#pending(flow, this.#operations.nextCheckAtMs(flow));
      else this.#silence(flow);
    }
  }

  /** As of the last acknowledged commit. */
  #pending(flow: OpenFlow, nextCheckAtMs: number | null): void {
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined) this.#answers.pending(waiter, paymentOf(flow), nextCheckAtMs, null);
  }

  #silence(flow: OpenFlow): void {
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined) this.#answers.silence(waiter);
  }
}
