import { Buffer } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import { mintId } from "../actors/domain/index.ts";
import type { PaymentsFilter } from "../actors/index.ts";
import { createListCursors, type ListScope } from "./list-cursors.ts";

const random = new Uint8Array(8);
const merchant = mintId("mer", 1, 1, random);
const id = mintId("pay", 1, 1_795_376_213_000, random);
const refund = mintId("op", 1, 1_795_376_213_000, random);
const cursors = createListCursors(Buffer.alloc(32, 1));
const filter: PaymentsFilter = { status: null, createdFromMs: null, createdBeforeMs: null, merchantReference: null };
const PAYMENTS = { name: "payments", filter } as const;
const at = { id, upToSeq: 42n };

describe("list cursors", () => {
  it("come back as they were, whatever list they are of", () => {
    expect(cursors.read(merchant, PAYMENTS, cursors.write(merchant, PAYMENTS, at))).to.deep.equal(at);
    const refunds = { name: "refunds", paymentId: id } as const;
    expect(cursors.read(merchant, refunds, cursors.write(merchant, refunds, { id: refund }))).to.deep.equal({
      id: refund,
    });
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (recordedAtMs, seq) => {
        for (const scope of [{ name: "events" }, { name: "paymentEvents", paymentId: id }] as const)
          expect(cursors.read(merchant, scope, cursors.write(merchant, scope, { recordedAtMs, seq }))).to.deep.equal({
            recordedAtMs,
            seq,
          });
      }),
    );
  });

  it("are the ones that were given out", () => {
    // Not frozen for ever: a change ends the pages that merchants are turning at that moment.
    expect(cursors.write(merchant, PAYMENTS, at)).to.equal("AaIEwuwIcAGAAAAAAAAAAAAAAAAAAAAqFBCnVb54qj5UY2kv-4pHSg");
  });

  const other = (changed: Partial<PaymentsFilter>): ListScope => ({
    name: "payments",
    filter: { ...filter, ...changed },
  });
  const foreign: readonly (readonly [name: string, scope: ListScope, merchant?: typeof merchant])[] = [
    ["another merchant", PAYMENTS, mintId("mer", 1, 2, random)],
    ["another status", other({ status: "captured" })],
    ["another beginning", other({ createdFromMs: 0 })],
    ["another end", other({ createdBeforeMs: 0 })],
    ["another reference", other({ merchantReference: "null" })],
    ["another list", { name: "events" }],
    ["the refunds of a payment", { name: "refunds", paymentId: id }],
  ];
  for (const [name, scope, asker = merchant] of foreign)
    it(`are of no use for ${name}`, () =>
      expect(cursors.read(asker, scope, cursors.write(merchant, PAYMENTS, at))).to.equal(undefined));

  it("are not exchanged between lists whose cursors look alike", () => {
    const text = cursors.write(merchant, { name: "events" }, { recordedAtMs: 1, seq: 1n });
    expect(cursors.read(merchant, { name: "paymentEvents", paymentId: id }, text)).to.equal(undefined);
    const mine = { name: "paymentEvents", paymentId: id } as const;
    const theirs = { name: "paymentEvents", paymentId: mintId("pay", 1, 2, random) } as const;
    expect(cursors.read(merchant, theirs, cursors.write(merchant, mine, { recordedAtMs: 1, seq: 1n }))).to.equal(
      undefined,
    );
  });

  it("are of no use under another key", () =>
    expect(
      createListCursors(Buffer.alloc(32, 2)).read(merchant, PAYMENTS, cursors.write(merchant, PAYMENTS, at)),
    ).to.equal(undefined));

  it("are refused when a single bit differs, and when they are spelled otherwise", () => {
    const text = cursors.write(merchant, PAYMENTS, at);
    const bytes = Buffer.from(text, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(cursors.read(merchant, PAYMENTS, changed.toString("base64url")), `bit ${bit}`).to.equal(undefined);
    }
    for (const spelled of [
      `${text}=`,
      `${text}!`,
      ` ${text}`,
      `${text}${text}`,
      text.slice(1),
      "",
      "\u0000",
      bytes.toString("hex"),
    ])
      expect(cursors.read(merchant, PAYMENTS, spelled), spelled).to.equal(undefined);
  });

  it("never take anything that was not written", () => {
    const anyText = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(cursors.read(merchant, PAYMENTS, text)).to.equal(undefined);
      }),
    );
  });

  it("need a key of 32 bytes", () => expect(() => createListCursors(Buffer.alloc(31))).to.throw("32 bytes"));
});
