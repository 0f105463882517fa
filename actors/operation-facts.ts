/**
 * Turns what was found out about an operation into a decision, has it written, and tells who waits for it: the final
 * answer with T2, 202 when the fate is open.
 */
import type { Answers } from "./answers.ts";
import { type Fact, type FactKind, type Payment, type Transition, transition } from "./domain/index.ts";
import type { Flow, FlowTable } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { OperationChecks } from "./operation-checks.ts";
import type { Ownership } from "./ownership.ts";
import { sideFactsOf } from "./pending.ts";
import type { StoredReply } from "./ports/decisions.ts";
import type { Clock, Log } from "./ports/world.ts";
import type { ShardMeter } from "./shard-meter.ts";

/** Who found a fact: an answer to a call that T1 led to, or a check. */
export type Cause = "gateway" | "resolver";

export interface FactParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly ownership: Ownership;
  readonly answers: Answers;
  readonly clock: Clock;
  readonly meter: ShardMeter;
  readonly log: Log;
}

export interface FactHooks {
  /** The fact is on disk and in memory, and the operation is still open. */
  written(flow: Flow, payment: Payment, fact: FactKind): void;
  /** The database refused the fact; a check is planned. */
  refused(flow: Flow): void;
}

export class OperationFacts {
  readonly #parts: FactParts;
  readonly #checks: OperationChecks;
  readonly #hooks: FactHooks;

  constructor(parts: FactParts, checks: OperationChecks, hooks: FactHooks) {
    this.#parts = parts;
    this.#checks = checks;
    this.#hooks = hooks;
  }

  /** The gateway has something else than what was asked: a person must look, and nothing is posted. */
  conflict(flow: Flow, payment: Payment, reference: string | null, detail: string, cause: Cause): void {
    const { terms, operation } = payment;
    this.#parts.log.error(
      { payment: terms.id, operation: operation.id, gateway: terms.gateway, detail },
      "the gateway's answer conflicts with what was asked",
    );
    this.doubt(flow, payment, { kind: "conflicted", reference }, cause, true);
  }

  /** Records that the fate is open, once per reason, and answers 202 when the client need not wait longer. */
  doubt(flow: Flow, payment: Payment, fact: Fact, cause: Cause, answerNow: boolean): void {
    this.#checks.plan(flow);
    const next = transition(payment, fact, this.#parts.clock.nowMs());
    const changed =
      next !== undefined &&
      (next.payment.pendingReason !== payment.pendingReason ||
        next.payment.operation.state !== payment.operation.state ||
        next.payment.needsReview !== payment.needsReview ||
        next.payment.gatewayReference !== payment.gatewayReference);
    if (changed) this.#commit(flow, next, cause, answerNow);
    else if (answerNow && this.#parts.ownership.isCertain) this.#answerPending(flow, payment);
  }

  /** Writes a definite fact, or one that the course of the operation needs; the machine refuses what cannot follow. */
  write(flow: Flow, payment: Payment, fact: Fact, cause: Cause): void {
    const next = transition(payment, fact, this.#parts.clock.nowMs());
    if (next === undefined) {
      this.#parts.log.error(
        { payment: payment.terms.id, fact: fact.kind, status: payment.status },
        "fact refused by the state machine",
      );
      this.#checks.plan(flow);
      return;
    }
    this.#commit(flow, next, cause, false);
  }

  #commit(flow: Flow, next: Transition, cause: Cause, answerPending: boolean): void {
    const { commit, answers, clock } = this.#parts;
    const final = next.payment.status !== "pending";
    const requestId = flow.waiter?.requestId ?? next.payment.operation.id;
    let reply: StoredReply | null = null;
    flow.writing = true;
    commit.enqueue({
      transition: next,
      cause,
      data: sideFactsOf(next.payment),
      reply: final ? (payment) => (reply = answers.storedReply(payment, requestId)) : null,
      accepted: null,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment) => {
        flow.writing = false;
        if (how === "committed") this.#committed(flow, payment, next, answerPending, reply);
        else if (how === "rejected") {
          this.#parts.log.error({ payment: payment.terms.id, fact: next.fact }, "the database refused a fact");
          this.#checks.plan(flow);
          this.#hooks.refused(flow);
        }
        // unsettled: the whole actor reloads; what is true is read back then.
      },
    });
  }

  #committed(flow: Flow, payment: Payment, next: Transition, answerPending: boolean, reply: StoredReply | null): void {
    const { flows, meter, answers, commit } = this.#parts;
    flow.payment = payment;
    if (reply !== null) {
      flow.reply = reply;
      if (flow.doubt.noted) commit.noteDoubt(payment.operation.id, null);
      flows.ended(flow, payment);
      meter.paymentEnded(payment.terms.gateway, payment.terms.currency, payment.status);
      const waiter = flow.waiter;
      flow.waiter = undefined;
      flow.backlog = [];
      if (waiter !== undefined) answers.final(waiter, reply, false, flow.gatewayMs);
      return;
    }
    if (answerPending) this.#answerPending(flow, payment);
    this.#hooks.written(flow, payment, next.fact);
  }

  #answerPending(flow: Flow, payment: Payment): void {
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined)
      this.#parts.answers.pending(waiter, payment, this.#checks.nextCheckAtMs(flow), flow.gatewayMs);
  }

  /** The successor calls the gateway. Who waits is told what is certain. */
  leave(flow: Flow, payment: Payment): void {
    if (this.#parts.ownership.isCertain) return this.#answerPending(flow, payment);
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.silence(waiter);
  }
}
