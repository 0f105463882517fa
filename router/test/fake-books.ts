/** What a fake shard remembers, and what merchants may read of it: lists, events, balances and keys from plain arrays. */
import {
  assertNever,
  type FactKind,
  type MerchantId,
  mintId,
  type Operation,
  type Payment,
  type PaymentId,
  refundIdOf,
} from "../../actors/domain/index.ts";
import type {
  Balance,
  EventView,
  Found,
  KeyView,
  OperationView,
  Page,
  ReadQuery,
  ReadResult,
  StoredReply,
} from "../../actors/index.ts";
import { randomBytes } from "node:crypto";
import { eventTypeOf } from "../event-types.ts";
import { FakeEndpoints } from "./fake-endpoints.ts";

/** A key's row; its reply comes when its operation ends. */
export interface KeptKey extends Omit<KeyView, "key" | "reply"> {
  readonly fingerprint: string;
  reply: StoredReply | null;
}

export class FakeBooks {
  /** In the order of their creation. `token`: the payment method. */
  readonly payments = new Map<PaymentId, { readonly payment: Payment; readonly token: string }>();
  readonly operations: OperationView[] = [];
  readonly events: EventView[] = [];
  /** By merchant and key. */
  readonly keys = new Map<string, KeptKey>();
  readonly endpoints = new FakeEndpoints();

  own(merchantId: MerchantId, id: PaymentId) {
    const found = this.payments.get(id);
    return found?.payment.terms.merchantId === merchantId ? found : undefined;
  }

  /** One row of the journal. */
  note(fact: FactKind, payment: Payment, token: string, cause: Pick<EventView, "requestId" | "idempotencyKey">): void {
    const { terms, operation, updatedAtMs } = payment;
    const fromStatus = this.payments.get(terms.id)?.payment.status ?? "created";
    this.payments.set(terms.id, { payment, token });
    const at = this.operations.findIndex((view) => view.operation.id === operation.id);
    this.operations.splice(at < 0 ? this.operations.length : at, 1, { payment, operation, updatedAtMs });
    if (eventTypeOf(fact, operation.kind) === null) return;
    const sequence = this.events.filter((event) => event.payment.terms.id === terms.id).length + 1;
    const id = mintId("evt", terms.slot, updatedAtMs, randomBytes(8));
    const event: EventView = { id, fact, fromStatus, sequence, payment, recordedAtMs: updatedAtMs, ...cause };
    this.events.push(event);
    this.endpoints.note(event);
  }

