/** Stripe's signature: the golden vector, the official SDK as oracle, and every bad header that we know of. */
import crypto, { createHmac } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { expect } from "chai";
import fc from "fast-check";
import Stripe from "stripe";
import { bytes, NOW_MS, NOW_S, STRIPE_SECRET, stripeHeader } from "./notice-rig.ts";
import { createStripeSignatureCheck } from "./stripe-signature.ts";

const BODY = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}';
const GOLDEN = "ea55a5656d8d7fa195faaa6bff7706bc34a1ea33fcc0953ce1dbd3e58494676b";
const WRONG = "0".repeat(64);
const check = createStripeSignatureCheck([STRIPE_SECRET]);
const passes = (header: string | undefined, body: Uint8Array | string = BODY, nowMs = NOW_MS): boolean =>
  check(typeof body === "string" ? bytes(body) : body, header, nowMs);

describe("Stripe signature", function () {
  this.timeout(60_000); // its properties are many small hashes
  it("matches the golden vector", () => expect(passes(`t=1750000000,v1=${GOLDEN}`)).to.equal(true));

  it("agrees with the official SDK, whatever the body, the time and the secret are", () =>
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1 }), // the SDK throws at an empty body
        fc.integer({ min: 1, max: 999_999_999_999 }),
        fc.stringMatching(/^[A-Za-z0-9+/=]{1,40}$/),
        (body, t, rest) => {
          const header = stripeHeader(body, t, `whsec_${rest}`);
          const own = createStripeSignatureCheck([`whsec_${rest}`]);
          expect(own(bytes(body), header, t * 1_000)).to.equal(true);
          const event = () =>
            Stripe.webhooks.signature?.verifyHeader(body, header, `whsec_${rest}`, 300, undefined, t * 1_000);
          expect(event()).to.equal(true);
          expect(createStripeSignatureCheck([`whsec_${rest}x`])(bytes(body), header, t * 1_000)).to.equal(false);
        },
      ),
    ));

  const headers: ReadonlyArray<readonly [name: string, header: string | undefined, passes: boolean]> = [
    ["no header", undefined, false],
    ["an empty header", "", false],
    ["only commas and signs", ",=,,=,t=,v1==", false],
    ["v0 only", `t=${NOW_S},v0=${GOLDEN}`, false],
    ["an unknown scheme beside v1", `t=${NOW_S},v0=${WRONG},v2=x,v1=${GOLDEN}`, true],
    ["an empty v1", `t=${NOW_S},v1=`, false],
    ["an empty v1 beside a right one", `t=${NOW_S},v1=,v1=${GOLDEN}`, true],
    ["non-hex", `t=${NOW_S},v1=${"z".repeat(64)}`, false],
    ["upper-case hex", `t=${NOW_S},v1=${GOLDEN.toUpperCase()}`, false],
    ["unequal lengths: one digit less", `t=${NOW_S},v1=${GOLDEN.slice(1)}`, false],
    ["unequal lengths: one digit more", `t=${NOW_S},v1=${GOLDEN}0`, false],
    ["unequal lengths: one digit", `t=${NOW_S},v1=e`, false],
    ["a wrong v1", `t=${NOW_S},v1=${WRONG}`, false],
    ["several v1 during rotation, the first right", `t=${NOW_S},v1=${GOLDEN},v1=${WRONG}`, true],
    ["several v1 during rotation, the last right", `t=${NOW_S},v1=${WRONG},v1=${WRONG},v1=${GOLDEN}`, true],
    ["several v1, none right", `t=${NOW_S},v1=${WRONG},v1=${GOLDEN.slice(0, 63)}0`, false],
    ["no t", `v1=${GOLDEN}`, false],
    ["an empty t", `t=,v1=${GOLDEN}`, false],
    ["a NaN t", `t=NaN,v1=${GOLDEN}`, false],
    ["a t that is no whole number", `t=1.75e9,v1=${GOLDEN}`, false],
    ["a negative t", `t=-${NOW_S},v1=${GOLDEN}`, false],
    ["two t", `t=${NOW_S},t=${NOW_S},v1=${GOLDEN}`, false],
    ["another t under the same digest", `t=${NOW_S + 1},v1=${GOLDEN}`, false],
    ["a header without end", `t=${NOW_S},v1=${GOLDEN}${`,v1=${WRONG}`.repeat(100_000)}`, false],
  ];
  for (const [name, header, expected] of headers)
    it(`${name} -> ${expected ? "passes" : "invalid, and never a throw"}`, () =>
      expect(passes(header)).to.equal(expected));

  for (const [offset, expected] of [
    [-301, false],
    [-300, true],
    [0, true],
    [300, true],
    [301, false],
  ] as const)
    it(`t ${offset} s from now -> ${expected ? "passes" : "invalid"}`, () =>
      expect(passes(stripeHeader(BODY, NOW_S + offset))).to.equal(expected));

  it("refuses every time while the clock says NaN", () =>
    expect(passes(stripeHeader(BODY), BODY, Number.NaN)).to.equal(false));

  const bodies: ReadonlyArray<readonly [name: string, body: Uint8Array]> = [
    ["one byte changed", bytes(BODY.replace("evt_1", "evt_2"))],
    ["re-serialised JSON", bytes(JSON.stringify(JSON.parse(BODY), null, 1))],
    ["an added newline", bytes(`${BODY}\n`)],
    ["an added BOM", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes(BODY)])],
    ["an empty body", bytes("")],
  ];
  for (const [name, body] of bodies)
    it(`${name} -> invalid`, () => expect(passes(`t=${NOW_S},v1=${GOLDEN}`, body)).to.equal(false));

  it("is over raw bytes: what is no UTF-8 passes when it was signed, and not when one byte differs", () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (body, at, flip) => {
        const digest = createHmac("sha256", STRIPE_SECRET).update(`${NOW_S}.`).update(body).digest("hex");
        expect(passes(`t=${NOW_S},v1=${digest}`, body)).to.equal(true);
        const changed = body.with(at % body.length, (body[at % body.length] as number) ^ flip);
        expect(passes(`t=${NOW_S},v1=${digest}`, changed)).to.equal(false);
      }),
    ));

  it("passes by any of several secrets", () => {
    const rotating = createStripeSignatureCheck(["whsec_old", STRIPE_SECRET]);
    expect(rotating(bytes(BODY), stripeHeader(BODY), NOW_MS)).to.equal(true);
    expect(rotating(bytes(BODY), stripeHeader(BODY, NOW_S, "whsec_old"), NOW_MS)).to.equal(true);
    expect(rotating(bytes(BODY), stripeHeader(BODY, NOW_S, "whsec_other"), NOW_MS)).to.equal(false);
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
      expect(passes(`t=${NOW_S},v1=${WRONG}`), "no other comparison may refuse it").to.equal(true);
    } finally {
      crypto.timingSafeEqual = real;
      syncBuiltinESMExports();
    }
    expect(lengths).to.deep.equal([32, 32]);
  });

  const secrets: ReadonlyArray<readonly [name: string, secrets: readonly string[], says: RegExp]> = [
    ["no secret at all", [], /secrets has no secret/],
    ["an empty secret", [""], /secrets\[0\]/],
    ["a blank secret", [STRIPE_SECRET, "  "], /secrets\[1\]/],
    ["a secret of another kind", ["sk_test_abcdef"], /secrets\[0\]/],
    ["a prefix without a secret", ["whsec_"], /secrets\[0\]/],
    ["a secret with the newline of its file", [`${STRIPE_SECRET}\n`], /secrets\[0\]/],
  ];
  for (const [name, list, says] of secrets)
    it(`does not start with ${name}, and says which, not what`, () => {
      expect(() => createStripeSignatureCheck(list)).to.throw(says);
      for (const secret of list.filter((text) => text.trim().length > 6))
        expect(() => createStripeSignatureCheck(list)).to.not.throw(new RegExp(secret.trim()));
    });
});
