/**
 * A thread's way to the gateways, shared by its shards: whether an account can be used now, asked before T1, and the queue
 * between the shards' calls and the desks. Without a configured budget calls go straight through.
 */
import { Breakers, type BreakersLimits, type OpenBreaker } from "./breakers.ts";
import { ByAccount } from "./by-account.ts";
import { type GatewayName, type MerchantId, type OperationId, type Refusal, refuse } from "./domain/index.ts";
import { type BudgetLimits, GatewayBudget, idOf, type Waiting } from "./gateway-budget.ts";
import type { GatewayMeter } from "./gateway-meter.ts";
import { type GatewayStop, GatewayStops, STOPPED_FOR_MS } from "./gateway-stops.ts";
import {
  type GatewayAction,
  type GatewayAnswer,
  type GatewayCall,
  type GatewayDesk,
  type GatewayLine,
  type GatewayObservation,
  RATE_LIMITED,
  TAKEN_OUT,
  WAITED_TOO_LONG,
} from "./ports/gateway.ts";
import type { Clock, Log, Random } from "./ports/world.ts";

/** Stands for the shard of a call that belongs to none: a probe. */
export const NO_SHARD = -1;

export interface GateParts {
  /** The desk of a shard, or of NO_SHARD. */
  readonly deskOf: (shard: number) => GatewayDesk;
  /** Gives a call back that was never sent, to the shard that it belongs to; never while that shard hands it over. */
  readonly giveBack: (shard: number, answer: GatewayAnswer) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: GatewayMeter;
  readonly log: Log;
  readonly limits: BreakersLimits;
  /** Of each gateway account, the share of this thread; undefined: none is configured. */
  readonly budget: BudgetLimits | undefined;
}

/** For operators and metrics. */
export interface GateSnapshot {
  readonly breakers: readonly OpenBreaker[];
  readonly queues: readonly { readonly gateway: GatewayName; readonly waiting: number; readonly inFlight: number }[];
}

/** More than can wait: who is forgotten was given back long ago. */
const WITHDRAWN_MAX = 20_000;
const OVERLOADED = "too many calls wait for the gateway account; nothing was done, send it again with the same key";
const UNAVAILABLE = "the gateway cannot be used now; nothing was done, send it again with the same key";

/** The line is down, or taken out of use. `forMs`: until it is tried again. */
export const lineDown = (forMs: number): Refusal =>
  refuse("gateway_unavailable", UNAVAILABLE, { retryAfterS: Math.max(1, Math.ceil(forMs / 1_000)) });

