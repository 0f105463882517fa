/** The history of the payments that a soak has something to say of: what was planned, recorded, told and charged. */
import { bytesOfId, firstOperationOf, parseId } from "../../../actors/domain/index.ts";
import { chargesOf } from "../rig/charge-log.ts";
import type { Cluster } from "../rig/cluster.ts";
import type { PlannedPurchase } from "./plan-purchases.ts";

const PAYMENTS_MAX = 5;

interface Told {
  readonly key: string;
  readonly rows: string;
  readonly findings: string | null;
}

/** Relative times are seconds since the payment was made. */
const HISTORY = `
  SELECT p.idempotency_key AS key,
    (SELECT string_agg(format('%s s %s %s (%s%s)', round(extract(epoch FROM t.recorded_at - p.created_at), 1), t.operation_kind, t.fact,
            t.cause, CASE WHEN t.data LIKE '%"pendingReason"%' THEN ', ' || (t.data::jsonb ->> 'pendingReason') END), '; ' ORDER BY t.version)
       FROM payment_timeline t WHERE t.payment_id = p.id) AS rows,
    (SELECT string_agg(d.class || ' ' || d.state || ' ' || d.observed, '; ') FROM discrepancy d WHERE d.payment_id = p.id) AS findings
    FROM payment p WHERE p.id = encode($1, 'hex')::uuid`;

/** Notices that wait for their payment, or for people. */
const PARKED = `
  SELECT format('%s of %s, %s after %s tries: %s', type, coalesce(payment_id::text, 'nobody'), verdict, tries, notice) AS line
    FROM gateway_event WHERE state = 'parked' ORDER BY received_at LIMIT 10`;
export const listParked = async (cluster: Cluster): Promise<readonly string[]> =>
  (await cluster.query<{ line: string }>(PARKED)).map(({ line }) => line);

/** Any shard may have them: one that takes another's keeps a receipt. */
const NOTICES = `
  SELECT format('%s %s in %s: %s %s', to_char(received_at, 'HH24:MI:SS.MS'), type, current_database(), state, verdict) AS line
    FROM gateway_event WHERE notice LIKE '%' || $1 || '%' OR notice LIKE '%' || $2 || '%' ORDER BY received_at`;

/** Lines about the first few payments that `faults` name. */
export async function diagnose(
  cluster: Cluster,
  planned: readonly PlannedPurchase[],
  faults: readonly string[],
): Promise<readonly string[]> {
  const ids = new Set(faults.flatMap((fault) => fault.match(/pay_[0-9a-z]{26}/g) ?? []));
  const lines: string[] = [];
  for (const text of [...ids].slice(0, PAYMENTS_MAX)) {
    const id = parseId("pay", text);
    if (id === undefined) continue;
    for (const { key, rows, findings } of await cluster.query<Told>(HISTORY, [bytesOfId(id)])) {
      const { rounds, ...plan } = planned.find((one) => one.key === key) ?? { rounds: [] };
      const steps = rounds.map((round) => round.map(({ kind, amount }) => `${kind} ${amount ?? "all"}`).join(" + "));
      const charges = chargesOf(cluster.info, id).map(({ kind, amount, key: of }) => `${kind} ${amount} ${of}`);
      lines.push(`${text} plan: ${JSON.stringify(plan)}, then ${steps.join(", ") || "nothing"}`, `  rows: ${rows}`);
      const notices = await cluster.query<{ line: string }>(NOTICES, [text, firstOperationOf(id)]);
      lines.push(
        `  notices: ${notices.map(({ line }) => line).join("; ") || "none"}`,
        `  charges: ${charges.join("; ") || "none"}`,
        `  findings: ${findings ?? "none"}`,
      );
    }
  }
  return lines;
}
