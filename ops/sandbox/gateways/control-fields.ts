/** What a request to the control API says, and which payment it means. */
import type { Bookkeeper } from "./bookkeeper.ts";
import type { ChargeLine } from "./charge-log.ts";
import type { PaymentRecord } from "./payment-record.ts";

export type Fields = Readonly<Record<string, unknown>>;

const NAMES = ["operation", "payment", "reference"] as const;

/** The name by which a request means something: our operation, our payment, or the gateway's reference of a payment. */
export function meantBy(fields: Fields): string {
  const name = NAMES.map((member) => fields[member]).find((value) => typeof value === "string" && value !== "");
  if (typeof name !== "string") throw new Error("operation, payment or reference is missing");
  return name;
}

/** The line is of what `name` names. */
export const isNamed = (line: ChargeLine, name: string): boolean =>
  line.operation_id === name || line.payment_id === name || line.gateway_reference === name;

/** The newest record of a payment that has moved money. Throws when there is none. */
export function paymentMeantBy(books: Bookkeeper, fields: Fields): PaymentRecord {
  const name = meantBy(fields);
  const line = books.linesWith(JSON.stringify(name)).find((one) => isNamed(one, name));
  const record = line === undefined ? undefined : books.records.byId(line.account, line.gateway_reference);
  if (record === undefined) throw new Error(`nothing was done under ${name}`);
  return record;
}
