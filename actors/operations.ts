/**
 * Runs operations at the gateways, outside the mailbox, and turns what is observed into facts (design §3, steps 4-6).
 * An operation whose fate is open is looked after by the resolver's table until a fact ends it.
 */
import type { Answers } from "./answers.ts";
import { type Fact, type Failure, type Payment, type Transition, transition } from "./domain/index.ts";
import type { Flow, FlowTable } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Clock, GatewayAction, GatewayAnswer, GatewayCapabilities, GatewayDesk, Log, Random } from "./ports.ts";
import { checkAfterMs, type Doubt, ruleFor } from "./resolver.ts";
import type { ShardMeter } from "./shard-meter.ts";

export interface OperationLimits {
  /** Total time of one gateway call. */
  readonly gatewayCallMs: number;
  /** How long a try whose fate is unknown is left alone before the same call is repeated. */
  readonly sameKeyGraceMs: number;
  /** An operation open for longer gets its row in `operation_open`. */
  readonly noteAfterMs: number;
  /** Checks begun in one sweep: recovery after a cold start must not storm the gateway. */
  readonly checksPerSweep: number;
}

export interface OperationParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly desk: GatewayDesk;
  readonly answers: Answers;
  readonly capabilities: (payment: Payment) => GatewayCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: ShardMeter;
  readonly log: Log;
  readonly limits: OperationLimits;
}

/** Between two checks of one operation at least. */
const SOONEST_CHECK_MS = 500;
const NOT_EXECUTED: Failure = {
  code: "processing_error",
  retryable: true,
  customerAction: "try_again",
  gatewayCode: null,
};

export class Operations {
  readonly #parts: OperationParts;

  constructor(parts: OperationParts) {
    this.#parts = parts;
  }

  /** The first call of an operation whose T1 has just been acknowledged. */
  begin(flow: Flow): void {
    const { twoStepCharge } = this.#parts.capabilities(flow.payment as Payment);
    this.#call(flow, twoStepCharge ? "prepare" : "execute");
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

  /** Looks after operations in doubt. `nowMs`: monotonic. */
  sweep(nowMs: number): void {
    let begun = 0;
    for (const flow of this.#parts.flows.open()) {
      const { doubt } = flow;
      if (doubt.running !== undefined && nowMs >= doubt.running.dueAtMs) this.#lostAnswer(flow);
      if (!doubt.saved && this.#ageMs(flow) >= this.#parts.limits.noteAfterMs) this.#note(flow);
      if (doubt.nextCheckAtMs === undefined || nowMs < doubt.nextCheckAtMs || flow.writing) continue;
      if (doubt.running !== undefined || begun >= this.#parts.limits.checksPerSweep) continue;
      begun++;
      this.#check(flow, flow.payment as Payment, false);
    }
  }

  /** Takes over an operation found open by activation: calls of any other (shard, epoch) are in doubt. */
  inherit(flow: Flow, tries: number): void {
    const { doubt } = flow;
    doubt.tries = tries;
    doubt.inherited = true;
    doubt.mayHaveArrived = true;
    doubt.lastTryAtMs = this.#parts.clock.monotonicMs();
    this.#schedule(flow);
  }

  #ageMs(flow: Flow): number {
    return this.#parts.clock.nowMs() - (flow.payment?.operation.submittedAtMs ?? 0);
  }

  #call(flow: Flow, action: GatewayAction): void {
    const { terms, operation, gatewayReference } = flow.payment as Payment;
    const { clock, limits, desk } = this.#parts;
    const { doubt } = flow;
    doubt.tries += 1;
    // Twice the time: an answer that is later than this never comes, its thread died.
    doubt.running = { number: doubt.tries, action, dueAtMs: clock.monotonicMs() + 2 * limits.gatewayCallMs };
    if (action === "execute") doubt.lastTryAtMs = clock.monotonicMs();
    desk.submit([
      {
        operationId: operation.id,
        paymentId: terms.id,
        kind: operation.kind,
        action,
        try: doubt.tries,
        earlierTryOpen: doubt.mayHaveArrived,
        gateway: terms.gateway,
        account: terms.gatewayAccount,
        gatewayKey: operation.gatewayKey,
        gatewayReference,
        amountMinor: operation.amountMinor,
        currency: terms.currency,
        paymentMethod: flow.paymentMethod,
        timeoutMs: limits.gatewayCallMs,
      },
    ]);
  }

  #observe(flow: Flow, payment: Payment, answer: GatewayAnswer): void {
    const { observation, action } = answer;
    const { doubt } = flow;
    if (action === "execute" && observation.kind !== "notSubmitted") doubt.mayHaveArrived = true;
    switch (observation.kind) {
      case "prepared":
        this.#write(flow, payment, { kind: "gatewayPrepared", reference: observation.reference });
        return;
      case "authorized":
        // A sale that was only authorized is not what was asked: nothing is posted (gateways.md §1.3, D07).
        this.#write(flow, payment, payment.operation.kind === "sale" ? conflict(observation.reference) : observation);
        return;
      case "captured":
      case "declined":
      case "voided":
        this.#write(flow, payment, observation);
        return;
      case "notExecuted":
        this.#write(flow, payment, { kind: "declined", failure: observation.failure, reference: null });
        return;
      case "conflicted":
        this.#doubt(flow, payment, conflict(observation.reference), true);
        return;
      case "processing":
        this.#doubt(flow, payment, { kind: "gatewayProcessing", reference: observation.reference }, true);
        return;
      case "undecided":
        if (doubt.nextCheckAtMs === undefined) this.#schedule(flow);
        this.#check(flow, payment, true);
        return;
      case "notSubmitted":
        this.#doubt(
          flow,
          payment,
          { kind: "outcomeUnknown", reason: this.#neverSubmitted(flow) ? "gateway_unreachable" : "outcome_unknown" },
          false,
        );
        return;
      case "busy":
        this.#schedule(flow, observation.retryAfterMs ?? undefined);
        return;
      case "unknown":
        if (observation.reason === "stored_500_replayed") doubt.storedErrorReplayed = true;
        this.#doubt(flow, payment, { kind: "outcomeUnknown", reason: "outcome_unknown" }, true);
    }
  }

