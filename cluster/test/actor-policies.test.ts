/** What an actor asks before it accepts: rates, tokens, risk. */
import { expect } from "chai";
import { allowAll, type RiskCheck, type RiskVerdict } from "../../actors/index.ts";
import { type PaymentId, slotOfMerchant } from "../../actors/domain/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { merchantId, Rig, settle } from "./rig/actor-rig.ts";

const profile = {
  id: merchantId,
  slot: slotOfMerchant(merchantId),
  gateways: [
    { name: "adyen" as const, account: "a" },
    { name: "stripe" as const, account: "b" },
  ],
  currencies: null,
  rateLimitPerSecond: 3,
};

describe("shard actor: policies", () => {
  it("refuses the request above the merchant's rate before anything else, and does not record it", async () => {
    const rig = await Rig.started("adyen", { merchants: () => profile });
    for (const key of ["a", "b", "c", "d"]) await rig.create(key);
    expect(rig.replies.at(-1)).to.include({ status: 429, code: "rate_limited", retryAfterS: 1 });
    expect(rig.replies.at(-1)?.rate).to.deep.equal({ limit: 3, remaining: 0, resetMs: 1_000 });
    expect([rig.calls.length, rig.database.rows.length]).to.deep.equal([3, 3]);
    rig.get(rig.calls[0]!.paymentId);
    expect(rig.last.status, "reads count too").to.equal(429);
    await rig.pass(1_000);
    await rig.create("d");
    expect(rig.calls, "its key was not recorded").to.have.length(4);
  });

  it("counts what was answered without it", async () => {
    const rig = await Rig.started("adyen", { merchants: () => profile });
    const count = {
      kind: "count",
      ticket: 0,
      requestId: "r",
      merchantId,
      receivedAtMs: rig.nowMs,
      rate: null,
    } as const;
    rig.actor.submit([{ ...count }, { ...count }, { ...count }]);
    await rig.create("a");
    expect(rig.replies.map(({ status }) => status)).to.deep.equal([429]);
  });

  it("sends an amount where it can be said, and refuses it where no gateway can", async () => {
    const rig = await Rig.started("adyen", { merchants: () => ({ ...profile, rateLimitPerSecond: 100 }) });
    await rig.create("a", { currency: "IDR", amount: 150 });
    expect(rig.calls[0], "Adyen has no cents of it").to.include({ gateway: "stripe" });
    const codes = async (key: string, more: Readonly<Record<string, unknown>>): Promise<unknown> => {
      await rig.create(key, more);
      return rig.last.body["code"];
    };
    expect(await codes("b", { currency: "IDR", amount: 150, gateway: "adyen" })).to.equal("amount_out_of_range");
    expect(await codes("c", { currency: "KWD", amount: 1_005, gateway: "stripe" })).to.equal("amount_out_of_range");
    await rig.create("d", { currency: "KWD", amount: 1_010, gateway: "stripe" });
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    await rig.answer({ kind: "captured", reference: "pi_1" });
    await rig.modify("refund", rig.last.body["id"] as PaymentId, "r", { amount: 5 });
    expect(rig.last.body["code"]).to.equal("amount_out_of_range");
    expect(rig.calls.filter(({ kind }) => kind === "refund")).to.have.length(0);
  });

  it("sends a token to the first gateway of the merchant at which it works", async () => {
    const rig = await Rig.started("adyen", { merchants: () => ({ ...profile, rateLimitPerSecond: 100 }) });
    await rig.create("a");
    await rig.create("b", { payment_method: "tok_stripe_only" });
    await rig.create("c", { payment_method: "tok_stripe_only", gateway: "adyen" });
    expect(rig.calls.map(({ gateway }) => gateway)).to.deep.equal(["adyen", "stripe"]);
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([422, "validation_failed"]);
    expect(rig.last.body["errors"]).to.deep.include({
      pointer: "/payment_method",
      code: "token_not_usable",
      detail: "the token does not work at this gateway",
    });
  });
});

/** What every risk check must allow its caller to rely on; a check of another vendor is passed through it too. */
function riskContract(name: string, check: (verdict: () => RiskVerdict | Promise<RiskVerdict>) => RiskCheck): void {
  describe(`risk check: ${name}`, () => {
    const denied: RiskVerdict = { kind: "denied", reason: "velocity" };
    const started = (verdict: () => RiskVerdict | Promise<RiskVerdict>): Promise<Rig> =>
      Rig.started("adyen", { risk: check(verdict) });

    it("a denial refuses the payment before anything is stored, and its key stays free", async () => {
      let verdict: RiskVerdict = denied;
      const rig = await started(() => verdict);
      await rig.create("k");
      expect([rig.last.status, rig.last.body["code"], rig.database.rows.length]).to.deep.equal([
        402,
        "payment_declined",
        0,
      ]);
      verdict = { kind: "allowed" };
      await rig.create("k");
      expect(rig.calls).to.have.length(1);
    });

    it("an answer that takes its time holds that payment alone", async () => {
      let decide: (verdict: RiskVerdict) => void = () => {};
      let first = true;
      const rig = await started(() => {
        if (!first) return { kind: "allowed" };
        first = false;
        return new Promise((resolve) => {
          decide = resolve;
        });
      });
      await rig.create("slow");
      await rig.create("quick");
      expect(rig.calls).to.have.length(1);
      expect(rig.actor.snapshot().mailboxDepth).to.equal(1);
      decide(denied);
      await settle();
      expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([402, "payment_declined"]);
    });

    it("no answer in time, or an error, counts as allowed", async () => {
      const rig = await started(() => new Promise(() => {}));
      await rig.create("late");
      await rig.pass(DEFAULT_LIMITS.riskCheckMs - 50);
      expect(rig.calls).to.have.length(0);
      await rig.pass(100);
      expect(rig.calls).to.have.length(1);
      const failing = await started(() => Promise.reject(new Error("away")));
      await failing.create("k");
      expect(failing.calls).to.have.length(1);
    });

    it("a check that is slow for everybody holds up nobody else", async () => {
      const rig = await started(() => new Promise(() => {}));
      for (let i = 0; i < 100; i++) {
        rig.send(`k${i}`);
        await rig.pass(50);
      }
      await rig.pass(1_000);
      expect(rig.replies.filter(({ status }) => status === 503)).to.deep.equal([]);
      expect(rig.calls).to.have.length(100);
    });

    it("is told nothing but amount, currency, token, merchant and gateway", async () => {
      const asked: unknown[] = [];
      const rig = await Rig.started("adyen", {
        risk: {
          assess: (question) => {
            asked.push(question);
            return { kind: "allowed" };
          },
        },
      });
      await rig.create("k", { customer: { email: "a@b.c", name: "n" }, description: "d" });
      expect(asked).to.deep.equal([
        { merchantId, amountMinor: 100n, currency: "EUR", paymentMethod: "tok_visa", gateway: "adyen" },
      ]);
    });
  });
}
riskContract("scripted", (verdict) => ({ assess: () => verdict() }));

describe("risk check: none", () => {
  it("allows everything at once, and a check that throws is none", async () => {
    const question = { merchantId, amountMinor: 1n, currency: "EUR", paymentMethod: "t", gateway: "adyen" } as const;
    expect(allowAll.assess(question)).to.deep.equal({ kind: "allowed" });
    const broken: RiskCheck = {
      assess: () => {
        throw new Error("broken");
      },
    };
    const rig = await Rig.started("adyen", { risk: broken });
    await rig.create("k");
    expect(rig.calls).to.have.length(1);
  });
});
