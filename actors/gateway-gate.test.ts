import { expect } from "chai";
import fc from "fast-check";
import type { MerchantId, OperationId, PaymentId } from "./domain/index.ts";
import type { BudgetLimits } from "./gateway-budget.ts";
import { GatewayGate, NO_SHARD } from "./gateway-gate.ts";
import { type GatewayMeter, NO_GATEWAY_METER } from "./gateway-meter.ts";
import { HandClock } from "./hand-clock.ts";
import {
  CALLS_WAIT,
  type GatewayAnswer,
  type GatewayCall,
  type GatewayObservation,
  WAITED_TOO_LONG,
} from "./ports/gateway.ts";

const mer = (n: number): MerchantId => `mer_${n}` as MerchantId;
const LIMITS = {
  breakerWindowS: 30,
  breakerFailuresMin: 4,
  breakerFailureShare: 0.5,
  breakerOpenMs: 1_000,
  breakerOpenMaxMs: 8_000,
  gatewayCallMs: 20_000,
};
const LINE = { gateway: "stripe", account: "a", kind: "sale" } as const;
const CAPTURED: GatewayObservation = { kind: "captured", reference: "r" };
const TOO_MUCH: GatewayObservation = { kind: "busy", reason: "rate_limited", retryAfterMs: null };

function bench(budget: BudgetLimits | undefined, meter: Partial<GatewayMeter> = {}) {
  const clock = new HandClock();
  const sent: { readonly shard: number; readonly call: GatewayCall; readonly atMs: number }[] = [];
  const back: { readonly shard: number; readonly answer: GatewayAnswer }[] = [];
  const gate = new GatewayGate({
    deskOf: (shard) => ({
      submit: (calls) => calls.forEach((call) => sent.push({ shard, call, atMs: clock.monotonicMs() })),
    }),
    giveBack: (shard, answer) => void back.push({ shard, answer }),
    clock,
    random: { bytes: (count) => new Uint8Array(count), fraction: () => 0 },
    meter: { ...NO_GATEWAY_METER, ...meter },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    limits: LIMITS,
    budget,
  });
  const desk = gate.desk(3);
  let count = 0;
  const call = (more: Partial<GatewayCall> = {}): GatewayCall => ({
    operationId: `op_${++count}` as OperationId,
    paymentId: `pay_${count}` as PaymentId,
    merchantId: mer(1),
    kind: "sale",
    action: "execute",
    try: 1,
    earlierTryOpen: false,
    gateway: "stripe",
    account: "a",
    gatewayKey: "k",
    gatewayReference: null,
    amountMinor: 1n,
    currency: "EUR",
    paymentMethod: "t",
    timeoutMs: 20_000,
    notAfterMs: clock.monotonicMs() + 20_000,
    ...more,
  });
  const submit = (times: number, more: Partial<GatewayCall> = {}): void => {
    for (let i = 0; i < times; i++) desk.submit([call(more)]);
  };
  const answer = (sentCall: GatewayCall, observation: GatewayObservation = CAPTURED): void => {
    const { operationId, paymentId, action } = sentCall;
    gate.answered(3, { operationId, paymentId, action, try: sentCall.try, observation, tookMs: 1 });
  };
  return { clock, gate, desk, sent, back, call, submit, answer };
}

