/** The time of one gateway call, shared by its HTTP requests. */
import type { GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { TransportError } from "./http-transport.ts";

export class CallTime {
  readonly #clock: Clock;
  readonly #endMs: number;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#endMs = clock.monotonicMs() + timeoutMs;
  }

  /** Whole milliseconds that are left, at least 1: the SDKs take 0 for "none set". */
  leftMs(): number {
    return Math.max(1, Math.ceil(this.#endMs - this.#clock.monotonicMs()));
  }
}

/** What a request without an answer says: only one that surely never left the machine was not submitted. */
export function observeTransportFault(error: unknown): GatewayObservation {
  if (!(error instanceof TransportError)) return { kind: "unknown", reason: "adapter_error" };
  return error.sent ? { kind: "unknown", reason: error.code } : { kind: "notSubmitted", reason: error.code };
}
