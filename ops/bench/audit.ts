/**
 * What a run left in the databases, compared with what the generator was told: a rate counts only when each answer is
 * one payment with one operation, balanced postings, contiguous versions, one stored reply, in a journal without gaps.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { POSTINGS_THAT_DIFFER } from "../../storage/index.ts";
import { withDatabase } from "./databases.ts";
import { OUTCOME } from "./load-terms.ts";

export interface AuditScope {
  /** Databases with the shard schema; owner rights. */
  readonly dsns: readonly string[];
  /** The run's name, as its keys begin. */
  readonly run: string;
  readonly outcomes: Uint8Array;
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

/** One row per payment of the run; codes are those of actors/domain. */
const PER_PAYMENT = `
CREATE TEMP TABLE audited AS
SELECT payment_id, count(*) AS rows, min(version) AS first_version, max(version) AS last_version,
       count(*) FILTER (WHERE kind = 0) AS accepted, count(*) FILTER (WHERE gateway_key IS NOT NULL) AS operations,
       count(*) FILTER (WHERE reply_status IS NOT NULL) AS replies, max(captured) AS captured, max(authorized) AS authorized,
       max(version::int8 * 16 + to_status) % 16 AS status, max(version::int8 * 16 + operation_state) % 16 AS operation_state
  FROM journal WHERE seq > :since GROUP BY payment_id`;

interface Check {
  readonly what: string;
  readonly gaplessOnly?: true;
  /** Counts what is wrong as `bad`. `:since`: the seq before the run. `:keys`: LIKE pattern of the run's keys. */
  readonly sql: string;
}

