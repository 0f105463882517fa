/**
 * Runs operations at the gateways, outside the mailbox, and decides what follows from what is observed (design §3, steps
 * 4-6): a fact, another call, or a check. An operation whose fate is open is looked after by the resolver's table until a
 * fact ends it.
 */
import type { Fact, FactKind, Failure, Payment } from "./domain/index.ts";
import type { Flow } from "./flow.ts";
import { type CallLimits, type CallParts, GatewayCalls, nextNumber } from "./gateway-calls.ts";
import { type CheckLimits, OperationChecks, type CheckParts } from "./operation-checks.ts";
import { type Cause, type FactParts, OperationFacts } from "./operation-facts.ts";
import type { GatewayAnswer } from "./ports/gateway.ts";

export interface OperationLimits extends CheckLimits, CallLimits {
  /** An operation open for longer gets its row in `operation_open`. */
  readonly noteAfterMs: number;
  /** Checks begun in one sweep: recovery after a cold start must not storm the gateway. */
  readonly checksPerSweep: number;
}

export interface OperationParts extends CallParts, CheckParts, FactParts {
  readonly limits: OperationLimits;
}

const OUTCOME_UNKNOWN: Fact = { kind: "outcomeUnknown", reason: "outcome_unknown" };

/** Our own books contradict themselves: flagged for review as any conflict is. */
const DETAILS_LOST: Fact = { kind: "conflicted", reference: null };

const NOT_EXECUTED: Failure = {
  code: "processing_error",
  retryable: true,
  customerAction: "try_again_later",
  gatewayCode: null,
};

export class Operations {
  readonly #parts: OperationParts;
  readonly #checks: OperationChecks;
  readonly #calls: GatewayCalls;
  readonly #facts: OperationFacts;

