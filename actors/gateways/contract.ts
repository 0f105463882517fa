/**
 * The suite that every gateway adapter passes, as data: a test file turns each case into an `it`. It needs no test
 * framework, so that rigs outside the tests can run it too.
 */
import { Bench, type ContractCase, type ContractHarness } from "./contract-bench.ts";
import { laterCases } from "./contract-later.ts";
import { paymentCases } from "./contract-payments.ts";

export type { ContractCase, ContractEffect, ContractHarness } from "./contract-bench.ts";

/** The cases for an adapter. Each works on operations of its own. */
export function gatewayContract(harness: ContractHarness): readonly ContractCase[] {
  const bench = new Bench(harness);
  return [...paymentCases(bench), ...laterCases(bench)];
}
