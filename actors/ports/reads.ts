/** What a merchant may look up beside one payment, and what is found (design §3.2, §7). Times: Unix milliseconds. */
import type {
  EndpointId,
  EventId,
  FactKind,
  Operation,
  OperationId,
  Payment,
  PaymentId,
  PaymentStatus,
  RefundId,
} from "../domain/index.ts";
import type { StoredReply } from "./decisions.ts";
import type { DeliveriesCursor, EventsCursor, Found, Page, PaymentsCursor, RefundsCursor } from "./pages.ts";
import type { Delivery, OutgoingEvent, WebhookEndpoint } from "./outbox.ts";

/** Null members do not filter. */
export interface PaymentsFilter {
  readonly status: PaymentStatus | null;
  readonly createdFromMs: number | null;
  readonly createdBeforeMs: number | null;
  readonly merchantReference: string | null;
}

export type ReadQuery =
  | { readonly name: "payments"; readonly filter: PaymentsFilter; readonly page: Page<PaymentsCursor> }
  | { readonly name: "refund"; readonly id: RefundId }
  | { readonly name: "refunds"; readonly paymentId: PaymentId; readonly page: Page<RefundsCursor> }
  | { readonly name: "paymentEvents"; readonly paymentId: PaymentId; readonly page: Page<EventsCursor> }
  | { readonly name: "events"; readonly page: Page<EventsCursor> }
  | { readonly name: "balances" }
  | { readonly name: "idempotencyKey"; readonly key: string }
  | { readonly name: "webhookEndpoints" }
  | { readonly name: "webhookEndpoint"; readonly id: EndpointId }
  | { readonly name: "deliveries"; readonly endpointId: EndpointId; readonly page: Page<DeliveriesCursor> };

/** One operation as its newest row says, with its payment as of the payment's newest row. */
export interface OperationView {
  readonly payment: Payment;
  readonly operation: Operation;
  /** When the operation's newest row was made. */
  readonly updatedAtMs: number;
}

/** One row of a payment's history that merchants see: the payment as it was after it. */
export interface EventView {
  readonly id: EventId;
  readonly fact: FactKind;
  /** The payment's status before it. */
  readonly fromStatus: PaymentStatus;
  /** 1 for the payment's first event, then without a gap. */
  readonly sequence: number;
  readonly payment: Payment;
  readonly recordedAtMs: number;
  /** The id of the request that caused it; null: a gateway or the resolver did. */
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
}

/** A merchant's money in one currency, minor units, exact: sums over the ledger. */
export interface Balance {
  readonly currency: string;
  /** Reserved and not captured. */
  readonly heldMinor: bigint;
  /** Captured, less what was refunded or is being refunded: owed to the merchant. */
  readonly payableMinor: bigint;
  /** Refunds that are open. */
  readonly refundingMinor: bigint;
  /** Owed to us by each gateway. */
  readonly receivableMinor: readonly { readonly gateway: string; readonly amountMinor: bigint }[];
}

/** A delivery with the event that it carries. */
export interface DeliveryView {
  readonly delivery: Delivery;
  readonly event: Omit<OutgoingEvent, "body">;
}

export interface KeyView {
  readonly key: string;
  readonly route: string;
  readonly paymentId: PaymentId;
  readonly operationId: OperationId;
  /** Null while its operation is open. */
  readonly reply: StoredReply | null;
}

/** What a query found. Of events `next` is where the asker stands now, on an empty page too: who keeps it learns later what came since. */
export type ReadResult =
  | { readonly name: "payments"; readonly filter: PaymentsFilter; readonly found: Found<Payment, PaymentsCursor> }
  | { readonly name: "refund"; readonly found: OperationView }
  | { readonly name: "refunds"; readonly paymentId: PaymentId; readonly found: Found<OperationView, RefundsCursor> }
  | { readonly name: "paymentEvents"; readonly paymentId: PaymentId; readonly found: Found<EventView, EventsCursor> }
  | { readonly name: "events"; readonly found: Found<EventView, EventsCursor> }
  | { readonly name: "balances"; readonly found: readonly Balance[] }
  | { readonly name: "idempotencyKey"; readonly found: KeyView }
  | { readonly name: "webhookEndpoints"; readonly found: readonly WebhookEndpoint[] }
  | { readonly name: "webhookEndpoint"; readonly found: WebhookEndpoint }
  | {
      readonly name: "deliveries";
      readonly endpointId: EndpointId;
      readonly found: Found<DeliveryView, DeliveriesCursor>;
    };
