import { expect } from "chai";
import fc from "fast-check";
import {
  bytesOfId,
  gatewayKeyOf,
  idFromBytes,
  type IdPrefix,
  type MerchantId,
  mintedAtMs,
  mintId,
  parseId,
  SLOT_COUNT,
  slotOfId,
  slotOfMerchant,
} from "./ids.ts";

const prefix = fc.constantFrom<IdPrefix>("pay", "ref", "op", "evt", "mer");
const slot = fc.integer({ min: 0, max: SLOT_COUNT - 1 });
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 8, maxLength: 8 });
const merchant = (n: number): MerchantId => mintId("mer", 0, 1_700_000_000_000 + n, new Uint8Array(8).fill(n));

describe("ids", () => {
  it("carry the slot and the time, and parse back to themselves", () =>
    fc.assert(
      fc.property(prefix, slot, time, random, (p, s, ms, r) => {
        const id = mintId(p, s, ms, r);
        expect(parseId(p, id)).to.equal(id);
        expect(idFromBytes(p, bytesOfId(id))).to.equal(id);
        expect(slotOfId(id as never)).to.equal(s);
        expect(mintedAtMs(bytesOfId(id))).to.equal(ms);
        expect(id.slice(p.length + 1)).to.match(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      }),
    ));

  it("sort by time", () =>
    fc.assert(
      fc.property(slot, slot, time, time, random, (a, b, ms, other, r) => {
        fc.pre(ms < other);
        expect(mintId("pay", a, ms, r) < mintId("pay", b, other, r)).to.equal(true);
      }),
    ));

  it("are a UUIDv7 in bytes", () => {
    const bytes = bytesOfId(mintId("pay", 0xabc, 0x0123456789ab, new Uint8Array(8).fill(0xff)));
    expect(Buffer.from(bytes).toString("hex")).to.equal("0123456789ab7abcbfffffffffffffff");
  });

  const good = mintId("pay", 1, 1_700_000_000_000, new Uint8Array(8));
  const strangers: readonly (readonly [string, string])[] = [
    ["another prefix", good.replace("pay", "ref")],
    ["upper case", good.toUpperCase()],
    ["a character more", `${good}0`],
    ["a character less", good.slice(0, -1)],
    ["a letter that base32 leaves out", `${good.slice(0, -1)}u`],
    ["more than 128 bits", `pay_8${good.slice(5)}`],
    ["a uuid of another version", idFromBytes("pay", new Uint8Array(16))],
    ["SQL", "pay_' OR 1=1 --aaaaaaaaaaaaaaaa"],
    ["nothing", ""],
  ];
  for (const [name, text] of strangers) it(`refuse ${name}`, () => expect(parseId("pay", text)).to.equal(undefined));

  it("give a merchant the first 12 bits of SHA-256 as slot (frozen)", () => {
    expect([0, 1, 2].map((n) => slotOfMerchant(merchant(n)))).to.deep.equal(GOLDEN_SLOTS);
  });

  it("derive the same gateway key again (frozen), and another one for each part that differs", () => {
    const key = gatewayKeyOf(merchant(1), "order-1", "sale", 1);
    expect(key).to.equal(GOLDEN_KEY);
    const others = [
      gatewayKeyOf(merchant(2), "order-1", "sale", 1),
      gatewayKeyOf(merchant(1), "order-2", "sale", 1),
      gatewayKeyOf(merchant(1), "order-1", "authorize", 1),
      gatewayKeyOf(merchant(1), "order-1", "sale", 2),
    ];
    expect(new Set([key, ...others]).size).to.equal(5);
    for (const one of [key, ...others])
      expect(one).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

/** Changing either breaks every merchant's place, or a retry's safety. */
const GOLDEN_SLOTS = [3705, 893, 1873];
const GOLDEN_KEY = "b1bc93f8-0bb4-500e-8ff4-e8f2f79485e2";
