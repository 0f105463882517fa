import { expect } from "chai";
import type { OperationId, PaymentId } from "../domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { GATEWAY_CAPABILITIES } from "./capabilities.ts";
import { gatewayContract } from "./contract.ts";
import { createFixedLatencyGateway } from "./fixed-latency.ts";

/** A clock that moves by hand and counts its timers. */
class HandClock implements Clock {
  now = 0;
  readonly timers: { readonly atMs: number; readonly task: () => void }[] = [];
  nowMs = (): number => this.now;
  monotonicMs = (): number => this.now;
  after = (delayMs: number, task: () => void): (() => void) => {
    const timer = { atMs: this.now + delayMs, task };
    this.timers.push(timer);
    return () => void this.timers.splice(this.timers.indexOf(timer), 1);
  };
  moveTo(nowMs: number): void {
    this.now = nowMs;
    for (const timer of this.timers.filter(({ atMs }) => atMs <= nowMs)) {
      this.timers.splice(this.timers.indexOf(timer), 1);
      timer.task();
    }
  }
}

const call: GatewayCall = {
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  merchantId: null,
  kind: "sale",
  action: "execute",
  try: 1,
  earlierTryOpen: false,
  gateway: "fixed-latency",
  account: "a",
  gatewayKey: "k",
  gatewayReference: null,
  amountMinor: 1n,
  currency: "USD",
  paymentMethod: "tok_visa",
  timeoutMs: 1000,
  notAfterMs: Number.POSITIVE_INFINITY,
};

describe("fixed-latency gateway", () => {
  it("answers all calls of one millisecond by one timer, and not before", async () => {
    const clock = new HandClock();
    const gateway = createFixedLatencyGateway({ delayMs: 50, clock });
    const seen: GatewayObservation[] = [];
    const runs: Promise<void>[] = [];
    for (const now of [0, 0.2, 0.4, 1.5]) {
      clock.now = now;
      runs.push(gateway.run(call).then((answer) => void seen.push(answer)));
    }
    expect(clock.timers.map(({ atMs }) => Math.round(atMs))).to.deep.equal([50, 51, 52]);
    clock.moveTo(49.9);
    await Promise.resolve();
    expect(seen).to.have.length(0);
    clock.moveTo(52);
    await Promise.all(runs);
    expect(seen.map(({ kind }) => kind)).to.deep.equal(["captured", "captured", "captured", "captured"]);
    expect(clock.timers).to.have.length(0);
  });

  it("agrees by kind and action, with one reference per operation", async () => {
    const clock = new HandClock();
    const gateway = createFixedLatencyGateway({ delayMs: 1, clock });
    const run = async (more: Partial<GatewayCall>) => {
      const answer = gateway.run({ ...call, ...more });
      clock.moveTo(clock.now + 2);
      return answer;
    };
    const reference = "fixed_1";
    expect(await run({ kind: "authorize" })).to.deep.equal({ kind: "authorized", reference });
    expect(await run({ kind: "authorize", action: "query", try: 2 })).to.deep.equal({ kind: "authorized", reference });
    expect(await run({ action: "abandon" })).to.deep.equal({ kind: "voided", reference });
    const later = { gatewayReference: "fixed_payment" };
    for (const action of ["execute", "query", "abandon"] as const) {
      expect(await run({ ...later, action, kind: "capture" })).to.deep.equal({ kind: "captured", reference });
      expect(await run({ ...later, action, kind: "void" })).to.deep.equal({ kind: "voided", reference });
      expect(await run({ ...later, action, kind: "refund" })).to.deep.equal({ kind: "refunded", reference });
    }
  });

  it("leaves no call without an answer when it closes", async () => {
    const clock = new HandClock();
    const gateway = createFixedLatencyGateway({ delayMs: 50, clock });
    const open = gateway.run(call);
    await gateway.close();
    expect(await open).to.deep.equal({ kind: "unknown", reason: "closed" });
    expect((await gateway.run(call)).kind).to.equal("notSubmitted");
    expect(clock.timers).to.have.length(0);
  });

  const prompt: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_, task) => {
      const handle = setImmediate(task);
      return () => clearImmediate(handle);
    },
  };
  const cases = gatewayContract({
    capabilities: GATEWAY_CAPABILITIES["fixed-latency"],
    laterDecides: false,
    gateway: () => createFixedLatencyGateway({ delayMs: 1, clock: prompt }),
    tokens: new Set(),
    seed: 9,
    pause: () => Promise.resolve(),
  });
  for (const { name, run } of cases) it(`contract: ${name}`, run);
});
