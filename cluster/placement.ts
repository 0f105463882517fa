/**
 * Which node should own which shard. Rendezvous hashing with bounded load: every pair of a shard and a node has a score
 * of its own, and the highest pairs come together first while there is room. So a node that leaves moves its own shards
 * and few others, a node that comes takes its share, and everybody who plans with the same words plans the same.
 */
import { hash } from "node:crypto";

export interface PlacementQuestion {
  readonly shards: readonly number[];
  /** Those that may be given shards: alive and not draining. */
  readonly nodes: readonly string[];
  /** Set by an operator; one that names another node than these counts for nothing. */
  readonly overrides: ReadonlyMap<number, string>;
}

interface Pair {
  readonly score: string;
  readonly shard: number;
  readonly node: string;
}

/** Frozen: another spelling or hash moves most shards of every cluster at its next start. */
const scoreOf = (shard: number, node: string): string => hash("sha256", `shard-${shard} ${node}`, "hex");

const inOrder = (a: Pair, b: Pair): number =>
  a.score === b.score ? a.shard - b.shard || (a.node < b.node ? -1 : 1) : a.score > b.score ? -1 : 1;

/**
 * Shard to node, for every shard, or empty without nodes. Loads differ by at most one, but for nodes that overrides
 * alone have filled beyond. The order of what is given does not matter.
 */
export function planPlacement(question: PlacementQuestion): ReadonlyMap<number, string> {
  const load = new Map(question.nodes.map((node) => [node, 0]));
  const owners = new Map<number, string>();
  if (load.size === 0) return owners;
  const give = (shard: number, node: string): void => {
    owners.set(shard, node);
    load.set(node, (load.get(node) ?? 0) + 1);
  };
  const shards = new Set(question.shards);
  for (const shard of shards) {
    const node = question.overrides.get(shard);
    if (node !== undefined && load.has(node)) give(shard, node);
  }
  const free = [...shards].filter((shard) => !owners.has(shard));
  const room = roomFor(free.length, [...load.values()]);
  let { extra } = room;
  for (const { shard, node } of pairsOf(free, [...load.keys()])) {
    const held = load.get(node) ?? 0;
    if (owners.has(shard) || held > room.level || (held === room.level && extra === 0)) continue;
    if (held === room.level) extra--;
    give(shard, node);
  }
  return owners;
}

const pairsOf = (shards: readonly number[], nodes: readonly string[]): readonly Pair[] =>
  shards.flatMap((shard) => nodes.map((node) => ({ score: scoreOf(shard, node), shard, node }))).sort(inOrder);

/** Fills the lowest first: up to which load all `count` shards fit, and how many nodes must take one more. */
function roomFor(count: number, loads: readonly number[]): { readonly level: number; readonly extra: number } {
  const roomBelow = (level: number): number => loads.reduce((sum, load) => sum + Math.max(0, level - load), 0);
  let level = 0;
  while (roomBelow(level + 1) <= count) level++;
  return { level, extra: count - roomBelow(level) };
}
