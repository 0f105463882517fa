import { expect } from "chai";
import { readOptions } from "./options.ts";

describe("bench options", () => {
  it("has defaults", () =>
    expect(readOptions([])).to.deep.include({ kind: "run" }).and.to.have.nested.property("options.merchants", 1000));

  it("reads one point", () =>
    expect(readOptions(["--rate", "1000", "--seconds", "600", "--shards", "1,4", "--profile", "sdk"]))
      .to.have.property("options")
      .that.deep.includes({ rate: 1000, seconds: 600, shards: [1, 4], profile: "sdk" }));

  for (const args of [["--rate", "0"], ["--shards", "1,x"], ["--profile", "fast"], ["--no-such"]])
    it(`refuses ${args.join(" ")}`, () => expect(readOptions(args).kind).to.equal("wrong"));
});
