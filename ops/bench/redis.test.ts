import { expect } from "chai";
import { parseInfo, redisBetween } from "./redis.ts";

describe("redis counters", () => {
  it("reads the lines of INFO and nothing else", () => {
    const info = parseInfo("$60\r\n# Stats\r\nkeyspace_hits:12\r\nkeyspace_misses:3\r\nlisten:a:b\r\n\r\n");
    expect([...info]).to.deep.equal([
      ["keyspace_hits", "12"],
      ["keyspace_misses", "3"],
      ["listen", "a:b"],
    ]);
  });

  it("subtracts", () =>
    expect(redisBetween({ hits: 1, misses: 5 }, { hits: 4, misses: 5 })).to.deep.equal({ hits: 3, misses: 0 }));
});
