import { expect } from "chai";
import { CURRENCIES, GATEWAY_NAMES, type GatewayName } from "../domain/index.ts";
import { fromGatewayUnits, toGatewayUnits } from "./amounts.ts";

describe("amounts at the gateways", () => {
  const cases: ReadonlyArray<readonly [GatewayName, string, bigint, number | undefined]> = [
    ["stripe", "USD", 1050n, 1050],
    ["stripe", "JPY", 500n, 500],
    ["stripe", "KWD", 5120n, 5120],
    ["stripe", "ISK", 5n, 500],
    ["stripe", "UGX", 5n, 500],
    ["stripe", "CLP", 5n, 5],
    ["adyen", "USD", 1050n, 1050],
    ["adyen", "JPY", 500n, 500],
    ["adyen", "KWD", 5123n, 5123],
    ["adyen", "CLP", 5n, 500],
    ["adyen", "ISK", 5n, 500],
    ["adyen", "IDR", 500n, 5],
    ["adyen", "IDR", 501n, undefined],
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
  });
});
