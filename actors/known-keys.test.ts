import { expect } from "chai";
import { type MerchantId, mintId } from "./domain/index.ts";
import { keyIdOf } from "./flow.ts";
import { KnownKeys } from "./known-keys.ts";
import { type MerchantKey } from "./ports/decisions.ts";
import { PaymentClusterError } from "./ports/faults.ts";
import { type ShardStore } from "./ports/shard-store.ts";

const merchantId: MerchantId = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));
const PAGE = 20_000;
const stored: readonly MerchantKey[] = Array.from({ length: PAGE + 5 }, (_, i) => ({ merchantId, key: `stored ${i}` }));
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** A store of `stored` whose pages fail while `away`, and a clock that the test turns. */
function rig() {
  const timers: (() => void)[] = [];
  const asked: (MerchantKey | null)[] = [];
  const made = { away: false, timers, asked, keys: undefined as unknown as KnownKeys };
  const scanKeys: ShardStore["scanKeys"] = (after, limit) => {
    asked.push(after);
    if (made.away) return Promise.reject(new PaymentClusterError("STORAGE_UNAVAILABLE", "a read failed"));
    const from = after === null ? 0 : stored.findIndex(({ key }) => key === after.key) + 1;
    return Promise.resolve(stored.slice(from, from + limit));
  };
  const clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_delayMs: number, task: () => void) => {
      timers.push(task);
      return () => {};
    },
  };
  made.keys = new KnownKeys({ scanKeys } as Partial<ShardStore> as ShardStore, clock, 100_000); // nothing else is asked
  return made;
}
const NEW = keyIdOf(merchantId, "new");
const OLD = keyIdOf(merchantId, `stored ${PAGE + 4}`);

describe("known keys", () => {
  it("are all known once every page was read, also when one could not be read at first", async () => {
    const made = rig();
    const done = made.keys.load();
    made.away = true; // the first page is on its way
    await settle();
    expect([made.keys.isNew(NEW), made.asked.length, made.timers.length]).to.deep.equal([false, 2, 1]);
    made.timers.shift()?.();
    await settle();
    expect([made.keys.isNew(NEW), made.asked.length], "still away").to.deep.equal([false, 3]);
    made.away = false;
    made.timers.shift()?.();
    await done;
    expect(
      made.asked.map((after) => after?.key),
      "the page again, not all",
    ).to.deep.equal([undefined, ...Array.from({ length: 3 }, () => `stored ${PAGE - 1}`)]);
    expect([made.keys.isNew(NEW), made.keys.isNew(OLD)]).to.deep.equal([true, false]);
  });

  for (const [what, end] of [
    ["the actor serves no more", (keys: KnownKeys) => keys.reset()],
    ["a newer load began", (keys: KnownKeys) => void keys.load()],
  ] as const)
    it(`are asked for no longer when ${what}`, async () => {
      const made = rig();
      made.away = true;
      const first = made.keys.load();
      await settle();
      const retry = made.timers.shift();
      end(made.keys);
      await settle();
      const asked = made.asked.length;
      made.away = false;
      retry?.();
      await first;
      expect(made.asked.length).to.equal(asked);
      expect(made.keys.isNew(NEW)).to.equal(false);
    });
});
