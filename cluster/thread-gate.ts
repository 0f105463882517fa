/** Makes a shard thread's way to the gateways: breakers, and the thread's share of each gateway account's budget. */
import { type BudgetLimits, GatewayGate, type GatewayMeter, type Log } from "../actors/index.ts";
import { systemClock, systemRandom } from "./clock.ts";
import type { NodeConfig } from "./config.ts";
import type { GatewayDesks, Tagged } from "./gateway-desk.ts";
import type { GatewayAnswer } from "../actors/index.ts";

export interface ThreadGateParts {
  readonly config: NodeConfig;
  /** Shard threads of the node. */
  readonly threads: number;
  readonly desks: GatewayDesks;
  /** Takes answers that no gateway gave, as those of gateways are taken. */
  readonly onAnswers: (answers: readonly Tagged<GatewayAnswer>[]) => void;
  readonly meter: GatewayMeter;
  readonly log: Log;
}

export function makeGate({ config, threads, desks, onAnswers, meter, log }: ThreadGateParts): GatewayGate {
  return new GatewayGate({
    deskOf: (shard) => desks.forShard(shard),
    giveBack: (shard, item) => onAnswers([{ shard, item }]),
    clock: systemClock,
    random: systemRandom(),
    meter,
    log,
    limits: config.limits,
    budget: budgetShare(config, threads),
  });
}

/**
 * What one thread may ask of each gateway account: an even part, whatever the threads need; to split by demand takes
 * somebody who sees all of it. A part is at least one call at once, so small budgets of many threads may be exceeded.
 */
export function budgetShare(
  { gatewayCallsPerSecond, gatewayCallsInFlight }: Pick<NodeConfig, "gatewayCallsPerSecond" | "gatewayCallsInFlight">,
  threads: number,
): BudgetLimits | undefined {
  if (gatewayCallsPerSecond === null && gatewayCallsInFlight === null) return undefined;
  return {
    callsPerSecond: gatewayCallsPerSecond === null ? null : gatewayCallsPerSecond / threads,
    callsInFlight: gatewayCallsInFlight === null ? null : Math.max(1, Math.floor(gatewayCallsInFlight / threads)),
  };
}
