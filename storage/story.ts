/** Reads a payment's story from its shard's database (see `story-types.ts`), and finds the payment that an id leads to. */
import { idFromBytes, type OperationId, type PaymentId, parseId, type RefundId } from "../actors/domain/index.ts";
import { IS_LATER, ms } from "./read-model.ts";
import { type AskShard, unlessTooLong } from "./snapshot.ts";
import {
  type JournalRow,
  readJournal,
  readNotes,
  storyOperationsOf,
  storyPaymentOf,
  storyRowOf,
  uuidOf,
} from "./story-rows.ts";
import { readEntries, readEvents, readFindings, readNotices, readRequests } from "./story-side.ts";
import type { PaymentStory, StoryOwner } from "./story-types.ts";

/** What leads to a payment. */
export type StoryId = PaymentId | RefundId | OperationId;

/** The payment that an id leads to. `slotState`: what this shard says of its slot; the one that owns it has the newest. */
export interface FoundPayment {
  readonly paymentId: PaymentId;
  readonly slotState: string | null;
}
interface FoundRow {
  readonly payment_id: Buffer;
  readonly slot_state: string | null;
}

/** A payment's first operation has its uuid; those of earlier releases did not, and are found by what they booked. */
const OF_OPERATION = `
  UNION ALL (SELECT payment_id, slot FROM journal WHERE ${IS_LATER} AND operation_id = $1::uuid LIMIT 1)
  UNION ALL (SELECT payment_id, slot FROM ledger_entry WHERE operation_id = $1::uuid LIMIT 1)`;
const found = (others: string): string => `
SELECT uuid_send(f.payment_id) AS payment_id, (SELECT state FROM shard_slot s WHERE s.slot = f.slot) AS slot_state
  FROM ((SELECT payment_id, slot FROM journal WHERE payment_id = $1::uuid AND version = 1) ${others}) f LIMIT 1`;

/** Undefined: this shard knows nothing of it. */
export async function findPaymentOf(ask: AskShard, id: StoryId): Promise<FoundPayment | undefined> {
  const isPayment = parseId("pay", id) !== undefined;
  const [row] = await ask<FoundRow>(found(isPayment ? "" : OF_OPERATION), [uuidOf(id)]);
  if (row === undefined) return undefined;
  return { paymentId: idFromBytes("pay", row.payment_id), slotState: row.slot_state };
}

interface OwnerRow {
  readonly epoch: string;
  readonly started_ms: number | null;
  readonly node: string;
  readonly process: string;
  readonly released: boolean;
  readonly renewed_ms: number;
  readonly slot_state: string | null;
  readonly now_ms: number;
}
const OWNER = `
SELECT l.epoch::text, ${ms("e.started_at")} AS started_ms, l.node, l.process, l.released, ${ms("l.renewed_at")} AS renewed_ms,
       (SELECT state FROM shard_slot WHERE slot = $1::int2) AS slot_state, ${ms("clock_timestamp()")} AS now_ms
  FROM shard_lease l LEFT JOIN shard_epoch e ON e.epoch = l.epoch`;

/**
 * Everything that the shard's database knows of the payment; null: it knows none of that id. `ask` sees one moment (see
 * `withSnapshot`). `shard`: whose database it is, so that rows of another origin are not said to be of this shard's nodes;
 * null: unknown. Throws what the database says, and on words that this release does not know.
 */
export async function readStory(
  ask: AskShard,
  paymentId: PaymentId,
  shard: number | null = null,
): Promise<PaymentStory | null> {
  const raw = await readJournal(ask, paymentId, shard);
  const newest = raw.at(-1);
  if (newest === undefined) return null;
  const rows = raw.map(storyRowOf);
  const operations = storyOperationsOf(raw, rows, await readNotes(ask, paymentId));
  const ids = [...new Set(rows.map(({ operationId }) => operationId))];
  const merchantId = idFromBytes("mer", newest.merchant_id);
  const replies = new Map(
    rows.flatMap(({ operationId, replyStatus }) => (replyStatus === null ? [] : [[operationId, replyStatus] as const])),
  );
  const { slotState, readAtMs, owner } = await readOwner(ask, newest);
  return {
    id: paymentId,
    merchantId,
    slot: newest.slot,
    slotState,
    readAtMs,
    payment: storyPaymentOf(newest),
    owner,
    rows,
    rowsLeftOut: newest.newest_version - rows.length,
    operations,
    requests: await readRequests(ask, { merchantId, paymentId }, keysOf(newest, rows), replies),
    entries: await readEntries(ask, ids),
    events: await readEvents(ask, paymentId),
    notices: await unlessTooLong(ask, () => readNotices(ask, paymentId, ids)),
    findings: await unlessTooLong(ask, () => readFindings(ask, paymentId, ids)),
  };
}

const keysOf = ({ idempotency_key: first }: JournalRow, rows: PaymentStory["rows"]): readonly string[] => [
  ...new Set([first, ...rows.flatMap(({ said }) => said.key ?? [])]),
];

async function readOwner(
  ask: AskShard,
  { slot }: JournalRow,
): Promise<Pick<PaymentStory, "slotState" | "readAtMs"> & { readonly owner: StoryOwner }> {
  const [row] = await ask<OwnerRow>(OWNER, [slot]);
  if (row === undefined) throw new Error("the shard has no lease row");
  return {
    slotState: row.slot_state,
    readAtMs: row.now_ms,
    owner: {
      epoch: row.epoch,
      epochStartedAtMs: row.started_ms,
      node: row.node,
      process: row.process,
      isReleased: row.released,
      renewedAtMs: row.renewed_ms,
    },
  };
}
