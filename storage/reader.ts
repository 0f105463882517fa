/** Looks up keys, payments and the epoch, many at once: what stands in the way of requests. */
import type { QueryResultRow } from "pg";
import { bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { MerchantId, Payment, PaymentId } from "../actors/domain/index.ts";
import { PaymentClusterError } from "../actors/index.ts";
import type { FoundKey, KeyRow, Log, MerchantKey } from "../actors/index.ts";
import { column, columnArray } from "./binary-arrays.ts";
import type { ReadConnection } from "./read-connection.ts";
import { PAYMENT_COLUMNS, PAYMENT_JOINS, replyOf } from "./read-model.ts";
import type { PaymentRow } from "./read-model.ts";
import { readEachPayment } from "./readable-payments.ts";

interface PaymentQuestion {
  readonly merchantId: MerchantId;
  readonly id: PaymentId;
}

const KEY_MERCHANT = column<MerchantKey, "uuid">("merchant_id", "uuid", (q) => bytesOfId(q.merchantId));
const KEY_TEXT = column<MerchantKey, "text">("key", "text", (q) => q.key);
const PAYMENT_MERCHANT = column<PaymentQuestion, "uuid">("merchant_id", "uuid", (q) => bytesOfId(q.merchantId));
const PAYMENT_ID = column<PaymentQuestion, "uuid">("id", "uuid", (q) => bytesOfId(q.id));

/** Nearly every key is new, so this says "nothing" at the price of the index alone; what it finds is loaded after it. */
const FIND_KEYS = `
SELECT k.ordinal, i.route, i.fingerprint, uuid_send(i.payment_id) AS payment_id, uuid_send(i.operation_id) AS operation_id,
       i.of_endpoint
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(merchant_id, key, ordinal)
  JOIN idempotency i ON i.merchant_id = k.merchant_id AND i.key = k.key`;
interface KeyHit extends QueryResultRow {
  readonly ordinal: bigint;
  readonly route: string;
  readonly fingerprint: Buffer;
  readonly payment_id: Buffer;
  readonly operation_id: Buffer;
  /** Set when the key made an endpoint, whose uuid stands in place of the others. */
  readonly of_endpoint: boolean | null;
}

/** By the primary key, so that a page begins where the last one ended. */
const SCAN_KEYS = `
SELECT uuid_send(merchant_id) AS merchant_id, key FROM idempotency
 WHERE (merchant_id, key) > ($1::uuid, $2::text) ORDER BY merchant_id, key LIMIT $3::int4`;
interface ScannedKey extends QueryResultRow {
  readonly merchant_id: Buffer;
  readonly key: string;
}
const NO_MERCHANT = Buffer.alloc(16);

const FIND_PAYMENTS = `
SELECT k.ordinal, ${PAYMENT_COLUMNS}
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k(merchant_id, id, ordinal)
  JOIN payment p ON p.merchant_id = k.merchant_id AND p.id = k.id ${PAYMENT_JOINS}`;
type PaymentHit = PaymentRow & QueryResultRow & { readonly ordinal: bigint };

/** The answer stored for an operation: it is made once. A later one's is found by its index. */
const FIND_REPLIES = `
SELECT k.ordinal, r.reply_status, r.reply_body
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k(payment_id, operation_id, ordinal)
 CROSS JOIN LATERAL (${replyOf("k")}) r`;
interface ReplyHit extends QueryResultRow {
  readonly ordinal: bigint;
  readonly reply_status: number;
  readonly reply_body: Buffer;
}
const REPLY_PAYMENT = column<KeyHit, "uuid">("payment_id", "uuid", (hit) => hit.payment_id);
const REPLY_OPERATION = column<KeyHit, "uuid">("operation_id", "uuid", (hit) => hit.operation_id);

const keyRowOf = ({ merchantId, key }: MerchantKey, hit: KeyHit): KeyRow => ({
  merchantId,
  key,
  route: hit.route,
  fingerprint: hit.fingerprint,
  paymentId: idFromBytes("pay", hit.payment_id),
  operationId: idFromBytes("op", hit.operation_id),
});

export class Reader {
  readonly #connection: ReadConnection;
  readonly #log: Log;

  constructor(connection: ReadConnection, log: Log) {
    this.#connection = connection;
    this.#log = log;
  }

  /** As ShardStore.findKeys. */
  async findKeys(questions: readonly MerchantKey[]): Promise<readonly (FoundKey | undefined)[]> {
    if (questions.length === 0) return [];
    const hits = await this.#connection.read<KeyHit>("find_keys", FIND_KEYS, (s) => [
      columnArray(KEY_MERCHANT, questions, s),
      columnArray(KEY_TEXT, questions, s),
    ]);
    const found: (FoundKey | undefined)[] = questions.map(() => undefined);
    const askedFor = (hit: KeyHit): MerchantKey => questions[Number(hit.ordinal) - 1] as MerchantKey;
    const set = (hit: KeyHit, rest: Pick<FoundKey, "reply" | "payment">): void => {
      found[Number(hit.ordinal) - 1] = { row: keyRowOf(askedFor(hit), hit), ...rest };
    };
    for (const hit of hits) if (hit.of_endpoint !== null) set(hit, { reply: null, payment: null });
    const ofPayments = hits.filter(({ of_endpoint }) => of_endpoint === null);
    const described = await this.#describe(ofPayments, askedFor);
    for (const [i, hit] of ofPayments.entries()) set(hit, described[i] as (typeof described)[number]);
    return found;
  }

  /** The payments and stored answers of keys. Throws when a payment is missing. */
  async #describe(
    hits: readonly KeyHit[],
    askedFor: (hit: KeyHit) => MerchantKey,
  ): Promise<readonly Pick<FoundKey, "reply" | "payment">[]> {
    if (hits.length === 0) return [];
    const [payments, replies] = await Promise.all([
      this.findPayments(
        hits.map((hit) => ({ merchantId: askedFor(hit).merchantId, id: idFromBytes("pay", hit.payment_id) })),
      ),
      this.#connection.read<ReplyHit>("find_replies", FIND_REPLIES, (s) => [
        columnArray(REPLY_PAYMENT, hits, s),
        columnArray(REPLY_OPERATION, hits, s),
      ]),
    ]);
    const stored = new Map(replies.map((r) => [Number(r.ordinal) - 1, { status: r.reply_status, body: r.reply_body }]));
    return hits.map((_, i) => {
      const payment = payments[i];
      if (payment === undefined) throw new PaymentClusterError("INVARIANT_BROKEN", "a key row has no payment");
      return { reply: stored.get(i) ?? null, payment };
    });
  }

  /** As ShardStore.scanKeys. */
  async scanKeys(after: MerchantKey | null, limit: number): Promise<readonly MerchantKey[]> {
    const rows = await this.#connection.read<ScannedKey>("scan_keys", SCAN_KEYS, () => {
      const most = Buffer.alloc(4);
      most.writeInt32BE(limit);
      const merchant = after === null ? NO_MERCHANT : Buffer.from(bytesOfId(after.merchantId));
      return [merchant, Buffer.from(after?.key ?? "", "utf8"), most];
    });
    return rows.map((row) => ({ merchantId: idFromBytes("mer", row.merchant_id), key: row.key }));
  }

  /** As ShardStore.findPayments. */
  async findPayments(questions: readonly PaymentQuestion[]): Promise<readonly (Payment | null | undefined)[]> {
    if (questions.length === 0) return [];
    const hits = await this.#connection.read<PaymentHit>("find_payments", FIND_PAYMENTS, (s) => [
      columnArray(PAYMENT_MERCHANT, questions, s),
      columnArray(PAYMENT_ID, questions, s),
    ]);
    const found: (Payment | null | undefined)[] = questions.map(() => undefined);
    const payments = readEachPayment(hits, this.#log);
    for (const [i, hit] of hits.entries()) found[Number(hit.ordinal) - 1] = payments[i];
    return found;
  }

  /** The epoch of the lease row as it is now. */
  async epoch(): Promise<bigint> {
    const rows = await this.#connection.read<{ epoch: bigint }>(
      "read_epoch",
      "SELECT epoch FROM shard_lease",
      () => [],
    );
    const [row] = rows;
    if (row === undefined) throw new PaymentClusterError("INVARIANT_BROKEN", "the shard has no lease row");
    return row.epoch;
  }
}
