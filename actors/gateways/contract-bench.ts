/** What the cases of the contract work with: calls that are unlike any other's, and what a resolver would do. */
import { strict as assert } from "node:assert";
import type { OperationId, PaymentId } from "../domain/index.ts";
import type { Gateway, GatewayCall, GatewayCapabilities, GatewayObservation } from "../ports/gateway.ts";

/** What took place at the gateway. `operationId`: null where the gateway takes no name of ours (Stripe's cancel). */
export interface ContractEffect {
  readonly kind: GatewayCall["kind"];
  readonly amountMinor: bigint;
  readonly operationId: string | null;
}

export interface ContractHarness {
  readonly capabilities: GatewayCapabilities;
  /** The gateway answers a capture, a void and a refund with `processing`, and a webhook tells the rest. */
  readonly laterDecides: boolean;
  /** Asked for when a case runs: cases are listed before a server is up. */
  readonly gateway: () => Gateway;
  /** What calls with this key did, if the other end keeps the truth; cases that ask for it are weaker without. */
  readonly effectsOf?: (gatewayKey: string) => readonly ContractEffect[];
  /** Tokens that the other end understands; cases of others are left out. */
  readonly tokens: ReadonlySet<string>;
  /** A number that no other harness over the same gateway uses. */
  readonly seed: number;
  /** Lets a little time pass. */
  readonly pause: () => Promise<void>;
}

export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export type Kind = GatewayObservation["kind"];
export type LaterKind = "capture" | "void" | "refund";

const TRIES_MAX = 200;

const OPEN: ReadonlySet<Kind> = new Set<Kind>(["unknown", "undecided", "busy", "processing", "notSubmitted"]);
export const isOpen = ({ kind }: GatewayObservation): boolean => OPEN.has(kind);

export class Bench {
  readonly harness: ContractHarness;
  #count = 0;

  constructor(harness: ContractHarness) {
    this.harness = harness;
  }

  async run(call: GatewayCall): Promise<GatewayObservation> {
    return this.harness.gateway().run(call);
  }

  /** What a resolver would do until `isEnd`: read where there is a read, else repeat the call with its key. */
  async settle(
    call: GatewayCall,
    isEnd = (answer: GatewayObservation) => !isOpen(answer),
  ): Promise<GatewayObservation> {
    const { capabilities, pause } = this.harness;
    for (let i = 3; i < TRIES_MAX; i += 2) {
      const reads = capabilities.queryById && call.gatewayReference !== null;
      const read = reads ? await this.run({ ...call, action: "query", try: i }) : undefined;
      if (read !== undefined && isEnd(read)) return read;
      const answer = await this.run({ ...call, action: "execute", try: i + 1, earlierTryOpen: true });
      if (isEnd(answer)) return answer;
      await pause();
    }
    throw new Error("the operation never settled");
  }

  /** A call with the reference that `execute` needs. */
  async prepared(more: Partial<GatewayCall>): Promise<GatewayCall> {
    const call = this.call(more);
    if (!this.harness.capabilities.twoStepCharge) return call;
    const prepared = await this.run({ ...call, action: "prepare" });
    assert.equal(prepared.kind, "prepared", JSON.stringify(prepared));
    return { ...call, gatewayReference: (prepared as { reference: string }).reference, try: 2 };
  }

  /** Something done later to a payment that was authorized, or to one that was sold: `more` of that payment. */
  async later(kind: LaterKind, more: Partial<GatewayCall> = {}): Promise<GatewayCall> {
    const first = kind === "refund" ? "sale" : "authorize";
    const payment = await this.prepared({ ...more, kind: first });
    const made = await this.run({ ...payment, action: "execute" });
    assert.equal(made.kind, first === "sale" ? "captured" : "authorized", JSON.stringify(made));
    return this.next(kind, { ...payment, gatewayReference: (made as { reference: string }).reference });
  }

  /** One more operation of the payment of `of`, for the same amount. */
  next(kind: LaterKind, of: GatewayCall): GatewayCall {
    const { paymentId, gatewayReference, amountMinor, paymentMethod } = of;
    return this.call({ kind, paymentId, gatewayReference, amountMinor, paymentMethod });
  }

  /** `count`: how often the operation took place, by its own key, for its own amount and under its own name. */
  expectEffects(call: GatewayCall, count: 0 | 1): void {
    const effects = this.harness.effectsOf?.(call.gatewayKey);
    if (effects === undefined) return;
    const { kind, amountMinor } = call;
    const operationId = effects[0]?.operationId === null ? null : call.operationId;
    assert.deepEqual(effects, count === 0 ? [] : [{ kind, amountMinor, operationId }]);
  }

  call(more: Partial<GatewayCall>): GatewayCall {
    const { seed, capabilities } = this.harness;
    const unique = `${String(seed).padStart(8, "0")}-0000-5000-8000-${String(++this.#count).padStart(12, "0")}`;
    const suffix = unique.replaceAll("-", "").slice(0, 26).padEnd(26, "0");
    return {
      operationId: `op_${suffix.slice(0, 14)}${unique.slice(-12)}` as OperationId, // unique; its slot does not matter
      paymentId: `pay_${suffix.slice(0, 14)}${unique.slice(-12)}` as PaymentId,
      merchantId: null,
      kind: "authorize",
      action: "execute",
      try: 1,
      earlierTryOpen: false,
      gateway: capabilities.name,
      account: "acct_contract",
      gatewayKey: unique,
      gatewayReference: null,
      amountMinor: 1_999n,
      currency: "EUR",
      paymentMethod: "tok_visa",
      timeoutMs: 5_000,
      notAfterMs: Number.POSITIVE_INFINITY,
      ...more,
    };
  }
}
