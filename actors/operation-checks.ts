/**
 * When an operation in doubt is looked at next, and what may be done then: joins the resolver's table to what an actor
 * remembers, and keeps the operation's row in `operation_open` up to date.
 */
import type { Payment } from "./domain/index.ts";
import type { Flow } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { GatewayCapabilities } from "./ports/gateway.ts";
import type { Clock, Random } from "./ports/world.ts";
import { nextCheckAfterMs, ruleFor, type Step } from "./resolver.ts";

export interface CheckLimits {
  /** How long the first try whose fate is unknown is left alone before the same call is repeated. */
  readonly sameKeyGraceMs: number;
}

export interface CheckParts {
  readonly commit: GroupCommit;
  readonly capabilities: (payment: Payment) => GatewayCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: CheckLimits;
}

/** Between two checks of one operation at least. */
const SOONEST_CHECK_MS = 500;

export class OperationChecks {
  readonly #parts: CheckParts;

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /**
   * Plans the next check; `afterMs` (the gateway's own hint) wins over the schedule. The plan depends on the age of the
   * doubt alone: it is made when a check begins, lest its answer is lost, and again when the answer is here.
   */
  plan(flow: Flow, afterMs?: number): void {
    const { clock, random } = this.#parts;
    const { doubt } = flow;
    const nowMs = clock.monotonicMs();
    doubt.sinceMs ??= nowMs;
    const planned = doubt.sinceMs + nextCheckAfterMs(nowMs - doubt.sinceMs, random);
    doubt.nextCheckAtMs = afterMs === undefined ? Math.max(planned, nowMs + SOONEST_CHECK_MS) : nowMs + afterMs;
    // What may be done changes at the deadline, so there is a check then.
    const toDeadlineMs = (flow.payment as Payment).operation.deadlineAtMs - clock.nowMs();
    if (toDeadlineMs > 0) doubt.nextCheckAtMs = Math.min(doubt.nextCheckAtMs, nowMs + toDeadlineMs);
    this.note(flow);
  }

  /** As `plan`; the check comes when the grace ends, if that is sooner. */
  planAfterGrace(flow: Flow): void {
    this.plan(flow);
    const nowMs = this.#parts.clock.monotonicMs();
    const graceEndMs = flow.doubt.firstTryAtMs + this.#parts.limits.sameKeyGraceMs;
    if (graceEndMs <= nowMs) return;
    const atMs = Math.max(graceEndMs, nowMs + SOONEST_CHECK_MS);
    flow.doubt.nextCheckAtMs = Math.min(flow.doubt.nextCheckAtMs as number, atMs);
  }

  /** What may be done now. `seenUndecided`: the newest answer is a read that shows that nothing ran yet. */
  stepFor(flow: Flow, payment: Payment, seenUndecided: boolean): Step {
    const { clock, limits, capabilities } = this.#parts;
    const doubt = {
      hasReference: payment.gatewayReference !== null,
      pastDeadline: this.isPastDeadline(payment),
      seenUndecided,
      storedErrorReplayed: flow.doubt.storedErrorReplayed,
      neverSubmitted: this.neverSubmitted(flow),
      sinceFirstTryMs: clock.monotonicMs() - flow.doubt.firstTryAtMs,
      detailsLost: flow.detailsLost,
    };
    return ruleFor(capabilities(payment), doubt, limits.sameKeyGraceMs).step;
  }

  isPastDeadline(payment: Payment): boolean {
    return this.#parts.clock.nowMs() >= payment.operation.deadlineAtMs;
  }

  /** Every try since T1 was made and observed by this actor under this epoch, and none left the machine. */
  neverSubmitted({ doubt }: Flow): boolean {
    return !doubt.inherited && !doubt.mayHaveArrived;
  }

  /** Unix milliseconds of the next check, for people; null when none is planned. */
  nextCheckAtMs(flow: Flow): number | null {
    const { clock } = this.#parts;
    const at = flow.doubt.nextCheckAtMs;
    return at === undefined ? null : Math.round(clock.nowMs() + Math.max(0, at - clock.monotonicMs()));
  }

  /** The operation's row in `operation_open`, as it is now. */
  note(flow: Flow): void {
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