  constructor(parts: OperationParts) {
    this.#parts = parts;
    this.#checks = new OperationChecks(parts);
    this.#calls = new GatewayCalls(parts, this.#checks);
    this.#facts = new OperationFacts(parts, this.#checks, {
      written: (flow, payment, fact) => this.#goOn(flow, payment, fact),
      refused: (flow) => this.#drain(flow),
    });
  }

  /**
   * The first call of an operation whose T1 has just been acknowledged. A thread that read the acknowledgement very late
   * only plans a check: an heir may have given the operation up by then.
   */
  begin(flow: Flow): void {
    const payment = flow.payment as Payment;
    if (this.#calls.ended) return this.#facts.leave(flow, payment);
    if (this.#checks.isPastDeadline(payment)) return this.#checks.plan(flow);
    this.#calls.begin(flow, this.#parts.capabilities(payment).twoStepCharge ? "prepare" : "execute");
  }

  /** No call is made any more: the actor gives its operations to a successor. */
  end(): void {
    this.#calls.end();
  }

  /** Takes over an operation found open by activation: calls of any other (shard, epoch) are in doubt. */
  inherit(flow: Flow, tries: number, epoch: bigint): void {
    const { doubt } = flow;
    this.#calls.continueAfter(flow, tries, epoch);
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
    const { flows, clock, limits, ownership } = this.#parts;
    const notedIfBeforeMs = clock.nowMs() - limits.noteAfterMs;
    let begun = ownership.isCertain ? 0 : limits.checksPerSweep; // else checks stay due until a renewal is acknowledged
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

  #observe(flow: Flow, payment: Payment, answer: GatewayAnswer): void {
    const { observation, action } = answer;
    const { doubt } = flow;
    const cause: Cause = answer.try >= doubt.checksFromTry ? "resolver" : "gateway";
    if (action === "execute" && observation.kind !== "notSubmitted") doubt.mayHaveArrived = true;
    switch (observation.kind) {
      case "prepared":
        // Known already: an answer of an earlier try. What comes next was begun, or is planned here.
        if (payment.gatewayReference !== null) return this.#planIfIdle(flow);
        this.#facts.write(flow, payment, { kind: "gatewayPrepared", reference: observation.reference }, cause);
        return;
      case "authorized":
        // A sale that was only authorized is not what was asked: nothing is posted (gateways.md §1.3, D07).
        if (payment.operation.kind === "sale")
          this.#facts.conflict(flow, payment, observation.reference, "authorized only", cause);
        else this.#facts.write(flow, payment, observation, cause);
        return;
      case "captured":
      case "declined":
      case "voided":
        this.#facts.write(flow, payment, observation, cause);
        return;
      case "notExecuted":
        this.#facts.write(flow, payment, { kind: "declined", failure: observation.failure, reference: null }, cause);
        return;
      case "conflicted":
        this.#facts.conflict(flow, payment, observation.reference, observation.detail, cause);
        return;
      case "processing":
        this.#facts.doubt(flow, payment, { kind: "gatewayProcessing", reference: observation.reference }, cause, true);
        return;
      case "undecided":
        if (doubt.nextCheckAtMs === undefined) this.#checks.plan(flow);
        if (doubt.running === undefined) this.#check(flow, payment, true);
        return;
      case "notSubmitted": {
        const reason = this.#checks.neverSubmitted(flow) ? "gateway_unreachable" : "outcome_unknown";
        this.#facts.doubt(flow, payment, { kind: "outcomeUnknown", reason }, cause, false);
        return;
      }
      case "busy":
        this.#checks.plan(flow, observation.retryAfterMs ?? undefined);
        return;
      case "unknown":
        if (observation.reason === "stored_500_replayed") doubt.storedErrorReplayed = true;
        this.#facts.doubt(flow, payment, OUTCOME_UNKNOWN, cause, true);
    }
  }

  /** An acknowledged fact: what comes next, unless it ended the operation. */
  #goOn(flow: Flow, payment: Payment, fact: FactKind): void {
    if (fact === "gatewayPrepared" && flow.backlog.length === 0 && !flow.detailsLost) {
      this.#calls.begin(flow, this.#checks.isPastDeadline(payment) ? "abandon" : "execute");
      return;
    }
    this.#drain(flow);
    if (flow.phase === "open" && !flow.writing) this.#planIfIdle(flow);
  }

  #planIfIdle(flow: Flow): void {
    if (flow.doubt.nextCheckAtMs === undefined) this.#checks.plan(flow);
  }

  /** What the gateway said while a decision of this payment was being written. */
  #drain(flow: Flow): void {
    while (!flow.writing && flow.phase === "open") {
      const later = flow.backlog.shift();
      if (later === undefined) return;
      this.#observe(flow, flow.payment as Payment, later);
    }
  }

  #lostAnswer(flow: Flow, payment: Payment): void {
    const { doubt } = flow;
    if (doubt.running?.action === "execute") doubt.mayHaveArrived = true;
    doubt.running = undefined;
    if (flow.writing) this.#checks.plan(flow);
    else this.#facts.doubt(flow, payment, OUTCOME_UNKNOWN, "resolver", true);
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
        this.#facts.write(flow, payment, fact, "resolver");
        return;
      }
      default:
        doubt.checksFromTry = Math.min(doubt.checksFromTry, nextNumber(flow));
        this.#calls.begin(flow, step);
        this.#checks.plan(flow); // behind the call, so that the noted number of tries counts it
    }
  }

  /** A person must know: the status stays until a fact comes. The check itself follows. */
  #flag(flow: Flow, payment: Payment): void {
    const late = this.#checks.isPastDeadline(payment);
    this.#parts.log.error(
      { payment: payment.terms.id, operation: payment.operation.id },
      late ? "operation in doubt after its deadline" : "operation in doubt, and its details cannot be read",
    );
    this.#facts.doubt(flow, payment, late ? { kind: "deadlinePassed" } : DETAILS_LOST, "resolver", true);
    flow.doubt.nextCheckAtMs = this.#parts.clock.monotonicMs();
  }
}
