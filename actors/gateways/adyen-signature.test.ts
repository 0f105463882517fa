/** Adyen's signature: the golden vectors, the official SDK as oracle, and every bad item that we know of. */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { expect } from "chai";
import fc from "fast-check";
import { createAdyenSignatureCheck, signedTextOf } from "./adyen-signature.ts";
import { ADYEN_KEY, adyenItem, adyenOracle, signAdyen } from "./notice-rig.ts";
import type { Json } from "./verdicts.ts";

const PUBLIC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
const vectorA = (hmacSignature: unknown): Json => ({
  additionalData: { hmacSignature },
  pspReference: "7914073381342284",
  merchantAccountCode: "TestMerchant",
  merchantReference: "TestPayment-1407325143704",
  amount: { value: 1130, currency: "EUR" },
  eventCode: "AUTHORISATION",
  success: "true",
});
const SIGNATURE_A = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=";
const vectorB = (hmacSignature: string): Json => ({
  additionalData: { hmacSignature },
  pspReference: "PSP0000000000002",
  originalReference: "PSP0000000000001",
  merchantAccountCode: "MerchantA",
  merchantReference: String.raw`14-08-2020-09:53:00\x`,
  amount: { value: 1000, currency: "EUR" },
  eventCode: "CAPTURE",
  success: "true",
});
const isPublic = createAdyenSignatureCheck([PUBLIC_KEY]);
const check = createAdyenSignatureCheck([ADYEN_KEY]);

describe("Adyen signature", function () {
  this.timeout(60_000); // its properties are many small hashes
  it("matches golden vector (a)", () => expect(isPublic(vectorA(SIGNATURE_A))).to.equal(true));
  it("matches golden vector (b): colons and backslashes are not escaped", () =>
    expect(check(vectorB("ogfIDzN25sxeosen96SdvBSkSPwSCMOxMGtqDupbaOA="))).to.equal(true));
  it("does not match what an escaping implementation makes of (b)", () =>
    expect(check(vectorB("PI76pWiNvMnHo+nH6UHNpr6pnoNgYjNlubl8YWfnPrI="))).to.equal(false));

  const value = fc.string({ unit: "binary", maxLength: 20 });
  it("agrees with the official SDK, whatever the eight values are", () =>
    fc.assert(
      fc.property(
        fc.record({
          pspReference: value,
          originalReference: fc.option(value, { nil: undefined }),
          merchantAccountCode: value,
          merchantReference: fc.option(value, { nil: null }),
          amount: fc.record({ value: fc.oneof(fc.integer(), fc.double()), currency: value }),
          eventCode: value,
          success: fc.constantFrom("true", "false", true, "TRUE", undefined),
        }),
        (fields) => {
          const signed = signAdyen(fields);
          expect(signedTextOf(signed)).to.equal(adyenOracle.getDataToSign(signed as never));
          expect(check(signed)).to.equal(true);
          expect(adyenOracle.validateHMAC(signed as never, ADYEN_KEY)).to.equal(true);
          expect(isPublic(signed)).to.equal(false);
        },
      ),
    ));

  const changes: ReadonlyArray<readonly [field: string, change: Json]> = [
    ["pspReference", { pspReference: "PSP0000000000009" }],
    ["originalReference", { originalReference: "PSP0000000000001" }],
    ["merchantAccountCode", { merchantAccountCode: "MerchantB" }],
    ["merchantReference", { merchantReference: "op_" }],
    ["amount.value", { amount: { currency: "EUR", value: 1001 } }],
    ["amount.currency", { amount: { currency: "USD", value: 1000 } }],
    ["eventCode", { eventCode: "CAPTURE" }],
    ["success", { success: "false" }],
    ["a field that is an object", { pspReference: { toString: "PSP0000000000001" } }],
  ];
  for (const [field, change] of changes)
    it(`covers ${field}`, () => {
      const signed = signAdyen(adyenItem());
      expect(check(signed)).to.equal(true);
      expect(check({ ...signed, ...change })).to.equal(false);
    });

  const signatures: ReadonlyArray<readonly [name: string, signature: unknown]> = [
    ["none", undefined],
    ["null", null],
    ["an empty one", ""],
    ["a number", 7],
    ["an object", {}],
    ["a list", [SIGNATURE_A]],
    ["no base64", "!".repeat(44)],
    ["unequal lengths: too short", SIGNATURE_A.slice(4)],
    ["unequal lengths: too long", `AAAA${SIGNATURE_A}`],
    ["unequal lengths: the same characters, other bytes", `${SIGNATURE_A.slice(0, 42)}==`],
    ["an added newline", `${SIGNATURE_A}\n`],
    ["hex", "00".repeat(32)],
    ["another one", `A${SIGNATURE_A.slice(1)}`],
  ];
  for (const [name, signature] of signatures)
    it(`refuses, and does not throw at: ${name}`, () => expect(isPublic(vectorA(signature))).to.equal(false));
  it("refuses an item without additionalData or amount", () => {
    const { additionalData: _, ...bare } = vectorA(SIGNATURE_A);
    expect(isPublic(bare)).to.equal(false);
    expect(isPublic({ ...vectorA(SIGNATURE_A), amount: null })).to.equal(false);
  });

  it("passes by any of several keys", () => {
    const rotating = createAdyenSignatureCheck([PUBLIC_KEY.toLowerCase(), ADYEN_KEY]);
    expect(rotating(vectorA(SIGNATURE_A))).to.equal(true);
    expect(rotating(signAdyen(adyenItem()))).to.equal(true);
    expect(rotating(signAdyen(adyenItem(), "11".repeat(32)))).to.equal(false);
  });

  it("compares in constant time: digests of 32 bytes, by node's timingSafeEqual alone", () => {
    const real = crypto.timingSafeEqual;
    const lengths: number[] = [];
    try {
      crypto.timingSafeEqual = (a, b) => {
        lengths.push(a.byteLength, b.byteLength);
        return true;
      };
      syncBuiltinESMExports();
      expect(isPublic(vectorA(`A${SIGNATURE_A.slice(1)}`)), "no other comparison may refuse it").to.equal(true);
    } finally {
      crypto.timingSafeEqual = real;
      syncBuiltinESMExports();
    }
    expect(lengths).to.deep.equal([32, 32]);
  });

  const keys: ReadonlyArray<readonly [name: string, keys: readonly string[], says: RegExp]> = [
    ["no key at all", [], /hmacKeys has no key/],
    ["an empty key", [""], /hmacKeys\[0\]/],
    ["a blank key", [ADYEN_KEY, " ".repeat(64)], /hmacKeys\[1\]/],
    ["a key of 63 characters", [ADYEN_KEY.slice(1)], /hmacKeys\[0\]/],
    ["a key of 65 characters", [`${ADYEN_KEY}0`], /hmacKeys\[0\]/],
    ["a key with one character that is no hex", [`${ADYEN_KEY.slice(1)}g`], /hmacKeys\[0\]/],
    ["a key with the newline of its file", [`${ADYEN_KEY}\n`], /hmacKeys\[0\]/],
  ];
  for (const [name, list, says] of keys)
    it(`does not start with ${name}, and says which, not what`, () => {
      expect(() => createAdyenSignatureCheck(list)).to.throw(says);
      expect(() => createAdyenSignatureCheck(list)).to.not.throw(/00112233|0112233/);
    });
});
