/**
 * The reading connection of a shard. Looks never decide anything about a commit in doubt; the caller confirms the
 * epoch. A read that fails because an idle connection had died is tried once more on a new one.
 */
import type { QueryResultRow } from "pg";
import { bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { MerchantId, Payment, PaymentId } from "../actors/domain/index.ts";
import { PaymentClusterError } from "../actors/index.ts";
import type { FoundKey, MerchantKey } from "../actors/index.ts";
import { Scratch, column, columnArray } from "./binary-arrays.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { reasonOf, serverErrorOf } from "./pg-errors.ts";
import { PAYMENT_COLUMNS, PAYMENT_JOINS } from "./read-model.ts";
import type { PaymentRow } from "./read-model.ts";
import { readEachPayment, readPayments } from "./readable-payments.ts";

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
SELECT k.ordinal, i.route, i.fingerprint, uuid_send(i.payment_id) AS payment_id, uuid_send(i.operation_id) AS operation_id
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(merchant_id, key, ordinal)
  JOIN idempotency i ON i.merchant_id = k.merchant_id AND i.key = k.key`;
interface KeyHit extends QueryResultRow {
  readonly ordinal: bigint;
  readonly route: string;
  readonly fingerprint: Buffer;
  readonly payment_id: Buffer;
  readonly operation_id: Buffer;
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

/** The first answer stored for an operation: it is never made again. */
const FIND_REPLIES = `
SELECT k.ordinal, r.reply_status, r.reply_body
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k(payment_id, operation_id, ordinal)
 CROSS JOIN LATERAL (SELECT reply_status, reply_body FROM journal
                      WHERE payment_id = k.payment_id AND operation_id = k.operation_id AND reply_status IS NOT NULL
                      ORDER BY version LIMIT 1) r`;
interface ReplyHit extends QueryResultRow {
  readonly ordinal: bigint;
  readonly reply_status: number;
  readonly reply_body: Buffer;
}
const REPLY_PAYMENT = column<KeyHit, "uuid">("payment_id", "uuid", (hit) => hit.payment_id);
const REPLY_OPERATION = column<KeyHit, "uuid">("operation_id", "uuid", (hit) => hit.operation_id);

export class Reader {
  readonly #options: ConnectionOptions;
  readonly #readTimeoutMs: number;
  readonly #scratch = new Scratch();
  #opening: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #closed = false;

  constructor(options: ConnectionOptions, readTimeoutMs: number) {
    this.#options = options;
    this.#readTimeoutMs = readTimeoutMs;
  }

  /** Process id of the backend, or 0. */
  get pid(): number {
    return this.#connection?.pid ?? 0;
  }

  /** As ShardStore.findKeys. */
  async findKeys(questions: readonly MerchantKey[]): Promise<readonly (FoundKey | undefined)[]> {
    if (questions.length === 0) return [];
    const hits = await this.#read<KeyHit>("find_keys", FIND_KEYS, (s) => [
      columnArray(KEY_MERCHANT, questions, s),
      columnArray(KEY_TEXT, questions, s),
    ]);
    const found: (FoundKey | undefined)[] = questions.map(() => undefined);
    if (hits.length === 0) return found;
    const asked = hits.map((hit) => questions[Number(hit.ordinal) - 1] as MerchantKey);
    const [payments, replies] = await Promise.all([
      this.#findPayments(
        hits.map((hit, i) => ({
          merchantId: (asked[i] as MerchantKey).merchantId,
          id: idFromBytes("pay", hit.payment_id),
        })),
        (rows) => readEachPayment(rows, this.#options.log),
      ),
      this.#read<ReplyHit>("find_replies", FIND_REPLIES, (s) => [
        columnArray(REPLY_PAYMENT, hits, s),
        columnArray(REPLY_OPERATION, hits, s),
      ]),
    ]);
    const replyOf = new Map(
      replies.map((r) => [Number(r.ordinal) - 1, { status: r.reply_status, body: r.reply_body }]),
    );
    for (const [i, hit] of hits.entries()) {
      const question = asked[i] as MerchantKey;
      const payment = payments[i];
      if (payment === undefined) throw new PaymentClusterError("INVARIANT_BROKEN", "a key row has no payment");
      found[Number(hit.ordinal) - 1] = {
        row: {
          merchantId: question.merchantId,
          key: question.key,
          route: hit.route,
          fingerprint: hit.fingerprint,
          paymentId: idFromBytes("pay", hit.payment_id),
          operationId: idFromBytes("op", hit.operation_id),
        },
        reply: replyOf.get(i) ?? null,
        payment,
      };
    }
    return found;
  }

  /** As ShardStore.scanKeys. */
  async scanKeys(after: MerchantKey | null, limit: number): Promise<readonly MerchantKey[]> {
    const rows = await this.#read<ScannedKey>("scan_keys", SCAN_KEYS, () => {
      const most = Buffer.alloc(4);
      most.writeInt32BE(limit);
      const merchant = after === null ? NO_MERCHANT : Buffer.from(bytesOfId(after.merchantId));
      return [merchant, Buffer.from(after?.key ?? "", "utf8"), most];
    });
    return rows.map((row) => ({ merchantId: idFromBytes("mer", row.merchant_id), key: row.key }));
  }

  /** As ShardStore.findPayments. STORAGE_UNAVAILABLE too when a row cannot be read: the port has no word for one of many. */
  async findPayments(questions: readonly PaymentQuestion[]): Promise<readonly (Payment | undefined)[]> {
    if (questions.length === 0) return [];
    return await this.#findPayments(questions, (rows) => readPayments(rows, "STORAGE_UNAVAILABLE", this.#options.log));
  }

  /** In the order asked, undefined where there is no row. `read` turns each row into a payment, or into null. */
  async #findPayments<P extends Payment | null>(
    questions: readonly PaymentQuestion[],
    read: (rows: readonly PaymentRow[]) => readonly P[],
  ): Promise<readonly (P | undefined)[]> {
    const hits = await this.#read<PaymentHit>("find_payments", FIND_PAYMENTS, (s) => [
      columnArray(PAYMENT_MERCHANT, questions, s),
      columnArray(PAYMENT_ID, questions, s),
    ]);
    const found: (P | undefined)[] = questions.map(() => undefined);
    const payments = read(hits);
    for (const [i, hit] of hits.entries()) found[Number(hit.ordinal) - 1] = payments[i];
    return found;
  }

  /** The epoch of the lease row as it is now. */
  async epoch(): Promise<bigint> {
    const rows = await this.#read<{ epoch: bigint }>("read_epoch", "SELECT epoch FROM shard_lease", () => []);
    const [row] = rows;
    if (row === undefined) throw new PaymentClusterError("INVARIANT_BROKEN", "the shard has no lease row");
    return row.epoch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.end(this.#options.clock);
  }

  /** `encode` runs when the connection is ready, and its buffers are sent before anything else uses the scratch. */
  async #read<Row extends QueryResultRow>(
    name: string,
    text: string,
    encode: (s: Scratch) => Buffer[],
  ): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      const reused = this.#connection !== undefined && !this.#connection.broken;
      let connection: Connection | undefined;
      try {
        connection = await this.#ready();
        return await this.#query<Row>(connection, name, text, encode);
      } catch (error) {
        const server = serverErrorOf(error);
        const died = server === undefined || server.fatal;
        if (died) connection?.destroy("a read failed");
        if (reused && died && attempt === 1 && !this.#closed) continue;
        throw new PaymentClusterError("STORAGE_UNAVAILABLE", `a read failed: ${reasonOf(error)}`, { cause: error });
      }
    }
  }

  async #query<Row extends QueryResultRow>(
    connection: Connection,
    name: string,
    text: string,
    encode: (s: Scratch) => Buffer[],
  ): Promise<Row[]> {
    this.#scratch.reset();
    const cancel = this.#options.clock.after(this.#readTimeoutMs, () => connection.destroy("read timed out"));
    try {
      return (await connection.query<Row>(text, encode(this.#scratch), name)).rows;
    } finally {
      cancel();
    }
  }

  async #ready(): Promise<Connection> {
    if (this.#closed) throw new Error("the store is closed");
    if (this.#connection !== undefined && !this.#connection.broken) return this.#connection;
    this.#opening ??= Connection.open(this.#options).finally(() => {
      this.#opening = undefined;
    });
    const connection = await this.#opening;
    if (this.#closed) {
      connection.destroy("closed meanwhile");
      throw new Error("the store is closed");
    }
    this.#connection = connection;
    return connection;
  }
}
