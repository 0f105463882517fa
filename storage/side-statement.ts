/** Writes rows beside the journal: with a commit, or alone. The rules are those of `side-rows.ts`. */
import { bytesOfId } from "../actors/domain/index.ts";
import type { Lease, NoticeRow, SideRows } from "../actors/index.ts";
import { column } from "./binary-arrays.ts";
import type { Column, Scratch } from "./binary-arrays.ts";
import { GATEWAY } from "./codes.ts";
import { renewingStatement, writeOf } from "./renewing-statement.ts";
import type { Write } from "./renewing-statement.ts";
import { type FindingRow, type MergedSide, type Resolution, mergeSides } from "./side-rows.ts";
import type { Statement } from "./transaction.ts";

const idBytes = (id: string | null): Uint8Array | null => (id === null ? null : bytesOfId(id));

const NOTICE: readonly Column<NoticeRow>[] = [
  column("received_at", "timestamptz", (r) => r.receivedAtMs),
  column("next_try_at", "timestamptz", (r) => r.nextTryAtMs),
  column("tries", "int4", (r) => r.tries),
  column("gateway", "int2", (r) => GATEWAY.code(r.notice.gateway)),
  column("slot", "int2", (r) => r.slot),
  column("payment_id", "uuid", (r) => idBytes(r.paymentId)),
  column("operation_id", "uuid", (r) => idBytes(r.notice.operationId)),
  column("body_hash", "bytea", (r) => Buffer.from(r.notice.bodyHash, "hex")),
  column("dedupe_key", "text", (r) => r.notice.dedupeKey),
  column("type", "text", (r) => r.notice.type),
  column("state", "text", (r) => r.state),
  column("verdict", "text", (r) => r.verdict),
  column("notice", "text", (r) => JSON.stringify(r.notice)),
];
const FINDING: readonly Column<FindingRow>[] = [
  column("first_seen_at", "timestamptz", (r) => r.finding.firstSeenAtMs),
  column("resolved_at", "timestamptz", (r) => r.resolved?.atMs ?? null),
  column("slot", "int2", (r) => r.finding.slot),
  column("payment_id", "uuid", (r) => idBytes(r.finding.paymentId)),
  column("operation_id", "uuid", (r) => idBytes(r.finding.operationId)),
  column("class", "text", (r) => r.finding.class),
  column("state", "text", (r) => (r.resolved === null ? "open" : "resolved")),
  column("dedupe_key", "text", (r) => r.finding.dedupeKey),
  column("expected", "text", (r) => r.finding.expected),
  column("observed", "text", (r) => r.finding.observed),
  column("evidence", "text", (r) => r.finding.evidence),
  column("suggested_action", "text", (r) => r.finding.suggestedAction),
  column("resolved_by", "text", (r) => r.resolved?.by ?? null),
];
const RESOLUTION: readonly Column<Resolution>[] = [
  column("at", "timestamptz", (r) => r.atMs),
  column("dedupe_key", "text", (r) => r.dedupeKey),
  column("by", "text", (r) => r.by),
];
const namesOf = (columns: readonly { readonly name: string }[]): string => columns.map(({ name }) => name).join(", ");

/** Names a row and its content. */
const KEY = ["gateway", "dedupe_key", "body_hash"];
/** What may change of a row. */
const DECIDED = ["slot", "payment_id", "operation_id", "notice", "state", "verdict", "tries", "next_try_at"];
const PROCESSED_AT = "CASE r.state WHEN 'processed' THEN clock_timestamp() END";

/** All writes of side rows, in one statement: each sees the tables as they were before it. */
export const SIDE_WRITES: readonly Write<MergedSide>[] = [
  writeOf(
    NOTICE,
    ({ notices }) => notices,
    (rows) => `
  INSERT INTO gateway_event (${namesOf(NOTICE)}, processed_at)
  SELECT ${namesOf(NOTICE)}, ${PROCESSED_AT} FROM ${rows}
  ON CONFLICT (gateway, dedupe_key) DO NOTHING`,
  ),
  writeOf(
    NOTICE.filter(({ name }) => KEY.includes(name) || DECIDED.includes(name)),
    ({ decided }) => decided,
    (rows) => `
  UPDATE gateway_event g SET ${DECIDED.map((name) => `${name} = r.${name}`).join(", ")}, processed_at = ${PROCESSED_AT}
    FROM ${rows}
   WHERE ${KEY.map((name) => `g.${name} = r.${name}`).join(" AND ")} AND g.state <> 'processed'`,
  ),
  writeOf(
    FINDING,
    ({ findings }) => findings,
    (rows) => `
  INSERT INTO discrepancy (${namesOf(FINDING)}) SELECT ${namesOf(FINDING)} FROM ${rows}
  ON CONFLICT (dedupe_key) DO NOTHING`,
  ),
  writeOf(
    RESOLUTION,
    ({ resolved }) => resolved,
    (rows) => `
  UPDATE discrepancy d SET state = 'resolved', resolved_at = r.at, resolved_by = r.by FROM ${rows}
   WHERE d.dedupe_key = r.dedupe_key AND d.state = 'open'`,
  ),
];

const saveMerged = renewingStatement("save_side", SIDE_WRITES);

export const saveSideStatement = (lease: Lease, rows: SideRows, scratch: Scratch): Statement =>
  saveMerged(lease, mergeSides([rows]), scratch);
