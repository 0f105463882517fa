import { expect } from "chai";
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { mintId } from "../actors/domain/index.ts";
import { EntrySeal, nameOf, REPLY_MAX_BYTES } from "./idempotency-cache-entry.ts";
import type { CachedReply, CacheQuestion } from "./reply-cache.ts";

const KEY = Buffer.from("0123456789abcdef0123456789abcdef");
const seal = new EntrySeal(KEY);
const merchantId = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));
const question: CacheQuestion = {
  merchantId,
  key: "order-1",
  route: "POST /v1/payments",
  bodyHash: Buffer.alloc(32, 7),
};
const reply: CachedReply = { status: 201, problem: false, body: Buffer.from('{"id":"pay_1"}') };
const name = nameOf(question);

/** The entry of a reply that may be kept. */
function sealed(of: CachedReply = reply, under: CacheQuestion = question): Buffer {
  const entry = seal.seal(nameOf(under), under, of);
  if (entry === null) throw new Error("not sealed");
  return entry;
}

describe("an entry of the reply cache", () => {
  it("has a name of merchant and key", () => {
    expect(name).to.equal(`idempotency:${merchantId}:order-1`);
  });

  for (const [status, problem] of [
    [200, false],
    [201, false],
    [402, true],
  ] as const)
    it(`gives back a ${status} as it was`, () => {
      const body = Buffer.from("{}");
      expect(seal.open(name, question, sealed({ status, problem, body }))).to.deep.equal({ status, problem, body });
    });

  for (const status of [100, 202, 400, 409, 422, 429, 500, 503])
    it(`is never made of a ${status}, which is not final`, () => {
      expect(seal.seal(name, question, { ...reply, status })).to.equal(null);
    });

  it("is never made of a body over the limit, and is at the limit", () => {
    const body = Buffer.alloc(REPLY_MAX_BYTES, 1);
    expect(seal.open(name, question, sealed({ ...reply, body }))).to.have.property("status", 201);
    expect(seal.seal(name, question, { ...reply, body: Buffer.alloc(REPLY_MAX_BYTES + 1) })).to.equal(null);
  });

  it("ends in HMAC-SHA-256 over name and content", () => {
    const entry = sealed();
    const length = Buffer.from([0, name.length]);
    const mac = createHmac("sha256", KEY).update(length).update(name).update(entry.subarray(0, -32)).digest();
    expect(entry.subarray(-32)).to.deep.equal(mac);
  });

  const others: readonly (readonly [string, Partial<CacheQuestion>])[] = [
    ["another body", { bodyHash: Buffer.alloc(32, 8) }],
    ["another route", { route: "POST /v1/payments/{id}/capture" }],
    ["a route that begins alike", { route: "POST /v1/payment" }],
  ];
  for (const [what, change] of others)
    it(`is not the reply to ${what}`, () => {
      expect(seal.open(name, { ...question, ...change }, sealed())).to.equal("mismatched");
    });

  it("is rejected under another key of ours, of another merchant, and under another MAC key", () => {
    const other = { ...question, key: "order-2" };
    expect(seal.open(nameOf(other), other, sealed())).to.equal("rejected");
    const foreign = { ...question, merchantId: mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8).fill(1)) };
    expect(seal.open(nameOf(foreign), foreign, sealed())).to.equal("rejected");
    expect(new EntrySeal(Buffer.alloc(32)).open(name, question, sealed())).to.equal("rejected");
  });

  it("is rejected after any change of its bytes", () => {
    const entry = sealed();
    for (let at = 0; at < entry.length; at++)
      for (const flip of [1, 0x80, 0xff]) {
        const forged = Buffer.from(entry);
        forged[at] = (forged[at] as number) ^ flip;
        expect(seal.open(name, question, forged), `byte ${at} ^ ${flip}`).to.equal("rejected");
      }
    for (let length = 0; length < entry.length; length++)
      expect(seal.open(name, question, entry.subarray(0, length)), `cut to ${length}`).to.equal("rejected");
    expect(seal.open(name, question, Buffer.concat([entry, entry]))).to.equal("rejected");
  });

  it("whatever bytes lie in Redis, only what was kept for the same question is a reply", () => {
    const text = fc.string({ minLength: 1, maxLength: 20 }).filter((one) => /^[\x21-\x7e]+$/.test(one));
    const questions = fc.record({
      merchantId: fc.constant(merchantId),
      key: text,
      route: fc.constantFrom("POST /v1/payments", "POST /v1/payments/{id}/capture", "POST"),
      bodyHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    });
    const replies = fc.record({
      status: fc.constantFrom(200, 201, 402),
      problem: fc.boolean(),
      body: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(questions, replies, questions, fc.uint8Array({ maxLength: 400 }), (kept, reply, asked, noise) => {
        const entry = sealed(reply, kept);
        expect(seal.open(nameOf(kept), kept, entry)).to.deep.equal({ ...reply, body: Buffer.from(reply.body) });
        const same = nameOf(asked) === nameOf(kept) && asked.route === kept.route;
        const isKept = same && Buffer.from(asked.bodyHash).equals(kept.bodyHash);
        if (!isKept) expect(seal.open(nameOf(asked), asked, entry)).to.be.a("string");
        expect(seal.open(nameOf(asked), asked, Buffer.from(noise))).to.equal("rejected");
      }),
      { numRuns: 300 },
    );
  });

  it("needs a key of 32 bytes", () => {
    expect(() => new EntrySeal(Buffer.alloc(16))).to.throw("16 bytes");
  });
});
