/**
 * When an operation in doubt is looked at next, and what may be done then: joins the resolver's table to what an actor
 * remembers, and keeps the operation's row in `operation_open` up to date.
 */
import type { GatewayName, OperationKind } from "./domain/index.ts";
import type { OpenFlow } from "./flow.ts";
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
  readonly capabilities: (gateway: GatewayName) => GatewayCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: CheckLimits;
}

/** A void, and a refund of our own making, give back what nobody wants to keep. */
export const givesBack = ({ operation, request }: OpenFlow): boolean =>
  operation.kind === "void" || (operation.kind === "refund" && request === null);

const LONG_LATE_MS = 60_000;
const ABSENCES_MIN = 3;
const ABSENCE_AFTER_MS = 60_000;

const isCharge = (kind: OperationKind): boolean => kind === "authorize" || kind === "sale";

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
  plan(flow: OpenFlow, afterMs?: number): void {
    const { clock, random } = this.#parts;
    const { doubt } = flow;
    const nowMs = clock.monotonicMs();
    doubt.sinceMs ??= nowMs;
    const planned = doubt.sinceMs + nextCheckAfterMs(nowMs - doubt.sinceMs, random);
    doubt.nextCheckAtMs = afterMs === undefined ? Math.max(planned, nowMs + SOONEST_CHECK_MS) : nowMs + afterMs;
    // What may be done changes at the deadline, so there is a check then.
    const toDeadlineMs = flow.operation.deadlineAtMs - clock.nowMs();
    if (toDeadlineMs > 0) doubt.nextCheckAtMs = Math.min(doubt.nextCheckAtMs, nowMs + toDeadlineMs);
    this.note(flow);
  }

  /** As `plan`; the check comes when the grace ends, if that is sooner. */
  planAfterGrace(flow: OpenFlow): void {
    this.plan(flow);
    const nowMs = this.#parts.clock.monotonicMs();
    const graceEndMs = flow.doubt.firstTryAtMs + this.#parts.limits.sameKeyGraceMs;
    if (graceEndMs <= nowMs) return;
    const atMs = Math.max(graceEndMs, nowMs + SOONEST_CHECK_MS);
    flow.doubt.nextCheckAtMs = Math.min(flow.doubt.nextCheckAtMs as number, atMs);
  }

  /** What may be done now. `seenUndecided`: the newest answer is a read that shows that nothing ran yet. */
  stepFor(flow: OpenFlow, seenUndecided: boolean): Step {
    const { clock, limits, capabilities } = this.#parts;
    const { terms, gatewayReference } = flow.file.payment;
    const doubt = {
      hasReference: gatewayReference !== null,
      mayExecute: this.mayExecute(flow),
      givesBack: givesBack(flow),
      isOnlyRead: flow.operation.kind === "capture" || flow.operation.kind === "refund",
      isLongLate: clock.nowMs() >= flow.operation.deadlineAtMs + LONG_LATE_MS,
      seenUndecided,
      absenceIsProven: this.#absenceIsProven(flow),
      storedErrorReplayed: flow.doubt.storedErrorReplayed,
      neverSubmitted: this.neverSubmitted(flow),
      sinceFirstTryMs: clock.monotonicMs() - flow.doubt.firstTryAtMs,
      detailsLost: flow.detailsLost,
    };
    return ruleFor(capabilities(terms.gateway), doubt, limits.sameKeyGraceMs).step;
  }

  /**
   * That a capture or a refund is not there counts after a minute and three looks (design §3.4): the payment itself, or
   * a list, may show it a little later. A charge is told by its own object.
   */
  #absenceIsProven({ operation, doubt }: OpenFlow): boolean {
    if (isCharge(operation.kind)) return true;
    const sinceMs = this.#parts.clock.monotonicMs() - doubt.firstTryAtMs;
    return doubt.absences >= ABSENCES_MIN && sinceMs >= ABSENCE_AFTER_MS;
  }

  isPastDeadline(flow: OpenFlow): boolean {
    return this.#parts.clock.nowMs() >= flow.operation.deadlineAtMs;
  }

  /** The call that moves money may be made, or made again: it is not too late, and nobody asked to cancel it. */
  mayExecute(flow: OpenFlow): boolean {
    const { cancel } = flow.file.payment;
    return !this.isPastDeadline(flow) && (cancel === null || !isCharge(flow.operation.kind));
  }

  /** Every try since T1 was made and observed by this actor under this epoch, and none left the machine. */
  neverSubmitted({ doubt }: OpenFlow): boolean {
    return !doubt.inherited && !doubt.mayHaveArrived;
  }

  /** Unix milliseconds of the next check, for people; null when none is planned. */
  nextCheckAtMs(flow: OpenFlow): number | null {
    const { clock } = this.#parts;
    const at = flow.doubt.nextCheckAtMs;
    return at === undefined ? null : Math.round(clock.nowMs() + Math.max(0, at - clock.monotonicMs()));
  }

  /** The operation's row in `operation_open`, as it is now. */
  note(flow: OpenFlow): void {
    const { operation } = flow;
    const { terms } = flow.file.payment;
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
