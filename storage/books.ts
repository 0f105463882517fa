/** Our books as they are compared with those of others: with a gateway's, and with what the API says. */
import type { AskShards } from "./invariants.ts";
import { isInReview } from "./invariant.ts";
import type { GatewayName, OperationKind, OperationState, PaymentStatus } from "../actors/domain/index.ts";

/** One operation with the terms of its payment. Ids: uuids. Amounts: minor units as text. */
export interface BookedOperation {
  readonly id: string;
  readonly payment_id: string;
  readonly merchant_id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly amount: string;
  readonly gateway_key: string;
  readonly gateway: GatewayName;
  readonly gateway_account: string;
  readonly currency: string;
  readonly payment_amount: string;
  readonly payment_status: PaymentStatus;
  readonly payment_disputed: string;
  /** The gateway has something else than what was asked for, and people know. */
  readonly in_review: boolean;
}

/** What a merchant's account holds at a gateway, or is owed. */
export interface BookedBalance {
  readonly merchant_id: string;
  readonly account: string;
  readonly gateway: GatewayName;
  readonly currency: string;
  readonly layer: "pending" | "posted";
  readonly balance: string;
}

export interface BookedPayment {
  readonly id: string;
  readonly merchant_id: string;
  readonly gateway: GatewayName;
  readonly status: PaymentStatus;
  readonly version: number;
  readonly currency: string;
  readonly amount: string;
  readonly authorized: string;
  readonly captured: string;
  readonly refunded: string;
  readonly disputed: string;
}

const OPERATIONS = `
  SELECT o.id, o.payment_id, o.merchant_id, o.kind, o.state, o.amount, o.gateway_key, p.gateway, p.gateway_account,
         p.currency, p.amount AS payment_amount, p.status AS payment_status, p.disputed AS payment_disputed,
         ${isInReview("p.id")} AS in_review
    FROM operation o JOIN payment_current p ON p.id = o.payment_id`;
const BALANCES =
  "SELECT merchant_id, account, gateway, currency, layer, balance FROM ledger_balance WHERE balance <> 0";
const PAYMENTS = `
  SELECT id, merchant_id, gateway, status, version, currency, amount, authorized, captured, refunded, disputed
    FROM payment_current`;

/** Every operation of every payment. */
export const readOperations = (ask: AskShards): Promise<readonly BookedOperation[]> => ask<BookedOperation>(OPERATIONS);
/** Every balance that is not zero. */
export const readBalances = (ask: AskShards): Promise<readonly BookedBalance[]> => ask<BookedBalance>(BALANCES);
/** Every payment as of its newest row. */
export const readPayments = (ask: AskShards): Promise<readonly BookedPayment[]> => ask<BookedPayment>(PAYMENTS);
