import { expect } from "chai";
import { Breakers } from "./breakers.ts";
import { NO_GATEWAY_METER } from "./gateway-meter.ts";
import { HandClock, settled } from "./hand-clock.ts";
import {
  CALLS_WAIT,
  type GatewayAction,
  type GatewayCall,
  type GatewayLine,
  type GatewayObservation,
  WAITED_TOO_LONG,
} from "./ports/gateway.ts";

const LINE: GatewayLine = { gateway: "stripe", account: "acct_1", kind: "sale" };
const failure = { code: "x", retryable: false, customerAction: null, gatewayCode: null };
const UNKNOWN: GatewayObservation = { kind: "unknown", reason: "http_500" };

function bench() {
  const clock = new HandClock();
  const probes: GatewayCall[] = [];
  const turns: string[] = [];
  let random = 0;
  const breakers = new Breakers({
    desk: { submit: (calls) => probes.push(...calls) },
    clock,
    random: { bytes: (count) => new Uint8Array(count).fill(++random), fraction: () => 0 },
    meter: { ...NO_GATEWAY_METER, breakerTurned: (gateway, kind, to) => turns.push(`${gateway} ${kind} ${to}`) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    limits: {
      breakerWindowS: 30,
      breakerFailuresMin: 4,
      breakerFailureShare: 0.5,
      breakerOpenMs: 1_000,
      breakerOpenMaxMs: 8_000,
      gatewayCallMs: 20_000,
    },
  });
  const observe = async (
    observation: GatewayObservation,
    times = 1,
    action: GatewayAction = "execute",
    line = LINE,
  ): Promise<void> => {
    for (let i = 0; i < times; i++) breakers.observed(line, action, observation);
    await settled();
  };
  const answer = async (observation: GatewayObservation, probe = probes.at(-1) as GatewayCall): Promise<void> => {
    const { operationId, paymentId, action } = probe;
    breakers.answered({ operationId, paymentId, action, try: probe.try, observation, tookMs: 1 });
    await settled();
  };
  return { clock, breakers, probes, turns, observe, answer };
}

describe("breakers", () => {
  /** Observation of an execute: four of them alone, and whether they keep four failures from opening. */
  const signs: ReadonlyArray<readonly [GatewayObservation, "failed" | "well" | "none"]> = [
    [{ kind: "notSubmitted", reason: "connection_failed" }, "failed"],
    [{ kind: "notSubmitted", reason: "credentials" }, "failed"],
    [{ kind: "notSubmitted", reason: WAITED_TOO_LONG }, "none"],
    [{ kind: "notSubmitted", reason: CALLS_WAIT }, "none"],
    [UNKNOWN, "failed"],
    [{ kind: "unknown", reason: "timeout" }, "failed"],
    [{ kind: "declined", failure, reference: null }, "well"],
    [{ kind: "authorized", reference: "r" }, "well"],
    [{ kind: "captured", reference: "r" }, "well"],
    [{ kind: "refunded", reference: "r" }, "well"],
    [{ kind: "voided", reference: "r" }, "well"],
    [{ kind: "processing", reference: "r" }, "well"],
    [{ kind: "undecided", reference: "r" }, "well"],
    [{ kind: "conflicted", detail: "d", reference: "r" }, "well"],
    [{ kind: "notExecuted", failure }, "none"],
    [{ kind: "busy", reason: "rate_limited", retryAfterMs: null }, "none"],
  ];
  for (const [observation, sign] of signs)
    it(`${observation.kind} ${"reason" in observation ? observation.reason : ""} speaks ${sign}`, async () => {
      const alone = bench();
      await alone.observe(observation, 4);
      expect(alone.breakers.refusesForMs(LINE) !== undefined).to.equal(sign === "failed");
      const among = bench();
      await among.observe(UNKNOWN); // the line is watched from its first failure on
      await among.observe(observation, 4);
      await among.observe(UNKNOWN, 3);
      expect(among.breakers.refusesForMs(LINE) === undefined).to.equal(sign === "well");
    });

  it("that a prepare went well does not make up for executes that fail", async () => {
    const { breakers, observe } = bench();
    for (let i = 0; i < 4; i++) {
      await observe({ kind: "prepared", reference: "pi" }, 1, "prepare");
      await observe(UNKNOWN);
    }
    expect(breakers.refusesForMs(LINE)).to.equal(1_000);
  });

  it("reads and cancels neither open nor hold it", async () => {
    const { breakers, observe } = bench();
    await observe(UNKNOWN, 9, "query");
    await observe(UNKNOWN, 9, "abandon");
    expect(breakers.refusesForMs(LINE)).to.equal(undefined);
  });

  it("are one for each gateway, account and kind", async () => {
    const { breakers, observe } = bench();
    await observe(UNKNOWN, 4);
    expect(breakers.refusesForMs(LINE)).to.equal(1_000);
    for (const other of [
      { gateway: "adyen" },
      { account: "acct_2" },
      { kind: "authorize" },
      { kind: "refund" },
    ] as const)
      expect(breakers.refusesForMs({ ...LINE, ...other })).to.equal(undefined);
    expect([...breakers.open()]).to.deep.equal([{ gateway: "stripe", account: "acct_1", kind: "sale", state: "open" }]);
  });

  it("are tested by one probe, with ids and a key of its own each time", async () => {
    const { breakers, clock, probes, observe, answer, turns } = bench();
    await observe(UNKNOWN, 4);
    await clock.pass(999);
    expect(probes).to.have.length(0);
    await clock.pass(1);
    expect(probes).to.have.length(1);
    expect(probes[0]).to.include({ action: "probe", gateway: "stripe", account: "acct_1", merchantId: null });
    expect(probes[0]).to.include({ timeoutMs: 5_000, notAfterMs: clock.monotonicMs() + 5_000 });
    expect(probes[0]?.gatewayKey).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await answer(UNKNOWN);
    expect(breakers.refusesForMs(LINE)).to.equal(2_000);
    await clock.pass(2_000);
    expect(probes).to.have.length(2);
    for (const member of ["operationId", "gatewayKey"] as const)
      expect(probes[1]?.[member]).not.to.equal(probes[0]?.[member]);
    await answer({ kind: "reachable" }, probes[0]);
    expect(breakers.refusesForMs(LINE), "that one was answered already").to.equal(1);
    await answer({ kind: "reachable" });
    expect(breakers.refusesForMs(LINE)).to.equal(undefined);
    const states = ["open", "half_open", "open", "half_open", "closed"];
    expect(turns).to.deep.equal(states.map((state) => `stripe sale ${state}`));
  });

  const proofs: ReadonlyArray<readonly [GatewayObservation, boolean]> = [
    [{ kind: "reachable" }, true],
    [{ kind: "busy", reason: "rate_limited", retryAfterMs: null }, true],
    [{ kind: "notSubmitted", reason: "connection_failed" }, false],
    [{ kind: "notSubmitted", reason: "credentials" }, false],
    [UNKNOWN, false],
  ];
  for (const [observation, closes] of proofs)
    it(`a probe's ${observation.kind} ${closes ? "closes" : "opens again"}`, async () => {
      const { breakers, clock, observe, answer } = bench();
      await observe(UNKNOWN, 4);
      await clock.pass(1_000);
      await answer(observation);
      expect(breakers.refusesForMs(LINE)).to.equal(closes ? undefined : 2_000);
    });

  it("take a read of the resolver for evidence, whichever comes first", async () => {
    const { breakers, clock, observe, answer } = bench();
    await observe(UNKNOWN, 4);
    await observe({ kind: "undecided", reference: "pi" }, 1, "query");
    expect(breakers.refusesForMs(LINE), "not before it is asked for").to.equal(1_000);
    await clock.pass(1_000);
    await observe({ kind: "undecided", reference: "pi" }, 1, "query", { ...LINE, account: "acct_2" });
    expect(breakers.refusesForMs(LINE)).to.equal(1);
    await observe({ kind: "notSubmitted", reason: WAITED_TOO_LONG }, 1, "query");
    expect(breakers.refusesForMs(LINE), "says nothing of the gateway").to.equal(1);
    await observe({ kind: "undecided", reference: "pi" }, 1, "query");
    expect(breakers.refusesForMs(LINE)).to.equal(undefined);
    await answer(UNKNOWN);
    expect(breakers.refusesForMs(LINE)).to.equal(undefined);
  });

  it("take a probe without an answer for a gateway that is not back", async () => {
    const { breakers, clock, probes, observe } = bench();
    await observe(UNKNOWN, 4);
    await clock.pass(1_000 + 2 * 5_000 - 1);
    expect(breakers.refusesForMs(LINE)).to.equal(1);
    await clock.pass(1);
    expect(breakers.refusesForMs(LINE)).to.equal(2_000);
    await clock.pass(2_000);
    expect(probes).to.have.length(2);
  });

  it("are forgotten once their line has been well for a while", async () => {
    const { breakers, clock, observe } = bench();
    await observe(UNKNOWN, 3);
    await clock.pass(31_000);
    await observe({ kind: "captured", reference: "r" });
    await observe(UNKNOWN, 3);
    expect(breakers.refusesForMs(LINE)).to.equal(undefined);
    expect([...breakers.open()]).to.deep.equal([]);
  });
});
