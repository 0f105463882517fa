/**
 * A card processor that keeps the truth for tests of an actor: it does once what each key asks for, and answers as the
 * test wants. Whoever asks it for what cannot be, be it more than there is, has a bug.
 */
import { expect } from "chai";
import type { OperationKind, PaymentId } from "../../../actors/domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../../../actors/index.ts";
import { DECLINED } from "./actor-rig.ts";

/** What one key brought about. */
export interface Effect {
  readonly kind: OperationKind;
  readonly paymentId: PaymentId;
  readonly operationId: string;
  readonly amountMinor: bigint;
  readonly done: boolean;
}

const SUCCESS: { readonly [K in OperationKind]: "authorized" | "captured" | "voided" | "refunded" } = {
  authorize: "authorized",
  sale: "captured",
  capture: "captured",
  void: "voided",
  refund: "refunded",
};
const isCharge = (kind: OperationKind): boolean => kind === "authorize" || kind === "sale";

export class FakeProcessor {
  readonly #effects = new Map<string, Effect>();
  /** Payments that were called off before anything was charged. */
  readonly #calledOff = new Set<PaymentId>();

  /** What took place, refusals left out. */
  effects(paymentId: PaymentId, ...kinds: OperationKind[]): readonly Effect[] {
    return [...this.#effects.values()].filter(
      (effect) => effect.done && effect.paymentId === paymentId && kinds.includes(effect.kind),
    );
  }

  /** What an operation came to; undefined: nothing was heard of it. */
  effectOf(operationId: string): Effect | undefined {
    return [...this.#effects.values()].find((effect) => effect.operationId === operationId);
  }

  isCalledOff(paymentId: PaymentId): boolean {
    return this.#calledOff.has(paymentId);
  }

  /** A call arrives. `decline`: refuse what is asked for, if it is asked for the first time. */
  arrive(call: GatewayCall, decline: boolean): GatewayObservation {
    switch (call.action) {
      case "prepare":
        return { kind: "prepared", reference: `pi_${call.paymentId}` };
      case "execute":
        return this.#execute(call, decline);
      case "abandon":
        if (!isCharge(call.kind)) return this.#read(call);
        if (this.effectOf(call.operationId) === undefined) this.#calledOff.add(call.paymentId);
        return this.#read(call);
      default:
        return this.#read(call);
    }
  }

  #execute(call: GatewayCall, decline: boolean): GatewayObservation {
    const { gatewayKey, kind, paymentId, operationId, amountMinor } = call;
    if (!this.#effects.has(gatewayKey)) {
      if (isCharge(kind) && this.#calledOff.has(paymentId)) return { kind: "unknown", reason: "already_changed" };
      if (!decline) this.#mustBePossible(call);
      this.#effects.set(gatewayKey, { kind, paymentId, operationId, amountMinor, done: !decline });
    }
    return this.#read(call);
  }

  #read(call: GatewayCall): GatewayObservation {
    const { kind, paymentId, operationId } = call;
    const effect = this.effectOf(operationId);
    if (effect === undefined)
      return isCharge(kind) && this.#calledOff.has(paymentId)
        ? { kind: "voided", reference: null }
        : { kind: "undecided", reference: null };
    if (!effect.done) return { kind: "declined", failure: DECLINED, reference: null };
    return { kind: SUCCESS[kind], reference: isCharge(kind) ? `pi_${paymentId}` : `mod_${operationId}` };
  }

  #mustBePossible({ kind, paymentId, amountMinor }: GatewayCall): void {
    const sum = (...kinds: OperationKind[]): bigint =>
      this.effects(paymentId, ...kinds).reduce((total, effect) => total + effect.amountMinor, 0n);
    const charges = this.effects(paymentId, "authorize", "sale").length;
    if (isCharge(kind)) expect(charges, "charged twice").to.equal(0);
    else expect(charges, `${kind} of a charge that is not there`).to.equal(1);
    if (kind === "capture" || kind === "void")
      expect(this.effects(paymentId, "capture", "void", "sale").length, `${kind} after another end`).to.equal(0);
    if (kind === "refund")
      expect(sum("refund") + amountMinor <= sum("sale", "capture"), "gave back more than was taken").to.equal(true);
  }
}
