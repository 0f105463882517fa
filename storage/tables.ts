/**
 * The insert-only tables of a commit as data: each column with its type and where a decision has its value. The
 * statement text and the parameters of `commit-statement.ts` come from here.
 */
import { bytesOfId, SUBMITTING } from "../actors/domain/index.ts";
import type { Posting } from "../actors/domain/index.ts";
import { PaymentClusterError } from "../actors/index.ts";
import type { Decision, DecisionBatch, KeyRow } from "../actors/index.ts";
import { column } from "./binary-arrays.ts";
import type { Column } from "./binary-arrays.ts";
import {
  CAPTURE_METHOD,
  FACT,
  GATEWAY,
  LEDGER_ACCOUNT,
  LEDGER_KIND,
  OPERATION_KIND,
  OPERATION_STATE,
  STATUS,
} from "./codes.ts";
import type { RowTypeName } from "./row-types.ts";

/** A decision with its place in the journal and its ids as bytes, decoded once for all columns. */
export interface JournalRow {
  readonly seq: bigint;
  readonly decision: Decision;
  readonly paymentId: Uint8Array;
  readonly merchantId: Uint8Array;
  readonly operationId: Uint8Array;
  /** The row that submits an operation carries what its later tries need. */
  readonly submits: boolean;
}
/** The row of a request's key. */
interface KeyedRow {
  readonly of: JournalRow;
  readonly keyRow: KeyRow;
}
/** The row of a payment: of its first request. */
interface AcceptedRow extends KeyedRow {
  readonly sealed: Uint8Array;
}
interface PostingRow {
  readonly of: JournalRow;
  readonly posting: Posting;
}

/** Rows of one batch, table by table. */
export interface BatchRows {
  readonly journal: readonly JournalRow[];
  readonly accepted: readonly AcceptedRow[];
  readonly keyed: readonly KeyedRow[];
  readonly postings: readonly PostingRow[];
}

/** A gateway key's bytes. */
function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll("-", ""), "hex");
}

/** The rows that a batch becomes; seq continues from `firstSeq`. Throws when a payment is accepted that nobody asked for. */
export function rowsOf(batch: DecisionBatch): BatchRows {
  const journal: JournalRow[] = [];
  const accepted: AcceptedRow[] = [];
  const keyed: KeyedRow[] = [];
  const postings: PostingRow[] = [];
  let seq = batch.firstSeq;
  for (const decision of batch.decisions) {
    const { payment, entry, keyRow } = decision;
    const row: JournalRow = {
      seq: seq++,
      decision,
      paymentId: bytesOfId(payment.terms.id),
      merchantId: bytesOfId(payment.terms.merchantId),
      operationId: bytesOfId(payment.operation.id),
      submits: SUBMITTING.has(entry.fact),
    };
    journal.push(row);
    if (keyRow !== null) keyed.push({ of: row, keyRow });
    if (decision.accepted !== null) {
      if (keyRow === null) throw new PaymentClusterError("INVARIANT_BROKEN", "a payment is accepted without a key");
      accepted.push({ of: row, keyRow, sealed: decision.accepted.sealed });
    }
    for (const posting of decision.postings) postings.push({ of: row, posting });
  }
  return { journal, accepted, keyed, postings };
}

const PAYMENT: readonly Column<AcceptedRow>[] = [
  column("amount", "int8", (r) => r.of.decision.payment.terms.amountMinor),
  column("created_at", "timestamptz", (r) => r.of.decision.payment.terms.createdAtMs),
  column("slot", "int2", (r) => r.of.decision.payment.terms.slot),
  column("capture_method", "int2", (r) => CAPTURE_METHOD.code(r.of.decision.payment.terms.captureMethod)),
  column("gateway", "int2", (r) => GATEWAY.code(r.of.decision.payment.terms.gateway)),
  column("merchant_id", "uuid", (r) => r.of.merchantId),
  column("id", "uuid", (r) => r.of.paymentId),
  column("currency", "text", (r) => r.of.decision.payment.terms.currency),
  column("gateway_account", "text", (r) => r.of.decision.payment.terms.gatewayAccount),
  column("idempotency_key", "text", (r) => r.keyRow.key),
  column("merchant_reference", "text", (r) => r.of.decision.payment.terms.merchantReference),
  column("description", "text", (r) => r.of.decision.payment.terms.description),
  column("metadata", "text", (r) => r.of.decision.payment.terms.metadataJson),
  column("sealed", "bytea", (r) => r.sealed),
];

const IDEMPOTENCY: readonly Column<KeyedRow>[] = [
  column("slot", "int2", (r) => r.of.decision.payment.terms.slot),
  column("merchant_id", "uuid", (r) => r.of.merchantId),
  column("payment_id", "uuid", (r) => r.of.paymentId),
  column("operation_id", "uuid", (r) => r.of.operationId),
  column("key", "text", (r) => r.keyRow.key),
  column("route", "text", (r) => r.keyRow.route),
  column("fingerprint", "bytea", (r) => r.keyRow.fingerprint),
];

