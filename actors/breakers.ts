/**
 * The circuit breakers of a thread, one for each (gateway, account, kind of operation) that failed lately, shared by its
 * shards: what one of them observes spares the others their own failures (design §3.4, faults.md P24). They are asked
 * before T1. Cancels of payments in doubt and the resolver are never refused.
 */
import { Breaker, type BreakerLimits, type BreakerState } from "./breaker.ts";
import { ByAccount } from "./by-account.ts";
import type { GatewayName, OperationKind } from "./domain/index.ts";
import type { GatewayMeter } from "./gateway-meter.ts";
import {
  CALLS_WAIT,
  type GatewayAction,
  type GatewayAnswer,
  type GatewayDesk,
  type GatewayLine,
  type GatewayObservation,
  TAKEN_OUT,
  WAITED_TOO_LONG,
} from "./ports/gateway.ts";
import type { Clock, Log, Random } from "./ports/world.ts";
import { Probes } from "./probes.ts";

export interface BreakersLimits extends BreakerLimits {
  /** Total time of one gateway call. */
  readonly gatewayCallMs: number;
}

export interface BreakersParts {
  /** Where probes go. Their answers are given to `answered`. */
  readonly desk: GatewayDesk;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: GatewayMeter;
  readonly log: Log;
  readonly limits: BreakersLimits;
}

/** How an observation speaks for its line. */
type Sign = "well" | "failed" | "none";

/** Of a call. `none`: the gateway is up and wants less, or its word is about this one operation. */
const SIGNS: { readonly [K in GatewayObservation["kind"]]: Sign } = {
  prepared: "none", // the step that moves money may fail all the same: only that speaks well of the line
  authorized: "well",
  captured: "well",
  refunded: "well",
  declined: "well",
  voided: "well",
  conflicted: "well",
  processing: "well",
  undecided: "well",
  reachable: "well",
  identified: "well",
  notExecuted: "none",
  busy: "none",
  notSubmitted: "failed",
  unknown: "failed",
};

/** Of a read: any answer shows that the gateway is there. */
const isBack = ({ kind }: GatewayObservation): boolean => kind !== "notSubmitted" && kind !== "unknown";

/** What this node said by itself tells nothing. */
const OURS: ReadonlySet<string> = new Set([WAITED_TOO_LONG, CALLS_WAIT, TAKEN_OUT]);
const isOurs = (observation: GatewayObservation): boolean =>
  observation.kind === "notSubmitted" && OURS.has(observation.reason);

/** A breaker that is not closed. */
export interface OpenBreaker {
  readonly gateway: GatewayName;
  readonly account: string;
  readonly kind: OperationKind;
  readonly state: Exclude<BreakerState, "closed">;
}

export class Breakers {
  readonly #parts: BreakersParts;
  readonly #probes: Probes;
  /** Lines without a failure in the window have none. */
  readonly #accounts = new ByAccount<Map<OperationKind, Breaker>>();

  constructor(parts: BreakersParts) {
    this.#parts = parts;
    this.#probes = new Probes(parts);
  }

  /** Milliseconds until the line is tried again; undefined: nothing is known against it. */
  refusesForMs({ gateway, account, kind }: GatewayLine): number | undefined {
    return this.#accounts.get(gateway, account)?.get(kind)?.refusesForMs;
  }

  /** An answer of a gateway to a call of the line. */
  observed(line: GatewayLine, action: GatewayAction, observation: GatewayObservation): void {
    const breaker = this.#accounts.get(line.gateway, line.account)?.get(line.kind);
    if (action === "query") {
      if (!isOurs(observation)) breaker?.tested(isBack(observation));
      return;
    }
    if (action !== "execute" && action !== "prepare") return;
    const sign = SIGNS[observation.kind];
    if (sign === "none" || isOurs(observation)) return;
    if (sign === "failed") (breaker ?? this.#make(line)).called(false);
    else if (breaker?.isIdle === true) this.#forget(line);
    else breaker?.called(true);
  }

  /** An answer to a probe. */
  answered(answer: GatewayAnswer): void {
    this.#probes.answered(answer);
  }

  /** The breakers that are not closed. */
  *open(): Iterable<OpenBreaker> {
    for (const [gateway, account, kinds] of this.#accounts.entries())
      for (const [kind, { state }] of kinds) if (state !== "closed") yield { gateway, account, kind, state };
  }

  #make(line: GatewayLine): Breaker {
    const { gateway, account, kind } = line;
    const breaker: Breaker = new Breaker({
      ...this.#parts,
      ask: () => this.#probes.send(line, (observation) => breaker.tested(isBack(observation))),
      turned: (state) => this.#turned(line, state),
    });
    this.#accounts.getOrMake(gateway, account, () => new Map()).set(kind, breaker);
    return breaker;
  }

  #forget({ gateway, account, kind }: GatewayLine): void {
    const kinds = this.#accounts.get(gateway, account);
    kinds?.delete(kind);
    if (kinds?.size === 0) this.#accounts.delete(gateway, account);
  }

  #turned({ gateway, account, kind }: GatewayLine, state: BreakerState): void {
    const { meter, log } = this.#parts;
    meter.breakerTurned(gateway, kind, state);
    if (state === "open")
      log.warn({ gateway, account, kind }, "the gateway fails: new requests are refused for a while");
    else if (state === "closed") log.info({ gateway, account, kind }, "the gateway is back");
  }
}
