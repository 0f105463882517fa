/**
 * What a run left in the databases, compared with what the generator was told: a rate counts only when each answer is
 * one payment or one later operation of one, with balanced postings, contiguous versions, one stored reply, in a journal
 * without gaps.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { AUDITED, CHECKS } from "./audit-checks.ts";
import { withDatabase } from "./databases.ts";
import { OUTCOME } from "./load-terms.ts";
import { PREPARED_FROM } from "./traffic.ts";

export interface AuditScope {
  /** Databases with the shard schema; owner rights. */
  readonly dsns: readonly string[];
  /** The run's name, as its keys begin. */
  readonly run: string;
  readonly outcomes: Uint8Array;
  /** So many requests were made before the run for its sake, numbered from PREPARED_FROM, and all accepted. */
  readonly prepared?: number;
  /** The journal's seq counts commits without a gap and commits are anchored. The naive service promises neither. */
  readonly gapless: boolean;
}

export interface AuditReport {
  readonly faults: readonly string[];
  readonly payments: number;
  readonly tookMs: number;
}

/** Operations in doubt are waited for so long: the resolver's first checks come after 1, 3 and 10 s. */
const SETTLE_LIMIT_MS = 20_000;
/** A journal that did not grow for so long has ended: whatever still runs is refused or in doubt. */
const SETTLE_STEP_MS = 1_000;

/** The greatest seq of any origin, by index; a database holds 64 origins at most here. */
const HEAD_SEQ = `
SELECT coalesce(max(j.seq), 0) AS seq FROM generate_series(0, 63) AS o(shard)
 CROSS JOIN LATERAL (SELECT seq FROM journal WHERE origin_shard = o.shard::int2 ORDER BY seq DESC LIMIT 1) j`;

/** Audits one run after another on the same databases; each looks only at what is new. */
export class Auditor {
  readonly #lastSeq = new Map<string, bigint>();
  readonly #settleLimitMs: number;

  /** `settleLimitMs`: how long operations in doubt are waited for. */
  constructor(settleLimitMs = SETTLE_LIMIT_MS) {
    this.#settleLimitMs = settleLimitMs;
  }

  /** Audits a run that has drained. Throws when a database does not answer. */
  async audit(scope: AuditScope): Promise<AuditReport> {
    const startMs = performance.now();
    const faults: string[] = [];
    const found = { run: new Uint8Array(scope.outcomes.length), before: new Uint8Array(scope.prepared ?? 0) };
    let payments = 0;
    for (const dsn of scope.dsns) {
      await withDatabase(dsn, async (client) => {
        await settle(client, this.#settleLimitMs);
        faults.push(...(await this.#auditDatabase(client, dsn, scope)));
        payments += await countKeys(client, scope, found, faults);
      });
    }
    faults.push(...compareOutcomes(scope.outcomes, found.run));
    faults.push(...compareOutcomes(new Uint8Array(found.before.length).fill(OUTCOME.accepted), found.before));
    return { faults, payments, tookMs: performance.now() - startMs };
  }

  async #auditDatabase(client: pg.Client, dsn: string, scope: AuditScope): Promise<readonly string[]> {
    const faults: string[] = [];
    const since = this.#lastSeq.get(dsn) ?? 0n;
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ"); // one moment for all checks
    const head = await client.query<{ seq: string }>(HEAD_SEQ);
    this.#lastSeq.set(dsn, BigInt(head.rows[0]?.seq ?? 0));
    await client.query("SET LOCAL work_mem = '256MB'");
    const fill = (sql: string): string =>
      sql.replaceAll(":since", String(since)).replaceAll(":keys", client.escapeLiteral(`${scope.run}-%`));
    for (const table of AUDITED) await client.query(fill(table));
    for (const { what, sql, gaplessOnly } of CHECKS) {
      if (gaplessOnly === true && !scope.gapless) continue;
      const { rows } = await client.query<{ bad: string }>(fill(sql));
      const bad = Number(rows[0]?.bad);
      if (bad !== 0) faults.push(`${bad} ${what}`);
    }
    await client.query("COMMIT");
    return faults;
  }
}

/** Waits until no operation is in doubt and nothing is written any more, or the limit: then the audit reports it. */
async function settle(client: pg.Client, withinMs: number): Promise<void> {
  const limitMs = performance.now() + withinMs;
  const look = `SELECT (SELECT count(*) FROM operation_open) AS open, (${HEAD_SEQ}) AS seq`;
  let before = "";
  for (;;) {
    const { rows } = await client.query<{ open: string; seq: string }>(look);
    const seq = rows[0]?.seq ?? "";
    if ((rows[0]?.open === "0" && seq === before) || performance.now() >= limitMs) return;
    before = seq;
    await sleep(SETTLE_STEP_MS);
  }
}

/** Keys of payments, and of later operations, which stand nowhere but among the idempotency keys. Parameters: pattern, length. */
const KEYS = `
SELECT substr(p.idempotency_key, $2::int), true FROM payment p WHERE p.idempotency_key LIKE $1
UNION ALL
SELECT substr(i.key, $2::int), false FROM idempotency i
  JOIN payment p ON p.merchant_id = i.merchant_id AND p.id = i.payment_id
 WHERE i.key LIKE $1 AND p.idempotency_key <> i.key`;

/** By number of the request: how often its key was found. */
interface Found {
  readonly run: Uint8Array;
  readonly before: Uint8Array;
}

/** Marks each request that has a payment, or a later operation, in this database; returns the number of payments. */
async function countKeys(client: pg.Client, scope: AuditScope, found: Found, faults: string[]): Promise<number> {
  const { rows } = await client.query<[string, boolean]>({
    text: KEYS,
    values: [`${scope.run}-%`, scope.run.length + 2],
    rowMode: "array",
  });
  let strange = 0;
  let payments = 0;
  for (const [digits, isPayment] of rows) {
    const k = Number(digits);
    if (isPayment) payments++;
    const [marks, i] = k < PREPARED_FROM ? [found.run, k] : [found.before, k - PREPARED_FROM];
    if (Number.isInteger(i) && i < marks.length) marks[i] = (marks[i] as number) + 1;
    else strange++;
  }
  if (strange > 0) faults.push(`${strange} payments or operations with keys that were never sent`);
  return payments;
}

/** Compares, request by request, the answer with the number of payments and later operations that carry its key. */
export function compareOutcomes(outcomes: Uint8Array, found: Uint8Array): readonly string[] {
  let lost = 0;
  let doubled = 0;
  let unasked = 0;
  outcomes.forEach((outcome, k) => {
    const made = found[k] as number;
    if (outcome === OUTCOME.accepted && made === 0) lost++;
    if (made > 1) doubled++;
    if (made > 0 && (outcome === OUTCOME.refused || outcome === OUTCOME.none)) unasked++;
  });
  return [
    ...(lost > 0 ? [`${lost} accepted requests that left nothing behind`] : []),
    ...(doubled > 0 ? [`${doubled} keys with more than one operation`] : []),
    ...(unasked > 0 ? [`${unasked} refused or unsent requests that left something behind`] : []),
  ];
}