const JOURNAL: readonly Column<JournalRow>[] = [
  column("seq", "int8", (r) => r.seq),
  column("recorded_at", "timestamptz", (r) => r.decision.entry.recordedAtMs),
  column("amount", "int8", (r) => r.decision.payment.terms.amountMinor),
  column("authorized", "int8", (r) => r.decision.payment.authorizedMinor),
  column("captured", "int8", (r) => r.decision.payment.capturedMinor),
  column("refunded", "int8", (r) => r.decision.payment.refundedMinor),
  column("refunding", "int8", (r) => r.decision.payment.refundingMinor),
  column("disputed", "int8", (r) => r.decision.payment.disputedMinor),
  column("operation_amount", "int8", (r) => (r.submits ? r.decision.payment.operation.amountMinor : null)),
  column("deadline_at", "timestamptz", (r) => (r.submits ? r.decision.payment.operation.deadlineAtMs : null)),
  column("version", "int4", (r) => r.decision.payment.version),
  column("attempt", "int4", (r) => (r.submits ? r.decision.payment.operation.attempt : null)),
  column("slot", "int2", (r) => r.decision.payment.terms.slot),
  column("kind", "int2", (r) => FACT.code(r.decision.entry.fact)),
  column("from_status", "int2", (r) => STATUS.code(r.decision.entry.fromStatus)),
  column("to_status", "int2", (r) => STATUS.code(r.decision.payment.status)),
  column("operation_kind", "int2", (r) => OPERATION_KIND.code(r.decision.payment.operation.kind)),
  column("operation_state", "int2", (r) => OPERATION_STATE.code(r.decision.payment.operation.state)),
  column("reply_status", "int2", (r) => r.decision.entry.reply?.status ?? null),
  column("payment_id", "uuid", (r) => r.paymentId),
  column("merchant_id", "uuid", (r) => r.merchantId),
  column("operation_id", "uuid", (r) => r.operationId),
  column("gateway_key", "uuid", (r) => (r.submits ? uuidBytes(r.decision.payment.operation.gatewayKey) : null)),
  column("hash", "bytea", (r) => r.decision.entry.hash),
  column("cause", "text", (r) => r.decision.entry.cause),
  column("gateway_reference", "text", (r) => r.decision.payment.gatewayReference),
  column("data", "text", (r) => r.decision.entry.data),
  column("reply_body", "bytea", (r) => r.decision.entry.reply?.body ?? null),
];

const LEDGER_ENTRY: readonly Column<PostingRow>[] = [
  column("amount", "int8", (r) => r.posting.amountMinor),
  column("seq", "int8", (r) => r.of.seq),
  column("slot", "int2", (r) => r.of.decision.payment.terms.slot),
  column("kind", "int2", (r) => LEDGER_KIND.code(r.posting.kind)),
  column("debit", "int2", (r) => LEDGER_ACCOUNT.code(r.posting.debit)),
  column("credit", "int2", (r) => LEDGER_ACCOUNT.code(r.posting.credit)),
  column("gateway", "int2", (r) => GATEWAY.code(r.of.decision.payment.terms.gateway)),
  column("operation_id", "uuid", (r) => r.of.operationId),
  column("payment_id", "uuid", (r) => r.of.paymentId),
  column("merchant_id", "uuid", (r) => r.of.merchantId),
  column("currency", "text", (r) => r.of.decision.payment.terms.currency),
];

/** A table, its columns, and which rows of a batch are for it. `constants`: columns equal in all rows of a commit. */
export interface TableInsert<Row> {
  readonly table: string;
  readonly rowType: RowTypeName;
  readonly columns: readonly Column<Row>[];
  readonly constants: readonly { readonly name: string; readonly of: "epoch" | "shard" }[];
  rowsOf(rows: BatchRows): readonly Row[];
}

const JOURNAL_CONSTANTS = [
  { name: "epoch", of: "epoch" },
  { name: "origin_shard", of: "shard" },
] as const;

/** Every table that a commit inserts into; only the journal is part of each. */
export const INSERTS: {
  readonly journal: TableInsert<JournalRow>;
  readonly payment: TableInsert<AcceptedRow>;
  readonly idempotency: TableInsert<KeyedRow>;
  readonly ledgerEntry: TableInsert<PostingRow>;
} = {
  journal: {
    table: "journal",
    rowType: "journal_row_2",
    columns: JOURNAL,
    constants: JOURNAL_CONSTANTS,
    rowsOf: (rows) => rows.journal,
  },
  payment: {
    table: "payment",
    rowType: "payment_row",
    columns: PAYMENT,
    constants: [],
    rowsOf: (rows) => rows.accepted,
  },
  idempotency: {
    table: "idempotency",
    rowType: "idempotency_row",
    columns: IDEMPOTENCY,
    constants: [],
    rowsOf: (rows) => rows.keyed,
  },
  ledgerEntry: {
    table: "ledger_entry",
    rowType: "ledger_entry_row",
    columns: LEDGER_ENTRY,
    constants: [],
    rowsOf: (rows) => rows.postings,
  },
};
