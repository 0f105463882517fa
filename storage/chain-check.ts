/** Hashes journal rows anew, from what is on disk: a row that was changed shows, whoever changed it (faults.md I7). */
import {
  hashRow,
  idFromBytes,
  type Payment,
  type Posting,
  postingsOf,
  type Transition,
} from "../actors/domain/index.ts";
import { CAPTURE_METHOD, FACT, GATEWAY, LEDGER_KIND, OPERATION_KIND, OPERATION_STATE, STATUS } from "./codes.ts";
import { type AskShards, type InvariantVerdict, NAMED_MAX } from "./invariants.ts";
import { ms } from "./read-model.ts";

/** `sample`: the payments of one part in sixteen. */
export type ChainChoice = "all" | "sample" | "none";

/** Rows that are in memory at once, about; no more than 256 parts, for a part is told by one byte of the payment's id. */
const ROWS_AT_ONCE = 20_000;
const PARTS_MAX = 256;
const SAMPLE_PARTS = 16;
const NO_HASH = new Uint8Array(32);
const BROKEN = "I7 a row's hash is not that of its columns and the row before";

const rowsOfPart = (parts: number, part: number): string => `
  SELECT uuid_send(j.payment_id) AS payment_id, uuid_send(j.merchant_id) AS merchant_id,
         uuid_send(j.operation_id) AS operation_id, j.version, j.kind, j.from_status, j.to_status, j.operation_kind,
         j.operation_state, j.authorized, j.captured, j.refunded, j.refunding, j.disputed, j.gateway_reference, j.cause,
         ${ms("j.recorded_at")} AS recorded_ms, j.data, j.reply_status, j.reply_body, j.hash, j.slot,
         j.operation_amount, j.gateway_key, j.attempt, ${ms("j.deadline_at")} AS deadline_ms,
         p.amount, p.currency, p.capture_method, p.gateway, p.gateway_account, p.merchant_reference, p.description,
         p.metadata, (SELECT json_agg(json_build_array(e.kind, e.amount::text)) FROM ledger_entry e
                       WHERE e.operation_id = j.operation_id AND e.seq = j.seq) AS postings
    FROM journal j JOIN payment p ON p.merchant_id = j.merchant_id AND p.id = j.payment_id
   WHERE get_byte(uuid_send(j.payment_id), 15) % ${parts} = ${part}
   ORDER BY j.payment_id, j.version`;

interface Row {
  readonly payment_id: Buffer;
  readonly merchant_id: Buffer;
  readonly operation_id: Buffer;
  readonly version: number;
  readonly kind: number;
  readonly from_status: number;
  readonly to_status: number;
  readonly operation_kind: number;
  readonly operation_state: number;
  readonly authorized: string;
  readonly captured: string;
  readonly refunded: string;
  readonly refunding: string;
  readonly disputed: string;
  readonly gateway_reference: string | null;
  readonly cause: string;
  readonly recorded_ms: number;
  readonly data: string | null;
  readonly reply_status: number | null;
  readonly reply_body: Buffer | null;
  readonly hash: Buffer;
  readonly slot: number;
  readonly operation_amount: string | null;
  readonly gateway_key: string | null;
  readonly attempt: number | null;
  readonly deadline_ms: number | null;
  readonly amount: string;
  readonly currency: string;
  readonly capture_method: number;
  readonly gateway: number;
  readonly gateway_account: string;
  readonly merchant_reference: string | null;
  readonly description: string | null;
  readonly metadata: string;
  readonly postings: readonly (readonly [kind: number, amount: string])[] | null;
}

/** Every row of the chosen payments. `counted`: rows. */
export async function checkChains(
  ask: AskShards,
  choice: ChainChoice,
): Promise<{ readonly counted: number; readonly verdict: InvariantVerdict }> {
  let counted = 0;
  const offenders: string[] = [];
  let found = 0;
  const total =
    choice === "none"
      ? 0
      : (await ask<{ n: number }>("SELECT count(*)::int AS n FROM journal")).reduce((sum, { n }) => sum + n, 0);
  const parts = Math.min(PARTS_MAX, Math.max(choice === "sample" ? SAMPLE_PARTS : 1, Math.ceil(total / ROWS_AT_ONCE)));
  for (let part = 0; choice !== "none" && part < (choice === "sample" ? 1 : parts); part++) {
    let before: Row | undefined;
    for (const row of await ask<Row>(rowsOfPart(parts, part))) {
      const isNext = before !== undefined && before.payment_id.equals(row.payment_id);
      const head = isNext ? (before as Row).hash : NO_HASH;
      before = row;
      counted++;
      if (Buffer.compare(hashOf(row, head), row.hash) === 0) continue;
      found++;
      if (offenders.length < NAMED_MAX) offenders.push(`${idFromBytes("pay", row.payment_id)} version ${row.version}`);
    }
  }
  return { counted, verdict: { name: BROKEN, found, offenders, isNote: false } };
}

/** Members that are not hashed are empty. */
function hashOf(row: Row, chainHead: Uint8Array): Uint8Array {
  const payment: Payment = {
    terms: {
      id: idFromBytes("pay", row.payment_id),
      merchantId: idFromBytes("mer", row.merchant_id),
      slot: row.slot,
      amountMinor: BigInt(row.amount),
      currency: row.currency,
      captureMethod: CAPTURE_METHOD.word(row.capture_method),
      gateway: GATEWAY.word(row.gateway),
      gatewayAccount: row.gateway_account,
      merchantReference: row.merchant_reference,
      description: row.description,
      metadataJson: row.metadata,
      createdAtMs: 0,
    },
    status: STATUS.word(row.to_status),
    version: row.version,
    authorizedMinor: BigInt(row.authorized),
    capturedMinor: BigInt(row.captured),
    refundedMinor: BigInt(row.refunded),
    refundingMinor: BigInt(row.refunding),
    disputedMinor: BigInt(row.disputed),
    gatewayReference: row.gateway_reference,
    operation: {
      id: idFromBytes("op", row.operation_id),
      kind: OPERATION_KIND.word(row.operation_kind),
      state: OPERATION_STATE.word(row.operation_state),
      amountMinor: BigInt(row.operation_amount ?? 0),
      gatewayKey: row.gateway_key ?? "",
      attempt: row.attempt ?? 0,
      submittedAtMs: 0,
      deadlineAtMs: row.deadline_ms ?? 0,
      reference: null,
      pendingReason: null,
      needsReview: false,
      failure: null,
      note: null,
    },
    cancel: null,
    dispute: null,
    failure: null,
    updatedAtMs: 0,
    chainHead,
  };
  const fact = FACT.word(row.kind);
  const transition: Transition = { fact, fromStatus: STATUS.word(row.from_status), payment, postings: postingsIn(row) };
  const { reply_status: status, reply_body: body } = row;
  return hashRow(transition, {
    cause: row.cause,
    recordedAtMs: row.recorded_ms,
    data: row.data,
    reply: status === null || body === null ? null : { status, body },
  });
}

/** In the order in which the fact makes them. */
function postingsIn(row: Row): readonly Posting[] {
  const order = postingsOf(FACT.word(row.kind), { heldMinor: 1n, amountMinor: 1n }).map(({ kind }) => kind);
  const postings = (row.postings ?? []).map(([code, amount]) => {
    const kind = LEDGER_KIND.word(code);
    return { kind, debit: "suspense", credit: "suspense", amountMinor: BigInt(amount) } as const; // accounts: not hashed
  });
  return postings.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
