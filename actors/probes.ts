/** Asks gateways whether they are there: reads that need no payment, one at a time for each that wants to know. */
import { mintId, type OperationId } from "./domain/index.ts";
import type { GatewayAnswer, GatewayCall, GatewayDesk, GatewayLine, GatewayObservation } from "./ports/gateway.ts";
import type { Clock, Random } from "./ports/world.ts";

export interface ProbeParts {
  readonly desk: GatewayDesk;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: { readonly gatewayCallMs: number };
}

/** A gateway that takes longer is not back. */
const PROBE_MS = 5_000;
/** An answer that is later than this many times a probe's time never comes: its thread died. */
const LOST_AFTER = 2;
const LOST: GatewayObservation = { kind: "unknown", reason: "no answer" };

export class Probes {
  readonly #parts: ProbeParts;
  readonly #waiting = new Map<OperationId, (observation: GatewayObservation) => void>();

  constructor(parts: ProbeParts) {
    this.#parts = parts;
  }

  /** `told` is called once, with `unknown` when no answer comes. */
  send(line: GatewayLine, told: (observation: GatewayObservation) => void): void {
    const { clock, desk } = this.#parts;
    const call = this.#callOf(line);
    const callOff = clock.after(LOST_AFTER * call.timeoutMs, () => this.#tell(call.operationId, LOST));
    this.#waiting.set(call.operationId, (observation) => {
      callOff();
      told(observation);
    });
    desk.submit([call]);
  }

  /** An answer to a probe of ours; any other one is ignored. */
  answered({ operationId, observation }: GatewayAnswer): void {
    this.#tell(operationId, observation);
  }

  #tell(id: OperationId, observation: GatewayObservation): void {
    const tell = this.#waiting.get(id);
    this.#waiting.delete(id);
    tell?.(observation);
  }

  /** Ids and key are new each time: a stored answer of an earlier probe would say nothing of now. */
  #callOf({ gateway, account, kind }: GatewayLine): GatewayCall {
    const { clock, random, limits } = this.#parts;
    const timeoutMs = Math.min(PROBE_MS, limits.gatewayCallMs);
    const suffix = random.bytes(8);
    const nowMs = clock.nowMs();
    return {
      operationId: mintId("op", 0, nowMs, suffix),
      paymentId: mintId("pay", 0, nowMs, suffix),
      merchantId: null,
      kind,
      action: "probe",
      try: 1,
      earlierTryOpen: false,
      gateway,
      account,
      gatewayKey: uuidOf(random.bytes(16)),
      gatewayReference: null,
      amountMinor: 0n,
      currency: "EUR",
      paymentMethod: "",
      timeoutMs,
      notAfterMs: clock.monotonicMs() + timeoutMs,
    };
  }
}

/** A random UUID, version 4. `bytes`: 16. */
function uuidOf(bytes: Uint8Array): string {
  const own = Uint8Array.from(bytes);
  own[6] = ((own[6] as number) & 0x0f) | 0x40;
  own[8] = ((own[8] as number) & 0x3f) | 0x80;
  const hex = Buffer.from(own).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
