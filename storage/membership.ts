/**
 * Who lives, who leads, and who was given which shard. The control database decides all three: ages and leases by its
 * clock, assignments only under a term that it still knows. Never on the way of a payment.
 */
import type { Clock, GatewayStop, Log } from "../actors/index.ts";
import type { AuditEntry } from "./audit.ts";
import { ChangeListener } from "./change-listener.ts";
import { type ClusterView, readClusterView } from "./cluster-view.ts";
import { openControlPool } from "./control-pool.ts";
import { setGatewayStop } from "./gateway-stops.ts";

export interface MembershipStoreOptions {
  readonly dsn: string;
  /** Who appears in the audit trail when a call does not say it: a node or a person. */
  readonly who: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Time to connect, and as much again for the statements of a call. Default 1,000. */
  readonly withinMs?: number;
}

/** What a node says of itself. `process` names this run of it for ever. */
export interface NodeIdentity {
  readonly name: string;
  readonly process: string;
}
export interface Heartbeat extends NodeIdentity {
  readonly address: string;
  readonly apiAddress: string;
  readonly peerAddress: string;
  readonly version: string;
  /** It is about to end: its shards go elsewhere, and it is given no others. */
  readonly leaving: boolean;
  /** Shards that it serves now. */
  readonly serving: readonly number[];
  /** The process takes the name over. Later beats of a process whose name was taken over change nothing. */
  readonly isFirst: boolean;
}

