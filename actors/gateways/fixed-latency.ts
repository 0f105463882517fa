/**
 * A gateway in process that agrees to everything after a fixed delay. For benchmarks only: it keeps no state, and
 * production configuration refuses it. One timer serves all calls that end in the same millisecond.
 */
import { assertNever } from "../domain/index.ts";
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
  const { kind, action } = call;
  if (action === "probe") return { kind: "reachable" };
  if (action === "identify") return { kind: "identified", operationId: call.operationId, paymentId: call.paymentId };
  const own = `fixed_${call.operationId.slice(3)}`;
  switch (kind) {
    case "authorize":
    case "sale": {
      const reference = call.gatewayReference ?? own;
      if (action === "prepare") return { kind: "prepared", reference };
      if (action === "abandon") return { kind: "voided", reference };
      return { kind: kind === "sale" ? "captured" : "authorized", reference };
    }
    case "capture":
      return { kind: "captured", reference: own };
    case "void":
      return { kind: "voided", reference: own };
    case "refund":
      return { kind: "refunded", reference: own };
    default:
      return assertNever(kind);
  }
}
