/**
 * When an operation in doubt is looked at next, and what may be done then: joins the resolver's table to what an actor
 * remembers, and keeps the operation's row in `operation_open` up to date.
 */
import type { GatewayName } from "./domain/index.ts";
import { type Doubt, KEY_STORE_HOLD_MS, type Step } from "./doubt-rules.ts";
import type { OpenFlow } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { GatewayCapabilities } from "./ports/gateway.ts";
import type { Clock, Random } from "./ports/world.ts";
import { type Explanation, explain, isCharge, mayExecute, nextCheckAfterMs, ruleFor } from "./resolver.ts";

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

/** Between two checks of one operation at least. */
const SOONEST_CHECK_MS = 500;

/** What an adapter says of a key store that is down, of a replay that brought a stored error, and of one that is refused. */
const KEY_STORE_DOWN = "key_store_down";
const STORED_ERROR = "stored_500_replayed";
const REFUSED = "refused_later_try";

export class OperationChecks {
  readonly #parts: CheckParts;
  /** When the gateway last said that it cannot look keys up, monotonic milliseconds. */
  readonly #keyStoreDownAtMs = new WeakMap<OpenFlow, number>();

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

  /** As `plan`; the check comes when the grace, or the hold of a key store that is down, ends, if that is sooner. */
  planAfterGrace(flow: OpenFlow): void {
    this.plan(flow);
    const nowMs = this.#parts.clock.monotonicMs();
    const holdEndMs = (this.#keyStoreDownAtMs.get(flow) ?? Number.NEGATIVE_INFINITY) + KEY_STORE_HOLD_MS;
    const endMs = Math.max(flow.doubt.firstTryAtMs + this.#parts.limits.sameKeyGraceMs, holdEndMs);
    if (endMs <= nowMs) return;
    const atMs = Math.max(endMs, nowMs + SOONEST_CHECK_MS);
    flow.doubt.nextCheckAtMs = Math.min(flow.doubt.nextCheckAtMs as number, atMs);
  }

  /** Takes in why a try's fate is unknown, for the rules that ask. */
  hear(flow: OpenFlow, reason: string): void {
    const { doubt } = flow;
    const nowMs = this.#parts.clock.monotonicMs();
    if (reason === KEY_STORE_DOWN) this.#keyStoreDownAtMs.set(flow, nowMs);
    if (reason === STORED_ERROR) doubt.storedErrorReplayed = true;
    // Earlier the first call may still run, and then a refusal of a later one says nothing of it.
    if (reason === REFUSED && nowMs - doubt.firstTryAtMs >= this.#parts.limits.sameKeyGraceMs)
      doubt.replayRefused = true;
  }

  /** What may be done now. `seenUndecided`: the newest answer is a read that shows that nothing ran yet. */
  stepFor(flow: OpenFlow, seenUndecided: boolean): Step {
    return ruleFor(this.#gatewayOf(flow), this.#doubtOf(flow, seenUndecided), this.#parts.limits.sameKeyGraceMs).step;
  }

  /** What the next check would do, and why: for people. Changes nothing. */
  explain(flow: OpenFlow): Explanation {
    return explain(this.#gatewayOf(flow), this.#doubtOf(flow, false), this.#parts.limits.sameKeyGraceMs);
  }

  #gatewayOf(flow: OpenFlow): GatewayCapabilities {
    return this.#parts.capabilities(flow.file.payment.terms.gateway);
  }

  #doubtOf(flow: OpenFlow, seenUndecided: boolean): Doubt {
    const { clock } = this.#parts;
    const { operation, doubt } = flow;
    const { gatewayReference, cancel } = flow.file.payment;
    const nowMs = clock.monotonicMs();
    const keyStoreDownAtMs = this.#keyStoreDownAtMs.get(flow);
    return {
      kind: operation.kind,
      isCompensation: givesBack(flow) && operation.kind === "refund",
      hasReference: gatewayReference !== null,
      isPastDeadline: this.isPastDeadline(flow),
      isCancelRequested: cancel !== null,
      isLongLate: clock.nowMs() >= operation.deadlineAtMs + LONG_LATE_MS,
      keyAgeMs: clock.nowMs() - operation.submittedAtMs,
      seenUndecided,
      absenceIsProven: this.#absenceIsProven(flow),
      storedErrorReplayed: doubt.storedErrorReplayed,
      replayRefused: doubt.replayRefused,
      neverSubmitted: this.neverSubmitted(flow),
      sinceFirstTryMs: nowMs - doubt.firstTryAtMs,
      sinceKeyStoreDownMs: keyStoreDownAtMs === undefined ? null : nowMs - keyStoreDownAtMs,
      detailsLost: flow.detailsLost,
    };
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
    return mayExecute({
      kind: flow.operation.kind,
      isPastDeadline: this.isPastDeadline(flow),
      isCancelRequested: flow.file.payment.cancel !== null,
    });
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
