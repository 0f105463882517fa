/** Looks up rows of the inbox. */
import type { QueryResultRow } from "pg";
import { idFromBytes } from "../actors/domain/index.ts";
import { PaymentClusterError, WAITING_NOTICES_MAX } from "../actors/index.ts";
import type { GatewayNotice, Log, NoticeKey, NoticeRow, NoticeState, NoticeVerdict } from "../actors/index.ts";
import { column, columnArray } from "./binary-arrays.ts";
import { GATEWAY } from "./codes.ts";
import type { Connection } from "./connection.ts";
import type { ReadSource } from "./pages.ts";
import type { ReadConnection } from "./read-connection.ts";
import { ms } from "./read-model.ts";

const COLUMNS = `
  g.dedupe_key, g.notice, g.state, g.verdict, g.slot, uuid_send(g.payment_id) AS payment_id, g.tries,
  ${ms("g.received_at")} AS received_ms, ${ms("g.next_try_at")} AS next_try_ms`;

interface StoredNotice extends QueryResultRow {
  readonly dedupe_key: string;
  readonly notice: string;
  readonly state: NoticeState;
  readonly verdict: NoticeVerdict;
  readonly slot: number;
  readonly payment_id: Buffer | null;
  readonly tries: number;
  readonly received_ms: number;
  readonly next_try_ms: number | null;
}

const GATEWAY_CODE = column<NoticeKey, "int2">("gateway", "int2", (key) => GATEWAY.code(key.gateway));
const DEDUPE_KEY = column<NoticeKey, "text">("dedupe_key", "text", (key) => key.dedupeKey);
const FIND_NOTICES = `
SELECT k.ordinal, ${COLUMNS}
  FROM unnest($1::int2[], $2::text[]) WITH ORDINALITY AS k(gateway, dedupe_key, ordinal)
  JOIN gateway_event g ON g.gateway = k.gateway AND g.dedupe_key = k.dedupe_key`;

/** What is due; the rows of the partial index gateway_event_waiting, in its order. */
export const WAITING = `
SELECT ${COLUMNS} FROM gateway_event g
 WHERE g.next_try_at IS NOT NULL AND g.next_try_at < $1::timestamptz
 ORDER BY g.next_try_at, g.gateway, g.dedupe_key LIMIT $2::int4`;

/** Written by us, so its shape is trusted. Throws on text that is no JSON: that was written by hand. */
const noticeOf = (row: StoredNotice): NoticeRow => ({
  notice: JSON.parse(row.notice) as GatewayNotice,
  state: row.state,
  verdict: row.verdict,
  slot: row.slot,
  paymentId: row.payment_id === null ? null : idFromBytes("pay", row.payment_id),
  receivedAtMs: row.received_ms,
  tries: row.tries,
  nextTryAtMs: row.next_try_ms,
});

/** Rows that cannot be read are named in the log and left out: they stay where they are, for people. */
function readable(rows: readonly StoredNotice[], log: Log): readonly NoticeRow[] {
  return rows.flatMap((row) => {
    try {
      return [noticeOf(row)];
    } catch {
      log.error({ notice: row.dedupe_key }, "a stored notice cannot be read by this release");
      return [];
    }
  });
}

/** As ShardStore.findNotices. Throws STORAGE_UNAVAILABLE for a row that cannot be read: it would seem new. */
export async function findNotices(
  connection: ReadConnection,
  keys: readonly NoticeKey[],
): Promise<readonly (NoticeRow | undefined)[]> {
  if (keys.length === 0) return [];
  const hits = await connection.read<StoredNotice & { readonly ordinal: bigint }>("find_notices", FIND_NOTICES, (s) => [
    columnArray(GATEWAY_CODE, keys, s),
    columnArray(DEDUPE_KEY, keys, s),
  ]);
  const found: (NoticeRow | undefined)[] = keys.map(() => undefined);
  try {
    for (const hit of hits) found[Number(hit.ordinal) - 1] = noticeOf(hit);
  } catch {
    throw new PaymentClusterError("STORAGE_UNAVAILABLE", "a stored notice cannot be read by this release");
  }
  return found;
}

/** As ShardStore.findWaitingNotices. */
export async function findWaitingNotices(
  { connection, log }: ReadSource,
  beforeMs: number,
  limit: number,
): Promise<readonly NoticeRow[]> {
  const before = new Date(beforeMs).toISOString();
  return readable(await connection.read<StoredNotice>("waiting_notices", WAITING, () => [before, limit]), log);
}

/** Those that an activation takes along. */
export async function loadWaitingNotices(connection: Connection, log: Log): Promise<readonly NoticeRow[]> {
  return readable((await connection.query<StoredNotice>(WAITING, ["infinity", WAITING_NOTICES_MAX])).rows, log);
}
