/**
 * Runs operations at the gateways, outside the mailbox, and decides what follows from what is observed (design §3, steps
 * 4-6): a fact, another call, or a check. An operation whose fate is open is looked after by the resolver's table until a
 * fact ends it.
 */
import type { Fact, FactKind, Failure } from "./domain/index.ts";
import { type OpenFlow, paymentOf } from "./flow.ts";
import { type CallLimits, type CallParts, GatewayCalls, nextNumber } from "./gateway-calls.ts";
import { factOf } from "./observed-fact.ts";
import { type CheckLimits, type CheckParts, givesBack, OperationChecks } from "./operation-checks.ts";
import { type Cause, type FactParts, OperationFacts, type Told } from "./operation-facts.ts";
import { findingOf } from "./findings.ts";
import type { Explanation } from "./resolver.ts";
import type { GatewayAnswer } from "./ports/gateway.ts";
import { NO_SIDE_ROWS, type SideRows } from "./ports/inbox.ts";

export interface OperationLimits extends CheckLimits, CallLimits {
  /** An operation open for longer gets its row in `operation_open`. */
  readonly noteAfterMs: number;
  /** Checks begun in one sweep: recovery after a cold start must not storm the gateway. */
  readonly checksPerSweep: number;
}

export interface OperationParts extends CallParts, CheckParts, FactParts {
  readonly limits: OperationLimits;
  /** An operation has ended, and its client has heard: another one may have waited for it. */
  readonly onEnded: (flow: OpenFlow) => void;
  /** A gateway answered about it: told before anything follows from that. */
  readonly onHeard: (flow: OpenFlow, answer: GatewayAnswer) => void;
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
      written: (flow, fact) => this.#goOn(flow, fact),
      ended: (flow) => parts.onEnded(flow),
    });
  }

  /**
   * The first call of an operation whose T1 has just been acknowledged. A thread that read the acknowledgement very late
   * only plans a check: an heir may have given the operation up by then.
   */
  begin(flow: OpenFlow): void {
    if (this.#calls.ended) return this.#facts.leave(flow);
    if (this.#checks.isPastDeadline(flow) && !givesBack(flow)) return this.#checks.plan(flow);
    const { terms, gatewayReference } = flow.file.payment;
    const isNameless = gatewayReference === null && this.#parts.capabilities(terms.gateway).twoStepCharge;
    this.#calls.begin(flow, isNameless ? "prepare" : "execute");
  }

  /** No call is made any more: the actor gives its operations to a successor. */
  end(): void {
    this.#calls.end();
  }

  /** Takes over an operation found open by activation: calls of any other (shard, epoch) are in doubt. */
  inherit(flow: OpenFlow, tries: number, epoch: bigint): void {
    const { doubt } = flow;
    this.#calls.continueAfter(flow, tries, epoch);
    doubt.inherited = true;
    doubt.mayHaveArrived = true;
    doubt.checksFromTry = 0;
    doubt.firstTryAtMs = this.#parts.clock.monotonicMs();
    this.#checks.plan(flow);
  }

  /** Looks at the operation at `atMs`, monotonic, default now: what may be done with it has changed, or people ask. */
  hurry(flow: OpenFlow, atMs = this.#parts.clock.monotonicMs()): void {
    flow.doubt.nextCheckAtMs = atMs;
  }

  /** What a check of the operation would do now, and why: for people. */
  explain(flow: OpenFlow): Explanation {
    return this.#checks.explain(flow);
  }

  /** Has the operation wait without a check, for another one to end. Its client is told so. */
  park(flow: OpenFlow): void {
    flow.doubt.nextCheckAtMs = undefined;
    this.#facts.leave(flow);
  }

  /** Writes a fact of our own finding. */
  conclude(flow: OpenFlow, fact: Fact, side: SideRows): void {
    this.#facts.write(flow, fact, "resolver", side);
  }

  /** Writes what a notice of the gateway told of an open operation, with the rows that stand or fall with it. */
  tell(flow: OpenFlow, fact: Fact, side: SideRows, done: (how: Told) => void): void {
    this.#facts.tell(flow, fact, side, done);
  }

  /** Flags an operation for people: it cannot be brought to an end from here. */
  flagForReview(flow: OpenFlow, detail: string): void {
    this.#facts.conflict(flow, null, detail, "resolver");
  }

  /** Answers from the gateway threads. One that belongs to no open operation of ours is dropped: the resolver asks again. */
  onAnswers(answers: readonly GatewayAnswer[]): void {
    for (const answer of answers) {
      const flow = this.#parts.flows.byOperation(answer.operationId);
      if (flow === undefined) continue;
      const { file } = flow;
      this.#parts.meter.gatewayAnswered(
        file.payment.terms.gateway,
        answer.action,
        answer.observation.kind,
        answer.tookMs,
      );
      this.#calls.answered(flow, answer);
      this.#parts.onHeard(flow, answer);
      if (flow.doubt.running?.number === answer.try) flow.doubt.running = undefined;
      flow.gatewayMs += answer.tookMs;
      if (file.writing) file.backlog.push(() => this.#observe(flow, answer));
      else this.#observe(flow, answer);
    }
  }

  /** Looks after operations in doubt. `nowMs`: monotonic. Cheap: it passes every open operation. */
  sweep(nowMs: number): void {
    const { flows, clock, limits, ownership } = this.#parts;
    const notedIfBeforeMs = clock.nowMs() - limits.noteAfterMs;
    let begun = ownership.isCertain ? 0 : limits.checksPerSweep; // else checks stay due until a renewal is acknowledged
    for (const flow of flows.open()) {
      const { doubt } = flow;
      if (doubt.running !== undefined && nowMs >= doubt.running.dueAtMs) this.#lostAnswer(flow);
      if (!doubt.noted && flow.operation.submittedAtMs <= notedIfBeforeMs) this.#checks.note(flow);
      if (doubt.nextCheckAtMs === undefined || nowMs < doubt.nextCheckAtMs || flow.file.writing) continue;
      if (doubt.running !== undefined || begun >= limits.checksPerSweep || !this.#calls.hasRoom(flow)) continue;
      begun++;
      this.#check(flow, false);
    }
  }

  /** Unix milliseconds of the next check, for people; null when none is planned. */
  nextCheckAtMs(flow: OpenFlow): number | null {
    return this.#checks.nextCheckAtMs(flow);
  }

  #observe(flow: OpenFlow, answer: GatewayAnswer): void {
    if (flow.phase !== "open") return; // it ended while this waited
    const { observation, action } = answer;
    const { doubt } = flow;
    const cause: Cause = answer.try >= doubt.checksFromTry ? "resolver" : "gateway";
    if (action === "execute" && observation.kind !== "notSubmitted") doubt.mayHaveArrived = true;
    switch (observation.kind) {
      case "prepared":
        // Known already: an answer of an earlier try. What comes next was begun, or is planned here.
        if (flow.file.payment.gatewayReference !== null) return this.#planIfIdle(flow);
        this.#facts.write(flow, { kind: "gatewayPrepared", reference: observation.reference }, cause);
        return;
      case "reachable": // only probes and questions hear these
      case "identified":
        return;
      case "processing":
        this.#facts.doubt(flow, { kind: "gatewayProcessing", reference: observation.reference }, cause, true);
        return;
      case "undecided":
        doubt.absences++;
        if (doubt.nextCheckAtMs === undefined) this.#checks.plan(flow);
        if (doubt.running === undefined && action === "query") this.#check(flow, true);
        return;
      case "notSubmitted": {
        const reason = this.#checks.neverSubmitted(flow) ? "gateway_unreachable" : "outcome_unknown";
        this.#facts.doubt(flow, { kind: "outcomeUnknown", reason }, cause, false);
        this.#calls.retryLater(flow, action, observation);
        return;
      }
      case "busy":
        this.#calls.retryLater(flow, action, observation);
        return;
      case "unknown":
        this.#checks.hear(flow, observation.reason);
        this.#facts.doubt(flow, OUTCOME_UNKNOWN, cause, true);
        return;
      case "conflicted":
        this.#facts.conflict(flow, observation.reference, observation.detail, cause);
        return;
      default: {
        const fact = factOf(flow.operation.kind, observation);
        if ("conflict" in fact) this.#facts.conflict(flow, fact.reference, fact.conflict, cause);
        else this.#facts.write(flow, fact, cause);
      }
    }
  }

  /** An acknowledged fact that did not end the operation: what comes next. */
  #goOn(flow: OpenFlow, fact: FactKind): void {
    if (fact === "gatewayPrepared" && flow.file.backlog.length === 0 && !flow.detailsLost)
      this.#calls.begin(flow, this.#checks.mayExecute(flow) ? "execute" : "abandon");
    else this.#planIfIdle(flow);
  }

  #planIfIdle(flow: OpenFlow): void {
    if (flow.doubt.nextCheckAtMs === undefined) this.#checks.plan(flow);
  }

  #lostAnswer(flow: OpenFlow): void {
    const { doubt } = flow;
    if (doubt.running?.action === "execute") doubt.mayHaveArrived = true;
    doubt.running = undefined;
    if (flow.file.writing) this.#checks.plan(flow);
    else this.#facts.doubt(flow, OUTCOME_UNKNOWN, "resolver", true);
  }

  #check(flow: OpenFlow, seenUndecided: boolean): void {
    const { doubt, file } = flow;
    if (file.cancelFlow === flow && file.payment.status !== "authorized") {
      doubt.nextCheckAtMs = undefined; // it waits for another operation
      return;
    }
    if (this.#calls.retry(flow)) return;
    const step = this.#checks.stepFor(flow, seenUndecided);
    const mustTell = flow.detailsLost || this.#checks.isPastDeadline(flow);
    if (mustTell && step !== "fail" && !flow.operation.needsReview) return this.#flag(flow);
    switch (step) {
      case "wait":
        this.#checks.planAfterGrace(flow);
        return;
      case "fail":
        this.#facts.write(flow, this.#failed(flow), "resolver");
        return;
      default:
        doubt.checksFromTry = Math.min(doubt.checksFromTry, nextNumber(flow));
        this.#calls.begin(flow, step);
        this.#checks.plan(flow); // behind the call, so that the noted number of tries counts it
    }
  }

  /** It is certain that nothing was executed. */
  #failed(flow: OpenFlow): Fact {
    const failure = { ...NOT_EXECUTED, code: "gateway_unreachable" };
    const neverLeft = this.#checks.neverSubmitted(flow) && !flow.doubt.storedErrorReplayed;
    const isFirst = flow.file.payment.status === "pending";
    if (neverLeft && isFirst) return { kind: "notSubmitted", failure };
    const observed = { kind: "declined", failure: neverLeft ? failure : NOT_EXECUTED, reference: null } as const;
    const fact = factOf(flow.operation.kind, observed);
    if ("conflict" in fact) throw new Error("every kind of operation has a fact for its failure");
    return fact;
  }

  /** A person must know: the status stays until a fact comes. The check itself follows. */
  #flag(flow: OpenFlow): void {
    const late = this.#checks.isPastDeadline(flow);
    const { terms, operation } = paymentOf(flow);
    this.#parts.log.error(
      { payment: terms.id, operation: operation.id },
      late ? "operation in doubt after its deadline" : "operation in doubt, and its details cannot be read",
    );
    const finding = findingOf("D08", {
      payment: flow.file.payment,
      operation,
      slot: terms.slot,
      what: operation.id,
      observed: `${operation.kind} is ${operation.state}, ${operation.pendingReason ?? "outcome_unknown"}`,
      evidence: `${flow.doubt.tries} tries at ${terms.gateway}`,
      nowMs: this.#parts.clock.nowMs(),
    });
    const fact = late ? ({ kind: "deadlinePassed" } as const) : DETAILS_LOST;
    this.#facts.doubt(flow, fact, "resolver", true, { ...NO_SIDE_ROWS, findings: [finding] });
    flow.doubt.nextCheckAtMs = this.#parts.clock.monotonicMs();
  }
}
