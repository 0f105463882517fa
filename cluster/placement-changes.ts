/** Which changes of the wanted placement are written now: a shard without an owner at once, a served one in its turn. */

/**
 * How the present owner of a shard stands. `none`: the shard was never given. `gone`: the process left, was replaced
 * by another of the same name, or counts as dead. `silent`: nothing was heard of it, but nobody has listened for long.
 */
export type OwnerStanding = "none" | "gone" | "silent" | "draining" | "live";

export interface ShardStanding {
  readonly shard: number;
  /** Undefined: the shard was never given. */
  readonly owner: string | undefined;
  readonly standing: OwnerStanding;
  /** It was given not long ago, and its owner does not serve it yet. */
  readonly isArriving: boolean;
  /** Undefined: nobody may be given it. */
  readonly wanted: string | undefined;
}

/** Row: the owner. Cell: when the shard goes where it is wanted. Lower turns come first. */
const RULES: { readonly [S in OwnerStanding]: "now" | "stay" | { readonly turn: number } } = {
  none: "now",
  gone: "now", // also when wanted where it was: a new process needs a new generation
  silent: "stay",
  draining: { turn: 0 },
  live: { turn: 1 },
};

/**
 * Those that go now. `movesMax`: how many shards may be on their way between nodes at a time, those that arrive
 * included; one that arrives is not moved again. None is moved while an owner is silent: who plans does not know yet
 * who is there.
 */
export function changesNow(
  shards: readonly ShardStanding[],
  movesMax: number,
): readonly { readonly shard: number; readonly node: string }[] {
  const now: { shard: number; node: string }[] = [];
  const moves: { shard: number; node: string; turn: number }[] = [];
  for (const { shard, owner, standing, isArriving, wanted } of shards) {
    const rule = RULES[standing];
    if (wanted === undefined || rule === "stay") continue;
    if (rule === "now") now.push({ shard, node: wanted });
    else if (wanted !== owner && !isArriving) moves.push({ shard, node: wanted, turn: rule.turn });
  }
  const arriving = shards.filter(({ standing, isArriving }) => isArriving && typeof RULES[standing] === "object");
  const isUnsure = shards.some(({ standing }) => standing === "silent");
  const left = isUnsure ? 0 : Math.max(0, movesMax - arriving.length - now.length);
  moves.sort((a, b) => a.turn - b.turn || a.shard - b.shard);
  return [...now, ...moves.slice(0, left).map(({ shard, node }) => ({ shard, node }))];
}
