/** What an actor takes, refuses and sheds before anything is charged. */
import { expect } from "chai";
import { gatewayKeyOf, mintId, SLOT_COUNT, slotOfMerchant } from "../../actors/domain/index.ts";
import { memoryDatabase } from "../../storage/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { merchantId, Rig, settle, START_MS } from "./rig/actor-rig.ts";

describe("shard actor: intake", () => {
  it("calls the gateway only after the intent is on disk, with the key that it stored", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    expect(rig.rowsAtCall).to.deep.equal([1]);
    expect(rig.calls[0]?.gatewayKey).to.equal(gatewayKeyOf(merchantId, "k", "sale", 1));
    expect(rig.database.rows[0]?.decision.payment.operation.gatewayKey).to.equal(rig.calls[0]?.gatewayKey);
  });

  it("makes no call when the intent could not be written, and takes the key again", async () => {
    const rig = await Rig.started("adyen");
    rig.database.nextOutcomes.push({ kind: "unavailable", reason: "disk full" });
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"], rig.calls.length]).to.deep.equal([503, "storage_unavailable", 0]);
    await rig.pass(2_000);
    await rig.create("k");
    expect(rig.calls.length).to.equal(1);
  });

  it("refuses what would open more operations than it may hold", async () => {
    const rig = await Rig.started("adyen", { limits: { openMax: 2 } });
    for (const key of ["a", "b", "c"]) await rig.create(key);
    expect([rig.last.status, rig.last.body["code"], rig.calls.length]).to.deep.equal([503, "overloaded", 2]);
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.create("c");
    expect(rig.calls.length).to.equal(3);
  });

  it("sheds what waited too long on its way once that lasts, before reading it", async () => {
    const rig = await Rig.started("adyen");
    const { queueAgeMaxMs } = DEFAULT_LIMITS;
    const sendLate = (key: string): unknown[] => {
      const handedOverAtMs = rig.nowMs - queueAgeMaxMs - 1;
      rig.actor.submit([
        {
          kind: "createPayment",
          ticket: 99,
          requestId: "r",
          merchantId,
          idempotencyKey: key,
          body: Buffer.from("not even JSON"),
          receivedAtMs: handedOverAtMs,
          handedOverAtMs,
          rate: null,
        },
      ]);
      return [rig.last.status, rig.last.body["code"]];
    };
    expect(sendLate("after a stall")).to.deep.equal([400, "invalid_json"]);
    await rig.pass(queueAgeMaxMs / 2);
    expect(sendLate("in a queue that stands")).to.deep.equal([503, "overloaded"]);
  });

  it("refuses merchants whose slot is not its own, before anything else", async () => {
    const other = (slotOfMerchant(merchantId) + 1) % SLOT_COUNT;
    const rig = new Rig("adyen", memoryDatabase([other]));
    await rig.actor.start();
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"], rig.database.rows.length]).to.deep.equal([
      503,
      "shard_unavailable",
      0,
    ]);
    const paymentId = mintId("pay", other, START_MS, new Uint8Array(8));
    rig.get(paymentId);
    await settle();
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
  });
});
