/** Makes an operation's calls: one try at a time, only by a certain owner, each with a number that no other try has. */
import type { OpenFlow, Try } from "./flow.ts";
import { givesBack, type OperationChecks } from "./operation-checks.ts";
import type { Ownership } from "./ownership.ts";
import type { GatewayAction, GatewayCall, GatewayDesk } from "./ports/gateway.ts";
import type { Clock } from "./ports/world.ts";

export interface CallLimits {
  /** Total time of one gateway call. */
  readonly gatewayCallMs: number;
}

export interface CallParts {
  readonly ownership: Ownership;
  readonly desk: GatewayDesk;
  readonly clock: Clock;
  readonly limits: CallLimits;
}

/**
 * Numbers of tries are an epoch apart: a try of this owner never bears the number of an earlier owner's, though the
 * stored count may miss the last of those. Room for 2^32 epochs in a number; gateway keys made of it stay under 64 characters.
 */
const TRIES_OF_AN_EPOCH = 2 ** 20;

export class GatewayCalls {
  readonly #parts: CallParts;
  readonly #checks: OperationChecks;
  #ended = false;

  constructor(parts: CallParts, checks: OperationChecks) {
    this.#parts = parts;
    this.#checks = checks;
  }

  /** True once no call is made any more. */
  get ended(): boolean {
    return this.#ended;
  }
  end(): void {
    this.#ended = true;
  }

  /** The operation has `tries` of earlier owners, as far as they were noted; `epoch` is this owner's. */
  continueAfter(flow: OpenFlow, tries: number, epoch: bigint): void {
    flow.doubt.tries = tries;
    flow.doubt.triesBefore = Number(epoch) * TRIES_OF_AN_EPOCH;
  }

  /** Begins a try. While another one runs, or ownership is not certain, it plans a check instead. */
  begin(flow: OpenFlow, action: GatewayAction): void {
    const { clock, limits, desk, ownership } = this.#parts;
    const { doubt } = flow;
    if (this.#ended) return;
    if (doubt.running !== undefined || !ownership.isCertain) return this.#checks.plan(flow);
    const nowMs = clock.monotonicMs();
    const number = nextNumber(flow);
    doubt.tries += 1;
    // Twice the time: an answer that is later than this never comes, its thread died.
    doubt.running = { number, action, dueAtMs: nowMs + 2 * limits.gatewayCallMs };
    if (action === "execute" && !doubt.mayHaveArrived) doubt.firstTryAtMs = nowMs;
    const toDeadlineMs = flow.operation.deadlineAtMs - clock.nowMs();
    const isBound = action === "execute" && !givesBack(flow); // what gives money back is never too late
    const startWithinMs = isBound ? Math.min(limits.gatewayCallMs, toDeadlineMs) : limits.gatewayCallMs;
    desk.submit([callOf(flow, doubt.running, limits.gatewayCallMs, nowMs + startWithinMs)]);
  }
}

/** The number that the next try of this owner will have. */
export const nextNumber = ({ doubt }: OpenFlow): number => doubt.triesBefore + doubt.tries + 1;

/** One try: built from what is stored, so each sends the same bytes. */
function callOf(flow: OpenFlow, { number, action }: Try, timeoutMs: number, notAfterMs: number): GatewayCall {
  const { operation } = flow;
  const { terms, gatewayReference } = flow.file.payment;
  return {
    operationId: operation.id,
    paymentId: terms.id,
    kind: operation.kind,
    action,
    try: number,
    earlierTryOpen: flow.doubt.mayHaveArrived,
    gateway: terms.gateway,
    account: terms.gatewayAccount,
    gatewayKey: operation.gatewayKey,
    gatewayReference,
    amountMinor: operation.amountMinor,
    currency: terms.currency,
    paymentMethod: flow.paymentMethod,
    timeoutMs,
    notAfterMs,
  };
}
