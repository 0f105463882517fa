import { expect } from "chai";
import { mintId } from "../actors/domain/index.ts";
import { MerchantRates } from "./merchant-rates.ts";

const [one, two, three] = [1, 2, 3].map((n) => mintId("mer", 0, 1, Buffer.alloc(8, n))) as [
  ReturnType<typeof mintId<"mer">>,
  ReturnType<typeof mintId<"mer">>,
  ReturnType<typeof mintId<"mer">>,
];
const rate = (remaining: number) => ({ limit: 5, remaining, resetMs: 0 });

describe("rates of merchants at a router", () => {
  it("leave it to the shard as long as nothing is known", () => {
    const rates = new MerchantRates();
    expect(rates.mayAnswer(one, 0)).to.equal(false);
    expect(rates.take(one, 0)).to.equal(null);
    rates.note(one, rate(3), 0);
    expect([rates.mayAnswer(one, 0), rates.mayAnswer(two, 0)]).to.deep.equal([true, false]);
  });

  it("count down to nothing, and leave what comes then to the shard", () => {
    const rates = new MerchantRates();
    rates.note(one, rate(2), 100);
    expect(rates.take(one, 100)).to.deep.equal({ limit: 5, remaining: 1, resetMs: 0 });
    expect(rates.take(one, 400)).to.deep.equal({ limit: 5, remaining: 0, resetMs: 700 });
    expect(rates.mayAnswer(one, 1_099)).to.equal(false);
    expect(rates.take(one, 1_099), "two asked at once").to.deep.equal({ limit: 5, remaining: 0, resetMs: 1 });
  });

  it("have all of the limit again after a second, and whatever the shard says at any time", () => {
    const rates = new MerchantRates();
    rates.note(one, rate(0), 100);
    expect(rates.mayAnswer(one, 1_100)).to.equal(true);
    expect(rates.take(one, 1_100)?.remaining).to.equal(4);
    expect(rates.take(one, 2_099)?.remaining).to.equal(3);
    expect(rates.take(one, 2_100)?.remaining).to.equal(4);
    rates.note(one, rate(0), 2_100);
    expect(rates.mayAnswer(one, 2_100)).to.equal(false);
  });

  it("forget the first merchant when there are too many", () => {
    const rates = new MerchantRates(2);
    for (const merchant of [one, two, one, three]) rates.note(merchant, rate(1), 0);
    expect([one, two, three].map((merchant) => rates.mayAnswer(merchant, 0))).to.deep.equal([false, true, true]);
  });
});
