/** Checks a running cluster from outside: databases, the gateways' charge logs, and what the API says (faults.md §3). */
import {
  type ChainChoice,
  checkChains,
  checkInvariants,
  checkSpool,
  type InvariantScope,
  type InvariantVerdict,
  readBalances,
  readOperations,
  readPayments,
  withShards,
} from "../../storage/index.ts";
import { type ApiAccess, compareApi } from "./api.ts";
import { compareBooks } from "./books.ts";
import { readChargeLogs } from "./charges.ts";

/** Where to look. Null: that part is not looked at. */
export interface VerifySite {
  /** Of the shards' databases, with the right to read. */
  readonly dsns: readonly string[];
  /** Paths. */
  readonly chargeLogs: readonly string[] | null;
  readonly api: ApiAccess | null;
}
export interface VerifyTerms extends InvariantScope {
  readonly chains: ChainChoice;
}

export interface VerifyReport {
  readonly verdicts: readonly InvariantVerdict[];
  /** What was looked at. */
  readonly counted: {
    readonly payments: number;
    readonly operations: number;
    readonly charges: number;
    readonly hashes: number;
  };
}

/** What must not be and is; notes aside. */
export const broken = ({ verdicts }: Pick<VerifyReport, "verdicts">): readonly InvariantVerdict[] =>
  verdicts.filter(({ found, isNote }) => found > 0 && !isNote);

/** Looks once. Throws what a database, a file or the API says. */
export async function verify(site: VerifySite, terms: VerifyTerms): Promise<VerifyReport> {
  const { dsns, chargeLogs, api } = site;
  // Whoever is in the log has an operation already, and whose end is in the books is in the log.
  const chargesBefore = readChargeLogs(chargeLogs ?? []);
  const read = await withShards(dsns, async (ask) => ({
    verdicts: [...(await checkInvariants(ask, terms)), await checkSpool(ask)],
    chains: await checkChains(ask, terms.chains),
    operations: await readOperations(ask),
    balances: await readBalances(ask),
    payments: await readPayments(ask),
  }));
  const { operations, balances, payments, chains } = read;
  const chargesAfter = readChargeLogs(chargeLogs ?? []);
  const books =
    chargeLogs === null ? [] : compareBooks({ operations, balances, chargesBefore, chargesAfter }, terms.silent);
  const said = api === null ? [] : await compareApi(api, payments, balances);
  return {
    verdicts: [...read.verdicts, ...(terms.chains === "none" ? [] : [chains.verdict]), ...books, ...said],
    counted: {
      payments: payments.length,
      operations: operations.length,
      charges: chargesAfter.length,
      hashes: chains.counted,
    },
  };
}
