/** The cluster as its nodes see it: who lives, who leads, who was given what, in one snapshot. */
import type pg from "pg";
import { type GatewayStopView, STOP_FIELDS, STOP_ROWS } from "./gateway-stops.ts";

/** All ages are by the database's clock, taken when the view was read. */
export interface NodeView {
  readonly name: string;
  /** Of the admin listener, of the merchants' API, and of the stream between nodes. */
  readonly address: string;
  readonly apiAddress: string;
  readonly peerAddress: string;
  /** The process that bears the name now; empty: it left in order. */
  readonly process: string;
  readonly version: string;
  /** An operator wants it empty. */
  readonly draining: boolean;
  /** Its process is about to end. */
  readonly leaving: boolean;
  /** Shards that it served at its last heartbeat. */
  readonly serving: readonly number[];
  readonly ageMs: number;
  /** Since the first heartbeat of this process. */
  readonly upMs: number;
}
export interface AssignmentView {
  readonly shard: number;
  readonly node: string;
  /** For whom the generation is. A process that takes the node's name later needs a new one. */
  readonly process: string;
  readonly generation: bigint;
  readonly ageMs: number;
}
export interface ClusterView {
  readonly nodes: readonly NodeView[];
  readonly assignments: readonly AssignmentView[];
  readonly overrides: readonly { readonly shard: number; readonly node: string }[];
  /** Null: nobody leads, or the lease has expired. */
  readonly leader: { readonly node: string; readonly term: bigint; readonly leftMs: number } | null;
  readonly shards: readonly { readonly id: number; readonly state: string }[];
  /** Gateway accounts that operators have taken out of use. */
  readonly gatewayStops: readonly GatewayStopView[];
  /** 0 before the first. */
  readonly slotMapVersion: bigint;
}

/** jsonb has no int8 that JavaScript would read exactly: they come as text. */
interface ViewRow extends Pick<ClusterView, "nodes" | "overrides" | "shards" | "gatewayStops"> {
  readonly assignments: readonly (Omit<AssignmentView, "generation"> & { readonly generation: string })[];
  readonly leader: { readonly node: string; readonly term: string; readonly leftMs: number } | null;
  readonly slotMapVersion: string;
}

const millisecondsOf = (interval: string): string => `(extract(epoch FROM ${interval}) * 1000)::float8`;
const listOf = (fields: string, from: string): string =>
  `(SELECT coalesce(jsonb_agg(jsonb_build_object(${fields})), '[]') FROM ${from})`;

const READ_VIEW = `
SELECT jsonb_build_object(
  'nodes', ${listOf(
    `'name', name, 'address', address, 'apiAddress', api_address, 'peerAddress', peer_address, 'process', process,
     'version', version, 'draining', draining, 'leaving', leaving, 'serving', serving,
     'ageMs', ${millisecondsOf("clock_timestamp() - heartbeat_at")},
     'upMs', ${millisecondsOf("clock_timestamp() - started_at")}`,
    "(SELECT * FROM node ORDER BY name) AS n",
  )},
  'assignments', ${listOf(
    `'shard', shard, 'node', node, 'process', process, 'generation', generation::text,
     'ageMs', ${millisecondsOf("clock_timestamp() - assigned_at")}`,
    "(SELECT * FROM assignment ORDER BY shard) AS a",
  )},
  'overrides', ${listOf("'shard', shard, 'node', node", "(SELECT * FROM placement_override ORDER BY shard) AS o")},
  'leader', (SELECT jsonb_build_object('node', node, 'term', term::text,
                                       'leftMs', ${millisecondsOf("expires_at - clock_timestamp()")})
               FROM leader WHERE expires_at > clock_timestamp()),
  'shards', ${listOf("'id', id, 'state', state", "(SELECT * FROM shard ORDER BY id) AS s")},
  'gatewayStops', ${listOf(STOP_FIELDS, STOP_ROWS)},
  'slotMapVersion', (SELECT coalesce(max(version), 0)::text FROM slot_map_version)
) AS view`;

/** Reads the view in one statement: one snapshot. Nodes by name, shards and assignments by number. */
export async function readClusterView(client: pg.ClientBase): Promise<ClusterView> {
  const { rows } = await client.query<{ view: ViewRow }>(READ_VIEW);
  const view = rows[0]?.view;
  if (view === undefined) throw new Error("the view is one row");
  return {
    ...view,
    assignments: view.assignments.map((row) => ({ ...row, generation: BigInt(row.generation) })),
    leader: view.leader === null ? null : { ...view.leader, term: BigInt(view.leader.term) },
    slotMapVersion: BigInt(view.slotMapVersion),
  };
}
