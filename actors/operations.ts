/**
 * Runs operations at the gateways, outside the mailbox, and turns what is observed into facts (design §3, steps 4-6).
 * An operation whose fate is open is looked after by the resolver's table until a fact ends it.
 */
import type { Answers } from "./answers.ts";
import { type Fact, type Failure, type Payment, type Transition, transition } from "./domain/index.ts";
import type { Flow, FlowTable } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import { type CheckLimits, OperationChecks } from "./operation-checks.ts";
import type { Ownership } from "./ownership.ts";
import { dataOf } from "./pending.ts";
import type {
  Clock,
  GatewayAction,
  GatewayAnswer,
  GatewayCall,
  GatewayCapabilities,
  GatewayDesk,
  Log,
  Random,
} from "./ports.ts";
import type { ShardMeter } from "./shard-meter.ts";

export interface OperationLimits extends CheckLimits {
  /** Total time of one gateway call. */
  readonly gatewayCallMs: number;
  /** An operation open for longer gets its row in `operation_open`. */
  readonly noteAfterMs: number;
  /** Checks begun in one sweep: recovery after a cold start must not storm the gateway. */
  readonly checksPerSweep: number;
}

export interface OperationParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly ownership: Ownership;
  readonly desk: GatewayDesk;
  readonly answers: Answers;
  readonly capabilities: (payment: Payment) => GatewayCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: ShardMeter;
  readonly log: Log;
  readonly limits: OperationLimits;
}

/** Who found a fact: an answer to a call that T1 led to, or a check. */
type Cause = "gateway" | "resolver";

const NOT_EXECUTED: Failure = {
  code: "processing_error",
  retryable: true,
  customerAction: "try_again_later",
  gatewayCode: null,
};

export class Operations {
  readonly #parts: OperationParts;
  readonly #checks: OperationChecks;

  constructor(parts: OperationParts) {
    this.#parts = parts;
    this.#checks = new OperationChecks(parts);
  }

  /** The first call of an operation whose T1 has just been acknowledged. */
  begin(flow: Flow): void {
    const { twoStepCharge } = this.#parts.capabilities(flow.payment as Payment);
    this.#call(flow, twoStepCharge ? "prepare" : "execute");
  }

  /** Takes over an operation found open by activation: calls of any other (shard, epoch) are in doubt. */
  inherit(flow: Flow, tries: number): void {
    const { doubt } = flow;
    doubt.tries = tries;
    doubt.inherited = true;
    doubt.mayHaveArrived = true;
    doubt.checksFromTry = 0;
    doubt.firstTryAtMs = this.#parts.clock.monotonicMs();
    this.#checks.plan(flow);
  }

