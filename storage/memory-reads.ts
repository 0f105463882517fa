/** What a merchant may look up, answered by the memory store: each query by a walk through all rows. */
import { assertNever, mintId, operationIdOf, SUBMITTING, TEMPLATES } from "../actors/domain/index.ts";
import type { MerchantId, OperationId, Payment, PaymentId } from "../actors/domain/index.ts";
import type { EventsCursor, EventView, Found, KeyView, OperationView, Page } from "../actors/index.ts";
import type { PaymentsCursor, PaymentsFilter, ReadQuery, ReadResult } from "../actors/index.ts";
import { type AccountSum, balancesOf } from "./balances.ts";
import { HIDDEN_FACT, requestIdOf } from "./event-reads.ts";
import { endpointsOf, listDeliveries, type MemorySide } from "./memory-side.ts";
import { newestOf, paymentAfter, replyOf, rowsOfOperation, rowsOfPayment, type StoredRow } from "./memory-rows.ts";
import { pageOf } from "./pages.ts";

type Rows = readonly StoredRow[];

function listPayments(
  rows: Rows,
  { status, createdFromMs, createdBeforeMs, merchantReference }: PaymentsFilter,
  { limit, after }: Page<PaymentsCursor>,
): Found<Payment, PaymentsCursor> {
  const upToSeq = after?.upToSeq ?? rows.at(-1)?.seq ?? 0n;
  const payments = rows
    .filter(({ seq, decision }) => decision.accepted !== null && seq <= upToSeq)
    .map(({ decision }) => newestOf(rowsOfPayment(rows, decision.payment.terms.id)))
    .filter(
      ({ terms, status: now }) =>
        (after === null || terms.id < after.id) &&
        (status === null || now === status) &&
        (createdFromMs === null || terms.createdAtMs >= createdFromMs) &&
        (createdBeforeMs === null || terms.createdAtMs < createdBeforeMs) &&
        (merchantReference === null || terms.merchantReference === merchantReference),
    )
    .sort((a, b) => (a.terms.id < b.terms.id ? 1 : -1));
  return pageOf(payments, limit, ({ terms: { id } }) => ({ id, upToSeq }));
}

/** The operation as its own newest row says; undefined: there is none of that id, or it is no refund. */
function viewRefund(rows: Rows, id: OperationId): OperationView | undefined {
  const own = rowsOfOperation(rows, id);
  const first = own[0]?.decision.payment;
  if (first?.operation.kind !== "refund") return undefined;
  const { operation, updatedAtMs } = newestOf(own);
  return { payment: newestOf(rowsOfPayment(rows, first.terms.id)), operation, updatedAtMs };
}

function listRefunds(rows: Rows, of: PaymentId, limit: number, after: OperationId | null) {
  const ids = rowsOfPayment(rows, of)
    .filter(({ decision: { entry } }) => SUBMITTING.has(entry.fact))
    .map(({ decision }) => decision.payment.operation.id);
  const refunds = ids
    .slice(after === null ? 0 : ids.indexOf(after) + 1)
    .map((id) => viewRefund(rows, id))
    .filter((view) => view !== undefined);
  return pageOf(refunds, limit, ({ operation: { id } }) => ({ id }));
}

/** `shown`: the rows that the page is of. */
function listEvents(rows: Rows, shown: Rows, { limit, after }: Page<EventsCursor>): Found<EventView, EventsCursor> {
  const visible = shown.filter(
    ({ seq, decision: { entry } }) => entry.fact !== HIDDEN_FACT && (after === null || seq > after.seq),
  );
  const eventOf = (row: StoredRow): EventView => {
    const { payment, entry } = row.decision;
    const before = rowsOfPayment(rows, payment.terms.id).filter(({ seq }) => seq <= row.seq);
    return {
      id: mintId("evt", payment.terms.slot, entry.recordedAtMs, entry.hash),
      fact: entry.fact,
      fromStatus: entry.fromStatus,
      sequence: before.filter(({ decision }) => decision.entry.fact !== HIDDEN_FACT).length,
      payment: paymentAfter(row),
      recordedAtMs: entry.recordedAtMs,
      requestId: requestIdOf(entry.cause),
      idempotencyKey: rowsOfOperation(rows, payment.operation.id)[0]?.decision.keyRow?.key ?? null,
    };
  };
  const last = visible.slice(0, limit).at(-1);
  const next = last === undefined ? after : { recordedAtMs: last.decision.entry.recordedAtMs, seq: last.seq };
  return { ...pageOf(visible.map(eventOf), limit, () => null), next };
}

function sumsOf(rows: Rows): readonly AccountSum[] {
  const sums = new Map<string, AccountSum>();
  for (const { decision } of rows) {
    const { currency, gateway } = decision.payment.terms;
    for (const { kind, debit, credit, amountMinor } of decision.postings) {
      const { layer } = TEMPLATES[kind];
      for (const [account, signed] of [[debit, amountMinor] as const, [credit, -amountMinor] as const]) {
        const name = `${currency} ${layer} ${account} ${gateway}`;
        const before = sums.get(name)?.amountMinor ?? 0n;
        sums.set(name, { currency, layer, account, gateway, amountMinor: before + signed });
      }
    }
  }
  return [...sums.values()];
}

function viewKey(rows: Rows, key: string): KeyView | undefined {
  const row = rows.find(({ decision }) => decision.keyRow?.key === key)?.decision.keyRow;
  if (row === null || row === undefined) return undefined;
  const { route, paymentId, operationId } = row;
  return { key, route, paymentId, operationId, reply: replyOf(rows, operationId) };
}

/** As ShardStore.read. */
export function readFromMemory(
  all: Rows,
  side: MemorySide,
  merchant: MerchantId,
  query: ReadQuery,
): ReadResult | undefined {
  const rows = all.filter(({ decision }) => decision.payment.terms.merchantId === merchant);
  switch (query.name) {
    case "payments": {
      const { name, filter, page } = query;
      return { name, filter, found: listPayments(rows, filter, page) };
    }
    case "refund": {
      const found = viewRefund(rows, operationIdOf(query.id));
      return found && { name: query.name, found };
    }
    case "refunds": {
      const { name, paymentId, page } = query;
      if (rowsOfPayment(rows, paymentId).length === 0) return undefined;
      return { name, paymentId, found: listRefunds(rows, paymentId, page.limit, page.after?.id ?? null) };
    }
    case "paymentEvents": {
      const { name, paymentId, page } = query;
      const shown = rowsOfPayment(rows, paymentId);
      return shown.length === 0 ? undefined : { name, paymentId, found: listEvents(rows, shown, page) };
    }
    case "events":
      return { name: query.name, found: listEvents(rows, rows, query.page) };
    case "balances":
      return { name: query.name, found: balancesOf(sumsOf(rows)) };
    case "idempotencyKey": {
      const found = viewKey(rows, query.key);
      return found && { name: query.name, found };
    }
    case "webhookEndpoints":
      return { name: query.name, found: endpointsOf(side, merchant) };
    case "webhookEndpoint": {
      const found = endpointsOf(side, merchant).find(({ id }) => id === query.id);
      return found && { name: query.name, found };
    }
    case "deliveries": {
      const { name, endpointId, page } = query;
      if (!endpointsOf(side, merchant).some(({ id }) => id === endpointId)) return undefined;
      return { name, endpointId, found: listDeliveries(side, endpointId, page) };
    }
    default:
      return assertNever(query);
  }
}
