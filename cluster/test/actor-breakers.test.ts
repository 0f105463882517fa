/** What an actor does while a gateway fails, or wants less: refusals before T1, failover, probes, retries, budgets. */
import { expect } from "chai";
import { type PaymentId, slotOfMerchant } from "../../actors/domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../../actors/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { merchantId, Rig, settle } from "./rig/actor-rig.ts";

const LIMITS = { breakerFailuresMin: 4 };
const FAILED: GatewayObservation = { kind: "unknown", reason: "http_500" };
const BUSY = { kind: "busy", reason: "rate_limited", retryAfterMs: null } as const;
const CAPTURED: GatewayObservation = { kind: "captured", reference: "psp" };

const profile = {
  id: merchantId,
  slot: slotOfMerchant(merchantId),
  gateways: [
    { name: "adyen" as const, account: "a" },
    { name: "stripe" as const, account: "b" },
  ],
  currencies: null,
  rateLimitPerSecond: 1_000_000,
};

/** Fails four payments, which opens their line. */
async function failFour(rig: Rig, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await rig.create(`failed ${JSON.stringify(more)} ${i}`, more);
    await rig.answer(FAILED);
  }
}
const broken = async (changes: Parameters<typeof Rig.started>[1] = {}): Promise<Rig> => {
  const rig = await Rig.started("adyen", { limits: LIMITS, ...changes });
  await failFour(rig);
  return rig;
};
const codeOf = (rig: Rig): unknown => rig.last.body["code"];
const executes = (rig: Rig): readonly GatewayCall[] => rig.calls.filter(({ action }) => action === "execute");
const probesOf = (rig: Rig): readonly GatewayCall[] => rig.calls.filter(({ action }) => action === "probe");
const idOf = (rig: Rig): PaymentId => rig.last.body["id"] as PaymentId;

