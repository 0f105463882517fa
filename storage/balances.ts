/**
 * A merchant's balances: what was summed up already, and the entries since, in one snapshot. Sums only move forward, so
 * however seldom they are made a balance is exact; it only takes longer to read.
 */
import type { QueryResultRow } from "pg";
import { FACT_KINDS, bytesOfId, postingsOf } from "../actors/domain/index.ts";
import type { LedgerAccount, MerchantId } from "../actors/domain/index.ts";
import type { Balance, CommitOutcome, Lease } from "../actors/index.ts";
import { columnArray, column } from "./binary-arrays.ts";
import { FACT, GATEWAY, LEDGER_ACCOUNT } from "./codes.ts";
import { IS_VISIBLE } from "./event-reads.ts";
import type { ReadSource } from "./pages.ts";
import { outcomeOfFailedStatement, reasonOf } from "./pg-errors.ts";

/** Facts whose rows have ledger entries. */
const POSTING = FACT_KINDS.filter((fact) => postingsOf(fact, { heldMinor: 1n, amountMinor: 1n }).length > 0);
const POSTING_CODES = `{${POSTING.map((fact) => FACT.code(fact)).join(",")}}`;

const READ_BALANCES = `
SELECT currency, layer, account, gateway, sum(amount)::text AS amount
  FROM (SELECT currency, layer, account, gateway, balance AS amount FROM merchant_balance WHERE merchant_id = $1::uuid
         UNION ALL
        SELECT e.currency, ledger_layer(e.kind), l.account, e.gateway, l.amount
          FROM (SELECT 1) one
          LEFT JOIN merchant_balance_through t ON t.merchant_id = $1::uuid
         CROSS JOIN LATERAL (
           SELECT seq, operation_id FROM journal
            WHERE merchant_id = $1::uuid AND ${IS_VISIBLE} AND kind = ANY ($2::int2[])
              AND (recorded_at, seq) > (coalesce(t.through_at, '-infinity'), coalesce(t.through_seq, 0))) j
          JOIN ledger_entry e ON e.operation_id = j.operation_id AND e.seq = j.seq
         CROSS JOIN LATERAL (VALUES (e.debit, e.amount), (e.credit, -e.amount)) AS l(account, amount)) b
 GROUP BY currency, layer, account, gateway`;

/** Debits less credits of one account, minor units. */
export interface AccountSum {
  readonly currency: string;
  readonly layer: "pending" | "posted";
  readonly account: LedgerAccount;
  readonly gateway: string;
  readonly amountMinor: bigint;
}
interface SumRow extends QueryResultRow {
  readonly currency: string;
  readonly layer: AccountSum["layer"];
  readonly account: number;
  readonly gateway: number;
  readonly amount: string;
}

/** What the sums of a merchant's accounts mean to the merchant, by currency. A credit is owed to the merchant. */
export function balancesOf(sums: readonly AccountSum[]): readonly Balance[] {
  const currencies = [...new Set(sums.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const all = (layer: AccountSum["layer"], account: LedgerAccount): readonly AccountSum[] =>
      sums.filter((sum) => sum.currency === currency && sum.layer === layer && sum.account === account);
    const credit = (layer: AccountSum["layer"], account: LedgerAccount): bigint =>
      all(layer, account).reduce((total, { amountMinor }) => total - amountMinor, 0n);
    const receivable = all("posted", "gateway_receivable").map(({ gateway, amountMinor }) => ({
      gateway,
      amountMinor,
    }));
    return {
      currency,
      heldMinor: credit("pending", "merchant_pending"),
      payableMinor: credit("posted", "merchant_payable"),
      refundingMinor: credit("posted", "refunds_in_transit"),
      receivableMinor: receivable.sort((a, b) => (a.gateway < b.gateway ? -1 : 1)),
    };
  });
}

/** The merchant's balances as of the newest entry. */
export async function readBalances({ connection }: ReadSource, merchant: MerchantId): Promise<readonly Balance[]> {
  const rows = await connection.read<SumRow>("read_balances", READ_BALANCES, () => [
    bytesOfId(merchant),
    POSTING_CODES,
  ]);
  return balancesOf(
    rows.map((row) => ({
      currency: row.currency,
      layer: row.layer,
      account: LEDGER_ACCOUNT.word(row.account),
      gateway: GATEWAY.word(row.gateway),
      amountMinor: BigInt(row.amount),
    })),
  );
}

/** Rows of the journal that one call sums up: all merchants together, and of each at least so many. */
const ROLLED_UP_AT_MOST = 6_000;
const OF_EACH_AT_LEAST = 100;
const MERCHANT = column<MerchantId, "uuid">("merchant_id", "uuid", (id) => bytesOfId(id));
const ROLL_UP = "SELECT roll_up_balances($1::int8, $2::int8, $3::uuid[], $4::int4, $5::int2[])";

/**
 * Sums the oldest entries that are not summed yet, a limited number at once. Nothing depends on whether it was done, so
 * an answer that was lost is not `unknown`: the next call goes on from what the database says.
 */
export async function rollUp(
  { connection }: ReadSource,
  lease: Lease,
  merchants: readonly MerchantId[],
): Promise<Exclude<CommitOutcome, { readonly kind: "committed" }> | { readonly kind: "committed" }> {
  if (merchants.length === 0) return { kind: "committed" };
  const rowsOfEach = Math.max(OF_EACH_AT_LEAST, Math.floor(ROLLED_UP_AT_MOST / merchants.length));
  try {
    await connection.read("roll_up_balances", ROLL_UP, (scratch) => [
      String(lease.epoch),
      String(lease.slotsVersion),
      columnArray(MERCHANT, merchants, scratch),
      rowsOfEach,
      POSTING_CODES,
    ]);
    return { kind: "committed" };
  } catch (error) {
    const { cause } = error as Error;
    const outcome = outcomeOfFailedStatement(cause);
    return outcome.kind === "fenced" ? outcome : { kind: "unavailable", reason: reasonOf(cause) };
  }
}
