/**
 * Our minor units (ISO 4217) to a gateway's and back: the one place where an exponent of a gateway is known.
 * Source: both gateways' public lists of currencies; each row is a guard against a charge that is 100 times wrong.
 */
import { currencyOf, type GatewayName } from "../domain/index.ts";

/** Exponents that differ from ISO 4217. */
const EXPONENT_OVERRIDES: Readonly<Record<GatewayName, Readonly<Record<string, number>>>> = {
  stripe: { ISK: 2, UGX: 2 },
  adyen: { CLP: 2, CVE: 0, IDR: 0, ISK: 2 },
  "fixed-latency": {},
};

/** Stripe takes amounts of three decimals only when the last one is 0. */
const STEP_OF_THREE_DECIMALS: Readonly<Record<GatewayName, bigint>> = { stripe: 10n, adyen: 1n, "fixed-latency": 1n };

/** Digits that the gateway has more than ISO 4217; undefined: not a currency that we take. */
const shiftOf = (gateway: GatewayName, currency: string): number | undefined => {
  const exponent = currencyOf(currency)?.exponent;
  return exponent === undefined ? undefined : (EXPONENT_OVERRIDES[gateway][currency] ?? exponent) - exponent;
};

/**
 * The whole number that the gateway takes for `amountMinor`, or undefined when it cannot say this amount
 * (a fraction of its smallest unit, or above what a double holds exactly).
 */
export function toGatewayUnits(gateway: GatewayName, currency: string, amountMinor: bigint): number | undefined {
  const shift = shiftOf(gateway, currency);
  if (shift === undefined) return undefined;
  const factor = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && amountMinor % factor !== 0n) return undefined;
  if (currencyOf(currency)?.exponent === 3 && amountMinor % STEP_OF_THREE_DECIMALS[gateway] !== 0n) return undefined;
  const units = Number(shift < 0 ? amountMinor / factor : amountMinor * factor);
  return Number.isSafeInteger(units) ? units : undefined;
}

/** Our minor units for a gateway's whole number; undefined: no exact amount of this currency. */
export function fromGatewayUnits(gateway: GatewayName, currency: string, units: number): bigint | undefined {
  const shift = shiftOf(gateway, currency);
  if (shift === undefined || !Number.isSafeInteger(units)) return undefined;
  const factor = 10n ** BigInt(Math.abs(shift));
  const exact = BigInt(units);
  if (shift > 0 && exact % factor !== 0n) return undefined;
  return shift > 0 ? exact / factor : exact * factor;
}
