/** A running sandbox looked at from outside: its node's health, its databases, and what its gateways have seen. */
import { readFileSync } from "node:fs";
import type { ChargeLine } from "../sandbox/gateways/charge-log.ts";
import { readSandboxFile } from "../sandbox/sandbox-file.ts";
import type { SandboxFile } from "../sandbox/sandbox-file.ts";
import type { RequestReport } from "./arrivals.ts";
import { withDatabase } from "./databases.ts";

type Gateway = keyof SandboxFile["gateways"];

/** Throws when none runs there. */
export function sandboxIn(dataDir: string): SandboxFile {
  const file = readSandboxFile(dataDir);
  if (file === undefined) throw new Error(`no sandbox runs in ${dataDir}`);
  return file;
}

/** The status of `/readyz`; null: the node does not listen. */
export async function healthOf(file: SandboxFile): Promise<number | null> {
  const response = await fetch(`${file.nodes[0]?.adminUrl}/readyz`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status ?? null;
}

/** The requests that reached a gateway. */
export async function readRequests(file: SandboxFile, gateway: Gateway): Promise<RequestReport> {
  const response = await fetch(`${file.gateways[gateway].url}/_sandbox/requests`);
  return (await response.json()) as RequestReport;
}

/** The sum of the column `n` of a query on every shard's database. */
export async function countIn(file: SandboxFile, sql: string): Promise<number> {
  let sum = 0;
  for (const { ownerDsn } of file.postgres.shards) {
    const { rows } = await withDatabase(ownerDsn, (client) => client.query<{ n: number }>(sql));
    sum += rows[0]?.n ?? 0;
  }
  return sum;
}

/** The payments that had an effect at a gateway, once for each. */
export const chargedIn = (file: SandboxFile, gateway: Gateway): readonly string[] =>
  readFileSync(file.gateways[gateway].chargeLog, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as ChargeLine).payment_id);
