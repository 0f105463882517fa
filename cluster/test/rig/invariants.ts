/** What must hold after every history, seen from outside (faults.md §3): database, charge log and replies. */
import { expect } from "chai";
import type { GatewayName } from "../../../actors/domain/index.ts";
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import type { BookInvariant } from "../../../ops/verify/books.ts";
import { broken, verify } from "../../../ops/verify/verify.ts";
import {
  type ChainChoice,
  checkInvariants,
  type InvariantName as StoredInvariant,
  withShards,
} from "../../../storage/index.ts";
import { type Cluster, until } from "./cluster.ts";

export type InvariantName = StoredInvariant | BookInvariant;

/** What ends by itself when nothing new comes: a notice that is on its way, a call that was sent again. */
const ENDS_BY_ITSELF = [
  "I5 a payment is still pending",
  "I5 an operation is still open",
  "I10 a late success was not given back",
  "H6 a notice waits longer than it may",
] as const satisfies readonly StoredInvariant[];
/** In ordinary tests nobody is to be waited for. */
const REVIEWED: StoredInvariant = "G6 a payment is in review";
const PATIENCE_MS = 60_000;

/** A gateway whose notifications were told nowhere to go. */
async function silentGateways({ gateways }: SandboxFile): Promise<readonly GatewayName[]> {
  const { controlUrl } = gateways.adyen;
  if (controlUrl === null) return ["adyen"];
  const response = await fetch(`${controlUrl}/state`).catch(() => undefined);
  const state = (await response?.json()) as { adyen: { webhooks: { url: string | null } } } | undefined;
  return (state?.adyen.webhooks.url ?? null) === null ? ["adyen"] : [];
}

interface Choice {
  /** How long what ends by itself is waited for. */
  readonly patienceMs?: number;
  readonly chains?: ChainChoice;
}

/**
 * Checks all of them, and that books and charge log agree. Waits first for what ends by itself. Throws naming those that
 * do not hold.
 */
export async function expectInvariants(
  cluster: Cluster,
  except: readonly InvariantName[] = [],
  { patienceMs = PATIENCE_MS, chains = "sample" }: Choice = {},
): Promise<void> {
  await cluster.query("ANALYZE"); // these tables are analyzed too rarely for joins of all their rows
  const { postgres, gateways } = cluster.info;
  const dsns = postgres.shards.map(({ ownerDsn }) => ownerDsn);
  const silent = await silentGateways(cluster.info);
  const terms = { graceMs: 0, silent, chains };
  const awaited = ENDS_BY_ITSELF.filter((name) => !except.includes(name));
  const isQuiet = async (): Promise<boolean> =>
    (await withShards(dsns, (ask) => checkInvariants(ask, terms, awaited))).every(({ found }) => found === 0);
  await until("all is quiet", patienceMs, isQuiet).catch(() => undefined); // said below
  const chargeLogs = [gateways.stripe.chargeLog, gateways.adyen.chargeLog];
  const { verdicts } = await verify({ dsns, chargeLogs, api: null }, terms);
  const judged = verdicts
    .map((one) => ({ ...one, isNote: one.isNote && one.name !== REVIEWED }))
    .filter(({ name }) => !except.some((one) => one === name));
  const said = broken({ verdicts: judged }).map(
    ({ name, found, offenders }) => `${name}: ${found}, as ${offenders.join("; ")}`,
  );
  expect(said, said.join("\n")).to.deep.equal([]);
  for (const { name, found, offenders, isNote } of judged)
    if (isNote && found > 0) console.log(`      ${name}: ${found}, as ${offenders.join("; ")}`);
}
