/** What an actor does about a gateway that an operator has taken out of use: nothing new goes there, what was begun is looked after. */
import { expect } from "chai";
import { type PaymentId, slotOfMerchant } from "../../actors/domain/index.ts";
import type { GatewayStop } from "../../actors/index.ts";
import { merchantId, Rig } from "./rig/actor-rig.ts";

const ALL: readonly GatewayStop[] = [{ gateway: "adyen", account: null }];
const CAPTURED = { kind: "captured", reference: "psp" } as const;
const AUTHORIZED = { kind: "authorized", reference: "psp" } as const;
const UNKNOWN = { kind: "unknown", reason: "time-out" } as const;
const codeOf = (rig: Rig): unknown => rig.last.body["code"];
const idOf = (rig: Rig): PaymentId => rig.last.body["id"] as PaymentId;
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

describe("shard actor: a gateway that was taken out of use", () => {
  for (const stop of [ALL, [{ gateway: "adyen", account: "a" }]] as const)
    it(`refuses a payment before T1, with ${stop[0].account ?? "all accounts"} stopped, and takes it afterwards`, async () => {
      const rig = await Rig.started("adyen");
      rig.gate.setStops(stop);
      const before = [rig.database.rows.length, rig.calls.length];
      await rig.create("k");
      expect(rig.replies.at(-1)).to.include({
        status: 503,
        code: "gateway_unavailable",
        retryAfterS: 30,
        final: false,
      });
      expect([rig.database.rows.length, rig.calls.length]).to.deep.equal(before);
      rig.gate.setStops([]);
      await rig.create("k");
      await rig.answer(CAPTURED);
      expect([rig.last.status, rig.last.replayed]).to.deep.equal([201, false]);
    });

  it("sends it to the merchant's other gateway, and other accounts as ever", async () => {
    const rig = await Rig.started("adyen", { merchants: () => profile });
    rig.gate.setStops(ALL);
    await rig.create("k");
    expect(rig.calls.at(-1)).to.include({ gateway: "stripe", account: "b", action: "prepare" });
    rig.gate.setStops([{ gateway: "adyen", account: "another" }]);
    await rig.create("k2");
    expect(rig.calls.at(-1)).to.include({ gateway: "adyen", account: "a" });
  });

  it("refuses captures and refunds, and gives back what is held", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("held", { capture_method: "manual" });
    await rig.answer(AUTHORIZED);
    const held = idOf(rig);
    await rig.create("charged");
    await rig.answer(CAPTURED);
    const charged = idOf(rig);
    rig.gate.setStops(ALL);
    const before = [rig.database.rows.length, rig.calls.length];
    await rig.modify("capture", held, "c");
    expect(codeOf(rig)).to.equal("gateway_unavailable");
    await rig.modify("refund", charged, "r");
    expect(codeOf(rig)).to.equal("gateway_unavailable");
    expect([rig.database.rows.length, rig.calls.length]).to.deep.equal(before);
    await rig.modify("cancel", held, "v");
    expect(rig.calls.at(-1)).to.include({ kind: "void", action: "execute" });
  });

  it("goes on reading what is in doubt, and repeats no charge until it is back", async () => {
    const [stripe, adyen] = [await Rig.started("stripe"), await Rig.started("adyen")];
    await stripe.create("k");
    await stripe.answer({ kind: "prepared", reference: "pi_1" });
    await adyen.create("k");
    for (const rig of [stripe, adyen]) {
      await rig.answer(UNKNOWN);
      rig.gate.setStops([{ gateway: rig.gateway, account: null }]);
      const begun = rig.calls.length;
      let seen = begun;
      await rig.pass(150_000, async () => {
        for (; seen < rig.calls.length; seen++) await rig.answer({ kind: "undecided", reference: "pi_1" });
      });
      const actions = new Set(rig.calls.slice(begun).map(({ action }) => action));
      expect([...actions]).to.deep.equal(rig.gateway === "stripe" ? ["query"] : []);
      rig.gate.setStops([]);
      await rig.pass(600_000, async () => {
        for (; seen < rig.calls.length; seen++) {
          const isRead = rig.calls[seen]?.action === "query";
          await rig.answer(isRead ? { kind: "undecided", reference: "pi_1" } : CAPTURED);
        }
      });
      expect(rig.database.rows.at(-1)?.decision.payment.status).to.equal("captured");
    }
  });

  it("gives an unwanted charge back all the same", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    const id = rig.calls[0]?.paymentId as PaymentId;
    await rig.modify("cancel", id, "x");
    rig.gate.setStops(ALL);
    await rig.answer(CAPTURED);
    expect(rig.calls.at(-1)).to.include({ kind: "refund", action: "execute" });
  });

  it("takes a payment whose first call was held back for never submitted", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    rig.gate.setStops([{ gateway: "stripe", account: "a" }]);
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    await rig.pass(20_000);
    expect(rig.actions).to.deep.equal(["prepare"]);
    expect([rig.last.status, (rig.last.body["pending"] as { reason: string }).reason]).to.deep.equal([
      202,
      "gateway_unreachable",
    ]);
    const own = { gateway: "stripe", account: "a", kind: "authorize" } as const;
    expect(rig.gate.snapshot().breakers, "no failure of the gateway").to.deep.equal([]);
    expect(rig.gate.downForMs(own)).to.equal(30_000);
  });
});
