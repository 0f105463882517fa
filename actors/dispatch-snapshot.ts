/** What operators see of the webhooks of a shard. */
import type { DeliveryLine } from "./delivery-line.ts";

export interface DispatchSnapshot {
  /** Endpoints that events are sent to. */
  readonly endpoints: number;
  /** Receivers that failed several times in a row. */
  readonly down: number;
  /** Deliveries in memory: at least so many wait. */
  readonly waiting: number;
  readonly inFlight: number;
  /** Age of the oldest event that still waits, as far as it was seen. */
  readonly oldestAgeMs: number;
}

/** `nowMs`: Unix. */
export function snapshotOf(lines: readonly DeliveryLine[], inFlight: number, nowMs: number): DispatchSnapshot {
  return {
    endpoints: lines.length,
    down: lines.filter(({ health }) => health.isDown).length,
    waiting: lines.reduce((sum, { known }) => sum + known, 0),
    inFlight,
    oldestAgeMs: lines.reduce((age, { oldestMs }) => Math.max(age, nowMs - (oldestMs ?? nowMs)), 0),
  };
}
