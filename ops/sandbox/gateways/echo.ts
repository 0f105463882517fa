/** What a gateway does, and says, that differs from what it was asked for: by the payment's token. */
import type { PaymentRecord } from "./payment-record.ts";
import { type SimulatedGateway, type TokenRow, tokenRow } from "./tokens.ts";

/** Our name for the payment's operation as the gateway gives it back. */
export function echoedOperationOf(gateway: SimulatedGateway, record: PaymentRecord): string {
  const { operationId, token, state } = record;
  const isOther = state !== "open" && tokenRow(gateway, token)?.mismatch === "reference";
  return isOther ? `${operationId.slice(0, -1)}${operationId.endsWith("0") ? "1" : "0"}` : operationId;
}

/** What is charged for what was asked. */
export function chargedTerms(
  row: TokenRow,
  asked: Pick<PaymentRecord, "amount" | "currency">,
): Pick<PaymentRecord, "amount" | "currency"> {
  const { amount, currency } = asked;
  if (row.mismatch === "amount") return { amount: amount + 1, currency };
  if (row.mismatch === "currency") return { amount, currency: currency === "USD" ? "EUR" : "USD" };
  return { amount, currency };
}
