/** Receipts that one shard kept for another: what was handed over must have arrived (design §3.6). Looks over all shards. */
import { type AskShards, type InvariantVerdict, NAMED_MAX, paymentNameOf } from "./invariants.ts";

const LOST = "H6 a notice was handed over to its shard and is not there";
interface Row {
  readonly name: string;
  readonly payment_id: string | null;
}
/** A receipt bears the notice's name behind a mark of its own. */
const NOTICES =
  "SELECT gateway || ' ' || regexp_replace(dedupe_key, '^receipt>', '') AS name, payment_id FROM gateway_event";

/** Each shard's receipts that are done with, beside what all the shards have. */
export async function checkSpool(ask: AskShards): Promise<InvariantVerdict> {
  const handed = await ask<Row>(`${NOTICES} WHERE verdict = 'forwarded'`);
  const kept =
    handed.length === 0 ? [] : await ask<Row>(`${NOTICES} WHERE verdict NOT IN ('forwarded', 'for_another_shard')`);
  const arrived = new Set(kept.map(({ name }) => name));
  const lost = handed.filter(({ name }) => !arrived.has(name));
  const offenders = lost.map(({ name, payment_id: id }) => `${id === null ? "" : `${paymentNameOf(id)} `}${name}`);
  return { name: LOST, found: lost.length, offenders: offenders.slice(0, NAMED_MAX), isNote: false };
}
