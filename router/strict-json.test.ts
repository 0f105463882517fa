import { Buffer } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import { MAX_DEPTH, parseStrictObject, pointerSegment, type StrictJson } from "./strict-json.ts";

const parse = (text: string): StrictJson => parseStrictObject(Buffer.from(text));
/** The kind, with what else matters. */
const summary = (json: StrictJson): string => (json.kind === "duplicate" ? `duplicate ${json.pointer}` : json.kind);
const nested = (depth: number): string => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

const cases: readonly (readonly [name: string, text: string, expected: string])[] = [
  ["empty object", "{}", "object"],
  ["white space around", " \r\n\t{ } ", "object"],
  ["a quote escaped", '{"a\\"b":"\\\\","c":"\\\\\\""}', "object"],
  ["brackets in a text", '{"a":"{[,:","b":1}', "object"],
  ["the same key in two objects", '{"a":{"x":1},"b":{"x":1},"x":1}', "object"],
  ["a key that is a value too", '{"a":"b","b":"a"}', "object"],
  ["a key after an array", '{"a":["x","x",{"x":1}],"x":1}', "object"],
  ["surrogates in pairs", '{"a":"\\ud83d\\ude00 😀"}', "object"],
  ["twice at the top", '{"a":1,"b":{},"a":2}', "duplicate /a"],
  ["twice inside", '{"a":{"b":1,"c":[1],"b":2}}', "duplicate /a/b"],
  ["twice in an array", '{"a":[{"b":1},{"c":1,"c":2}]}', "duplicate /a/-/c"],
  ["twice, once escaped", '{"ab":1,"\\u0061b":2}', "duplicate /ab"],
  ["twice __proto__", '{"__proto__":1,"__proto__":2}', "duplicate /__proto__"],
  ["twice, with a slash", '{"a/b~":1,"a/b~":2}', "duplicate /a~1b~0"],
  ["deep enough", nested(MAX_DEPTH), "object"],
  ["too deep", nested(MAX_DEPTH + 1), "invalid"],
  ["30,000 arrays", nested(30_000), "invalid"],
  ["lone surrogate", '{"a":"\\ud800"}', "invalid"],
  ["lone surrogate in a key", '{"\\udfff":1}', "invalid"],
  ["surrogates in the wrong order", '{"a":"\\ude00\\ud83d"}', "invalid"],
  ["array", "[]", "invalid"],
  ["null", "null", "invalid"],
  ["two values", "{}{}", "invalid"],
  ["byte order mark", "\ufeff{}", "invalid"],
  ["trailing comma", '{"a":1,}', "invalid"],
  ["raw control character", '{"a":"\n"}', "invalid"],
];

describe("strict JSON", () => {
  for (const [name, text, expected] of cases) it(name, () => expect(summary(parse(text))).to.equal(expected));

  for (const bytes of [
    [0x7b, 0xff, 0x7d],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0xc0, 0xaf],
    [0x7b, 0x00, 0x7d, 0x00],
  ])
    it(`refuses the bytes ${bytes.join(" ")}`, () =>
      expect(parseStrictObject(Uint8Array.from(bytes)).kind).to.equal("invalid"));

  it("reads a view into a larger buffer", () => {
    const bytes = Buffer.from('xx{"a":1}yy');
    expect(parseStrictObject(new Uint8Array(bytes.buffer, bytes.byteOffset + 2, 7)).kind).to.equal("object");
  });

  it("keeps the text of the top level's numbers, and of no others", () => {
    const json = parse('{"a":1.0,"b":-0,"c":"7","d":{"a":2},"e":[3],"f":1e400, "g" : 12345678901234567890}');
    expect(json.kind === "object" && [...json.numberTexts]).to.deep.equal([
      ["a", "1.0"],
      ["b", "-0"],
      ["f", "1e400"],
      ["g", "12345678901234567890"],
    ]);
  });

  it("takes whatever JSON.stringify writes, and changes nothing", () => {
    const json = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 });
    fc.assert(
      fc.property(json, fc.boolean(), (value, pretty) => {
        const text = JSON.stringify(value, null, pretty ? 2 : 0);
        const result = parse(text);
        expect(result.kind === "object" && result.value).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  it("finds a key that was doubled anywhere in the text", () => {
    const key = fc.string({ unit: "binary", minLength: 1 });
    fc.assert(
      fc.property(
        key,
        fc.jsonValue({ maxDepth: 2 }),
        fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
        (name, value, others) => {
          const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
          const between = others
            .map((other, i) => `${JSON.stringify(`${name}${i}`)}:${JSON.stringify(other)},`)
            .join("");
          expect(summary(parse(`{"outer":{${member},${between}${member}}}`))).to.equal(
            `duplicate /outer${pointerSegment(name)}`,
          );
        },
      ),
    );
  });
});
