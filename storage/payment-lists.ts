/** A merchant's payments, newest first: by id, which begins with the time of creation. */
import type { QueryResultRow } from "pg";
import { bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { MerchantId, Payment } from "../actors/domain/index.ts";
import type { Found, PaymentsCursor, ReadQuery } from "../actors/index.ts";
import { STATUS } from "./codes.ts";
import { type ReadSource, pageOf } from "./pages.ts";
import type { ReadParameter } from "./read-connection.ts";
import { PAYMENT_COLUMNS, PAYMENT_JOINS, paymentOf } from "./read-model.ts";
import type { PaymentRow } from "./read-model.ts";
import { readAll } from "./readable-payments.ts";

type PaymentsQuery = Extract<ReadQuery, { readonly name: "payments" }>;

/** No status is indexed: so many payments are looked at for one page, then it ends, however few were found. */
export const LOOKED_AT_MOST = 2_000;

const LIST = { merchant: "$1::uuid", from: "$2::uuid", below: "$3::uuid", limit: "$4::int4", shard: "$5::int2" };
const UP_TO = "$6::int8";

/**
 * `$7` and `$8`: merchant reference and status, as far as the text has them. A payment belongs to the pages if its first
 * row was written when the first of them was read; what another shard wrote came with its slot. `edge`: the last payment
 * that is looked at.
 */
function listText(byReference: boolean, byStatus: boolean): string {
  const { merchant, from, below, limit, shard } = LIST;
  const range = `merchant_id = ${merchant} AND id >= ${from} AND id < ${below}${
    byReference ? ` AND merchant_reference COLLATE "C" = $7::text` : ""
  }`;
  const status = byReference ? "$8" : "$7";
  return `
SELECT l.up_to, ${
    byStatus
      ? `(SELECT uuid_send(id) FROM payment WHERE ${range} ORDER BY id DESC OFFSET ${LOOKED_AT_MOST - 1} LIMIT 1)`
      : "NULL::bytea"
  } AS edge, found.*
  FROM (SELECT coalesce(${UP_TO}, last_seq) AS up_to FROM shard_lease) l
  LEFT JOIN LATERAL (
    SELECT ${PAYMENT_COLUMNS}
      FROM (SELECT * FROM payment WHERE ${range} ORDER BY id DESC ${byStatus ? `LIMIT ${LOOKED_AT_MOST}` : ""}) p
      ${PAYMENT_JOINS}
     WHERE (${UP_TO} IS NULL OR (SELECT origin_shard <> ${shard} OR seq <= ${UP_TO} FROM journal
                                  WHERE payment_id = p.id AND version = 1))
           ${byStatus ? `AND j.to_status = ${status}::int2` : ""}
     ORDER BY p.id DESC LIMIT ${limit} + 1) found ON true`;
}
const TEXTS = new Map(
  [false, true].flatMap((byReference) =>
    [false, true].map((byStatus) => [`${byReference} ${byStatus}`, listText(byReference, byStatus)] as const),
  ),
);

type ListRow = Omit<PaymentRow, "id"> &
  QueryResultRow & {
    /** Null: nothing was found. */
    readonly id: Buffer | null;
    readonly up_to: bigint;
    /** Null: all that there is was looked at. */
    readonly edge: Buffer | null;
  };

/** The least uuid whose time is `atMs`, Unix milliseconds. */
function leastIdAt(atMs: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUIntBE(Math.min(Math.max(Math.ceil(atMs), 0), 2 ** 48 - 1), 0, 6);
  return id;
}
const AFTER_ALL = Buffer.alloc(16, 0xff);

/** The ids that a page may hold: at least the first, below the second. */
function boundsOf({ filter, page }: PaymentsQuery): readonly [from: Buffer, below: Buffer] {
  const ends = [
    AFTER_ALL,
    ...(page.after === null ? [] : [Buffer.from(bytesOfId(page.after.id))]),
    ...(filter.createdBeforeMs === null ? [] : [leastIdAt(filter.createdBeforeMs)]),
  ];
  return [leastIdAt(filter.createdFromMs ?? 0), ends.reduce((least, end) => (least.compare(end) <= 0 ? least : end))];
}

/** One page. With a status it may hold fewer than asked for, even none, while there are more. */
export async function listPayments(
  source: ReadSource,
  merchant: MerchantId,
  query: PaymentsQuery,
): Promise<Found<Payment, PaymentsCursor>> {
  const { filter, page } = query;
  const byReference = filter.merchantReference !== null;
  const byStatus = filter.status !== null;
  const text = TEXTS.get(`${byReference} ${byStatus}`) as string;
  const values: ReadParameter[] = [
    bytesOfId(merchant),
    ...boundsOf(query),
    page.limit,
    source.shard,
    page.after === null ? null : String(page.after.upToSeq),
  ];
  if (filter.merchantReference !== null) values.push(filter.merchantReference);
  if (filter.status !== null) values.push(STATUS.code(filter.status));
  const rows = await source.connection.read<ListRow>(
    `payments${byReference ? "_of_reference" : ""}${byStatus ? "_in_status" : ""}`,
    text,
    () => values,
  );
  const found = rows.filter((row): row is ListRow & PaymentRow => row.id !== null);
  const payments = readAll(found, paymentOf, "STORAGE_UNAVAILABLE", source.log);
  const upToSeq = rows[0]?.up_to ?? 0n;
  const listed = pageOf(payments, page.limit, ({ terms: { id } }) => ({ id, upToSeq }));
  const edge = rows[0]?.edge ?? null;
  return listed.hasMore || edge === null
    ? listed
    : { ...listed, hasMore: true, next: { id: idFromBytes("pay", edge), upToSeq } };
}
