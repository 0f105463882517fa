/** What a cluster's databases say of one payment beside its journal: its history, and what was found about it. */
import { bytesOfId } from "../../../actors/domain/index.ts";
import type { Cluster } from "./cluster.ts";

const IS_ITS = "payment_id = encode($1, 'hex')::uuid";
const valuesOf = (id: string): readonly unknown[] => [bytesOfId(id)];

/** Differences by class and state, as `D05 open`. */
export async function findingsOf(cluster: Cluster, id: string): Promise<readonly string[]> {
  const rows = await cluster.query<{ readonly found: string }>(
    `SELECT class || ' ' || state AS found FROM discrepancy WHERE ${IS_ITS} ORDER BY 1`,
    valuesOf(id),
  );
  return rows.map(({ found }) => found);
}

/** The facts of a payment in their order. */
export async function factsOf(cluster: Cluster, id: string): Promise<readonly string[]> {
  const rows = await cluster.query<{ readonly fact: string }>(
    `SELECT fact FROM payment_timeline WHERE ${IS_ITS} ORDER BY version`,
    valuesOf(id),
  );
  return rows.map(({ fact }) => fact);
}

/** Rows of the inbox about a payment by state and verdict, as `processed applied`. */
export async function noticesOf(cluster: Cluster, id: string): Promise<readonly string[]> {
  const rows = await cluster.query<{ readonly row: string }>(
    `SELECT state || ' ' || verdict AS row FROM gateway_event
      WHERE ${IS_ITS} OR operation_id IN (SELECT operation_id FROM journal WHERE ${IS_ITS}) ORDER BY 1`,
    valuesOf(id),
  );
  return rows.map(({ row }) => row);
}
