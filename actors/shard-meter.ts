/** What a shard actor tells about itself; `cluster/` turns it into Prometheus series. No payment or merchant label. */
import type { GatewayName, OperationKind, OperationState } from "./domain/index.ts";
import type { CommitOutcome } from "./ports/decisions.ts";
import type { GatewayAction, GatewayObservation } from "./ports/gateway.ts";

export interface ShardMeter {
  /** One commit: rows in it, and how long it took. */
  commit(rows: number, tookMs: number, outcome: CommitOutcome["kind"]): void;
  gatewayAnswered(
    gateway: GatewayName,
    action: GatewayAction,
    observed: GatewayObservation["kind"],
    tookMs: number,
  ): void;
  /** A payment reached an outcome: `authorized`, `captured`, `failed`, `canceled`. */
  paymentEnded(gateway: GatewayName, currency: string, outcome: string): void;
  /** A capture, void or refund ended. */
  operationEnded(gateway: GatewayName, kind: OperationKind, state: OperationState): void;
  /** A refusal's code, or `unanswered`: the connection was closed. */
  refused(code: string): void;
}
