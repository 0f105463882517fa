/** Gateway accounts that operators have taken out of use, in the control database. Who did it and why stays with each. */
import type pg from "pg";
import type { GatewayStop } from "../actors/index.ts";
import type { AuditEntry } from "./audit.ts";

/** A stop as people set it. `atMs`: Unix milliseconds, by the database's clock. */
export interface GatewayStopView extends GatewayStop {
  readonly who: string;
  readonly reason: string;
  readonly atMs: number;
}

/** The rows as members of one JSON document, for the cluster's view. */
export const STOP_FIELDS = `'gateway', gateway, 'account', nullif(account, ''), 'who', who, 'reason', reason,
  'atMs', round(extract(epoch FROM set_at) * 1000)::float8`;
export const STOP_ROWS = "(SELECT * FROM gateway_stop ORDER BY gateway, account) AS g";

const STOP = `
INSERT INTO gateway_stop (gateway, account, who, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`;
const UNSTOP = "DELETE FROM gateway_stop WHERE gateway = $1 AND account = $2";

/** Takes an account out of use, or back. Returns its trace; null: it was so already, and nothing was written. */
export async function setGatewayStop(
  client: pg.ClientBase,
  { gateway, account }: GatewayStop,
  isStopped: boolean,
  { who, reason }: { readonly who: string; readonly reason: string },
): Promise<AuditEntry | null> {
  const named = [gateway, account ?? ""];
  const { rowCount } = isStopped
    ? await client.query(STOP, [...named, who, reason])
    : await client.query(UNSTOP, named);
  if (rowCount !== 1) return null;
  const words = (stopped: boolean): string => (stopped ? "disabled" : "enabled");
  const subject = account === null ? gateway : `${gateway} ${account}`;
  return {
    who,
    action: "gateway.set_use",
    subject,
    reason,
    before: words(!isStopped),
    after: words(isStopped),
  };
}
