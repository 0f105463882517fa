/** What the admin service sees of its node and cluster, and the few things that it may change. Joined in `node.ts`. */
import type { ActorSnapshot, GatewayStop, OpenBreaker, PaymentCheckup } from "../../actors/index.ts";
import type { AuditEntry, GatewayStopView } from "../../storage/index.ts";
import type { GatewayName, OperationId, PaymentId } from "../../actors/domain/index.ts";
import type { AdminAnswer, AdminQuestion } from "./question.ts";
import type { ShardInspection } from "./shard-inspection.ts";

/** Ages: milliseconds by the control database's clock, when the view was read. */
export interface NodeLook {
  readonly name: string;
  readonly apiAddress: string;
  /** Empty: it does not say. */
  readonly version: string;
  /** Of the process that bears the name now; empty: it left in order. */
  readonly process: string;
  /** An operator wants it empty. */
  readonly draining: boolean;
  /** Its process is about to end. */
  readonly leaving: boolean;
  /** Since its last heartbeat. */
  readonly ageMs: number;
  /** Since it started. */
  readonly upMs: number;
  /** The shards that it said it serves. */
  readonly serving: readonly number[];
}

/** The part of the cluster's view that people are shown. */
export interface ClusterLook {
  readonly nodes: readonly NodeLook[];
  readonly assignments: readonly { readonly shard: number; readonly node: string; readonly generation: bigint }[];
  readonly overrides: readonly { readonly shard: number; readonly node: string }[];
  readonly leader: { readonly node: string; readonly term: bigint; readonly leftMs: number } | null;
  readonly shards: readonly { readonly id: number; readonly state: string }[];
  readonly gatewayStops: readonly GatewayStopView[];
  readonly slotMapVersion: bigint;
}

/** An account at a gateway that merchants use. */
export interface GatewayAccount {
  readonly gateway: GatewayName;
  readonly account: string;
}

/** Who changes something and why, for the audit trail. */
export interface ChangedBy {
  readonly who: string;
  readonly reason: string;
}

export interface AdminWorld {
  /** Name of this node. */
  readonly node: string;
  /** The newest view, and how long ago it was read, milliseconds. */
  view(): { readonly cluster: ClusterLook; readonly readAgoMs: number };
  /** Of this node's actors. */
  snapshots(): Promise<readonly ActorSnapshot[]>;
  /**
   * A look into an actor of this node; undefined: it has none of that shard. `compare`: with its database, if that answers
   * within `withinMs`.
   */
  inspect(shard: number, compare: boolean, withinMs: number): Promise<ShardInspection | undefined>;
  /**
   * The change and its trace in one transaction, or neither. False: it was so already. Throws when the control database
   * does not take it.
   */
  setDraining(node: string, draining: boolean, by: ChangedBy): Promise<boolean>;
  /** Every account of every merchant, each once. */
  gatewayAccounts(): readonly GatewayAccount[];
  /** The breakers of this node's threads that are not closed. */
  breakers(): Promise<readonly OpenBreaker[]>;
  /** As `setDraining`: an account, or all of a gateway, is taken out of use or back. */
  setGatewayStop(stop: GatewayStop, isStopped: boolean, by: ChangedBy): Promise<boolean>;
  /** Has the open operations behind the id looked at now; undefined: this node does not serve the shard. */
  checkNow(shard: number, id: PaymentId | OperationId, withinMs: number): Promise<PaymentCheckup | undefined>;
  /** A line of the audit trail for what is no change of the control database. Throws when it does not take it. */
  trace(entry: AuditEntry): Promise<void>;
  /** The slot of an id, `pay_ ref_ op_ evt_ mer_`; undefined: it is no id. */
  slotOf(id: string): number | undefined;
  shardOfSlot(slot: number): number | undefined;
  /** Puts a question to another node, with the operator's own token. `withinMs`: for its answer. Never rejects. */
  ask(node: string, question: AdminQuestion, token: string, withinMs: number): Promise<AdminAnswer>;
}

/** A node counts as dead after this long without a heartbeat (design §5). */
const DEAD_AFTER_MS = 3_000;
export type NodeState = "UP" | "DRAINING" | "LEAVING" | "LEFT" | "DOWN";

/** As of the view: while the control database is away nobody's heartbeat is heard, which says nothing of the nodes. */
export function stateOf({ ageMs, process, leaving, draining }: NodeLook): NodeState {
  if (process === "") return "LEFT";
  if (ageMs > DEAD_AFTER_MS) return "DOWN";
  if (leaving) return "LEAVING";
  return draining ? "DRAINING" : "UP";
}

/** It can be asked something. */
export const isThere = (node: NodeLook): boolean => !["LEFT", "DOWN"].includes(stateOf(node));

/** RFC 3339 UTC. */
export const timeOf = (ms: number): string => new Date(Math.round(ms)).toISOString();