describe("shard actor: breakers", () => {
  it("refuses a payment before T1: at once, nothing written, nothing sent, its key still new", async () => {
    const rig = await broken();
    const before = [rig.database.rows.length, rig.calls.length, rig.replies.length];
    rig.send("k");
    expect(rig.replies.length, "within the tick").to.equal((before[2] as number) + 1);
    expect(rig.replies.at(-1)).to.include({ status: 503, code: "gateway_unavailable", retryAfterS: 1, final: false });
    await settle();
    expect([rig.database.rows.length, rig.calls.length]).to.deep.equal(before.slice(0, 2));
    await rig.pass(1_000);
    await rig.answer({ kind: "reachable" });
    await rig.create("k");
    await rig.answer(CAPTURED);
    expect([rig.last.status, rig.last.replayed]).to.deep.equal([201, false]);
  });

  it("answers a key that it knows, whatever has become of its gateway", async () => {
    const rig = await Rig.started("adyen", { limits: LIMITS });
    await rig.create("done");
    await rig.answer(CAPTURED);
    await failFour(rig);
    await failFour(rig, { amount: 200 });
    await rig.create("new");
    expect(codeOf(rig)).to.equal("gateway_unavailable");
    await rig.create("done");
    expect([rig.last.status, rig.last.replayed]).to.deep.equal([201, true]);
    await rig.create("failed {} 0", {});
    expect(rig.last.status).to.equal(202);
  });

  it("refuses neither another kind of operation, another account nor another gateway", async () => {
    const rig = await broken({ merchants: () => profile });
    const sentTo = async (key: string, more: Readonly<Record<string, unknown>>): Promise<string> => {
      const before = executes(rig).length;
      await rig.create(key, more);
      const call = executes(rig)[before] ?? rig.calls.at(-1);
      return `${call?.gateway} ${call?.account} ${call?.kind}`;
    };
    expect(await sentTo("k1", { capture_method: "manual", gateway: "adyen" })).to.equal("adyen a authorize");
    expect(await sentTo("k2", { gateway: "stripe" })).to.equal("stripe b sale");
    const other = await broken();
    expect(other.gate.downForMs({ gateway: "adyen", account: "other", kind: "sale" })).to.equal(undefined);
    expect(other.gate.downForMs({ gateway: "adyen", account: "a", kind: "sale" })).to.equal(1_000);
  });

  it("sends a payment to the merchant's other gateway, where it may choose and the token works", async () => {
    const rig = await broken({ merchants: () => profile });
    await rig.create("k1");
    expect(rig.calls.at(-1)).to.include({ gateway: "stripe", account: "b", action: "prepare" });
    const refused: ReadonlyArray<Readonly<Record<string, unknown>>> = [
      { gateway: "adyen" },
      { payment_method: "tok_adyen_only" },
    ];
    for (const [i, more] of refused.entries()) {
      const before = [rig.database.rows.length, rig.calls.length];
      await rig.create(`r${i}`, more);
      expect(codeOf(rig)).to.equal("gateway_unavailable");
      expect([rig.database.rows.length, rig.calls.length]).to.deep.equal(before);
    }
    for (let i = 0; i < 4; i++) {
      await rig.create(`s${i}`, { gateway: "stripe" });
      await rig.answer(FAILED);
    }
    await rig.create("all are down");
    expect(codeOf(rig)).to.equal("gateway_unavailable");
  });

  it("never moves a payment to another gateway after T1", async () => {
    const rig = await broken({ merchants: () => profile });
    const [first] = rig.calls as [GatewayCall];
    let seen = rig.calls.length;
    await rig.pass(130_000, async () => {
      for (; seen < rig.calls.length; seen++) await rig.answer(FAILED);
    });
    const own = rig.calls.filter(({ operationId }) => operationId === first.operationId);
    expect(own.length).to.be.greaterThan(2);
    expect(new Set(own.map(({ gateway, gatewayKey }) => `${gateway} ${gatewayKey}`)).size).to.equal(1);
  });

  it("sends no charge while it is half open, and goes on when a probe is answered", async () => {
    const rig = await broken();
    await rig.pass(1_000);
    expect(probesOf(rig)).to.have.length(1);
    const charges = executes(rig).length;
    for (let i = 0; i < 20; i++) {
      await rig.create(`k${i}`);
      expect(codeOf(rig)).to.equal("gateway_unavailable");
    }
    expect([executes(rig).length, probesOf(rig).length]).to.deep.equal([charges, 1]);
    await rig.answer(FAILED);
    await rig.create("again");
    expect(rig.replies.at(-1)).to.include({ code: "gateway_unavailable", retryAfterS: 2 });
    await rig.pass(2_000);
    expect(probesOf(rig)).to.have.length(2);
    await rig.answer({ kind: "reachable" });
    await rig.create("back");
    expect(executes(rig).length).to.equal(charges + 1);
  });

  it("lets the resolver go on, and takes its reads for evidence", async () => {
    const rig = await Rig.started("stripe", { limits: LIMITS });
    const calls: GatewayCall[] = [];
    for (let i = 0; i < 4; i++) {
      await rig.create(`k${i}`);
      await rig.answer({ kind: "prepared", reference: `pi_${i}` });
      await rig.answer(FAILED);
    }
    await rig.create("new");
    expect(codeOf(rig)).to.equal("gateway_unavailable");
    await rig.pass(1_200, async () => {
      calls.push(...rig.calls.filter((call) => call.action === "query" && !calls.includes(call)));
    });
    expect(calls).to.have.length(4);
    expect(probesOf(rig)).to.have.length(1);
    rig.observe({ kind: "undecided", reference: "pi_0" }, calls[0]);
    await settle();
    await rig.create("new");
    expect(rig.actions.at(-1), "the gateway is back").to.equal("prepare");
  });

  it("refuses captures, voids and refunds of a line that is down, each by its own, and writes nothing", async () => {
    for (const [command, kind] of [
      ["capture", "capture"],
      ["cancel", "void"],
      ["refund", "refund"],
    ] as const) {
      const rig = await Rig.started("adyen", { limits: LIMITS });
      await rig.create("k", command === "refund" ? {} : { capture_method: "manual" });
      await rig.answer(command === "refund" ? CAPTURED : { kind: "authorized", reference: "psp" });
      const payment = idOf(rig);
      for (const line of ["authorize", "sale"] as const)
        for (let i = 0; i < 4; i++)
          rig.gate.observed({ gateway: "adyen", account: "a", kind: line }, "execute", FAILED);
      await settle();
      const before = [rig.database.rows.length, rig.calls.length];
      for (let i = 0; i < 4; i++) rig.gate.observed({ gateway: "adyen", account: "a", kind }, "execute", FAILED);
      await settle();
      await rig.modify(command, payment, "m");
      expect([rig.last.status, codeOf(rig)]).to.deep.equal([503, "gateway_unavailable"]);
      expect([rig.database.rows.length, rig.calls.length]).to.deep.equal(before);
      await rig.pass(1_000);
      for (const probe of probesOf(rig)) rig.observe({ kind: "reachable" }, probe);
      await settle();
      await rig.modify(command, payment, "m");
      expect(rig.calls.at(-1)).to.include({ kind, action: "execute" });
    }
  });

  it("never refuses the cancel of a payment in doubt", async () => {
    const rig = await broken();
    for (const kind of ["void", "refund"] as const)
      for (let i = 0; i < 4; i++) rig.gate.observed({ gateway: "adyen", account: "a", kind }, "execute", FAILED);
    await rig.create("failed {} 0");
    await rig.modify("cancel", idOf(rig), "c");
    expect(rig.last.status).to.equal(202);
    expect((rig.last.body["pending"] as { cancel_requested: boolean }).cancel_requested).to.equal(true);
    await rig.pass(100);
    expect(rig.calls.at(-1)).to.include({ action: "abandon" });
  });

  it("a request that cannot be is refused for what it is, whatever its gateway does", async () => {
    const rig = await broken();
    await rig.create("k", { currency: "IDR", amount: 150 });
    expect(codeOf(rig)).to.equal("amount_out_of_range");
  });
});

