import { expect } from "chai";
import { OffsetIndex } from "./offset-index.ts";

describe("offset index", () => {
  it("finds every name again, also after it has grown, and the newest value wins", () => {
    const index = new OffsetIndex();
    const count = 200_000; // over four times the first size
    for (let i = 0; i < count; i++) index.set(`key:acct:${i}`, i, false);
    for (let i = 0; i < count; i += 3) index.set(`key:acct:${i}`, i + 2 ** 40, true);
    expect(index.size).to.equal(count);
    for (let i = 0; i < count; i++) {
      const found = index.get(`key:acct:${i}`);
      if (found?.offset !== (i % 3 === 0 ? i + 2 ** 40 : i) || found.flag !== (i % 3 === 0)) expect.fail(`lost ${i}`);
    }
  });

  it("does not find what was never put in", () => {
    const index = new OffsetIndex();
    index.set("a", 0, false);
    expect(index.get("a")).to.deep.equal({ offset: 0, flag: false });
    for (let i = 0; i < 1000; i++) expect(index.get(`b${i}`)).to.equal(undefined);
  });
});
