/** What a thread's way to the gateways tells about itself; `cluster/` turns it into Prometheus series. */
import type { BreakerState } from "./breaker.ts";
import type { GatewayName, OperationKind } from "./domain/index.ts";
import type { CallPriority } from "./fair-queue.ts";

export interface GatewayMeter {
  breakerTurned(gateway: GatewayName, kind: OperationKind, to: BreakerState): void;
  /** A request was refused before T1, for its call would have waited too long. */
  queueRefused(gateway: GatewayName): void;
  /** A call left for the gateway; only where a budget is set. */
  callWaited(gateway: GatewayName, priority: CallPriority, waitedMs: number): void;
  /** A call was given back unsent. */
  callDropped(gateway: GatewayName, why: "late" | "full"): void;
  /** The gateway said that we call too often. */
  rateCut(gateway: GatewayName): void;
  /** A transient answer. `granted` false: the retry budget is used up, the resolver's schedule applies. */
  retryAsked(gateway: GatewayName, granted: boolean): void;
}

/** For tests and tools that measure nothing. */
export const NO_GATEWAY_METER: GatewayMeter = {
  breakerTurned: () => {},
  queueRefused: () => {},
  callWaited: () => {},
  callDropped: () => {},
  rateCut: () => {},
  retryAsked: () => {},
};
