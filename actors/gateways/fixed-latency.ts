/**
 * A gateway in process that agrees to everything after a fixed delay. For benchmarks only: it keeps no state, and
 * production configuration refuses it. One timer serves all calls that end in the same millisecond.
 */
import type { Gateway, GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { GATEWAY_CAPABILITIES } from "./capabilities.ts";

export interface FixedLatencyOptions {
  readonly delayMs: number;
  readonly clock: Clock;
}

/** Creates the adapter. */
export function createFixedLatencyGateway(options: FixedLatencyOptions): Gateway {
  return new FixedLatencyGateway(options);
}

interface Due {
  readonly call: GatewayCall;
  readonly resolve: (observation: GatewayObservation) => void;
}

class FixedLatencyGateway implements Gateway {
  readonly capabilities = GATEWAY_CAPABILITIES["fixed-latency"];
  readonly #delayMs: number;
  readonly #clock: Clock;
  /** By the whole millisecond of the monotonic clock at which they end. */
  readonly #buckets = new Map<number, { readonly due: Due[]; readonly callOff: () => void }>();
  #closed = false;

  constructor(options: FixedLatencyOptions) {
    this.#delayMs = options.delayMs;
    this.#clock = options.clock;
  }

  run(call: GatewayCall): Promise<GatewayObservation> {
    if (this.#closed) return Promise.resolve({ kind: "notSubmitted", reason: "closed" });
    return new Promise((resolve) => {
      const nowMs = this.#clock.monotonicMs();
      const endMs = Math.ceil(nowMs + this.#delayMs);
      let bucket = this.#buckets.get(endMs);
      if (bucket === undefined) {
        bucket = { due: [], callOff: this.#clock.after(endMs - nowMs, () => this.#end(endMs)) };
        this.#buckets.set(endMs, bucket);
      }
      bucket.due.push({ call, resolve });
    });
  }

  /** Calls still under way end as unknown. */
  close(): Promise<void> {
    this.#closed = true;
    for (const { due, callOff } of this.#buckets.values()) {
      callOff();
      for (const { resolve } of due) resolve({ kind: "unknown", reason: "closed" });
    }
    this.#buckets.clear();
    return Promise.resolve();
  }

  #end(endMs: number): void {
    const bucket = this.#buckets.get(endMs);
    this.#buckets.delete(endMs);
    for (const { call, resolve } of bucket?.due ?? []) resolve(agree(call));
  }
}

/** The same answer to the same operation on every try, so that a replay or a read agrees with the first call. */
function agree(call: GatewayCall): GatewayObservation {
  const reference = call.gatewayReference ?? `fixed_${call.operationId.slice(3)}`;
  if (call.action === "prepare") return { kind: "prepared", reference };
  if (call.action === "abandon" || call.kind === "void") return { kind: "voided", reference };
  if (call.kind === "refund") return { kind: "notSubmitted", reason: "execute_refund" };
  return { kind: call.kind === "authorize" ? "authorized" : "captured", reference };
}
