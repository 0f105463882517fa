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
import { sideOfEnd } from "./operation-ends.ts";
import type { Ownership } from "./ownership.ts";
import { conflictFinding } from "./findings.ts";
import { type Settlement, sideFactsOf } from "./pending.ts";
import type { StoredReply } from "./ports/decisions.ts";
import { NO_SIDE_ROWS, type SideRows } from "./ports/inbox.ts";
import type { Clock, Log } from "./ports/world.ts";
import type { ShardMeter } from "./shard-meter.ts";

/** Who found a fact: an answer to a call that T1 led to, a check, or a notice of the gateway. */
export type Cause = "gateway" | "resolver" | "webhook";
/** How the writing of a told fact ended. `forbidden`: the machine has no such row; `nothing`: it says nothing new. */
export type Told = Settlement | "forbidden" | "nothing";

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
    const finding = conflictFinding(flow.file.payment, operation, detail, this.#parts.clock.nowMs());
    this.doubt(flow, { kind: "conflicted", reference }, cause, true, { ...NO_SIDE_ROWS, findings: [finding] });
  }

  /** Records that the fate is open, once per reason, and answers 202 when the client need not wait longer. */
  doubt(flow: OpenFlow, fact: Fact, cause: Cause, answerNow: boolean, side: SideRows = NO_SIDE_ROWS): void {
    this.#checks.plan(flow);
    const { payment } = flow.file;
    const next = transition(payment, flow.operation, fact, this.#parts.clock.nowMs());
    if (next !== undefined && tellsMore(flow, next)) this.#commit(flow, next, cause, answerNow, side);
    else if (answerNow && this.#parts.ownership.isCertain) this.#answerPending(flow);
  }

  /** Writes a definite fact, or one that the course of the operation needs; the machine refuses what cannot follow. */
  write(flow: OpenFlow, fact: Fact, cause: Cause, side: SideRows = NO_SIDE_ROWS): void {
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
    this.#commit(flow, next, cause, false, side);
  }

  /** Writes what a notice told, with the rows that stand or fall with it. `done` is called once, at once or later. */
  tell(flow: OpenFlow, fact: Fact, side: SideRows, done: (how: Told) => void): void {
    const next = transition(flow.file.payment, flow.operation, fact, this.#parts.clock.nowMs());
    if (next === undefined) return done("forbidden");
    const stays = isOpen(next.payment.operation.state);
    if (stays) this.#checks.plan(flow);
    if (stays && !tellsMore(flow, next)) return done("nothing");
    this.#commit(flow, next, "webhook", stays, side, done);
  }

  #commit(
    flow: OpenFlow,
    next: Transition,
    cause: Cause,
    answerPending: boolean,
    side: SideRows,
    done: (how: Told) => void = () => {},
  ): void {
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
      side: final ? sideOfEnd(flow, next, side, clock.nowMs()) : side,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment, _, constraint) => {
        file.writing = false;
        done(how);
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
