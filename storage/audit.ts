/** The audit trail of the control database: who changed what and why, each row chained to the one before it. */
import { sha256 } from "../actors/domain/index.ts";
import type pg from "pg";

export interface AuditEntry {
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly reason?: string;
  readonly before?: string;
  readonly after?: string;
}
interface AuditRow {
  readonly id: string;
  readonly at: string;
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly previous: Buffer;
  readonly hash: Buffer;
}

/** One writer at a time; released with the transaction. */
const AUDIT_LOCK = 7_290_116;
const COLUMNS =
  "id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at, who, action, subject, reason, before, after, previous, hash";

function hashOf(row: Omit<AuditRow, "hash">): Buffer {
  const text = JSON.stringify([row.id, row.at, row.who, row.action, row.subject, row.reason, row.before, row.after]);
  return Buffer.from(sha256(Buffer.concat([row.previous, Buffer.from(text, "utf8")])));
}

/** Appends an entry. Inside a transaction of the caller's: the change and its trace are one. */
export async function appendAudit(client: pg.ClientBase, entry: AuditEntry): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock($1)", [AUDIT_LOCK]);
  const newest = await client.query<AuditRow>(`SELECT ${COLUMNS} FROM audit ORDER BY id DESC LIMIT 1`);
  const last = newest.rows[0];
  const now = await client.query<{ now_ms: number }>(
    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms",
  );
  const row = {
    id: String(BigInt(last?.id ?? 0) + 1n),
    at: new Date(now.rows[0]?.now_ms ?? 0).toISOString(),
    who: entry.who,
    action: entry.action,
    subject: entry.subject,
    reason: entry.reason ?? null,
    before: entry.before ?? null,
    after: entry.after ?? null,
    previous: last?.hash ?? Buffer.alloc(32),
  };
  await client.query("INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", [
    ...Object.values(row),
    hashOf(row),
  ]);
}

/** The id of the first row that does not fit its chain, or undefined when all do. */
export async function findBrokenAudit(client: pg.ClientBase): Promise<bigint | undefined> {
  const { rows } = await client.query<AuditRow>(`SELECT ${COLUMNS} FROM audit ORDER BY id`);
  let previous = Buffer.alloc(32);
  for (const [i, row] of rows.entries()) {
    const follows = BigInt(row.id) === BigInt(i + 1) && row.previous.equals(previous);
    if (!follows || !hashOf(row).equals(row.hash)) return BigInt(row.id);
    previous = Buffer.from(row.hash);
  }
  return undefined;
}