  /** What a merchant looks up; undefined: there is no such object of theirs. */
  read(merchant: MerchantId, query: ReadQuery): ReadResult | undefined {
    const views = this.operations.filter(({ payment }) => payment.terms.merchantId === merchant);
    switch (query.name) {
      case "payments": {
        const { filter, page } = query;
        const { status, createdFromMs, createdBeforeMs, merchantReference } = filter;
        const all = [...this.payments.values()].map(({ payment }) => payment);
        const upToSeq = page.after?.upToSeq ?? BigInt(all.length);
        const items = all
          .slice(0, Number(upToSeq))
          .reverse()
          .filter(
            ({ terms, ...payment }) =>
              terms.merchantId === merchant &&
              (status === null || payment.status === status) &&
              (createdFromMs === null || terms.createdAtMs >= createdFromMs) &&
              (createdBeforeMs === null || terms.createdAtMs < createdBeforeMs) &&
              (merchantReference === null || terms.merchantReference === merchantReference),
          );
        const found = pageOf(
          items,
          page,
          ({ terms }) => ({ id: terms.id, upToSeq }),
          (one, other) => one.id === other.id,
        );
        return { name: query.name, filter, found };
      }
      case "refund": {
        const found = views.find(({ operation }) => isRefund(operation) && refundIdOf(operation.id) === query.id);
        return found === undefined ? undefined : { name: query.name, found };
      }
      case "refunds": {
        const { paymentId, page } = query;
        if (this.own(merchant, paymentId) === undefined) return undefined;
        const items = views.filter(({ operation, payment }) => isRefund(operation) && payment.terms.id === paymentId);
        const found = pageOf(
          items,
          page,
          ({ operation }) => ({ id: operation.id }),
          (one, other) => one.id === other.id,
        );
        return { name: query.name, paymentId, found };
      }
      case "paymentEvents": {
        const { paymentId, page } = query;
        if (this.own(merchant, paymentId) === undefined) return undefined;
        return { name: query.name, paymentId, found: this.#eventPage(merchant, page, paymentId) };
      }
      case "events":
        return { name: query.name, found: this.#eventPage(merchant, query.page, null) };
      case "balances":
        return {
          name: query.name,
          found: balancesOf(views.map(({ payment }) => this.payments.get(payment.terms.id)?.payment ?? payment)),
        };
      case "idempotencyKey": {
        const kept = this.keys.get(`${merchant} ${query.key}`);
        if (kept === undefined) return undefined;
        const { route, paymentId, operationId, reply } = kept;
        return { name: query.name, found: { key: query.key, route, paymentId, operationId, reply } };
      }
      case "webhookEndpoints":
        return { name: query.name, found: this.endpoints.ofMerchant(merchant) };
      case "webhookEndpoint": {
        const found = this.endpoints.own(merchant, query.id);
        return found === undefined ? undefined : { name: query.name, found };
      }
      case "deliveries": {
        const { endpointId, page } = query;
        if (this.endpoints.own(merchant, endpointId) === undefined) return undefined;
        const found = pageOf(
          this.endpoints.deliveriesOf(endpointId),
          page,
          ({ delivery: { createdAtMs, eventId } }) => ({ createdAtMs, eventId }),
          (one, other) => one.eventId === other.eventId,
        );
        return { name: query.name, endpointId, found };
      }
      default:
        return assertNever(query);
    }
  }

  #eventPage(
    merchant: MerchantId,
    page: Page<EventCursor>,
    paymentId: PaymentId | null,
  ): Found<EventView, EventCursor> {
    const items = this.events
      .map((event, index) => ({ ...event, seq: BigInt(index) }))
      .filter(
        ({ payment: { terms } }) => terms.merchantId === merchant && (paymentId === null || terms.id === paymentId),
      );
    const cursorOf = ({ recordedAtMs, seq }: EventCursor): EventCursor => ({ recordedAtMs, seq });
    const found = pageOf(items, page, cursorOf, (one, other) => one.seq === other.seq);
    const last = found.items.at(-1);
    return { ...found, next: last === undefined ? page.after : cursorOf(last) };
  }
}

interface EventCursor {
  readonly recordedAtMs: number;
  readonly seq: bigint;
}

/** The items behind the cursor, as many as the page holds. */
function pageOf<Item, Cursor>(
  items: readonly Item[],
  page: Page<Cursor>,
  cursorOf: (item: Item) => Cursor,
  isSame: (one: Cursor, other: Cursor) => boolean,
): Found<Item, Cursor> {
  const { after, limit } = page;
  const from = after === null ? 0 : items.findIndex((item) => isSame(cursorOf(item), after)) + 1;
  const shown = items.slice(from, from + limit);
  const last = shown.at(-1);
  const hasMore = items.length > from + limit;
  return { items: shown, hasMore, next: hasMore && last !== undefined ? cursorOf(last) : null };
}

const isRefund = (operation: Operation): boolean => operation.kind === "refund";

function balancesOf(payments: readonly Payment[]): readonly Balance[] {
  const unique = [...new Map(payments.map((payment) => [payment.terms.id, payment])).values()];
  return [...new Set(unique.map(({ terms }) => terms.currency))].sort().map((currency) => {
    const own = unique.filter(({ terms }) => terms.currency === currency);
    const sum = (of: (payment: Payment) => bigint): bigint => own.reduce((total, payment) => total + of(payment), 0n);
    const receivable = sum((payment) => payment.capturedMinor - payment.refundedMinor);
    return {
      currency,
      heldMinor: sum((payment) => (payment.status === "authorized" ? payment.authorizedMinor : 0n)),
      payableMinor: sum((payment) => payment.capturedMinor - payment.refundedMinor - payment.refundingMinor),
      refundingMinor: sum((payment) => payment.refundingMinor),
      receivableMinor: [{ gateway: "stripe", amountMinor: receivable }],
    };
  });
}
