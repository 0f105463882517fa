import { expect } from "chai";
import { choosePlaces } from "./shard-places.ts";

const A = "postgres://u:p@127.0.0.1:1/postgres";
const B = "postgres://u:p@127.0.0.1:2/postgres";

type Held = readonly string[];
const choose = (a: Held, b: Held, locations: readonly (readonly [number, string])[] = [], servers = [A, B]) =>
  choosePlaces(
    { servers, shardCount: 3, prefix: "pc" },
    {
      databases: new Map([
        [A, new Set(a)],
        [B, new Set(b)],
      ]),
      locations: new Map(locations),
    },
  );
const SHARDS = ["pc_shard_0", "pc_shard_1", "pc_shard_2"];

describe("the place of a shard's database", () => {
  const cases: readonly (readonly [name: string, a: Held, b: Held, expected: readonly string[]])[] = [
    ["goes round the servers when all are new", [], [], [A, B, A]],
    ["is where it was made with one server", ["pc_control", ...SHARDS], [], [A, A, A]],
    ["is where it is, and only a new one goes round", ["pc_control", "pc_shard_2"], ["pc_shard_0"], [B, B, A]],
    ["is not that of another cluster's database", ["other_shard_1"], [], [A, B, A]],
  ];
  for (const [name, a, b, expected] of cases) it(name, () => expect(choose(a, b)).to.deep.equal(expected));

  it("is the listed one of two that have it, whoever's password is in the list", () => {
    const listed = [[1, "postgres://127.0.0.1:1/pc_shard_1"]] as const;
    expect(choose(["pc_control", ...SHARDS], ["pc_shard_1"], listed)).to.deep.equal([A, A, A]);
    expect(choose(["pc_control", ...SHARDS], ["pc_shard_1"], [[1, "postgres://127.0.0.1:2/x"]])[1]).to.equal(B);
  });

  it("is refused when no named server has it, though it is somewhere: a new one would know nothing", () => {
    const listed = [[1, "postgres://127.0.0.1:2/pc_shard_1"]] as const;
    const without = (): unknown => choose(["pc_control", "pc_shard_0"], [], listed);
    expect(without).to.throw("shard 1 is on 127.0.0.1:2: that server must be named too");
    expect(choose(["pc_control", "pc_shard_0"], ["pc_shard_1"], listed)[1]).to.equal(B);
  });

  it("is refused when two have it and neither is listed", () => {
    const ambiguous = (): unknown => choose(["pc_control", ...SHARDS], ["pc_shard_1"]);
    expect(ambiguous).to.throw("shard 1 is on 127.0.0.1:1 and 127.0.0.1:2");
  });

  it("is refused when the control database is on another server than the first", () => {
    expect(() => choose(["pc_control"], [], [], [B, A])).to.throw("127.0.0.1:1: that server must be named first");
  });
});
