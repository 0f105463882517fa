/** The oracle: what took place at the gateways, read from their own logs. */
import { readFileSync } from "node:fs";
import { fromGatewayUnits } from "../../actors/gateways/index.ts";
import type { ChargeLine } from "../sandbox/gateways/charge-log.ts";

export type Charge = ChargeLine;
export type ChargeKind = Charge["kind"];

/** All effects of these logs, each log's in its order. Throws when one cannot be read. A last line that is being written is left out. */
export function readChargeLogs(paths: readonly string[]): readonly Charge[] {
  return paths.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Charge),
  );
}

/** In our minor units. Throws on a number that is no exact amount of its currency. */
export function minorOf({ gateway, currency, amount }: Charge): bigint {
  const minor = fromGatewayUnits(gateway, currency, amount);
  if (minor === undefined) throw new Error(`${gateway} has moved ${amount} of ${currency}, which is no amount`);
  return minor;
}

/** What each kind does to what is captured and not given back. */
const TAKEN: { readonly [K in ChargeKind]: 1n | 0n | -1n } = {
  authorize: 0n,
  sale: 1n,
  capture: 1n,
  void: 0n,
  refund: -1n,
  capture_failed: -1n,
  refund_failed: 1n,
  dispute: -1n,
  dispute_won: 1n,
  expire: 0n,
};
/** What ends a hold. */
export const HOLD_ENDS: ReadonlySet<ChargeKind> = new Set<ChargeKind>(["capture", "void", "expire"]);

/** Captured, less what was given back, failed or is disputed. `charges`: of one currency; our minor units. */
export const takenMinor = (charges: readonly Charge[]): bigint =>
  charges.reduce((sum, charge) => sum + TAKEN[charge.kind] * minorOf(charge), 0n);

/** Reserved and neither captured nor released. `charges`: all of one payment; our minor units. */
export const heldMinor = (charges: readonly Charge[]): bigint =>
  charges.some(({ kind }) => HOLD_ENDS.has(kind))
    ? 0n
    : charges.filter(({ kind }) => kind === "authorize").reduce((sum, charge) => sum + minorOf(charge), 0n);

/** What is disputed and was not won. `charges`: of one currency; our minor units. */
export const disputedMinor = (charges: readonly Charge[]): bigint =>
  -takenMinor(charges.filter(({ kind }) => kind === "dispute" || kind === "dispute_won"));