export class GatewayGate {
  readonly #parts: GateParts;
  readonly #breakers: Breakers;
  readonly #budgets = new ByAccount<GatewayBudget>();
  readonly #stops = new GatewayStops();
  /** The budget that each call under way counts in. */
  readonly #underWay = new Map<string, { readonly gateway: GatewayName; readonly budget: GatewayBudget }>();
  /** Operations whose money must not move any more, the newest last. */
  readonly #withdrawn = new Set<OperationId>();

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#breakers = new Breakers({ ...parts, desk: this.desk(NO_SHARD) });
  }

  get meter(): GatewayMeter {
    return this.#parts.meter;
  }

  /** Where a shard's calls go. */
  desk(shard: number): GatewayDesk {
    const { deskOf, budget } = this.#parts;
    const desk = deskOf(shard);
    if (budget === undefined) return desk;
    return {
      submit: (calls) => {
        const sinceMs = this.#parts.clock.monotonicMs();
        for (const call of calls) {
          const { gateway, account } = call;
          const own = this.#budgets.getOrMake(gateway, account, () => this.#makeBudget(budget));
          own.submit({ shard, desk, call, sinceMs });
        }
      },
    };
  }

  /** What operators have taken out of use, all of it: new money goes there no more, what was begun is only looked after. */
  setStops(stops: readonly GatewayStop[]): void {
    this.#stops.set(stops);
  }

  /** Nothing that moves money, but what gives it back, may be sent to the account. */
  isStopped(gateway: GatewayName, account: string): boolean {
    return this.#stops.has(gateway, account);
  }

  /** Gives a call back unsent, which `isStopped` forbids. */
  hold(shard: number, call: GatewayCall): void {
    this.#return(shard, call, TAKEN_OUT);
  }

  /** Milliseconds until the line is tried again; undefined: nothing is known against it. */
  downForMs(line: GatewayLine): number | undefined {
    return this.#stops.refuses(line) ? STOPPED_FOR_MS : this.#breakers.refusesForMs(line);
  }

  /** Why a request for this line is refused before T1: it is taken out of use, its breaker is open, or too much waits. */
  refusal(line: GatewayLine, merchant: MerchantId): Refusal | undefined {
    const downForMs = this.downForMs(line);
    if (downForMs !== undefined) return lineDown(downForMs);
    const waitMs = this.#budgets.get(line.gateway, line.account)?.chargeWaitMs(merchant);
    if (waitMs === undefined) return undefined;
    this.#parts.meter.queueRefused(line.gateway);
    return refuse("overloaded", OVERLOADED, { retryAfterS: Math.min(60, Math.ceil(waitMs / 1_000)) });
  }

  /** The resolver may begin another call at the account: else it would only wait here. */
  takesRecovery(gateway: GatewayName, account: string): boolean {
    return this.#budgets.get(gateway, account)?.takesRecovery ?? true;
  }

  /** A call that would execute the operation, and still waits here, is given back: it was asked to cancel it. */
  withdraw(operation: OperationId): void {
    if (this.#parts.budget === undefined) return; // nothing waits
    this.#withdrawn.add(operation);
    if (this.#withdrawn.size <= WITHDRAWN_MAX) return;
    for (const oldest of this.#withdrawn) return void this.#withdrawn.delete(oldest);
  }

  /** What a gateway said of an operation of this line. */
  observed(line: GatewayLine, action: GatewayAction, observation: GatewayObservation): void {
    this.#breakers.observed(line, action, observation);
  }

  /** Every answer of a gateway, before its shard gets it. */
  answered(shard: number, answer: GatewayAnswer): void {
    if (this.#parts.budget !== undefined) this.#leftBudget(answer);
    if (shard === NO_SHARD) this.#breakers.answered(answer);
  }

  snapshot(): GateSnapshot {
    const queues = [...this.#budgets.entries()].map(([gateway, , { waiting, inFlight }]) => ({
      gateway,
      waiting,
      inFlight,
    }));
    return { breakers: [...this.#breakers.open()], queues };
  }

  #leftBudget(answer: GatewayAnswer): void {
    const { observation } = answer;
    const id = idOf(answer);
    const under = this.#underWay.get(id);
    if (under === undefined) return;
    this.#underWay.delete(id);
    const isTooMuch = observation.kind === "busy" && observation.reason === RATE_LIMITED;
    if (isTooMuch && under.budget.slowDown()) this.#parts.meter.rateCut(under.gateway);
    under.budget.answered(id);
  }

  #makeBudget(limits: BudgetLimits): GatewayBudget {
    const { clock, meter } = this.#parts;
    const budget: GatewayBudget = new GatewayBudget({
      clock,
      limits,
      send: ({ desk, call, sinceMs }, priority) => {
        const { gateway } = call;
        this.#underWay.set(idOf(call), { gateway, budget });
        meter.callWaited(gateway, priority, clock.monotonicMs() - sinceMs);
        desk.submit([call]);
      },
      giveBack: (waiting, reason) => this.#giveBack(waiting, reason),
      isWithdrawn: ({ operationId, action }) => action === "execute" && this.#withdrawn.has(operationId),
      lost: (id) => this.#underWay.delete(id),
    });
    return budget;
  }

  #giveBack({ shard, call }: Waiting, reason: string): void {
    this.#parts.meter.callDropped(call.gateway, reason === WAITED_TOO_LONG ? "late" : "full");
    this.#return(shard, call, reason);
  }

  /** Later: whoever handed it over has not noted yet that it did. */
  #return(shard: number, call: GatewayCall, reason: string): void {
    const { clock, giveBack } = this.#parts;
    const { operationId, paymentId, action } = call;
    const observation = { kind: "notSubmitted", reason } as const;
    const answer = { operationId, paymentId, try: call.try, action, observation, tookMs: 0 };
    clock.after(0, () => {
      if (shard === NO_SHARD) this.#breakers.answered(answer);
      else giveBack(shard, answer);
    });
  }
}
