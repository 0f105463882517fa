/** Hashes journal rows anew, from what is on disk: a row that was changed shows, whoever changed it (faults.md I7). */
import { bytesOfId, idFromBytes, type PaymentId } from "../actors/domain/index.ts";
import { CHAIN_COLUMNS, CHAIN_FROM, type ChainRow, hashOf, NO_HASH } from "./chain-row.ts";
import { type AskShards, type InvariantVerdict, NAMED_MAX } from "./invariants.ts";

/** `sample`: the payments of one part in sixteen. A payment's id: that one. */
export type ChainChoice = "all" | "sample" | "none" | PaymentId;

/** Rows that are in memory at once, about; no more than 256 parts, for a part is told by one byte of the payment's id. */
const ROWS_AT_ONCE = 20_000;
const PARTS_MAX = 256;
const SAMPLE_PARTS = 16;
const BROKEN = "I7 a row's hash is not that of its columns and the row before";

const rowsWhere = (condition: string): string =>
  `SELECT ${CHAIN_COLUMNS} FROM ${CHAIN_FROM} WHERE ${condition} ORDER BY j.payment_id, j.version`;

/** Every row of the chosen payments. `counted`: rows. */
export async function checkChains(
  ask: AskShards,
  choice: ChainChoice,
): Promise<{ readonly counted: number; readonly verdict: InvariantVerdict }> {
  let counted = 0;
  const offenders: string[] = [];
  let found = 0;
  for (const condition of await partsOf(ask, choice)) {
    let before: ChainRow | undefined;
    for (const row of await ask<ChainRow>(rowsWhere(condition))) {
      const isNext = before !== undefined && before.payment_id.equals(row.payment_id);
      const head = isNext ? (before as ChainRow).hash : NO_HASH;
      before = row;
      counted++;
      if (Buffer.compare(hashOf(row, head), row.hash) === 0) continue;
      found++;
      if (offenders.length < NAMED_MAX) offenders.push(`${idFromBytes("pay", row.payment_id)} version ${row.version}`);
    }
  }
  return { counted, verdict: { name: BROKEN, found, offenders, isNote: false } };
}

/** Conditions that choose the payments, so many at a time that their rows fit into memory. */
async function partsOf(ask: AskShards, choice: ChainChoice): Promise<readonly string[]> {
  if (choice === "none") return [];
  if (choice !== "all" && choice !== "sample")
    return [`j.payment_id = '${Buffer.from(bytesOfId(choice)).toString("hex")}'::uuid`];
  const total = (await ask<{ n: number }>("SELECT count(*)::int AS n FROM journal")).reduce((sum, { n }) => sum + n, 0);
  const parts = Math.min(PARTS_MAX, Math.max(choice === "sample" ? SAMPLE_PARTS : 1, Math.ceil(total / ROWS_AT_ONCE)));
  const numbers = choice === "sample" ? [0] : Array.from({ length: parts }, (_, part) => part);
  return numbers.map((part) => `get_byte(uuid_send(j.payment_id), 15) % ${parts} = ${part}`);
}
