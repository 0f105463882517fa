import { expect } from "chai";
import { amountIn, compactJson, currencyIn, idIn, labelIn, nameIn, parseObject } from "./notice-fields.ts";
import { bytes, OP, PAY } from "./notice-rig.ts";

describe("fields of a notice", () => {
  const names: ReadonlyArray<readonly [value: unknown, name: string | null, label: string | null]> = [
    ["pi_1", "pi_1", "pi_1"],
    ["", null, null],
    ["a\u0000b", null, "a?b"], // Postgres takes no NUL in a text
    ["a\nb\u001B[31m\u2028", null, "a?b?[31m?"],
    ["\uD800", null, "?"],
    ["x".repeat(255), "x".repeat(255), "x".repeat(60)],
    ["x".repeat(10_000_000), null, "x".repeat(60)],
    [7, null, null],
    [null, null, null],
    [undefined, null, null],
    [{ toString: "x" }, null, null],
    [["pi_1"], null, null],
  ];
  for (const [value, name, label] of names)
    it(`${JSON.stringify(value)?.slice(0, 40)} as a name and as a label`, () => {
      expect(nameIn(value)).to.equal(name);
      expect(labelIn(value)).to.equal(label);
    });

  const amounts: ReadonlyArray<readonly [currency: string | null, units: unknown, amount: string | null]> = [
    ["EUR", 1000, "1000"],
    ["EUR", 0, "0"],
    ["EUR", -0, "0"],
    ["EUR", -1, null],
    ["EUR", 1.5, null],
    ["EUR", Number.NaN, null],
    ["EUR", Number.POSITIVE_INFINITY, null],
    ["EUR", 2 ** 53, null],
    ["EUR", 1e308, null],
    ["EUR", "1000", null],
    ["EUR", null, null],
    ["EUR", undefined, null],
    ["EUR", {}, null],
    [null, 1000, null],
    ["XXX", 1000, null],
    ["JPY", 5, "5"],
    ["KWD", 1230, "1230"],
    ["CLP", 500, "5"], // two decimals at Adyen, none of ours
    ["CLP", 501, null],
    ["CVE", 5, "500"], // none at Adyen, two of ours
  ];
  for (const [currency, units, amount] of amounts)
    it(`Adyen's ${String(units)} ${currency} -> ${amount}`, () =>
      expect(amountIn("adyen", currency, units)).to.equal(amount));

  it("know only currencies that we take", () => {
    expect(currencyIn("EUR")).to.equal("EUR");
    for (const value of ["eur", "XXX", "toString", "__proto__", "", null, 7]) expect(currencyIn(value)).to.equal(null);
  });

  const ids: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["another prefix", PAY],
    ["one character less", OP.slice(0, -1)],
    ["one character more", `${OP}0`],
    ["upper case", OP.toUpperCase()],
    ["a space before", ` ${OP}`],
    ["a colon in it", `${OP}:1000`],
    ["no UUIDv7", `op_${"0".repeat(26)}`],
    ["10 MB", "op_".padEnd(10_000_000, "0")],
    ["no text", 7],
    ["nothing", undefined],
  ];
  for (const [name, value] of ids) it(`no id: ${name}`, () => expect(idIn("op", value)).to.equal(null));
  it("an id is itself", () => expect(idIn("op", OP)).to.equal(OP));

  const bodies: ReadonlyArray<readonly [name: string, body: Uint8Array]> = [
    ["no bytes", bytes("")],
    ["no JSON", bytes("{")],
    ["a list", bytes("[]")],
    ["null", bytes("null")],
    ["a text", bytes('"{}"')],
    ["a number", bytes("1e999")],
    ["a BOM", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes("{}")])],
    ["no UTF-8", Buffer.concat([bytes('{"a":"'), Buffer.from([0xff]), bytes('"}')])],
    ["a cut character", Buffer.concat([bytes('{"a":"'), Buffer.from([0xe2, 0x82]), bytes('"}')])],
  ];
  for (const [name, body] of bodies) it(`no object: ${name}`, () => expect(parseObject(body)).to.equal(undefined));

  it("what is nested too deeply to write is no text, and no throw", () => {
    const deep = parseObject(bytes(`{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`));
    expect(deep === undefined ? undefined : compactJson(deep)).to.equal(undefined);
  });
});
