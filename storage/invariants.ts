/**
 * What must hold in the databases of a cluster at any moment, asked from outside (faults.md §3): for `payctl verify`,
 * tests and drills, not for the way of a payment.
 */
import type { QueryResultRow } from "pg";
import { bytesOfId, idFromBytes, type PaymentId } from "../actors/domain/index.ts";
import { withOwner } from "./databases.ts";
import type { InvariantScope, Offenders } from "./invariant.ts";
import { NEVER_IN_JOURNAL } from "./invariants-journal.ts";
import { NEVER_IN_LEDGER } from "./invariants-ledger.ts";
import { NEVER_BESIDE_THE_JOURNAL, WAITS_FOR_PEOPLE } from "./invariants-side.ts";

/** Each name begins with its number and says what must not be. */
const NEVER = { ...NEVER_IN_JOURNAL, ...NEVER_IN_LEDGER, ...NEVER_BESIDE_THE_JOURNAL } as const;
const ALL: Readonly<Record<InvariantName, Offenders>> = { ...NEVER, ...WAITS_FOR_PEOPLE };
export type InvariantName = keyof typeof NEVER | keyof typeof WAITS_FOR_PEOPLE;
export const INVARIANT_NAMES = Object.keys(ALL) as readonly InvariantName[];

/** How often something was found that must not be. `offenders`: the first few. */
export interface InvariantVerdict {
  readonly name: string;
  readonly found: number;
  readonly offenders: readonly string[];
  /** It breaks nothing: people are to look. */
  readonly isNote: boolean;
}

/** Rows of one statement on every shard's database. */
export type AskShards = <Row extends QueryResultRow>(sql: string) => Promise<readonly Row[]>;

/** Offenders that are named. */
export const NAMED_MAX = 5;

/** Runs `work` on one moment of each database, which it cannot change. `dsns`: of the shards. */
export async function withShards<T>(dsns: readonly string[], work: (ask: AskShards) => Promise<T>): Promise<T> {
  const [dsn, ...rest] = dsns;
  if (dsn === undefined) return await work(async () => []);
  return await withOwner(dsn, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query("SET LOCAL work_mem = '64MB'");
    return await withShards(rest, (others) =>
      work(async <Row extends QueryResultRow>(sql: string) => {
        const [own, theirs] = await Promise.all([client.query<Row>(sql), others<Row>(sql)]);
        return [...own.rows, ...theirs];
      }),
    );
  });
}

/** A payment's part of each table and view that the statements name. */
const OF_PAYMENT: Readonly<Record<string, string>> = {
  payment: "id",
  payment_current: "id",
  journal: "payment_id",
  operation: "payment_id",
  idempotency: "payment_id",
  ledger_entry: "payment_id",
  ledger_leg: "payment_id",
};
/** It is said of the shard as a whole, not of payments. */
const isOfShard = (offenders: string): boolean => offenders.trimStart().startsWith("SELECT NULL::uuid");
/** Within a statement these names hide the tables, so that it sees nothing but the payment. */
function hiding(payment: PaymentId): string {
  const uuid = Buffer.from(bytesOfId(payment)).toString("hex");
  const parts = Object.entries(OF_PAYMENT).map(
    ([table, column]) => `${table} AS (SELECT * FROM public.${table} WHERE ${column} = '${uuid}'::uuid)`,
  );
  return `WITH ${parts.join(", ")}`;
}

/**
 * All that are asked for, in their order. `payment`: only what is said of that one; what is said of a shard as a whole is
 * then left out. Throws what a database says.
 */
export async function checkInvariants(
  ask: AskShards,
  scope: InvariantScope,
  names: readonly InvariantName[] = INVARIANT_NAMES,
  payment: PaymentId | null = null,
): Promise<readonly InvariantVerdict[]> {
  const verdicts: InvariantVerdict[] = [];
  for (const name of names) {
    const offenders = ALL[name];
    const text = typeof offenders === "string" ? offenders : offenders(scope);
    if (payment !== null && isOfShard(text)) continue;
    const rows = await ask<{ readonly n: number; readonly some: readonly string[] | null }>(
      `${payment === null ? "" : hiding(payment)}
       SELECT count(*)::int AS n, (array_agg(concat_ws(' ', payment_id, detail)))[1:${NAMED_MAX}] AS some
         FROM (${text}) AS offender(payment_id, detail)
        ${payment === null ? "" : "WHERE payment_id IS NOT NULL"}`,
    );
    verdicts.push({
      name,
      found: rows.reduce((sum, { n }) => sum + n, 0),
      offenders: rows.flatMap(({ some }) => (some ?? []).map(nameOf)).slice(0, NAMED_MAX),
      isNote: name in WAITS_FOR_PEOPLE,
    });
  }
  return verdicts;
}

/** A payment as everybody else calls it. */
const nameOf = (offender: string): string =>
  offender.replace(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, paymentNameOf);
export const paymentNameOf = (uuid: string): string => idFromBytes("pay", Buffer.from(uuid.replaceAll("-", ""), "hex"));