  /** Answers from the gateway threads. One that belongs to no open operation of ours is dropped: the resolver asks again. */
  onAnswers(answers: readonly GatewayAnswer[]): void {
    for (const answer of answers) {
      const flow = this.#parts.flows.byPayment(answer.paymentId);
      if (flow?.payment?.operation.id !== answer.operationId || flow.phase !== "open") continue;
      this.#parts.meter.gatewayAnswered(
        flow.payment.terms.gateway,
        answer.action,
        answer.observation.kind,
        answer.tookMs,
      );
      if (flow.doubt.running?.number === answer.try) flow.doubt.running = undefined;
      flow.gatewayMs += answer.tookMs;
      if (flow.writing) flow.backlog.push(answer);
      else this.#observe(flow, flow.payment, answer);
    }
  }

  /** Looks after operations in doubt. `nowMs`: monotonic. Cheap: it passes every open operation. */
  sweep(nowMs: number): void {
    const { flows, clock, limits } = this.#parts;
    const notedIfBeforeMs = clock.nowMs() - limits.noteAfterMs;
    let begun = 0;
    for (const flow of flows.open()) {
      const { doubt } = flow;
      const payment = flow.payment as Payment;
      if (doubt.running !== undefined && nowMs >= doubt.running.dueAtMs) this.#lostAnswer(flow, payment);
      if (!doubt.noted && payment.operation.submittedAtMs <= notedIfBeforeMs) this.#checks.note(flow);
      if (doubt.nextCheckAtMs === undefined || nowMs < doubt.nextCheckAtMs || flow.writing) continue;
      if (doubt.running !== undefined || begun >= limits.checksPerSweep) continue;
      begun++;
      this.#check(flow, payment, false);
    }
  }

  /** Unix milliseconds of the next check, for people; null when none is planned. */
  nextCheckAtMs(flow: Flow): number | null {
    return this.#checks.nextCheckAtMs(flow);
  }

  #call(flow: Flow, action: GatewayAction): void {
    const { clock, limits, desk } = this.#parts;
    const { doubt } = flow;
    doubt.tries += 1;
    // Twice the time: an answer that is later than this never comes, its thread died.
    doubt.running = { number: doubt.tries, action, dueAtMs: clock.monotonicMs() + 2 * limits.gatewayCallMs };
    if (action === "execute" && !doubt.mayHaveArrived) doubt.firstTryAtMs = clock.monotonicMs();
    desk.submit([callOf(flow, action, limits.gatewayCallMs)]);
  }

  #observe(flow: Flow, payment: Payment, answer: GatewayAnswer): void {
    const { observation, action } = answer;
    const { doubt } = flow;
    const cause: Cause = answer.try >= doubt.checksFromTry ? "resolver" : "gateway";
    if (action === "execute" && observation.kind !== "notSubmitted") doubt.mayHaveArrived = true;
    switch (observation.kind) {
      case "prepared":
        this.#write(flow, payment, { kind: "gatewayPrepared", reference: observation.reference }, cause);
        return;
      case "authorized":
        // A sale that was only authorized is not what was asked: nothing is posted (gateways.md §1.3, D07).
        if (payment.operation.kind === "sale")
          this.#conflict(flow, payment, observation.reference, "authorized only", cause);
        else this.#write(flow, payment, observation, cause);
        return;
      case "captured":
      case "declined":
      case "voided":
        this.#write(flow, payment, observation, cause);
        return;
      case "notExecuted":
        this.#write(flow, payment, { kind: "declined", failure: observation.failure, reference: null }, cause);
        return;
      case "conflicted":
        this.#conflict(flow, payment, observation.reference, observation.detail, cause);
        return;
      case "processing":
        this.#doubt(flow, payment, { kind: "gatewayProcessing", reference: observation.reference }, cause, true);
        return;
      case "undecided":
        if (doubt.nextCheckAtMs === undefined) this.#checks.plan(flow);
        if (doubt.running === undefined) this.#check(flow, payment, true);
        return;
      case "notSubmitted": {
        const reason = this.#checks.neverSubmitted(flow) ? "gateway_unreachable" : "outcome_unknown";
        this.#doubt(flow, payment, { kind: "outcomeUnknown", reason }, cause, false);
        return;
      }
      case "busy":
        this.#checks.plan(flow, observation.retryAfterMs ?? undefined);
        return;
      case "unknown":
        if (observation.reason === "stored_500_replayed") doubt.storedErrorReplayed = true;
        this.#doubt(flow, payment, OUTCOME_UNKNOWN, cause, true);
    }
  }

  /** The gateway has something else than what was asked: a person must look, and nothing is posted. */
  #conflict(flow: Flow, payment: Payment, reference: string | null, detail: string, cause: Cause): void {
    const { terms, operation } = payment;
    this.#parts.log.error(
      { payment: terms.id, operation: operation.id, gateway: terms.gateway, detail },
      "the gateway's answer conflicts with what was asked",
    );
    this.#doubt(flow, payment, { kind: "conflicted", reference }, cause, true);
  }

  /** Records that the fate is open, once per reason, and answers 202 when the client need not wait longer. */
  #doubt(flow: Flow, payment: Payment, fact: Fact, cause: Cause, answerNow: boolean): void {
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

  #write(flow: Flow, payment: Payment, fact: Fact, cause: Cause): void {
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
    const reply = final ? answers.storedReply(next.payment, requestId) : null;
    flow.writing = true;
    commit.enqueue({
      transition: next,
      cause,
      data: dataOf(next.payment),
      reply,
      accepted: null,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment) => {
        flow.writing = false;
        if (how === "committed") this.#committed(flow, payment, next, answerPending, reply);
        else if (how === "rejected") {
          this.#parts.log.error({ payment: payment.terms.id, fact: next.fact }, "the database refused a fact");
          this.#checks.plan(flow);
          this.#drain(flow);
        }
        // unsettled: the whole actor reloads; what is true is read back then.
      },
    });
  }

  #committed(
    flow: Flow,
    payment: Payment,
    next: Transition,
    answerPending: boolean,
    reply: Flow["reply"] | null,
  ): void {
    const { flows, meter, answers, commit } = this.#parts;
    flow.payment = payment;
    if (reply !== null && reply !== undefined) {
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
    if (next.fact === "gatewayPrepared" && flow.backlog.length === 0 && !flow.detailsLost) {
      this.#call(flow, this.#checks.isPastDeadline(payment) ? "abandon" : "execute");
      return;
    }
    this.#drain(flow);
    if (flow.phase === "open" && !flow.writing && flow.doubt.nextCheckAtMs === undefined) this.#checks.plan(flow);
  }

  /** What the gateway said while a decision of this payment was being written. */
  #drain(flow: Flow): void {
    while (!flow.writing && flow.phase === "open") {
      const later = flow.backlog.shift();
      if (later === undefined) return;
      this.#observe(flow, flow.payment as Payment, later);
    }
  }

  #answerPending(flow: Flow, payment: Payment): void {
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.pending(waiter, payment, this.nextCheckAtMs(flow), flow.gatewayMs);
  }

  #lostAnswer(flow: Flow, payment: Payment): void {
    const { doubt } = flow;
    if (doubt.running?.action === "execute") doubt.mayHaveArrived = true;
    doubt.running = undefined;
    if (flow.writing) this.#checks.plan(flow);
    else this.#doubt(flow, payment, OUTCOME_UNKNOWN, "resolver", true);
  }

  #check(flow: Flow, payment: Payment, seenUndecided: boolean): void {
    const { doubt } = flow;
    const step = this.#checks.stepFor(flow, payment, seenUndecided);
    const mustTell = flow.detailsLost || this.#checks.isPastDeadline(payment);
    if (mustTell && step !== "fail" && !payment.needsReview) return this.#flag(flow, payment);
    switch (step) {
      case "wait":
        this.#checks.planAfterGrace(flow);
        return;
      case "fail": {
        const failure = { ...NOT_EXECUTED, code: "gateway_unreachable" };
        const fact: Fact =
          this.#checks.neverSubmitted(flow) && !doubt.storedErrorReplayed
            ? { kind: "notSubmitted", failure }
            : { kind: "declined", failure: NOT_EXECUTED, reference: null };
        this.#write(flow, payment, fact, "resolver");
        return;
      }
      default:
        doubt.checksFromTry = Math.min(doubt.checksFromTry, doubt.tries + 1);
        this.#checks.plan(flow);
        this.#call(flow, step);
    }
  }

  /** A person must know: the status stays until a fact comes. The check itself follows. */
  #flag(flow: Flow, payment: Payment): void {
    const late = this.#checks.isPastDeadline(payment);
    this.#parts.log.error(
      { payment: payment.terms.id, operation: payment.operation.id },
      late ? "operation in doubt after its deadline" : "operation in doubt, and its details cannot be read",
    );
    this.#doubt(flow, payment, late ? { kind: "deadlinePassed" } : DETAILS_LOST, "resolver", true);
    flow.doubt.nextCheckAtMs = this.#parts.clock.monotonicMs();
  }
}

const OUTCOME_UNKNOWN: Fact = { kind: "outcomeUnknown", reason: "outcome_unknown" };

/** Our own books contradict themselves: flagged for review as any conflict is. */
const DETAILS_LOST: Fact = { kind: "conflicted", reference: null };

/** The flow's newest try: built from what is stored, so each try sends the same bytes. */
function callOf(flow: Flow, action: GatewayAction, timeoutMs: number): GatewayCall {
  const { terms, operation, gatewayReference } = flow.payment as Payment;
  return {
    operationId: operation.id,
    paymentId: terms.id,
    kind: operation.kind,
    action,
    try: flow.doubt.tries,
    earlierTryOpen: flow.doubt.mayHaveArrived,
    gateway: terms.gateway,
    account: terms.gatewayAccount,
    gatewayKey: operation.gatewayKey,
    gatewayReference,
    amountMinor: operation.amountMinor,
    currency: terms.currency,
    paymentMethod: flow.paymentMethod,
    timeoutMs,
  };
}