/** Everything throws PaymentClusterError(STORAGE_UNAVAILABLE) when the database refuses or does not answer in time. */
export interface MembershipStore {
  /** Says that the node lives, and reads the cluster. Another process in one's own row: it has taken the name over. */
  beat(heartbeat: Heartbeat): Promise<ClusterView>;
  /**
   * The term under which this process leads for `ttlMs` from now on: the same as before while its lease runs, a greater
   * one when the lease was free, expired, or of an earlier process of the same node. Null: another node leads.
   */
  lead(node: NodeIdentity, ttlMs: number): Promise<bigint | null>;
  /**
   * Gives shards to nodes, each with a generation greater than all before it; a node that never was is skipped. False,
   * and nothing is written: the term is not valid any more.
   */
  assign(
    node: string,
    term: bigint,
    changes: readonly { readonly shard: number; readonly node: string }[],
  ): Promise<boolean>;
  /** The process ends in order: it gives leadership up, and its shards need not wait until it counts as dead. */
  leave(node: NodeIdentity): Promise<void>;
  /** False, and nothing is changed or traced: no such node, or so already. */
  setDraining(node: string, draining: boolean, reason: string, who?: string): Promise<boolean>;
  /** Null: placement decides again. False: no such shard or node, or so already. */
  setOverride(shard: number, node: string | null, reason: string, who?: string): Promise<boolean>;
  /** Takes a gateway account, or all of a gateway, out of use or back. False: it was so already. */
  setGatewayStop(stop: GatewayStop, isStopped: boolean, reason: string, who?: string): Promise<boolean>;
  /** A line of the audit trail for something that changes no row here. */
  trace(entry: AuditEntry): Promise<void>;
  /** Calls after each change of what `beat` answers (heartbeats aside), and after each time that one may have been missed. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

/** A process that lost its name to another must not take it back: its shards are the other's. */
const BEAT = `
INSERT INTO node (name, process, address, api_address, peer_address, version, leaving, serving)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (name) DO UPDATE SET
  address = excluded.address, api_address = excluded.api_address, peer_address = excluded.peer_address,
  version = excluded.version, leaving = excluded.leaving, serving = excluded.serving,
  heartbeat_at = clock_timestamp(), process = excluded.process,
  started_at = CASE WHEN node.process = excluded.process THEN node.started_at ELSE clock_timestamp() END
 WHERE node.process = excluded.process OR $9`;

/** An expired lease starts a new term even for its own holder: nothing planned before is written after. */
const LEAD = `
UPDATE leader SET node = $1, process = $2, expires_at = clock_timestamp() + $3::float8 * interval '1 ms',
       term = term + CASE WHEN process = $2 AND expires_at > clock_timestamp() THEN 0 ELSE 1 END
 WHERE node = $1 OR expires_at <= clock_timestamp()
RETURNING term`;

/** The leader's row stays locked until the changes are committed: nobody can take the lease between check and write. */
const ASSIGN = `
WITH mine AS MATERIALIZED (
  SELECT term FROM leader WHERE node = $1 AND term = $2 AND expires_at > clock_timestamp() FOR UPDATE),
given AS (
  INSERT INTO assignment (shard, node, process, generation, term)
  SELECT c.shard, n.name, n.process, nextval('assignment_generation'), mine.term
    FROM mine, unnest($3::int4[], $4::text[]) AS c(shard, node) JOIN node n ON n.name = c.node
  ON CONFLICT (shard) DO UPDATE
     SET node = excluded.node, process = excluded.process, generation = excluded.generation, term = excluded.term,
         assigned_at = clock_timestamp()
   WHERE assignment.generation < excluded.generation)
SELECT term FROM mine`;

const RESIGN = "UPDATE leader SET node = '', process = '', expires_at = '-infinity' WHERE process = $1";
const LEAVE = "UPDATE node SET process = '', serving = '{}', leaving = false WHERE name = $1 AND process = $2";

const SET_OVERRIDE = `
INSERT INTO placement_override (shard, node)
SELECT s.id, n.name FROM shard s, node n WHERE s.id = $1 AND n.name = $2
ON CONFLICT (shard) DO UPDATE SET node = excluded.node, set_at = clock_timestamp()
 WHERE placement_override.node <> excluded.node`;

/** Opens the store; nothing is connected before the first call. */
export function openMembershipStore(options: MembershipStoreOptions): MembershipStore {
  const { dsn, clock, log } = options;
  const applicationName = `paycluster:membership:${options.who}`;
  const pool = openControlPool({ dsn, applicationName, withinMs: options.withinMs ?? 1_000, clock, log });
  const changes = new ChangeListener({ dsn, applicationName: `paycluster:changes:${options.who}`, clock, log });

  return {
    beat: (own) =>
      pool.using(async (client) => {
        const { address, apiAddress, peerAddress, version, leaving, serving, isFirst } = own;
        const said = [own.name, own.process, address, apiAddress, peerAddress, version, leaving, serving, isFirst];
        await client.query(BEAT, said);
        return readClusterView(client);
      }),
    lead: (node, ttlMs) =>
      pool.using(async (client) => {
        const { rows } = await client.query<{ term: string }>(LEAD, [node.name, node.process, ttlMs]);
        return rows[0] === undefined ? null : BigInt(rows[0].term);
      }),
    assign: (node, term, given) =>
      pool.using(async (client) => {
        const shards = given.map(({ shard }) => shard);
        const nodes = given.map((change) => change.node);
        return (await client.query(ASSIGN, [node, term, shards, nodes])).rows.length > 0;
      }),
    leave: (node) =>
      pool.using(async (client) => {
        await client.query(RESIGN, [node.process]);
        await client.query(LEAVE, [node.name, node.process]);
      }),
    setDraining: (node, draining, reason, who = options.who) =>
      pool.changing(async (client) => {
        const text = "UPDATE node SET draining = $2 WHERE name = $1 AND draining <> $2";
        const { rowCount } = await client.query(text, [node, draining]);
        if (rowCount !== 1) return null;
        const [before, after] = [String(!draining), String(draining)];
        return { who, action: "node.set_draining", subject: node, reason, before, after };
      }),
    setOverride: (shard, node, reason, who = options.who) =>
      pool.changing(async (client) => {
        const text = "SELECT node FROM placement_override WHERE shard = $1 FOR UPDATE";
        const before = (await client.query<{ node: string }>(text, [shard])).rows[0]?.node;
        const { rowCount } =
          node === null
            ? await client.query("DELETE FROM placement_override WHERE shard = $1", [shard])
            : await client.query(SET_OVERRIDE, [shard, node]);
        if (rowCount !== 1) return null;
        const trace = { who, action: "shard.set_override", subject: String(shard), reason };
        return {
          ...trace,
          ...(before === undefined ? {} : { before }),
          ...(node === null ? {} : { after: node }),
        };
      }),
    setGatewayStop: (stop, isStopped, reason, who = options.who) =>
      pool.changing((client) => setGatewayStop(client, stop, isStopped, { who, reason })),
    trace: async (entry) => void (await pool.changing(async () => entry)),
    onChange: (listener) => changes.add(listener),
    close: () => {
      changes.close();
      return pool.close();
    },
  };
}
