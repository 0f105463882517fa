/** What the reads of a run ask for, in which shares, and what proves an answer. */
import { mix32 } from "./merchant-pick.ts";

/** Which payment a read is about: one of the last that were made, any of the run, one with refunds, or none. */
export type ReadTarget = "recent" | "older" | "refunded" | "none";

export interface ReadKind {
  readonly name: string;
  /** Percent of the reads. */
  readonly share: number;
  readonly target: ReadTarget;
  /** `{id}` stands for the payment's id. */
  readonly path: string;
  /**
   * What a right answer holds, `{id}` as above. A payment of the run was captured when its answer came, so a read that
   * shows it as anything else is stale.
   */
  readonly holds: readonly string[];
}

const ID = '"id":"{id}"';
const OF_PAYMENT = '"payment_id":"{id}"';
const LIST = '"object":"list"';

// biome-ignore format: a table reads by columns
export const READ_KINDS: readonly ReadKind[] = [
  { name: "payment, recent", share: 40, target: "recent",   path: "/v1/payments/{id}",         holds: [ID, '"status":"captured"'] },
  { name: "payment, older",  share: 20, target: "older",    path: "/v1/payments/{id}",         holds: [ID, '"status":"captured"'] },
  { name: "payments",        share: 15, target: "none",     path: "/v1/payments",              holds: [LIST] },
  { name: "refunds",         share: 10, target: "refunded", path: "/v1/payments/{id}/refunds", holds: [LIST, OF_PAYMENT] },
  { name: "payment events",  share: 5,  target: "recent",   path: "/v1/payments/{id}/events",  holds: [LIST, OF_PAYMENT] },
  { name: "events",          share: 5,  target: "none",     path: "/v1/events",                holds: [LIST] },
  { name: "balances",        share: 5,  target: "none",     path: "/v1/balances",              holds: ['"object":"balances"'] },
];

/** Position by percent. */
const BY_PERCENT = READ_KINDS.flatMap(({ share }, i) => Array.from({ length: share }, () => i));
/** What is read while there is no payment of the wanted kind yet. */
const WITHOUT_TARGET = READ_KINDS.findIndex(({ name }) => name === "payments");

const SALT = 0x7ead;

/** The position in READ_KINDS of what read number `k` asks for; `hasTarget`: whether there is such a payment. */
export function readOf(k: number, hasTarget: (target: ReadTarget) => boolean): number {
  const wanted = BY_PERCENT[mix32(k ^ SALT) % BY_PERCENT.length] as number;
  return hasTarget((READ_KINDS[wanted] as ReadKind).target) ? wanted : WITHOUT_TARGET;
}
