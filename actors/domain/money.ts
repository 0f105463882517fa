/** Money: exact minor units in bigint and an ISO 4217 currency, never a float. The one table of currencies. */

/** Exponent: digits after the point by ISO 4217 (`Intl` differs for 9 of 23 currencies tried, so it is no source). */
interface CurrencyRow {
  readonly exponent: 0 | 2 | 3;
  /** Largest amount of one payment, minor units: eight digits, which both gateways take, unless said otherwise. */
  readonly maxMinor: bigint;
}

const EIGHT_DIGITS = 99_999_999n;
const row = (exponent: 0 | 2 | 3, maxMinor = EIGHT_DIGITS): CurrencyRow => ({ exponent, maxMinor });

/** Currencies that a payment may have. */
// biome-ignore format: a table reads by columns
export const CURRENCIES: Readonly<Record<string, CurrencyRow>> = Object.freeze({
  AED: row(2), AUD: row(2), BGN: row(2), BHD: row(3), BRL: row(2), CAD: row(2), CHF: row(2), CLP: row(0), CNY: row(2),
  COP: row(2, 9_999_999_999n), CVE: row(2), CZK: row(2), DKK: row(2), EUR: row(2), GBP: row(2), HKD: row(2), HUF: row(2, 9_999_999_999n),
  IDR: row(2, 999_999_999_999n), ILS: row(2), INR: row(2, 999_999_999n), ISK: row(0), JOD: row(3), JPY: row(0), KRW: row(0),
  KWD: row(3), MXN: row(2), MYR: row(2), NOK: row(2), NZD: row(2), OMR: row(3), PHP: row(2), PLN: row(2), QAR: row(2),
  RON: row(2), SAR: row(2), SEK: row(2), SGD: row(2), THB: row(2), TND: row(3), TRY: row(2), TWD: row(2), UGX: row(0),
  USD: row(2), VND: row(0, 999_999_999n), XAF: row(0), XOF: row(0), ZAR: row(2),
});

/** What is known of a currency; undefined: not a currency that we take. */
export const currencyOf = (code: string): CurrencyRow | undefined =>
  Object.hasOwn(CURRENCIES, code) ? CURRENCIES[code] : undefined;

/** An amount as it came in the body: the exact text of the number, because a parsed one may be rounded already. */
export type AmountVerdict =
  | { readonly kind: "amount"; readonly amountMinor: bigint }
  | { readonly kind: "not_integer" }
  | { readonly kind: "out_of_range" };

/**
 * The exact minor units that `text`, a JSON number, writes for `currency`: a plain positive integer up to the
 * currency's largest. `1e2` and `1.0` are not integers here; `1e400`, 0 and negative ones are out of range.
 */
export function parseAmount(text: string, currency: string): AmountVerdict {
  if (!/^-?\d{1,400}$/.test(text))
    return Number.isFinite(Number(text)) ? { kind: "not_integer" } : { kind: "out_of_range" };
  const amountMinor = BigInt(text);
  const max = currencyOf(currency)?.maxMinor ?? EIGHT_DIGITS;
  return amountMinor > 0n && amountMinor <= max ? { kind: "amount", amountMinor } : { kind: "out_of_range" };
}
