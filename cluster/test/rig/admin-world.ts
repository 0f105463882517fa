/** A cluster of two nodes as the admin service sees it: told by the test, and changed as an operator changes it. */
import { randomBytes } from "node:crypto";
import type { ActorSnapshot, Clock, GatewayStop, Log } from "../../../actors/index.ts";
import type { OperatorRecord, OperatorRole } from "../../../storage/index.ts";
import { AdminDesk } from "../../admin/admin-desk.ts";
import { type AdminServer, startAdminServer } from "../../admin/admin-server.ts";
import { createNodeAsker } from "../../admin/node-asker.ts";
import { OperatorBook } from "../../admin/operator-book.ts";
import { hashOperatorToken, mintOperatorToken } from "../../admin/operator-tokens.ts";
import { slotOfText } from "../../admin/slot-of-text.ts";
import type { AdminWorld, ClusterLook, NodeLook } from "../../admin/world.ts";
import { systemClock } from "../../clock.ts";

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
const keys = { derive: (purpose: string): Uint8Array => Buffer.alloc(32, purpose) };

export const lookOf = (name: string, more: Partial<NodeLook> = {}): NodeLook => ({
  name,
  apiAddress: `http://${name}:8080`,
  version: "0.1.0",
  process: `process of ${name}`,
  leaving: false,
  draining: false,
  ageMs: 400,
  upMs: 3_600_000,
  serving: name === "node-1" ? [0, 2] : [1],
  ...more,
});

/** An actor that serves its shard. */
export const snapshotOf = (shard: number, more: Partial<ActorSnapshot> = {}): ActorSnapshot =>
  ({
    shard,
    mode: "serving",
    epoch: "7",
    lastSeq: "4711",
    mailboxDepth: 3,
    openOperations: 2,
    inDoubt: 1,
    oldestDoubtAgeMs: 65_000,
    remembered: 500,
    notices: 0,
    ...more,
  }) as ActorSnapshot; // less the webhooks, which nobody is shown here

/** Shards 0 and 2 on node-1, shard 1 on node-2. */
export const TWO_NODES: ClusterLook = {
  nodes: [lookOf("node-1"), lookOf("node-2")],
  assignments: [
    { shard: 0, node: "node-1", generation: 9n },
    { shard: 1, node: "node-2", generation: 10n },
    { shard: 2, node: "node-1", generation: 11n },
  ],
  overrides: [{ shard: 2, node: "node-1" }],
  leader: { node: "node-1", term: 4n, leftMs: 2_500 },
  shards: [0, 1, 2].map((id) => ({ id, state: "active" })),
  gatewayStops: [],
  slotMapVersion: 3n,
};

/** The admin service of one node on a free port. */
export interface AdminRig {
  readonly desk: AdminDesk;
  readonly server: AdminServer;
  /** What the node sees; a test may replace it. */
  readonly state: { cluster: ClusterLook; readAgoMs: number; snapshots: readonly ActorSnapshot[] };
  /** Changes, in order, each with who and why. */
  readonly changes: {
    readonly node: string;
    readonly draining: boolean;
    readonly who: string;
    readonly reason: string;
  }[];
  /** A new operator of this role, known at once. */
  tokenOf(role: OperatorRole): string;
  readonly operators: OperatorRecord[];
}

interface RigOptions {
  readonly node?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** `host:port` of other nodes. */
  readonly addressOf?: (node: string) => string | undefined;
  readonly world?: Partial<AdminWorld>;
  readonly clock?: Clock;
  /** Operators of another node: all nodes know the same. */
  readonly operators?: OperatorRecord[];
}

export async function startAdminRig(options: RigOptions = {}): Promise<AdminRig> {
  const { node = "node-1", addressOf = () => undefined, world, clock = systemClock } = options;
  const operators = options.operators ?? [];
  const changes: AdminRig["changes"] = [];
  const mine = TWO_NODES.assignments.filter((one) => one.node === node).map(({ shard }) => snapshotOf(shard));
  const state: AdminRig["state"] = { cluster: TWO_NODES, readAgoMs: 200, snapshots: mine };
  const desk = new AdminDesk({
    world: {
      node,
      view: () => ({ cluster: state.cluster, readAgoMs: state.readAgoMs }),
      snapshots: async () => state.snapshots,
      inspect: async () => undefined,
      setDraining: async (name, draining, by) => {
        if (state.cluster.nodes.find((one) => one.name === name)?.draining === draining) return false;
        changes.push({ node: name, draining, ...by });
        const nodes = state.cluster.nodes.map((one) => (one.name === name ? { ...one, draining } : one));
        state.cluster = { ...state.cluster, nodes };
        return true;
      },
      gatewayAccounts: () => [
        { gateway: "stripe", account: "acct_1" },
        { gateway: "adyen", account: "Shop" },
      ],
      breakers: async () => [],
      checkNow: async () => undefined,
      trace: async () => {},
      setGatewayStop: async (stop, isStopped, by) => {
        const same = ({ gateway, account }: GatewayStop): boolean =>
          gateway === stop.gateway && account === stop.account;
        const { gatewayStops } = state.cluster;
        if (gatewayStops.some(same) === isStopped) return false;
        const others = gatewayStops.filter((one) => !same(one));
        const stops = isStopped ? [...others, { ...stop, ...by, atMs: clock.nowMs() }] : others;
        state.cluster = { ...state.cluster, gatewayStops: stops };
        return true;
      },
      slotOf: (id) => slotOfText(id),
      shardOfSlot: (slot) => slot % 3,
      ask: createNodeAsker(addressOf),
      ...world,
    },
    // A book of its own that is read at each question: a new operator is known at once.
    operators: {
      find: (token) => new OperatorBook({ list: async () => operators }, keys, { clock, log: silentLog }).find(token),
    },
    clock,
    log: silentLog,
  });
  const server = await startAdminServer({ host: "127.0.0.1", port: options.port ?? 0, desk, log: silentLog });
  return {
    desk,
    server,
    state,
    changes,
    operators,
    tokenOf: (role) => {
      const token = mintOperatorToken({ bytes: (count) => randomBytes(count) });
      operators.push({ name: `${role}-${operators.length}`, role, tokenHash: hashOperatorToken(token, keys) });
      return token;
    },
  };
}
