import { expect } from "chai";
import { Scratch, column, columnArray, compositeArray } from "./binary-arrays.ts";
import type { ColumnType } from "./binary-arrays.ts";

const hexOf = (type: ColumnType, values: readonly unknown[]): string =>
  columnArray(
    column<unknown, ColumnType>("x", type, (row) => row as never),
    values,
    new Scratch(),
  ).toString("hex");

describe("binary arrays", () => {
  it("writes an empty array without dimensions", () => expect(hexOf("int4", [])).to.equal("000000000000000000000017"));

  it("writes dimension, null flag, type, count, lower bound and each value behind its length", () =>
    expect(hexOf("int2", [1, null, -1])).to.equal(
      [
        "00000001",
        "00000001",
        "00000015",
        "00000003",
        "00000001",
        "00000002",
        "0001",
        "ffffffff",
        "00000002",
        "ffff",
      ].join(""),
    ));

  it("counts text in bytes, not characters", () => expect(hexOf("text", ["é"]).slice(40)).to.equal("00000002c3a9"));

  it("writes composite rows with the type of each attribute", () => {
    const columns = [
      column<readonly [number, string | null], "int4">("a", "int4", (row) => row[0]),
      column<readonly [number, string | null], "text">("b", "text", (row) => row[1]),
    ];
    const bytes = compositeArray(columns, 777, [[5, null]], new Scratch());
    expect(bytes.toString("hex")).to.equal(
      ["00000001", "00000000", "00000309", "00000001", "00000001"].join("") +
        ["00000018", "00000002", "00000017", "00000004", "00000005", "00000019", "ffffffff"].join(""),
    );
  });

  it("keeps earlier arrays when it grows in the middle of a later one", () => {
    const scratch = new Scratch();
    const of = column<string, "text">("x", "text", (row) => row);
    const first = columnArray(of, ["first"], scratch);
    const before = first.toString("hex");
    const large = Array.from({ length: 50 }, (_, i) => String(i).repeat(10_000));
    const second = columnArray(of, large, scratch);
    expect(first.toString("hex")).to.equal(before);
    let at = 20;
    for (const text of large) {
      const length = second.readInt32BE(at);
      expect(second.toString("utf8", at + 4, at + 4 + length) === text).to.equal(true);
      at += 4 + length;
    }
    expect(at).to.equal(second.length);
  });

  const outside: readonly (readonly [ColumnType, unknown])[] = [
    ["int2", 32_768],
    ["int2", 1.5],
    ["int4", 2 ** 31],
    ["int4", Number.NaN],
    ["int8", 2n ** 63n],
    ["int8", -(2n ** 63n) - 1n],
    ["timestamptz", Number.NaN],
    ["timestamptz", Number.MAX_SAFE_INTEGER],
    ["uuid", new Uint8Array(15)],
  ];
  for (const [type, value] of outside)
    it(`refuses ${String(value)} as ${type}`, () => expect(() => hexOf(type, [value])).to.throw(RangeError));
});
