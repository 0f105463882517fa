import { expect } from "chai";
import { changesNow, type OwnerStanding, type ShardStanding } from "./placement-changes.ts";

/** `0 live a>b`: shard 0 of the live node a is wanted on b; `!`: it still arrives; nothing behind `>`: nobody may. */
function standing(text: string): ShardStanding {
  const [, shard, state, owner, wanted, mark] = /^(\d+) (\w+) (\w*)>(\w*)(!?)$/.exec(text) ?? [];
  if (shard === undefined) throw new Error(text);
  return {
    shard: Number(shard),
    owner: owner === "" ? undefined : owner,
    standing: state as OwnerStanding,
    isArriving: mark === "!",
    wanted: wanted === "" ? undefined : wanted,
  };
}

describe("changes of the placement", () => {
  const cases: readonly (readonly [
    why: string,
    shards: readonly string[],
    now: readonly string[],
    movesMax?: number,
  ])[] = [
    ["nothing to do", ["0 live a>a", "1 live b>b"], []],
    ["shards that nobody has go at once", ["0 none >a", "1 none >b", "2 none >a"], ["0 a", "1 b", "2 a"]],
    ["shards of the dead go at once", ["0 gone x>a", "1 gone x>b", "2 gone x>a"], ["0 a", "1 b", "2 a"]],
    ["a process that was replaced gets its shards anew", ["0 gone a>a"], ["0 a"]],
    ["nobody is there", ["0 none >", "1 gone x>", "2 draining a>", "3 live a>"], []],
    ["a silent node keeps its shards", ["0 silent x>a", "1 silent x>x"], []],
    ["nothing is moved beside a silent node", ["0 silent x>a", "1 live a>b", "2 draining a>b", "3 gone y>a"], ["3 a"]],
    ["two moves at a time", ["0 live a>b", "1 live a>b", "2 live a>b"], ["0 b", "1 b"]],
    ["one move while a shard arrives", ["0 live b>b!", "1 live a>b", "2 live a>b"], ["1 b"]],
    ["no move while two arrive", ["0 live b>b!", "1 draining b>c!", "2 live a>b"], []],
    ["a shard that arrives is not moved again", ["0 live b>c!", "1 live a>b"], ["1 b"]],
    ["what is dead does not arrive", ["0 gone x>a!", "1 live a>b", "2 live a>b"], ["0 a", "1 b"]],
    ["a draining node is emptied first", ["0 live a>b", "1 live a>b", "2 draining c>b"], ["2 b", "0 b"]],
    ["a draining node is emptied by two", ["0 draining a>b", "1 draining a>c", "2 draining a>b"], ["0 b", "1 c"]],
    ["moves wait for the dead", ["0 gone x>a", "1 gone x>a", "2 live a>b"], ["0 a", "1 a"]],
    ["no moves at all", ["0 live a>b", "1 draining a>b", "2 none >b", "3 gone x>b"], ["2 b", "3 b"], 0],
  ];
  for (const [why, shards, now, movesMax = 2] of cases)
    it(why, () =>
      expect(changesNow(shards.map(standing), movesMax).map(({ shard, node }) => `${shard} ${node}`)).to.deep.equal(
        now,
      ),
    );
});
