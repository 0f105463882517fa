/** How an actor answers reads by id: from memory, after a look, or from the database. */
import { expect } from "chai";
import { mintId, slotOfMerchant } from "../../actors/domain/index.ts";
import type { GatewayCall, ShardStore } from "../../actors/index.ts";
import { merchantId, Rig, settle, START_MS } from "./rig/actor-rig.ts";
import { bound } from "./rig/wrapped-stores.ts";

describe("shard actor: reads", () => {
  it("answers reads from memory for 3 s after the last acknowledged commit was sent, afterwards only after a check", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "captured", reference: "psp" });
    const paymentId = rig.calls[0]?.paymentId as GatewayCall["paymentId"];
    const read = async (): Promise<number> => {
      rig.get(paymentId);
      await settle();
      return rig.last.status;
    };
    expect(await read()).to.equal(200);
    const heir = new Rig("adyen", rig.database, 2n);
    await heir.actor.start();
    expect(await read(), "still certain: a new owner waits 4 s").to.equal(200);
    rig.turnClockWithoutSweep(3_001);
    expect(await read(), "no longer certain, and the epoch is another's").to.equal(503);
  });

  it("reads missing payments with one statement at a time, and refuses what would wait without end", async () => {
    const asked: number[] = [];
    const open: (() => void)[] = [];
    const slow = (store: ShardStore): ShardStore => {
      const findPayments: ShardStore["findPayments"] = (ids) => {
        asked.push(ids.length);
        return new Promise((resolve) => open.push(() => resolve(ids.map(() => undefined))));
      };
      return { ...bound(store), findPayments };
    };
    const rig = await Rig.started("adyen", { store: slow });
    const paymentId = mintId("pay", slotOfMerchant(merchantId), START_MS, new Uint8Array(8));
    const read = (count: number) => rig.get(paymentId, count);
    read(1);
    read(2);
    read(3);
    await settle();
    expect(asked).to.deep.equal([1]);
    open.shift()?.();
    await settle();
    expect(asked).to.deep.equal([1, 5]);
    read(4_097);
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "overloaded"]);
    while (open.length > 0) {
      open.shift()?.();
      await settle();
    }
    expect(rig.replies).to.have.length(6 + 4_097);
  });

  it("shows one version of a payment with the same times, from memory, as its stored answer and from the database", async () => {
    const rig = await Rig.started("stripe", { limits: { commitPaceMs: 50 } });
    const reads: Record<string, unknown>[] = [];
    const read = async (of: Rig): Promise<void> => {
      const { paymentId } = rig.calls[0] as GatewayCall;
      of.get(paymentId);
      await settle();
      const { pending, ...shown } = of.last.body as { pending: { since: string } | null };
      reads.push({ ...shown, since: pending?.since });
    };
    await rig.create("before");
    rig.calls.length = 0;
    await rig.create("k"); // waits for its batch
    await rig.pass(100);
    await read(rig);
    const heir = await rig.heir(2n);
    await read(heir);
    expect(reads[0]?.["since"]).not.to.equal(reads[0]?.["updated_at"]);
    expect(reads[1]).to.deep.equal(reads[0]);
    reads.length = 0;
    heir.observe({ kind: "prepared", reference: "pi_1" }, rig.calls[0]);
    await heir.pass(60);
    heir.turnClockWithoutSweep(20);
    heir.observe({ kind: "captured", reference: "pi_1" }, rig.calls[0]);
    await heir.pass(200);
    await read(heir);
    await read(await heir.heir(3n));
    const last = await heir.heir(4n);
    await last.create("k");
    reads.push(last.last.body);
    const times = reads.map((shown) => shown["updated_at"]);
    expect(new Set(times).size, times.join()).to.equal(1);
  });
});
