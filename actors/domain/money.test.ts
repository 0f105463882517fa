import { expect } from "chai";
import fc from "fast-check";
import { CURRENCIES, currencyOf, parseAmount } from "./money.ts";

const cases: ReadonlyArray<readonly [string, string, string]> = [
  ["1", "EUR", "amount"],
  ["99999999", "EUR", "amount"],
  ["100000000", "EUR", "out_of_range"],
  ["0", "EUR", "out_of_range"],
  ["-0", "EUR", "out_of_range"],
  ["-1", "EUR", "out_of_range"],
  ["1.5", "EUR", "not_integer"],
  ["1.0", "EUR", "not_integer"],
  ["1e2", "EUR", "not_integer"],
  ["1e-3", "EUR", "not_integer"],
  ["1e400", "EUR", "out_of_range"],
  ["9007199254740993", "EUR", "out_of_range"],
  ["12345678901234567890", "EUR", "out_of_range"],
];

describe("amounts", () => {
  for (const [text, currency, expected] of cases)
    it(`${text} ${currency} -> ${expected}`, () => expect(parseAmount(text, currency).kind).to.equal(expected));

  it("keep every digit of what is in range", () =>
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 999_999_999_999n }), (amountMinor) => {
        expect(parseAmount(amountMinor.toString(), "IDR")).to.deep.equal({ kind: "amount", amountMinor });
      }),
    ));

  it("know exponents that the platform's own table has wrong", () => {
    const exponents = ["JPY", "KWD", "USD", "HUF", "IDR"].map((code) => currencyOf(code)?.exponent);
    expect(exponents).to.deep.equal([0, 3, 2, 2, 2]);
    for (const code of ["usd", "US", "XXX", "BTC", "", "constructor", "__proto__"])
      expect(currencyOf(code)).to.equal(undefined);
  });

  it("are at most what a JSON reader can hold exactly", () => {
    for (const { maxMinor } of Object.values(CURRENCIES))
      expect(maxMinor <= BigInt(Number.MAX_SAFE_INTEGER)).to.equal(true);
  });
});