describe("shard actor: retries", () => {
  const courses: ReadonlyArray<readonly [string, GatewayObservation, readonly number[]]> = [
    ["too many calls", BUSY, [1, 3, 7]],
    ["a connection that fails", { kind: "notSubmitted", reason: "connection_failed" }, [1, 3, 7]],
    ["a gateway that says when", { ...BUSY, retryAfterMs: 3_000 }, [3, 6, 9]],
  ];
  for (const [name, observation, times] of courses)
    it(`${name}: the same call again after ${times.join(", ")} s, then not before its time is over`, async () => {
      for (const gateway of ["stripe", "adyen"] as const) {
        const rig = await Rig.started(gateway);
        const startMs = rig.nowMs;
        await rig.create("k");
        if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
        const [first] = executes(rig) as [GatewayCall];
        await rig.answer(observation);
        const seen: number[] = [];
        let known = rig.calls.length;
        await rig.pass(DEFAULT_LIMITS.gatewayCallMs - 100, async () => {
          for (; known < rig.calls.length; known++) {
            expect(rig.calls[known]).to.include({ action: "execute", gatewayKey: first.gatewayKey });
            seen.push(Math.round((rig.nowMs - startMs) / 100) / 10);
            await rig.answer(observation);
          }
        });
        expect(seen, gateway).to.deep.equal(times);
        await rig.pass(15_000);
        expect(rig.calls.length, "the resolver goes on").to.be.greaterThan(known);
      }
    });

  it("answers its client with what a retry brought", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer(BUSY);
    await rig.pass(1_000);
    await rig.answer(CAPTURED);
    expect([rig.replies.length, rig.last.status, rig.calls.length]).to.deep.equal([1, 201, 2]);
    const causes = rig.database.rows.map(({ decision: { entry } }) => entry.cause);
    expect(causes, "T1 led to it").to.deep.equal(["request:r", "gateway"]);
  });

  it("grants a quiet shard three in ten seconds, and a busy one a tenth of its calls", async () => {
    for (const [done, expected] of [
      [0, 3],
      [90, 10],
    ] as const) {
      const rig = await Rig.started("adyen");
      for (let i = 0; i < done; i++) {
        await rig.create(`done ${i}`);
        await rig.answer(CAPTURED);
      }
      for (let i = 0; i < 15; i++) {
        await rig.create(`busy ${i}`);
        await rig.answer(BUSY);
      }
      const before = executes(rig).length;
      await rig.pass(9_000);
      expect(executes(rig).length - before).to.equal(expected);
    }
  });

  it("repeats nothing that was canceled meanwhile", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    const [{ paymentId }] = rig.calls as [GatewayCall];
    await rig.answer(BUSY);
    await rig.modify("cancel", paymentId, "c");
    await rig.pass(10_000);
    expect(executes(rig)).to.have.length(1);
    expect(rig.actions).to.include("abandon");
  });

  it("leaves credentials that were refused to the resolver's schedule: somebody must repair them", async () => {
    const rig = await Rig.started("stripe");
    const startMs = rig.nowMs;
    await rig.create("k");
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    const seen: number[] = [];
    for (let known = rig.calls.length - 1; rig.nowMs < startMs + 20_000; await rig.pass(50))
      for (; known < rig.calls.length; known++) {
        seen.push(Math.round((rig.nowMs - startMs) / 100) / 10);
        await rig.answer({ kind: "notSubmitted", reason: "credentials" });
      }
    expect(seen).to.deep.equal([0, 1, 3, 10]);
  });
});

describe("shard actor: budgets", () => {
  const budget = { callsPerSecond: 10, callsInFlight: null };

  it("makes its calls at the account's pace, and refuses before T1 what would wait too long", async () => {
    const rig = await Rig.started("adyen", { budget });
    for (let i = 0; i < 40; i++) await rig.create(`k${i}`);
    const refused = rig.replies.filter(({ code }) => code === "overloaded");
    expect(refused.length).to.be.within(25, 30);
    expect(refused[0]).to.include({ status: 503, retryAfterS: 2 });
    expect(rig.database.rows.length + refused.length).to.equal(40);
    expect(rig.calls).to.have.length(1);
    await rig.pass(1_300);
    expect(rig.calls.length).to.equal(rig.database.rows.length);
  });

  it("recovers what it inherits at that pace, all of it, and lets new payments pass", async () => {
    const first = await Rig.started("adyen");
    for (let i = 0; i < 100; i++) await first.create(`k${i}`);
    const heir = await first.heir(2n, first.nowMs, { budget: { callsPerSecond: 20, callsInFlight: null } });
    let seen = 0;
    const perSecond: number[] = [];
    await heir.pass(22_000); // the grace of calls whose fate is unknown
    await heir.create("new");
    await heir.pass(300);
    expect(
      heir.calls.some(({ earlierTryOpen }) => !earlierTryOpen),
      "not behind all that",
    ).to.equal(true);
    for (let second = 0; second < 12; second++) {
      const before = heir.calls.length;
      await heir.pass(1_000, async () => {
        for (; seen < heir.calls.length; seen++) heir.observe(CAPTURED, heir.calls[seen]);
        await settle();
      });
      perSecond.push(heir.calls.length - before);
    }
    expect(Math.max(...perSecond)).to.be.at.most(21);
    expect(heir.actor.snapshot().openOperations).to.equal(0);
    expect(heir.calls.length, "each of them once").to.equal(101);
  });
});
