import { expect } from "chai";
import { CURRENCIES, GATEWAY_NAMES, type GatewayName } from "../domain/index.ts";
import { fromGatewayUnits, toGatewayUnits } from "./amounts.ts";

describe("amounts at the gateways", () => {
  const cases: ReadonlyArray<readonly [GatewayName, string, bigint, number | undefined]> = [
    ["stripe", "USD", 1050n, 1050],
    ["adyen", "USD", 1050n, 1050],
    ["stripe", "JPY", 500n, 500],
    ["adyen", "JPY", 500n, 500],
    ["stripe", "KWD", 5120n, 5120],
    ["stripe", "KWD", 5123n, undefined],
    ["adyen", "KWD", 5123n, 5123],
    ["stripe", "ISK", 5n, 500],
    ["adyen", "ISK", 5n, 500],
    ["stripe", "UGX", 5n, 500],
    ["adyen", "UGX", 5n, 5],
    ["stripe", "CLP", 5n, 5],
    ["adyen", "CLP", 5n, 500],
    ["stripe", "CVE", 500n, 500],
    ["adyen", "CVE", 500n, 5],
    ["stripe", "IDR", 500n, 500],
    ["stripe", "IDR", 501n, 501],
    ["adyen", "IDR", 500n, 5],
    ["adyen", "IDR", 501n, undefined],
    // Not a currency that we take: nothing is ever said in it.
    ["stripe", "XXX", 500n, undefined],
    ["adyen", "XXX", 500n, undefined],
    ["adyen", "USD", 2n ** 60n, undefined],
  ];
  for (const [gateway, currency, amountMinor, units] of cases)
    it(`${gateway} ${currency} ${amountMinor} -> ${units}`, () => {
      expect(toGatewayUnits(gateway, currency, amountMinor)).to.equal(units);
      if (units !== undefined) expect(fromGatewayUnits(gateway, currency, units)).to.equal(amountMinor);
    });

  for (const gateway of GATEWAY_NAMES)
    it(`come back from ${gateway} as they went, in every currency`, () => {
      for (const currency of Object.keys(CURRENCIES)) {
        const units = toGatewayUnits(gateway, currency, 12_300n) as number;
        expect(fromGatewayUnits(gateway, currency, units), currency).to.equal(12_300n);
      }
    });

  it("are never read from a fraction", () => {
    expect(fromGatewayUnits("stripe", "USD", 10.5)).to.equal(undefined);
    expect(fromGatewayUnits("stripe", "ISK", 550)).to.equal(undefined);
    expect(fromGatewayUnits("adyen", "CLP", 501)).to.equal(undefined);
    expect(toGatewayUnits("adyen", "CVE", 501n)).to.equal(undefined);
  });

  for (const currency of ["BHD", "JOD", "KWD", "OMR", "TND"])
    it(`${currency}: Stripe says no thousandth, Adyen says each`, () => {
      for (let amountMinor = 1n; amountMinor < 30n; amountMinor++) {
        const units = amountMinor % 10n === 0n ? Number(amountMinor) : undefined;
        expect(toGatewayUnits("stripe", currency, amountMinor)).to.equal(units);
        expect(toGatewayUnits("adyen", currency, amountMinor)).to.equal(Number(amountMinor));
      }
      expect(fromGatewayUnits("stripe", currency, 5123)).to.equal(5123n); // what it says is what it means
    });

  it("are never read in a currency that we do not take", () => {
    for (const gateway of GATEWAY_NAMES) expect(fromGatewayUnits(gateway, "XXX", 100)).to.equal(undefined);
  });
});
