import { expect } from "chai";
import fc from "fast-check";
import { ID_BYTES, idIn, MadePayments } from "./made-payments.ts";

const idOf = (k: number): string => `pay_${String(k).padStart(ID_BYTES - 4, "0")}`;
function make(capacity: number, count: number): MadePayments {
  const made = new MadePayments(capacity);
  for (let k = 0; k < count; k++) made.add(k * 10, Buffer.from(`{"id":"${idOf(k)}"}`), 7);
  return made;
}

describe("made payments", () => {
  it("finds the id where a payment object begins, and nowhere else", () => {
    const body = Buffer.from(`xx{"id":"${idOf(1)}","object":"payment"}`);
    expect(idIn(body, 2, body.length)).to.equal(9);
    expect(idIn(body, 0, body.length)).to.equal(-1);
    expect(idIn(body, 2, 30), "cut off").to.equal(-1);
    const refund = Buffer.from(`{"id":"ref_${"0".repeat(26)}"}`);
    expect(idIn(refund, 0, refund.length)).to.equal(-1);
  });

  it("knows each payment and the request that made it", () => {
    const made = make(50, 20);
    expect(made.count).to.equal(20);
    expect(made.idOf(7).toString()).to.equal(idOf(7));
    expect(made.numberOf(7)).to.equal(70);
  });

  it("picks payments that it still knows, recent ones from the newest", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.nat(), (count, seed) => {
        const made = make(500, count);
        for (const position of [made.recent(seed), made.older(seed)]) {
          expect(position).to.be.within(Math.max(0, count - 500), count - 1);
          expect(made.idOf(position).toString()).to.equal(idOf(position));
          expect(made.numberOf(position)).to.equal(position * 10);
        }
        expect(made.recent(seed)).to.be.at.least(count - 256);
      }),
    ));

  it("reaches old payments too", () => {
    const made = make(10_000, 10_000);
    const oldest = Math.min(...Array.from({ length: 2000 }, (_, seed) => made.older(seed)));
    expect(oldest).to.be.below(100);
  });

  it("remembers nothing when nothing is asked of it", () => expect(make(0, 3).count).to.equal(0));
});
