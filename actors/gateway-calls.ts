/**
 * Makes an operation's calls: one try at a time, only by a certain owner, each with a number that no other try has. What a
 * gateway cannot take just now is made again within the request, as far as the retry plan grants it.
 */
import type { OpenFlow, Try } from "./flow.ts";
import type { GatewayGate } from "./gateway-gate.ts";
import { givesBack, type OperationChecks } from "./operation-checks.ts";
import type { Ownership } from "./ownership.ts";
import type { GatewayAction, GatewayAnswer, GatewayCall, GatewayDesk, GatewayObservation } from "./ports/gateway.ts";
import { TAKEN_OUT } from "./ports/gateway.ts";
import type { Clock, Random } from "./ports/world.ts";
import { RetryPlan } from "./retry-plan.ts";

export interface CallLimits {
  /** Total time of one gateway call. */
  readonly gatewayCallMs: number;
}

export interface CallParts {
  readonly shard: number;
  readonly ownership: Ownership;
  readonly desk: GatewayDesk;
  readonly gate: GatewayGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: CallLimits;
}

/** A call that is to be made again as it was. */
interface Retry {
  readonly action: GatewayAction;
  /** Monotonic milliseconds; null: it was not granted, or it is made already. */
  readonly atMs: number | null;
  /** Of the operation so far, this one with them. */
  readonly count: number;
}

/** "Not now": the same call may be made again after a while. */
type Setback = Extract<GatewayObservation, { kind: "busy" | "notSubmitted" }>;

/** Nothing gets better by asking again soon: somebody must repair our credentials, or bring the account back into use. */
const NEEDS_PEOPLE: ReadonlySet<string> = new Set(["credentials", TAKEN_OUT]);

/**
 * Numbers of tries are an epoch apart: a try of this owner never bears the number of an earlier owner's, though the
 * stored count may miss the last of those. Room for 2^32 epochs in a number; gateway keys made of it stay under 64 characters.
 */
const TRIES_OF_AN_EPOCH = 2 ** 20;

export class GatewayCalls {
  readonly #parts: CallParts;
  readonly #checks: OperationChecks;
  readonly #plan: RetryPlan;
  /** Of the few operations that have met a setback. */
  readonly #retries = new WeakMap<OpenFlow, Retry>();
  #ended = false;

  constructor(parts: CallParts, checks: OperationChecks) {
    this.#parts = parts;
    this.#checks = checks;
    this.#plan = new RetryPlan(parts.random, parts.limits.gatewayCallMs);
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
    const { clock, limits, desk, gate, ownership, shard } = this.#parts;
    const { doubt } = flow;
    if (this.#ended) return;
    if (doubt.running !== undefined || !ownership.isCertain) return this.#checks.plan(flow);
    const nowMs = clock.monotonicMs();
    const number = nextNumber(flow);
    const { gateway, gatewayAccount } = flow.file.payment.terms;
    const isFirst = number < doubt.checksFromTry && !this.#retries.has(flow);
    if (isFirst && movesOn(action)) this.#plan.called(gateway, gatewayAccount, nowMs);
    doubt.tries += 1;
    // Twice the time: an answer that is later than this never comes, its thread died.
    doubt.running = { number, action, dueAtMs: nowMs + 2 * limits.gatewayCallMs };
    if (action === "execute" && !doubt.mayHaveArrived) doubt.firstTryAtMs = nowMs;
    const toDeadlineMs = flow.operation.deadlineAtMs - clock.nowMs();
    const movesMoney = action === "execute" && !givesBack(flow); // what gives money back is never too late
    const startWithinMs = movesMoney ? Math.min(limits.gatewayCallMs, toDeadlineMs) : limits.gatewayCallMs;
    const call = callOf(flow, doubt.running, limits.gatewayCallMs, nowMs + startWithinMs);
    if (movesMoney && gate.isStopped(gateway, gatewayAccount)) gate.hold(shard, call);
    else desk.submit([call]);
  }

  /** Another check of the flow's gateway account may begin now. */
  hasRoom({ file }: OpenFlow): boolean {
    const { gateway, gatewayAccount } = file.payment.terms;
    return this.#parts.gate.takesRecovery(gateway, gatewayAccount);
  }

  /** Takes in how a try of an open operation ended, whatever follows from it. */
  answered(flow: OpenFlow, { action, observation }: GatewayAnswer): void {
    const { gateway, gatewayAccount: account } = flow.file.payment.terms;
    this.#parts.gate.observed({ gateway, account, kind: flow.operation.kind }, action, observation);
  }

  /** Plans what follows a "not now": the same call again within the request, or the resolver's next check. */
  retryLater(flow: OpenFlow, action: GatewayAction, setback: Setback): void {
    const hintMs = setback.kind === "busy" ? setback.retryAfterMs : null;
    if (!movesOn(action) || NEEDS_PEOPLE.has(setback.reason)) return this.#checks.plan(flow, hintMs ?? undefined);
    const { clock, gate } = this.#parts;
    const { gateway, gatewayAccount: account } = flow.file.payment.terms;
    const retries = this.#retries.get(flow)?.count ?? 0;
    const monotonicMs = clock.monotonicMs();
    const { operation } = flow;
    const asked = { operation, gateway, account, retries, hintMs, nowMs: clock.nowMs(), monotonicMs };
    const decision = this.#plan.decide(asked);
    const isAgain = decision.kind === "again";
    if (isAgain || decision.isOverBudget) gate.meter.retryAsked(gateway, isAgain);
    if (isAgain) this.#retries.set(flow, { action, atMs: monotonicMs + decision.afterMs, count: retries + 1 });
    this.#checks.plan(flow, decision.afterMs ?? undefined);
  }

  /** Makes a call again whose time has come and which may still be made. False: there is none. */
  retry(flow: OpenFlow): boolean {
    const retry = this.#retries.get(flow);
    if (retry === undefined || retry.atMs === null || this.#parts.clock.monotonicMs() < retry.atMs) return false;
    this.#retries.set(flow, { ...retry, atMs: null });
    if (flow.detailsLost || !this.#checks.mayExecute(flow)) return false;
    this.begin(flow, retry.action);
    this.#checks.plan(flow); // behind the call, lest its answer is lost
    return true;
  }
}

/** Calls that a payment cannot go on without: these are retried, and what else there is only looks. */
const movesOn = (action: GatewayAction): boolean => action === "execute" || action === "prepare";

/** The number that the next try of this owner will have. */
export const nextNumber = ({ doubt }: OpenFlow): number => doubt.triesBefore + doubt.tries + 1;

/** One try: built from what is stored, so each sends the same bytes. */
function callOf(flow: OpenFlow, { number, action }: Try, timeoutMs: number, notAfterMs: number): GatewayCall {
  const { operation } = flow;
  const { terms, gatewayReference } = flow.file.payment;
  return {
    operationId: operation.id,
    paymentId: terms.id,
    merchantId: terms.merchantId,
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
