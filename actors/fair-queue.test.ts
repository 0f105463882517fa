import { expect } from "chai";
import fc from "fast-check";
import type { MerchantId } from "./domain/index.ts";
import { CALL_PRIORITIES, type CallPriority, FairQueue } from "./fair-queue.ts";

const mer = (n: number): MerchantId => `mer_${n}` as MerchantId;
const waiting = fc.record({ priority: fc.constantFrom(...CALL_PRIORITIES), merchant: fc.nat(4) });

const filled = (items: readonly { readonly priority: CallPriority; readonly merchant: number }[]) => {
  const queue = new FairQueue<string>();
  items.forEach(({ priority, merchant }, i) => queue.push(priority, mer(merchant), `${priority} ${merchant} ${i}`));
  return queue;
};
const drained = (queue: FairQueue<string>): string[] => {
  const order: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) order.push(next);
  return order;
};

describe("fair queue", () => {
  it("gives everything back once, and what one merchant has in one priority in its order", () =>
    fc.assert(
      fc.property(fc.array(waiting, { maxLength: 200 }), (items) => {
        const order = drained(filled(items));
        expect(order).to.have.length(items.length);
        const places = new Map<string, number>();
        for (const name of order) {
          const [priority, merchant, i] = name.split(" ") as [string, string, string];
          const own = `${priority} ${merchant}`;
          expect(Number(i)).to.be.greaterThan(places.get(own) ?? -1);
          places.set(own, Number(i));
        }
      }),
    ));

  it("merchants that wait together go together: none is more than one ahead of another", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 2, maxLength: 6 }), (counts) => {
        const items = counts.flatMap((count, merchant) =>
          Array.from({ length: count }, () => ({ priority: "charge" as const, merchant })),
        );
        const queue = filled(items);
        const gone = counts.map(() => 0);
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          gone[Number(next.split(" ")[1])]!++;
          const waits = counts.flatMap((count, merchant) => (gone[merchant]! < count ? [gone[merchant]!] : []));
          for (const wait of waits) expect(Math.max(...gone) - wait).to.be.at.most(1);
        }
      }),
    ));

  it("charges go first, and of what is lower some goes all the same", () => {
    const each = CALL_PRIORITIES.flatMap((priority) => Array.from({ length: 200 }, () => ({ priority, merchant: 1 })));
    const first = drained(filled(each)).slice(0, 210);
    const count = (priority: CallPriority): number => first.filter((name) => name.startsWith(priority)).length;
    expect(first[0]).to.match(/^charge/);
    expect([count("charge"), count("recovery"), count("probe")]).to.deep.equal([160, 40, 10]);
  });

  it("nobody saves turns up while nothing of it waits", () => {
    const queue = filled(Array.from({ length: 300 }, () => ({ priority: "recovery" as const, merchant: 1 })));
    for (let i = 0; i < 100; i++) queue.shift();
    for (let i = 0; i < 100; i++) queue.push("charge", mer(1), "charge");
    const next = Array.from({ length: 50 }, () => queue.shift());
    expect(next.filter((name) => name === "charge").length).to.be.within(39, 41);
  });

  it("counts what goes before one more: no fewer than will, and no more than one round of it", () =>
    fc.assert(
      fc.property(fc.array(waiting, { maxLength: 120 }), fc.nat(5), (items, merchant) => {
        const queue = filled(items);
        const ahead = queue.ahead("charge", mer(merchant));
        queue.push("charge", mer(merchant), "this one");
        expect(drained(queue).indexOf("this one")).to.be.within(0, Math.ceil(ahead) + 2);
        expect(ahead).to.be.at.most(items.length);
      }),
    ));

  it("a merchant's own flood is ahead of nobody else", () => {
    const queue = filled(Array.from({ length: 1_000 }, () => ({ priority: "charge" as const, merchant: 1 })));
    expect([queue.ahead("charge", mer(1)), queue.ahead("charge", mer(2))]).to.deep.equal([1_000, 1]);
  });

  it("takes out what is over at the head of each line, and gives only what is asked for", () => {
    const queue = filled([
      { priority: "charge", merchant: 1 },
      { priority: "charge", merchant: 1 },
      { priority: "recovery", merchant: 2 },
      { priority: "probe", merchant: 3 },
    ]);
    expect([...queue.dropHeads((name) => name.startsWith("charge") || name.startsWith("recovery"))]).to.deep.equal([
      "charge 1 0",
      "charge 1 1",
      "recovery 2 2",
    ]);
    expect(queue.shift(["charge"])).to.equal(undefined);
    expect([queue.size, queue.shift(["probe"]), queue.size]).to.deep.equal([1, "probe 3 3", 0]);
  });
});
