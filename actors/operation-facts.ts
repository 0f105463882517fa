/**
 * Turns what was found out about an operation into a decision, has it written, and tells who waits for it: the final
 * answer with T2, 202 when the fate is open.
 */
import type { Answers } from "./answers.ts";
import { type Fact, type FactKind, isOpen, type Payment, type Transition, transition } from "./domain/index.ts";
import { type OpenFlow, paymentOf, workOff } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
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
  written(flow: OpenFlow, fact: FactKind): void;
  /** The operation ended. */
  ended(flow: OpenFlow): void;
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
  conflict(flow: OpenFlow, reference: string | null, detail: string, cause: Cause): void {
    const { operation } = flow;
    const { terms } = flow.file.payment;
    this.#parts.log.error(
      { payment: terms.id, operation: operation.id, gateway: terms.gateway, detail },
      "the gateway's answer conflicts with what was asked",
    );
    this.doubt(flow, { kind: "conflicted", reference }, cause, true);
  }

  /** Records that the fate is open, once per reason, and answers 202 when the client need not wait longer. */
  doubt(flow: OpenFlow, fact: Fact, cause: Cause, answerNow: boolean): void {
    this.#checks.plan(flow);
    const { payment } = flow.file;
    const next = transition(payment, flow.operation, fact, this.#parts.clock.nowMs());
    if (next !== undefined && tellsMore(flow, next)) this.#commit(flow, next, cause, answerNow);
    else if (answerNow && this.#parts.ownership.isCertain) this.#answerPending(flow);
  }

  /** Writes a definite fact, or one that the course of the operation needs; the machine refuses what cannot follow. */
  write(flow: OpenFlow, fact: Fact, cause: Cause): void {
    const { payment } = flow.file;
    const next = transition(payment, flow.operation, fact, this.#parts.clock.nowMs());
    if (next === undefined) {
      this.#parts.log.error(
        { payment: payment.terms.id, operation: flow.operation.id, fact: fact.kind, status: payment.status },
        "fact refused by the state machine",
      );
      this.#checks.plan(flow);
      return;
    }
    this.#commit(flow, next, cause, false);
  }

  #commit(flow: OpenFlow, next: Transition, cause: Cause, answerPending: boolean): void {
    const { commit, answers, clock } = this.#parts;
    const { file } = flow;
    const final = !isOpen(next.payment.operation.state);
    const requestId = flow.waiter?.requestId ?? next.payment.operation.id;
    let reply: StoredReply | null = null;
    file.writing = true;
    commit.enqueue({
      transition: next,
      cause,
      data: sideFactsOf(next.payment),
      // Nobody asked for a compensation, so nobody is answered.
      reply: final && flow.request !== null ? (payment) => (reply = answers.storedReply(payment, requestId)) : null,
      isIntent: false,
      accepted: null,
      keyRow: null,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment, _, constraint) => {
        file.writing = false;
        if (how === "committed") this.#committed(flow, payment, next, answerPending, reply);
        else if (how === "rejected") {
          this.#parts.log.error({ payment: payment.terms.id, fact: next.fact }, "the database refused a fact");
          if (constraint === "journal_version") return this.#parts.commit.abandon(); // memory is not what is on disk
          this.#checks.plan(flow);
        } else return; // unsettled: the whole actor reloads; what is true is read back then
        workOff(file);
      },
    });
  }

  #committed(
    flow: OpenFlow,
    payment: Payment,
    next: Transition,
    answerPending: boolean,
    reply: StoredReply | null,
  ): void {
    const { flows, meter, answers, commit } = this.#parts;
    flow.file.payment = payment;
    flow.operation = payment.operation;
    flow.rowAtMs = payment.updatedAtMs;
    if (isOpen(payment.operation.state)) {
      flows.heard(flow);
      if (answerPending) this.#answerPending(flow);
      this.#hooks.written(flow, next.fact);
      return;
    }
    flow.reply = reply ?? undefined;
    if (flow.doubt.noted) commit.noteDoubt(payment.operation.id, null);
    flows.ended(flow);
    const { gateway, currency } = payment.terms;
    if (next.fromStatus === "pending") meter.paymentEnded(gateway, currency, payment.status);
    else meter.operationEnded(gateway, payment.operation.kind, payment.operation.state);
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined && reply !== null) answers.final(waiter, reply, false, flow.gatewayMs);
    this.#hooks.ended(flow);
  }

  #answerPending(flow: OpenFlow): void {
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined)
      this.#parts.answers.pending(waiter, paymentOf(flow), this.#checks.nextCheckAtMs(flow), flow.gatewayMs);
  }

  /** The successor calls the gateway, or nobody does for now. Who waits is told what is certain. */
  leave(flow: OpenFlow): void {
    if (this.#parts.ownership.isCertain) return this.#answerPending(flow);
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.silence(waiter);
  }
}

/** Something about the operation changes that is worth a row. */
function tellsMore({ file, operation }: OpenFlow, { payment: after }: Transition): boolean {
  const { pendingReason, state, needsReview, reference } = after.operation;
  return (
    pendingReason !== operation.pendingReason ||
    state !== operation.state ||
    needsReview !== operation.needsReview ||
    reference !== operation.reference ||
    after.gatewayReference !== file.payment.gatewayReference
  );
}
