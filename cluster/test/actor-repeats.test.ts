/** What an actor answers to a key that it, or an owner before it, has seen. */
import { expect } from "chai";
import { slotOfMerchant } from "../../actors/domain/index.ts";
import type { MerchantProfile, ShardReply, ShardStore } from "../../actors/index.ts";
import { createMemoryStore } from "../../storage/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { DECLINED, merchantId, Rig, settle, START_MS } from "./rig/actor-rig.ts";
import { bound } from "./rig/wrapped-stores.ts";

describe("shard actor: repeats", () => {
  it("answers repeats: 409 while the first runs, 202 while in doubt, the stored bytes afterwards", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([409, "idempotency_key_in_use"]);
    await rig.answer({ kind: "unknown", reason: "time-out" });
    expect([rig.last.status, (rig.last.body["pending"] as { reason: string }).reason]).to.deep.equal([
      202,
      "outcome_unknown",
    ]);
    await rig.create("k");
    expect([rig.last.status, rig.replies.length]).to.deep.equal([202, 3]);
    await rig.pass(25_000);
    await rig.answer({ kind: "declined", failure: DECLINED, reference: null });
    await rig.create("k");
    const first = rig.last;
    expect([first.status, first.body["code"], first.replayed]).to.deep.equal([402, "payment_declined", true]);
    await rig.create("k");
    expect(rig.last).to.deep.equal(first);
    await rig.create("k", { amount: 101 });
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([422, "idempotency_key_reuse"]);
  });

  it("answers repeats with the stored bytes whatever the merchant's profile has become, and refuses only new keys by it", async () => {
    const profile: MerchantProfile = {
      id: merchantId,
      slot: slotOfMerchant(merchantId),
      gateways: [{ name: "adyen", account: "a" }],
      currencies: null,
      rateLimitPerSecond: 1_000,
    };
    for (const knownKeysMax of [DEFAULT_LIMITS.knownKeysMax, 0]) {
      const first = await Rig.started("adyen");
      await first.create("k");
      await first.answer({ kind: "captured", reference: "psp" });
      const body = Buffer.from((first.replies.at(-1) as ShardReply).body);
      for (const [changed, code] of [
        [{ ...profile, currencies: ["USD"] }, "currency_not_enabled"],
        [{ ...profile, gateways: [] }, "validation_failed"],
      ] as const) {
        const heir = await first.heir(first.database.owner.generation + 1n, START_MS + 1_000, {
          merchants: () => changed,
          limits: { knownKeysMax },
        });
        await settle();
        await heir.create("k");
        expect([heir.last.status, heir.last.replayed], code).to.deep.equal([201, true]);
        expect(Buffer.from((heir.replies.at(-1) as ShardReply).body).equals(body)).to.equal(true);
        for (let time = 1; time <= 2; time++) {
          await heir.create("new"); // the second time nothing of the first may be left
          expect([heir.last.status, heir.last.body["code"]]).to.deep.equal([422, code]);
        }
        expect([heir.database.rows.length, heir.calls.length]).to.deep.equal([2, 0]);
      }
    }
  });

  it("knows new keys without asking, once it has read every stored one, and asks for those it may know", async () => {
    const first = await Rig.started("adyen");
    await first.create("old");
    await first.answer({ kind: "captured", reference: "psp" });
    let asked = 0;
    const counting = (store: ShardStore): ShardStore => ({
      ...bound(store),
      findKeys: (keys) => {
        asked += keys.length;
        return store.findKeys(keys);
      },
    });
    const heir = new Rig("adyen", first.database, 2n, START_MS + 1_000, { store: counting });
    await heir.actor.start();
    await settle();
    await heir.create("new");
    expect([asked, heir.calls.length], "a new key").to.deep.equal([0, 1]);
    await heir.create("old");
    expect([asked, heir.last.status, heir.last.replayed], "a stored key").to.deep.equal([1, 201, true]);
    expect(heir.calls.length, "it was not charged again").to.equal(1);
  });

  it("answers with the stored bytes though the payment cannot be read, and refuses it alone where no answer is stored", async () => {
    const first = await Rig.started("adyen");
    await first.create("ended");
    await first.answer({ kind: "captured", reference: "psp" });
    const { body } = first.replies.at(-1) as ShardReply;
    await first.create("open");
    const known = createMemoryStore({ shard: 0, database: first.database });
    const unread = (store: ShardStore): ShardStore => ({
      ...bound(store),
      findKeys: async (keys) => (await known.findKeys(keys)).map((found) => found && { ...found, payment: null }),
    });
    const other = await Rig.started("adyen", { store: unread, limits: { knownKeysMax: 0 } }); // every key is looked up
    for (const key of ["ended", "open", "new"]) other.send(key);
    await settle();
    const { replies } = other;
    expect(replies.map(({ status, replayed }) => [status, replayed])).to.deep.equal([
      [201, true],
      [503, false],
    ]);
    expect(Buffer.from((replies[0] as ShardReply).body).equals(body), "the stored bytes").to.equal(true);
    expect(other.last.body["detail"]).to.include("cannot be read").and.not.to.include("nothing was charged");
    expect(other.calls, "the new key's alone").to.have.length(1);
    expect(other.database.rows[0]?.decision.keyRow?.key).to.equal("new");
  });

  it("answers 202 for an open payment that only the database knows, and tells operators", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    const found = await createMemoryStore({ shard: 0, database: rig.database }).findKeys([{ merchantId, key: "k" }]);
    const forgetful = (store: ShardStore): ShardStore => ({ ...bound(store), findKeys: () => Promise.resolve(found) });
    const other = await Rig.started("adyen", { store: forgetful, limits: { knownKeysMax: 0 } }); // every key is looked up
    await other.create("k");
    expect([other.last.status, other.errors]).to.deep.equal([
      202,
      ["an open operation is in the database and not in memory"],
    ]);
  });
});
