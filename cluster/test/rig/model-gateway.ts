/** The way between an actor and its processor: what becomes of each call, and which answers come, late, twice or never. */
import { expect } from "chai";
import type { PaymentId } from "../../../actors/domain/index.ts";
import type { GatewayCall, GatewayNotice, GatewayObservation } from "../../../actors/index.ts";
import { type Rig, settle } from "./actor-rig.ts";
import { FakeProcessor } from "./fake-processor.ts";
import { FAILURE, noticeOf, SUCCESS } from "./notices.ts";

/** How a call of the actor's ends. `later`: it takes place, and the answer is kept back. `slow`: it is still on its way. */
export type Fate = "tell" | "decline" | "later" | "slow" | "lostAnswer" | "lostCall" | "busy" | "notSubmitted";

const LOST: { readonly [F in Fate]?: GatewayObservation } = {
  lostCall: { kind: "unknown", reason: "timeout" },
  notSubmitted: { kind: "notSubmitted", reason: "connection_failed" },
  busy: { kind: "busy", reason: "rate_limited", retryAfterMs: 2_000 },
};

/** What the way needs to know of the actor's side. */
interface ActorSide {
  /** The present owner. */
  readonly rig: () => Rig;
  /** A cancel of the payment waits. */
  readonly isCanceling: (id: PaymentId) => boolean;
  /** Delivers a notice, as often as said; each time is a ticket. */
  readonly notify: (notice: GatewayNotice, times: number) => Promise<void>;
  /** The operation ended without an effect: none may come any more. */
  readonly isGivenUp: (operationId: string) => boolean;
}

export class ModelGateway {
  readonly processor = new FakeProcessor();
  readonly #actor: ActorSide;
  /** Calls of the present owner that nobody has answered. */
  open: GatewayCall[] = [];
  readonly #everyCall: GatewayCall[] = [];
  #onTheWay: { readonly call: GatewayCall; readonly untilMs: number }[] = [];
  #held: { readonly call: GatewayCall; readonly observation: GatewayObservation }[] = [];

  constructor(actor: ActorSide) {
    this.#actor = actor;
  }

  /** The actor makes a call. */
  take(call: GatewayCall): void {
    if (call.action === "execute")
      expect(this.#actor.isGivenUp(call.operationId), "executed after its end").to.equal(false);
    this.open.push(call);
    this.#everyCall.push(call);
  }

  /** The call arrives, or not, and is answered, or not. */
  end(call: GatewayCall, fate: Fate): void {
    const rig = this.#actor.rig();
    this.open = this.open.filter((other) => other !== call);
    const lost = LOST[fate];
    if (lost !== undefined) return rig.observe(lost, call);
    if (fate === "slow") {
      this.#onTheWay.push({ call, untilMs: rig.nowMs + call.timeoutMs });
      return;
    }
    // What gives back is not refused here: people would have to see to it.
    const givesBack = this.#actor.isCanceling(call.paymentId) && call.kind !== "authorize" && call.kind !== "sale";
    const observation = this.processor.arrive(call, fate === "decline" && !givesBack);
    if (fate === "lostAnswer") rig.observe({ kind: "unknown", reason: "timeout" }, call);
    else if (fate === "later" && call.action === "execute") this.#held.push({ call, observation });
    else rig.observe(observation, call);
  }

  /** A call that was on its way arrives, unless its time is up. Nobody waits for its answer. */
  arrive(which: number): void {
    const one = this.#onTheWay[which % Math.max(1, this.#onTheWay.length)];
    this.#onTheWay = this.#onTheWay.filter((other) => other !== one);
    if (one === undefined || one.untilMs < this.#actor.rig().nowMs) return;
    const { operationId } = one.call;
    const before = this.processor.effectOf(operationId);
    this.processor.arrive(one.call, false);
    const isNew = this.processor.effectOf(operationId) !== before;
    expect(isNew && this.#actor.isGivenUp(operationId), "took place after its end").to.equal(false);
  }

  /** An answer that was kept back comes, perhaps to another owner, perhaps for the second time. */
  comeLate(which: number, again: boolean): void {
    const held = this.#held[which % Math.max(1, this.#held.length)];
    if (held === undefined) return;
    if (!again) this.#held = this.#held.filter((other) => other !== held);
    this.#actor.rig().observe(held.observation, held.call);
  }

  /** The gateway notifies of an operation that it has decided, whether its answer came or not. */
  async notify(which: number, times: number): Promise<void> {
    const decided = this.#decided();
    const call = decided[which % Math.max(1, decided.length)];
    if (call !== undefined) await this.#actor.notify(this.#noticeOf(call), times);
  }

  /** One call of each operation that the processor has decided. */
  #decided(): readonly GatewayCall[] {
    const calls = new Map(this.#everyCall.map((call) => [call.operationId, call]));
    return [...calls.values()].filter(({ operationId }) => this.processor.effectOf(operationId) !== undefined);
  }

  #noticeOf(call: GatewayCall): GatewayNotice {
    const { kind, operationId, paymentId } = call;
    const isFirst = kind === "authorize" || kind === "sale";
    const isDone = this.processor.effectOf(operationId)?.done === true;
    return noticeOf(call, isDone ? SUCCESS[kind] : FAILURE[kind], {
      dedupeKey: `notice-${operationId}`,
      bodyHash: "0".repeat(64),
      paymentReference: `pi_${paymentId}`,
      reference: isFirst ? null : `mod_${operationId}`,
    });
  }

  /** Answers all that is open, and notifies of everything that is decided. `look`: at new calls. */
  async tellAll(look: () => void): Promise<void> {
    for (let turn = 0; turn < 10; turn++) {
      look();
      if (this.open.length === 0) break;
      for (const call of this.open) this.end(call, "tell");
      await settle();
    }
    for (const call of this.#decided()) await this.#actor.notify(this.#noticeOf(call), 1);
    look();
    for (const call of this.open) this.end(call, "tell"); // who may ask takes a notice for a hint
    await settle();
    look();
  }
}
