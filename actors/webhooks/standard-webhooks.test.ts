import { expect } from "chai";
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { isSecret, mintSecret, sign, signedHeaders } from "./standard-webhooks.ts";

/** The golden vector of gateways.md §4. */
const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const BODY = Buffer.from('{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}');
const SIGNATURE = "v1,yvn4xBjrmS2lySkjzbwIrz+sVHM4YKpUdgJV63gXS5Y=";
const OLD = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

describe("Standard Webhooks", () => {
  it("signs the golden vector", () => {
    expect(sign("msg_1", 1_750_000_000, BODY, [SECRET])).to.equal(SIGNATURE);
  });

  it("gives the three headers", () => {
    expect(signedHeaders("msg_1", 1_750_000_000, BODY, [SECRET])).to.deep.equal({
      "webhook-id": "msg_1",
      "webhook-timestamp": "1750000000",
      "webhook-signature": SIGNATURE,
    });
  });

  it("signs with both secrets while one rotates, the current one first", () => {
    const both = sign("msg_1", 1_750_000_000, BODY, [SECRET, OLD]).split(" ");
    expect(both).to.deep.equal([SIGNATURE, sign("msg_1", 1_750_000_000, BODY, [OLD])]);
  });

  it("signs bytes, not text: what is no UTF-8 is signed as it is", () => {
    const body = Uint8Array.from([0xff, 0x00, 0xc3, 0x28]);
    const expected = createHmac("sha256", Buffer.from(SECRET.slice(6), "base64"))
      .update(Buffer.concat([Buffer.from("msg_1.1750000000."), body]))
      .digest("base64");
    expect(sign("msg_1", 1_750_000_000, body, [SECRET])).to.equal(`v1,${expected}`);
  });

  it("mints a secret of 32 bytes of the chance that it is given", () => {
    const asked: number[] = [];
    const bytes = (count: number): Uint8Array => {
      asked.push(count);
      return new Uint8Array(count).fill(7);
    };
    expect(mintSecret({ bytes })).to.equal(OLD);
    expect(asked).to.deep.equal([32]);
  });

  const base64 = (count: number): string => Buffer.alloc(count, 1).toString("base64");
  const secrets: readonly (readonly [text: string, isOne: boolean])[] = [
    [SECRET, true],
    [OLD, true],
    [`whsec_${base64(24)}`, true],
    [`whsec_${base64(64)}`, true],
    [`whsec_${base64(23)}`, false],
    [`whsec_${base64(65)}`, false],
    ["", false],
    ["whsec_", false],
    [SECRET.slice(6), false],
    [`WHSEC_${SECRET.slice(6)}`, false],
    [`${SECRET} `, false],
    [`${SECRET}\n`, false],
    [OLD.replace("=", ""), false], // not canonical: two texts would be one key
    [`whsec_${base64(32).replaceAll("A", "-")}`, false],
    [`whsk_${base64(32)}`, false],
  ];
  for (const [text, isOne] of secrets)
    it(`${isOne ? "takes" : "refuses"} the secret ${JSON.stringify(text).slice(0, 60)}`, () =>
      expect(isSecret(text)).to.equal(isOne));

  const wrong: readonly (readonly [name: string, call: () => unknown])[] = [
    ["without a secret", () => sign("msg_1", 1, BODY, [])],
    ["with a blank secret", () => sign("msg_1", 1, BODY, [""])],
    ["when one of two secrets is bad", () => sign("msg_1", 1, BODY, [SECRET, "whsec_x"])],
    ["an id with a full stop", () => sign("msg.1", 1, BODY, [SECRET])],
    ["an id that would end a header line", () => sign("msg_1\r\nx: y", 1, BODY, [SECRET])],
    ["an empty id", () => sign("", 1, BODY, [SECRET])],
    ["milliseconds with a fraction", () => sign("msg_1", 1.5, BODY, [SECRET])],
    ["at no time", () => sign("msg_1", Number.NaN, BODY, [SECRET])],
  ];
  for (const [name, call] of wrong) it(`does not sign ${name}`, () => expect(call).to.throw());

  it("gives no two events the same signature", () => {
    const id = fc.stringMatching(/^[a-z0-9_]{1,12}$/);
    const event = fc.tuple(id, fc.integer({ min: 1, max: 9_999_999_999 }), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(event, event, (a, b) => {
        const same = a[0] === b[0] && a[1] === b[1] && Buffer.compare(a[2], b[2]) === 0;
        return (sign(...a, [SECRET]) === sign(...b, [SECRET])) === same;
      }),
      { seed: 20_260_401 },
    );
  });
});
