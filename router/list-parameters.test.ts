import { expect } from "chai";
import fc from "fast-check";
import type { Refusal } from "../actors/domain/index.ts";
import { parseTime, PAYMENTS_PARAMETERS, readLimit, readPaymentsFilter } from "./list-parameters.ts";
import { decodePercent, readQuery } from "./query-parameters.ts";

/** What became of a query: its values, or which parameter is wrong and why. */
function judge(query: string): unknown {
  const parameters = readQuery(query, PAYMENTS_PARAMETERS);
  if ("kind" in parameters) return wrong(parameters);
  const limit = readLimit(parameters);
  if (typeof limit !== "number") return wrong(limit);
  const filter = readPaymentsFilter(parameters);
  if ("kind" in filter) return wrong(filter);
  const said = Object.entries(filter).filter(([, value]) => value !== null);
  return { limit, ...Object.fromEntries(said) };
}
function wrong(refusal: Refusal): string {
  expect(refusal.code).to.equal("invalid_parameter");
  expect(refusal.errors).to.have.lengthOf(1);
  return `${refusal.errors?.[0]?.pointer}: ${refusal.errors?.[0]?.code}`;
}

const at = Date.UTC(2026, 10, 22, 19, 36, 53);

describe("list parameters", () => {
  const good: readonly (readonly [query: string, expected: object])[] = [
    ["", { limit: 10 }],
    ["limit=1", { limit: 1 }],
    ["limit=100", { limit: 100 }],
    ["status=captured", { limit: 10, status: "captured" }],
    ["created[gte]=2026-11-22T19:36:53Z", { limit: 10, createdFromMs: at }],
    ["created%5Blt%5D=2026-11-22T20:36:53%2B01:00", { limit: 10, createdBeforeMs: at }],
    [`created[gte]=${at / 1000}&created[lt]=${at / 1000}`, { limit: 10, createdFromMs: at, createdBeforeMs: at }],
    ["merchant_reference=a+b%2Bc%20%E2%82%AC", { limit: 10, merchantReference: "a b+c €" }],
    ["merchant_reference=", { limit: 10, merchantReference: "" }],
    [`merchant_reference=${"%F0%9F%98%80".repeat(80)}`, { limit: 10, merchantReference: "😀".repeat(80) }],
  ];
  for (const [query, expected] of good)
    it(`take ${query.slice(0, 60)}`, () => expect(judge(query)).to.deep.equal(expected));

  const bad: readonly (readonly [query: string, expected: string])[] = [
    ["limit=0", "limit: out_of_range"],
    ["limit=-1", "limit: out_of_range"],
    ["limit=101", "limit: out_of_range"],
    ["limit=99999999999999999999", "limit: out_of_range"],
    ["limit=1e3", "limit: not_integer"],
    ["limit=1.0", "limit: not_integer"],
    ["limit=0x10", "limit: not_integer"],
    ["limit=abc", "limit: not_integer"],
    ["limit=", "limit: not_integer"],
    ["limit", "limit: not_integer"],
    ["limit=%31%20", "limit: not_integer"],
    ["limit=١", "limit: invalid_encoding"],
    ["limit=%D9%A1", "limit: not_integer"],
    ["limit=1&limit=2", "limit: duplicate_parameter"],
    ["limit=1&%6Cimit=1", "limit: duplicate_parameter"],
    ["Limit=1", "Limit: unknown_parameter"],
    ["expand=refunds", "expand: unknown_parameter"],
    ["__proto__=1", "__proto__: unknown_parameter"],
    ["limit=1&&status=captured", ": unknown_parameter"],
    ["limit=%", "limit: invalid_encoding"],
    ["limit=%zz", "limit: invalid_encoding"],
    ["merchant_reference=%ff", "merchant_reference: invalid_encoding"],
    ["merchant_reference=%ED%A0%80", "merchant_reference: invalid_encoding"],
    ["%zz=1", ": invalid_encoding"],
    ["status=nope", "status: invalid_value"],
    ["status=Captured", "status: invalid_value"],
    ["status=", "status: invalid_value"],
    ["status=toString", "status: invalid_value"],
    ["created[gte]=yesterday", "created[gte]: invalid_time"],
    ["created[gte]=2026-11-22", "created[gte]: invalid_time"],
    ["created[gte]=2026-11-22T19:36:53", "created[gte]: invalid_time"],
    ["created[gte]=2026-02-30T00:00:00Z", "created[gte]: invalid_time"],
    ["created[gte]=2026-13-01T00:00:00Z", "created[gte]: invalid_time"],
    ["created[gte]=2026-01-01T24:00:00Z", "created[gte]: invalid_time"],
    ["created[gte]=2026-01-01T23:59:60Z", "created[gte]: invalid_time"],
    ["created[gte]=2026-01-01T00:00:00%2B24:00", "created[gte]: invalid_time"],
    ["created[gte]=-5", "created[gte]: invalid_time"],
    ["created[gte]=1.5", "created[gte]: invalid_time"],
    ["created[gte]=1795376213000", "created[gte]: invalid_time"],
    ["created[lt]=", "created[lt]: invalid_time"],
    ["created[gte]=11&created[lt]=10", "created[lt]: inverted_range"],
    ["created=10", "created: unknown_parameter"],
    ["merchant_reference=a%00b", "merchant_reference: invalid_text"],
    ["merchant_reference=a%0d%0ab", "merchant_reference: invalid_text"],
    [`merchant_reference=${"a".repeat(81)}`, "merchant_reference: invalid_text"],
    [`${"x".repeat(500)}=1`, `${"x".repeat(63)}…: unknown_parameter`],
  ];
  for (const [query, expected] of bad)
    it(`refuse ${query.slice(0, 60)}`, () => expect(judge(query)).to.equal(expected));

  it("never throw, whatever the query", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (query) => void judge(query)));
    fc.assert(fc.property(fc.webQueryParameters(), (query) => void judge(query)));
  });

  it("read what is encoded as any client encodes it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(decodePercent(encodeURIComponent(text))).to.equal(text);
        const form = new URLSearchParams({ merchant_reference: text }).toString();
        const read = readQuery(form, PAYMENTS_PARAMETERS);
        expect("kind" in read ? read : read.get("merchant_reference")).to.equal(text);
      }),
    );
  });
});

describe("times of filters", () => {
  it("mean the same in every way that they may be written", () => {
    for (const text of [
      "2026-11-22T19:36:53Z",
      "2026-11-22t19:36:53z",
      "2026-11-22T19:36:53.000000000Z",
      "2026-11-22T21:36:53+02:00",
      "2026-11-22T14:06:53-05:30",
      String(at / 1000),
    ])
      expect(parseTime(text), text).to.equal(at);
  });
  it("round a part of a millisecond up, so that both ends mean what they say", () => {
    expect(parseTime("2026-11-22T19:36:53.0001Z")).to.equal(at + 1);
    expect(parseTime("2026-11-22T19:36:53.1230Z")).to.equal(at + 123);
    expect(parseTime("2026-11-22T19:36:53.999999999Z")).to.equal(at + 1000);
  });
  it("agree with Date", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(8e12), noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString())).to.equal(date.getTime());
      }),
    );
  });
});
