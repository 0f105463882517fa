/** What the API says beside what the databases hold (faults.md I4, I10): every payment and every balance. */
import { idFromBytes, type IdPrefix } from "../../actors/domain/index.ts";
import { type api, PaymentClient } from "../../router/client/index.ts";
import type { BookedBalance, BookedPayment, InvariantVerdict } from "../../storage/index.ts";
import type { SandboxMerchant } from "../sandbox/sandbox-file.ts";
import { Tally } from "./tally.ts";

export interface ApiAccess {
  readonly url: string;
  readonly merchants: readonly Pick<SandboxMerchant, "id" | "clientId" | "clientSecret">[];
}

export const API_INVARIANTS = [
  "I4 a payment cannot be read, or is older than the database has it",
  "I9 the balances of the API are not those of the ledger",
  "I10 the API says of a payment what the database does not",
] as const;
export type ApiInvariant = (typeof API_INVARIANTS)[number];
type Found = Tally<ApiInvariant>;

const PAGE = 100;
const nameOf = (prefix: IdPrefix, uuid: string): string =>
  idFromBytes(prefix, Buffer.from(uuid.replaceAll("-", ""), "hex"));

/** `payments`, `balances`: read before the API is asked; what moved since is not held against it. Throws PaymentError. */
export async function compareApi(
  { url, merchants }: ApiAccess,
  payments: readonly BookedPayment[],
  balances: readonly BookedBalance[],
): Promise<readonly InvariantVerdict[]> {
  const found: Found = new Tally(API_INVARIANTS);
  const ofMerchant = Map.groupBy(payments, ({ merchant_id }) => nameOf("mer", merchant_id));
  const balancesOf = Map.groupBy(balances, ({ merchant_id }) => nameOf("mer", merchant_id));
  for (const { id, clientId, clientSecret } of merchants) {
    const client = new PaymentClient({ baseUrl: url, clientId, clientSecret });
    const hasMoved = await comparePayments(client, ofMerchant.get(id) ?? [], found);
    if (!hasMoved) compareBalances(id, await client.getBalances(), balancesOf.get(id) ?? [], found);
  }
  return found.verdicts();
}

const termsOf = (row: BookedPayment): string =>
  [row.status, row.gateway, row.currency, row.amount, row.authorized, row.captured, row.refunded, row.disputed].join(
    " ",
  );
const termsSaid = (one: api.Payment): string =>
  [one.status, one.gateway, one.currency, one.amount, one.amount_authorized, one.amount_captured]
    .concat([one.amount_refunded, one.amount_disputed])
    .join(" ");

/** True when something moved since the database was read. */
async function comparePayments(client: PaymentClient, rows: readonly BookedPayment[], found: Found): Promise<boolean> {
  const missing = new Map(rows.map((row) => [nameOf("pay", row.id), row]));
  let hasMoved = false;
  for await (const said of client.allPayments({ limit: PAGE })) {
    const row = missing.get(said.id);
    missing.delete(said.id);
    if (row === undefined || said.version > row.version) hasMoved = true;
    else if (said.version < row.version) tellOlder(found, said.id, `version ${said.version} of ${row.version}`);
    else if (termsSaid(said) !== termsOf(row))
      found.add(
        "I10 the API says of a payment what the database does not",
        `${said.id} ${termsSaid(said)}, not ${termsOf(row)}`,
      );
  }
  for (const id of missing.keys()) tellOlder(found, id, "is not listed");
  return hasMoved;
}
const tellOlder = (found: Found, id: string, how: string): void =>
  found.add("I4 a payment cannot be read, or is older than the database has it", `${id} ${how}`);

function compareBalances(merchant: string, said: api.Balances, rows: readonly BookedBalance[], found: Found): void {
  const ours = new Map<string, bigint>();
  const add = (name: string, minor: bigint): void => void ours.set(name, (ours.get(name) ?? 0n) + minor);
  for (const { account, layer, currency, gateway, balance } of rows) {
    const minor = BigInt(balance);
    if (account === "gateway_receivable" && layer === "posted") add(`${currency} receivable ${gateway}`, minor);
    if (account === "gateway_receivable" && layer === "pending") add(`${currency} held`, minor);
    if (account === "merchant_payable") add(`${currency} payable`, -minor);
    if (account === "refunds_in_transit") add(`${currency} refunding`, -minor);
  }
  for (const { currency, held, payable, refunding, receivable } of said.data) {
    add(`${currency} held`, -BigInt(held));
    add(`${currency} payable`, -BigInt(payable));
    add(`${currency} refunding`, -BigInt(refunding));
    for (const { gateway, amount } of receivable) add(`${currency} receivable ${gateway}`, -BigInt(amount));
  }
  for (const [name, difference] of ours)
    if (difference !== 0n)
      found.add(
        "I9 the balances of the API are not those of the ledger",
        `${merchant} ${name} differs by ${difference}`,
      );
}