const CHECKS: readonly Check[] = [
  {
    what: "origins whose journal has a gap",
    gaplessOnly: true,
    sql: `SELECT count(*) AS bad FROM (SELECT origin_shard FROM journal WHERE seq > :since GROUP BY origin_shard
            HAVING min(seq) <> :since + 1 OR max(seq) - min(seq) + 1 <> count(*)) x`,
  },
  {
    what: "commit anchors that do not continue the one before",
    gaplessOnly: true,
    sql: `SELECT count(*) AS bad FROM (
            SELECT first_seq, previous, lag(last_seq) OVER w AS last_before, lag(digest) OVER w AS digest_before
              FROM commit_anchor WHERE last_seq > :since WINDOW w AS (ORDER BY first_seq)) x
          WHERE last_before IS NOT NULL AND (first_seq <> last_before + 1 OR previous <> digest_before)`,
  },
  {
    what: "journal rows that no commit anchor covers",
    gaplessOnly: true,
    sql: `SELECT (SELECT count(*) FROM journal WHERE seq > :since)
               - (SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM commit_anchor WHERE last_seq > :since) AS bad`,
  },
  {
    what: "payments whose versions are not contiguous",
    sql: `SELECT count(*) AS bad FROM audited WHERE first_version <> 1 OR last_version <> rows`,
  },
  { what: "payments accepted not exactly once", sql: `SELECT count(*) AS bad FROM audited WHERE accepted <> 1` },
  { what: "payments with not exactly one operation", sql: `SELECT count(*) AS bad FROM audited WHERE operations <> 1` },
  {
    what: "payments whose operation is still open",
    sql: `SELECT count(*) AS bad FROM audited WHERE operation_state IN (0, 1)`,
  },
  { what: "operations left in doubt", sql: `SELECT count(*) AS bad FROM operation_open` },
  {
    what: "finished keys with not exactly one stored reply",
    sql: `SELECT count(*) AS bad FROM audited WHERE operation_state IN (2, 3) AND replies <> 1`,
  },
  {
    what: "payments whose postings differ from their journal",
    sql: `SELECT count(*) AS bad FROM audited a FULL JOIN (
            SELECT payment_id, sum(CASE kind WHEN 2 THEN amount WHEN 3 THEN -amount ELSE 0 END) AS captured,
                   sum(CASE kind WHEN 0 THEN amount WHEN 1 THEN -amount ELSE 0 END) AS held,
                   count(*) FILTER (WHERE kind = 2) AS captures
              FROM ledger_entry WHERE seq > :since GROUP BY payment_id) l USING (payment_id)
          WHERE a.payment_id IS NULL OR coalesce(l.captured, 0) <> a.captured OR l.captures > 1
             OR coalesce(l.held, 0) <> CASE WHEN a.status = 2 THEN a.authorized ELSE 0 END`,
  },
  {
    what: "balances of a payment that are not what its journal says",
    // The names of the views stand for their rows of this run: the question would read the whole database.
    sql: `WITH payment_current AS (SELECT * FROM payment_current WHERE id IN (SELECT payment_id FROM audited)),
               ledger_leg AS (SELECT * FROM ledger_leg WHERE seq > :since)
          SELECT count(*) AS bad FROM (${POSTINGS_THAT_DIFFER}) x`,
  },
  {
    what: "payments without journal, or journal without payment",
    sql: `SELECT count(*) AS bad FROM audited a
            FULL JOIN (SELECT id FROM payment WHERE idempotency_key LIKE :keys) p ON p.id = a.payment_id
          WHERE p.id IS NULL OR a.payment_id IS NULL`,
  },
  {
    what: "payments and idempotency keys that do not belong together",
    sql: `SELECT count(*) AS bad FROM (SELECT * FROM payment WHERE idempotency_key LIKE :keys) p
            FULL JOIN (SELECT * FROM idempotency WHERE key LIKE :keys) i
              ON i.merchant_id = p.merchant_id AND i.key = p.idempotency_key AND i.payment_id = p.id
          WHERE p.id IS NULL OR i.payment_id IS NULL`,
  },
];

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
    const found = new Uint8Array(scope.outcomes.length);
    let payments = 0;
    for (const dsn of scope.dsns) {
      await withDatabase(dsn, async (client) => {
        await settle(client, this.#settleLimitMs);
        faults.push(...(await this.#auditDatabase(client, dsn, scope)));
        payments += await countKeys(client, scope, found, faults);
      });
    }
    faults.push(...compareOutcomes(scope.outcomes, found));
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
    await client.query(fill(PER_PAYMENT));
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

/** Marks each request that has a payment in this database. */
async function countKeys(client: pg.Client, scope: AuditScope, found: Uint8Array, faults: string[]): Promise<number> {
  const { rows } = await client.query<[string]>({
    text: "SELECT substr(idempotency_key, $2::int) FROM payment WHERE idempotency_key LIKE $1",
    values: [`${scope.run}-%`, scope.run.length + 2],
    rowMode: "array",
  });
  let strange = 0;
  for (const [digits] of rows) {
    const k = Number(digits);
    if (Number.isInteger(k) && k < found.length) found[k] = (found[k] as number) + 1;
    else strange++;
  }
  if (strange > 0) faults.push(`${strange} payments with keys that were never sent`);
  return rows.length;
}

/** Compares, request by request, the answer with the number of payments that carry its key. */
export function compareOutcomes(outcomes: Uint8Array, found: Uint8Array): readonly string[] {
  let lost = 0;
  let doubled = 0;
  let unasked = 0;
  outcomes.forEach((outcome, k) => {
    const payments = found[k] as number;
    if (outcome === OUTCOME.accepted && payments === 0) lost++;
    if (payments > 1) doubled++;
    if (payments > 0 && (outcome === OUTCOME.refused || outcome === OUTCOME.none)) unasked++;
  });
  return [
    ...(lost > 0 ? [`${lost} accepted requests without a payment`] : []),
    ...(doubled > 0 ? [`${doubled} keys with more than one payment`] : []),
    ...(unasked > 0 ? [`${unasked} refused or unsent requests with a payment`] : []),
  ];
}