  /** Records that the fate is open, once per reason, and answers 202 when the client need not wait longer. */
  #doubt(flow: Flow, payment: Payment, fact: Fact, answerNow: boolean): void {
    this.#schedule(flow);
    const next = transition(payment, fact, this.#parts.clock.nowMs());
    const changed =
      next !== undefined &&
      (next.payment.pendingReason !== payment.pendingReason ||
        next.payment.operation.state !== payment.operation.state ||
        next.payment.needsReview !== payment.needsReview ||
        next.payment.gatewayReference !== payment.gatewayReference);
    if (changed) this.#commit(flow, next, answerNow);
    else if (answerNow) this.#answerPending(flow, payment);
  }

  #write(flow: Flow, payment: Payment, fact: Fact): void {
    const next = transition(payment, fact, this.#parts.clock.nowMs());
    if (next === undefined) {
      this.#parts.log.error(
        { payment: payment.terms.id, fact: fact.kind, status: payment.status },
        "fact refused by the state machine",
      );
      this.#schedule(flow);
      return;
    }
    this.#commit(flow, next, false);
  }

  #commit(flow: Flow, next: Transition, answerPending: boolean): void {
    const { commit, answers, clock } = this.#parts;
    const final = next.payment.status !== "pending";
    const requestId = flow.waiter?.requestId ?? next.payment.operation.id;
    const reply = final ? answers.storedReply(next.payment, requestId) : null;
    flow.writing = true;
    commit.enqueue({
      transition: next,
      cause: "gateway",
      data: dataOf(next.payment),
      reply,
      accepted: null,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment) => {
        flow.writing = false;
        if (how === "committed") this.#committed(flow, payment, next, answerPending, reply);
        else if (how === "rejected") {
          this.#parts.log.error({ payment: payment.terms.id, fact: next.fact }, "the database refused a fact");
          this.#schedule(flow);
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
    const later = flow.backlog.shift();
    if (later !== undefined) this.#observe(flow, payment, later);
    else if (next.fact === "gatewayPrepared") {
      this.#call(flow, this.#parts.clock.nowMs() >= payment.operation.deadlineAtMs ? "abandon" : "execute");
    }
  }

  #answerPending(flow: Flow, payment: Payment): void {
    const { waiter } = flow;
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.pending(waiter, payment, this.nextCheckAtMs(flow), flow.gatewayMs);
  }

  /** Unix milliseconds of the next check, for people; null when none is planned. */
  nextCheckAtMs(flow: Flow): number | null {
    const { clock } = this.#parts;
    const at = flow.doubt.nextCheckAtMs;
    return at === undefined ? null : Math.round(clock.nowMs() + Math.max(0, at - clock.monotonicMs()));
  }

  #neverSubmitted(flow: Flow): boolean {
    return !flow.doubt.inherited && !flow.doubt.mayHaveArrived;
  }

  #lostAnswer(flow: Flow): void {
    const { doubt } = flow;
    if (doubt.running?.action === "execute") doubt.mayHaveArrived = true;
    doubt.running = undefined;
    if (!flow.writing)
      this.#doubt(flow, flow.payment as Payment, { kind: "outcomeUnknown", reason: "outcome_unknown" }, true);
    else this.#schedule(flow);
  }

  /** Plans the next check; `afterMs` (the gateway's own hint) wins over the schedule. */
  #schedule(flow: Flow, afterMs?: number): void {
    const { clock, random } = this.#parts;
    const { doubt } = flow;
    const nowMs = clock.monotonicMs();
    doubt.sinceMs ??= nowMs;
    const planned = doubt.sinceMs + checkAfterMs(doubt.checks++, random);
    doubt.nextCheckAtMs = afterMs === undefined ? Math.max(planned, nowMs + SOONEST_CHECK_MS) : nowMs + afterMs;
    // What may be done changes at the deadline, so there is a check then.
    const toDeadlineMs = (flow.payment as Payment).operation.deadlineAtMs - clock.nowMs();
    if (toDeadlineMs > 0) doubt.nextCheckAtMs = Math.min(doubt.nextCheckAtMs, nowMs + toDeadlineMs);
    this.#note(flow);
  }

  #check(flow: Flow, payment: Payment, seenUndecided: boolean): void {
    const { clock, limits, capabilities } = this.#parts;
    const doubt = flow.doubt;
    const pastDeadline = clock.nowMs() >= payment.operation.deadlineAtMs;
    const state: Doubt = {
      hasReference: payment.gatewayReference !== null,
      pastDeadline,
      seenUndecided,
      storedErrorReplayed: doubt.storedErrorReplayed,
      neverSubmitted: this.#neverSubmitted(flow),
      sinceLastTryMs: clock.monotonicMs() - doubt.lastTryAtMs,
    };
    const { step } = ruleFor(capabilities(payment), state, limits.sameKeyGraceMs);
    if (pastDeadline && step !== "fail" && !payment.needsReview) return this.#flag(flow, payment);
    switch (step) {
      case "wait":
        this.#waitForGrace(flow);
        return;
      case "fail":
        this.#write(
          flow,
          payment,
          state.neverSubmitted && !state.storedErrorReplayed
            ? { kind: "notSubmitted", failure: { ...NOT_EXECUTED, code: "gateway_unreachable" } }
            : { kind: "declined", failure: NOT_EXECUTED, reference: null },
        );
        return;
      default:
        doubt.nextCheckAtMs = undefined;
        this.#schedule(flow);
        this.#call(flow, step);
    }
  }

  /** The deadline passed: a person must know, and the status stays until a fact comes. The check itself follows. */
  #flag(flow: Flow, payment: Payment): void {
    const { log } = this.#parts;
    log.error({ payment: payment.terms.id, operation: payment.operation.id }, "operation in doubt after its deadline");
    this.#doubt(flow, payment, { kind: "deadlinePassed" }, true);
    flow.doubt.nextCheckAtMs = this.#parts.clock.monotonicMs();
  }

  /** The next check comes when the grace ends, if that is sooner than the schedule says. */
  #waitForGrace(flow: Flow): void {
    this.#schedule(flow);
    const graceEndMs = flow.doubt.lastTryAtMs + this.#parts.limits.sameKeyGraceMs;
    flow.doubt.nextCheckAtMs = Math.min(
      flow.doubt.nextCheckAtMs as number,
      Math.max(graceEndMs, this.#parts.clock.monotonicMs() + SOONEST_CHECK_MS),
    );
  }

  #note(flow: Flow): void {
    const { operation, terms } = flow.payment as Payment;
    flow.doubt.noted = true;
    this.#parts.commit.noteDoubt(operation.id, {
      paymentId: terms.id,
      operationId: operation.id,
      slot: terms.slot,
      tries: flow.doubt.tries,
      nextCheckAtMs: this.nextCheckAtMs(flow) ?? this.#parts.clock.nowMs(),
      deadlineAtMs: operation.deadlineAtMs,
    });
  }
}

const conflict = (reference: string | null): Fact => ({ kind: "conflicted", reference });

/** What the journal row says beside its columns. Compact, and only what is set. */
export function dataOf(payment: Payment): string | null {
  const { failure, pendingReason, needsReview } = payment;
  if (failure === null && pendingReason === null && !needsReview) return null;
  return JSON.stringify({
    ...(failure !== null && { failure }),
    ...(pendingReason !== null && { pendingReason }),
    ...(needsReview && { needsReview }),
  });
}