describe("gateway gate", () => {
  it("without a budget hands calls straight to the shard's own desk", () => {
    const { gate, sent, submit } = bench(undefined);
    submit(500);
    expect(sent).to.have.length(500);
    expect(sent[0]?.shard).to.equal(3);
    expect(gate.refusal(LINE, mer(1))).to.equal(undefined);
    expect(gate.snapshot()).to.deep.equal({ breakers: [], queues: [] });
  });

  it("keeps an account's rate, whatever comes, and sends all of it", async () => {
    const { clock, sent, submit } = bench({ callsPerSecond: 100, callsInFlight: null });
    submit(300);
    expect(sent.length).to.equal(5);
    await clock.pass(1_000);
    expect(sent.length).to.be.within(95, 106);
    await clock.pass(2_100);
    expect(sent.length).to.equal(300);
    submit(5);
    expect(sent.length, "after a pause there is a small burst, and no wait").to.be.greaterThan(300);
  });

  it("budgets are of one account each", () => {
    const { sent, submit } = bench({ callsPerSecond: 20, callsInFlight: null });
    submit(3);
    submit(3, { account: "b" });
    submit(3, { gateway: "adyen" });
    expect(sent.map(({ call: { gateway, account } }) => `${gateway} ${account}`)).to.deep.equal([
      "stripe a",
      "stripe b",
      "adyen a",
    ]);
  });

  it("holds calls back while as many are under way as may be, and lets one go for each answer", async () => {
    const { clock, gate, sent, submit, answer } = bench({ callsPerSecond: null, callsInFlight: 2 });
    submit(4);
    expect(sent).to.have.length(2);
    expect(gate.snapshot().queues).to.deep.equal([{ gateway: "stripe", waiting: 2, inFlight: 2 }]);
    await clock.pass(5_000);
    expect(sent).to.have.length(2);
    answer(sent[0]!.call);
    answer(sent[0]!.call); // once more: it frees nothing
    expect(sent).to.have.length(3);
    answer(sent[1]!.call);
    answer(sent[2]!.call);
    expect(sent).to.have.length(4);
  });

  it("takes a call without an answer for lost, and its place for free", async () => {
    const { clock, sent, submit } = bench({ callsPerSecond: null, callsInFlight: 1 });
    submit(1, { timeoutMs: 5_000 });
    submit(1, { notAfterMs: Number.POSITIVE_INFINITY });
    await clock.pass(9_900);
    expect(sent).to.have.length(1);
    await clock.pass(500);
    expect(sent).to.have.length(2);
  });

  it("lets a probe pass though no place is free, and takes its answer", async () => {
    const { clock, gate, sent, submit } = bench({ callsPerSecond: null, callsInFlight: 1 });
    submit(2);
    for (let i = 0; i < 4; i++) gate.observed(LINE, "execute", { kind: "unknown", reason: "timeout" });
    await clock.pass(1_000);
    const probe = sent.at(-1);
    expect([probe?.shard, probe?.call.action]).to.deep.equal([NO_SHARD, "probe"]);
    expect(gate.refusal(LINE, mer(1))).to.include({ code: "gateway_unavailable" });
    const { operationId, paymentId, action } = probe!.call;
    gate.answered(NO_SHARD, { operationId, paymentId, action, try: 1, observation: { kind: "reachable" }, tookMs: 1 });
    await clock.pass(0);
    expect(gate.downForMs(LINE)).to.equal(undefined);
  });

  it("gives back what waited past its time, unsent, and never while it is being handed over", async () => {
    const dropped: string[] = [];
    const { clock, desk, sent, back, call } = bench(
      { callsPerSecond: 1, callsInFlight: null },
      { callDropped: (_, why) => dropped.push(why) },
    );
    const late = { notAfterMs: clock.monotonicMs() + 300 };
    desk.submit([call(), call(late), call(late)]);
    expect(back).to.have.length(0);
    await clock.pass(1_000);
    expect(sent).to.have.length(1);
    expect(back.map(({ shard, answer }) => [shard, answer.operationId, answer.observation])).to.deep.equal(
      ["op_2", "op_3"].map((id) => [3, id, { kind: "notSubmitted", reason: WAITED_TOO_LONG }]),
    );
    expect(dropped).to.deep.equal(["late", "late"]);
  });

  it("bounds what waits, and gives the rest back at once", async () => {
    const { clock, sent, back, submit } = bench({ callsPerSecond: 1, callsInFlight: null });
    submit(5_000);
    expect(back, "not within the call").to.have.length(0);
    await clock.pass(0);
    expect([sent.length, back.length]).to.deep.equal([1, 5_000 - 1 - 4_096]);
    expect(back[0]?.answer.observation).to.deep.equal({ kind: "notSubmitted", reason: CALLS_WAIT });
  });

  it("sends charges before what looks after doubts, and some of that all the same", async () => {
    const { clock, sent, submit } = bench({ callsPerSecond: 100, callsInFlight: null });
    submit(200, { action: "query", try: 7 });
    submit(100);
    submit(100, { action: "prepare" });
    await clock.pass(1_000);
    const seen = sent.slice(5).map(({ call: { action } }) => action);
    expect(seen.filter((action) => action === "query").length).to.be.within(15, 25);
    expect(seen.filter((action) => action === "execute").length).to.be.greaterThan(70);
  });

  const priorities: ReadonlyArray<readonly [Partial<GatewayCall>, boolean]> = [
    [{ action: "execute" }, true],
    [{ action: "execute", kind: "refund" }, true],
    [{ action: "prepare" }, true],
    [{ action: "prepare", try: 2 }, false],
    [{ action: "execute", earlierTryOpen: true }, false],
    [{ action: "query" }, false],
    [{ action: "abandon" }, false],
  ];
  for (const [more, isCharge] of priorities)
    it(`${JSON.stringify(more)} is ${isCharge ? "a charge" : "recovery"}`, async () => {
      const waited: string[] = [];
      const { submit } = bench(
        { callsPerSecond: 100, callsInFlight: null },
        { callWaited: (_, priority) => waited.push(priority) },
      );
      submit(1, more);
      expect(waited).to.deep.equal([isCharge ? "charge" : "recovery"]);
    });

  it("shares an account between merchants evenly, however much one of them sends", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 30, max: 300 }), { minLength: 2, maxLength: 5 }), async (floods) => {
        const { clock, sent, submit } = bench({ callsPerSecond: 50, callsInFlight: null });
        floods.forEach((flood, merchant) => submit(flood, { merchantId: mer(merchant) }));
        const before = sent.length;
        await clock.pass(500);
        const shares = floods.map(
          (_, merchant) => sent.slice(before).filter(({ call }) => call.merchantId === mer(merchant)).length,
        );
        expect(Math.max(...shares) - Math.min(...shares)).to.be.at.most(1);
      }),
      { numRuns: 30 },
    ));

  it("refuses a charge that would wait for more than a second, of the merchant that floods alone", async () => {
    const refused: string[] = [];
    const { clock, gate, submit } = bench(
      { callsPerSecond: 100, callsInFlight: null },
      { queueRefused: (gateway) => refused.push(gateway) },
    );
    submit(90);
    expect(gate.refusal(LINE, mer(1))).to.equal(undefined);
    submit(110);
    expect(gate.refusal(LINE, mer(1))).to.include({ code: "overloaded", retryAfterS: 2 });
    expect(gate.refusal(LINE, mer(2))).to.equal(undefined);
    expect(gate.refusal({ ...LINE, account: "b" }, mer(1))).to.equal(undefined);
    expect(refused).to.deep.equal(["stripe"]);
    await clock.pass(1_100);
    expect(gate.refusal(LINE, mer(1))).to.equal(undefined);
  });

  it("refuses charges while a gateway that takes no more calls does not answer", async () => {
    const { clock, gate, sent, submit, answer } = bench({ callsPerSecond: null, callsInFlight: 10 });
    submit(15);
    expect(gate.refusal(LINE, mer(1)), "it has just taken ten").to.equal(undefined);
    await clock.pass(3_000);
    expect(gate.refusal(LINE, mer(1))).to.include({ code: "overloaded" });
    for (const { call } of sent.slice(0, 10)) answer(call);
    expect(gate.refusal(LINE, mer(1))).to.equal(undefined);
  });

  it("begins no more recovery than can be sent soon", async () => {
    const { clock, gate, submit } = bench({ callsPerSecond: 100, callsInFlight: null });
    expect(gate.takesRecovery("stripe", "a")).to.equal(true);
    submit(60, { action: "query" });
    expect(gate.takesRecovery("stripe", "a")).to.equal(true);
    submit(60, { action: "query" });
    expect(gate.takesRecovery("stripe", "a")).to.equal(false);
    expect(gate.takesRecovery("adyen", "a")).to.equal(true);
    await clock.pass(300);
    expect(gate.takesRecovery("stripe", "a")).to.equal(true);
  });

  it("calls less often for a while when the gateway says that it is too much", async () => {
    let cuts = 0;
    const { clock, sent, submit, answer } = bench(
      { callsPerSecond: 100, callsInFlight: null },
      { rateCut: () => void cuts++ },
    );
    const perSecond = async (): Promise<number> => {
      const before = sent.length;
      await clock.pass(1_000);
      return sent.length - before;
    };
    submit(3_000);
    expect(await perSecond()).to.be.within(95, 101);
    for (const { call } of sent.slice(0, 20)) answer(call, TOO_MUCH);
    expect(cuts, "one sign").to.equal(1);
    expect(await perSecond()).to.be.within(65, 76);
    await clock.pass(6_000);
    expect(await perSecond()).to.be.within(98, 101);
    answer(sent.at(-1)!.call, { kind: "busy", reason: "key_in_use", retryAfterMs: null });
    expect(cuts).to.equal(1);
  });
});
