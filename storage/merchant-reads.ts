/** What a merchant may look up, by the name of the query. All of it on a connection that no payment waits for. */
import type { QueryResultRow } from "pg";
import { assertNever, bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { MerchantId } from "../actors/domain/index.ts";
import type { KeyView, ReadQuery, ReadResult } from "../actors/index.ts";
import { readBalances } from "./balances.ts";
import { listEvents, listPaymentEvents } from "./event-reads.ts";
import { findEndpoint, listDeliveries, listEndpoints } from "./outbox-reads.ts";
import type { ReadSource } from "./pages.ts";
import { listPayments } from "./payment-lists.ts";
import { replyOf } from "./read-model.ts";
import { findRefund, listRefunds } from "./refund-reads.ts";

/** Keys of endpoints have no payment to show. */
const FIND_KEY = `
SELECT i.route, uuid_send(i.payment_id) AS payment_id, uuid_send(i.operation_id) AS operation_id,
       r.reply_status, r.reply_body
  FROM idempotency i LEFT JOIN LATERAL (${replyOf("i")}) r ON true
 WHERE i.merchant_id = $1::uuid AND i.key = $2::text AND i.of_endpoint IS NULL`;
interface KeyRow extends QueryResultRow {
  readonly route: string;
  readonly payment_id: Buffer;
  readonly operation_id: Buffer;
  readonly reply_status: number | null;
  readonly reply_body: Buffer | null;
}

async function findKey({ connection }: ReadSource, merchant: MerchantId, key: string): Promise<KeyView | undefined> {
  const [row] = await connection.read<KeyRow>("find_key", FIND_KEY, () => [bytesOfId(merchant), key]);
  if (row === undefined) return undefined;
  const { reply_status: status, reply_body: body } = row;
  return {
    key,
    route: row.route,
    paymentId: idFromBytes("pay", row.payment_id),
    operationId: idFromBytes("op", row.operation_id),
    reply: status === null || body === null ? null : { status, body },
  };
}

/** As ShardStore.read. */
export async function readForMerchant(
  source: ReadSource,
  merchant: MerchantId,
  query: ReadQuery,
): Promise<ReadResult | undefined> {
  switch (query.name) {
    case "payments": {
      const { name, filter } = query;
      return { name, filter, found: await listPayments(source, merchant, query) };
    }
    case "refund": {
      const found = await findRefund(source, merchant, query);
      return found && { name: query.name, found };
    }
    case "refunds": {
      const { name, paymentId } = query;
      const found = await listRefunds(source, merchant, query);
      return found && { name, paymentId, found };
    }
    case "paymentEvents": {
      const { name, paymentId } = query;
      const found = await listPaymentEvents(source, merchant, query);
      return found && { name, paymentId, found };
    }
    case "events":
      return { name: query.name, found: await listEvents(source, merchant, query.page) };
    case "balances":
      return { name: query.name, found: await readBalances(source, merchant) };
    case "idempotencyKey": {
      const found = await findKey(source, merchant, query.key);
      return found && { name: query.name, found };
    }
    case "webhookEndpoints":
      return { name: query.name, found: await listEndpoints(source, merchant) };
    case "webhookEndpoint": {
      const found = await findEndpoint(source, merchant, query.id);
      return found && { name: query.name, found };
    }
    case "deliveries": {
      const { name, endpointId, page } = query;
      const found = await listDeliveries(source, merchant, endpointId, page);
      return found && { name, endpointId, found };
    }
    default:
      return assertNever(query);
  }
}
