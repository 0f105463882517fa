import { expect } from "chai";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PaymentId } from "../domain/index.ts";
import { decodeFrame, encodeAnswers, encodeHello, encodeItems } from "./codec.ts";
import { Frame } from "./envelopes.generated.js";
import type { FrameContent, PeerAnswer, PeerItem } from "./envelopes.ts";
import { generateEnvelopes } from "./generate-envelopes.ts";
import { peerAnswer, peerItem, peerRequest, SENT_AT_MS } from "./test/sample-envelopes.ts";

/** The receiver's clock has nothing to do with the sender's. */
const RECEIVED_AT_MS = 64;
const LATER_MS = SENT_AT_MS - RECEIVED_AT_MS;

/** Bodies may come back as another kind of byte array. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, v: unknown) =>
      v instanceof Uint8Array ? { bytes: [...v] } : typeof v === "bigint" ? `${v}n` : v,
    ).replaceAll(/\{"type":"Buffer","data":(\[[^\]]*\])\}/g, '{"bytes":$1}'),
  );

function decode(bytes: Uint8Array): FrameContent {
  const content = decodeFrame(bytes, RECEIVED_AT_MS);
  if (content.kind === "garbage") throw new Error(content.reason);
  return content;
}
/** What has arrived, as the sender's clock would tell its times. */
function itemsOf({ requests, notices, facts }: FrameContent): readonly PeerItem[] {
  const back = requests.map((item) => ({
    ...item,
    deadlineAtMs: item.deadlineAtMs + LATER_MS,
    request: {
      ...item.request,
      receivedAtMs: item.request.receivedAtMs + LATER_MS,
      ...("handedOverAtMs" in item.request && { handedOverAtMs: item.request.handedOverAtMs + LATER_MS }),
    },
  }));
  return [
    ...back.map((request) => ({ kind: "request" as const, request: request as never })),
    ...notices.map((notice) => ({ kind: "notice" as const, notice })),
    ...facts.map((fact) => ({ kind: "fact" as const, fact })),
  ];
}
const byKind = <T extends { readonly kind: string }>(items: readonly T[], kinds: readonly T["kind"][]): readonly T[] =>
  kinds.flatMap((kind) => items.filter((item) => item.kind === kind));

/** A frame with one thing in it that a newer node may say. */
const newer = (frame: Frame.$Shape): FrameContent => decode(Frame.encode(frame).finish());

describe("the wire between nodes", () => {
  it("carries requests, notices and facts unchanged and in order, their times on the receiver's clock", () =>
    fc.assert(
      fc.property(fc.array(peerItem), (items) => {
        const content = decode(encodeItems(items, SENT_AT_MS));
        expect(plain(itemsOf(content))).to.deep.equal(plain(byKind(items, ["request", "notice", "fact"])));
        expect(content).to.deep.include({ skipped: 0, unsupportedRequests: [], unsupportedNotices: [], hello: null });
      }),
      { numRuns: 300 },
    ));

  it("carries replies, refusals and receipts unchanged and in order", () =>
    fc.assert(
      fc.property(fc.array(peerAnswer), (answers) => {
        const content = decode(encodeAnswers(answers));
        expect(plain(content.answers)).to.deep.equal(
          plain(byKind<PeerAnswer>(answers, ["reply", "refused", "receipt"])),
        );
        expect(content.skipped).to.equal(0);
      }),
      { numRuns: 300 },
    ));

  it("counts the time that a request waited to be sent", () =>
    fc.assert(
      fc.property(peerRequest, fc.nat(1_000), (request, waitMs) => {
        const [arrived] = decode(encodeItems([{ kind: "request", request }], SENT_AT_MS + waitMs)).requests;
        expect(arrived?.request.receivedAtMs).to.equal(request.request.receivedAtMs - LATER_MS - waitMs);
        const leftMs = Math.max(0, request.deadlineAtMs - SENT_AT_MS - waitMs);
        expect(arrived?.deadlineAtMs).to.equal(RECEIVED_AT_MS + leftMs);
      }),
    ));

  it("says who speaks", () => {
    const hello = { major: 1, minor: 7, node: "node-1", process: "p1" };
    expect(decode(encodeHello(hello)).hello).to.deep.equal(hello);
  });

  it("gives garbage back as a value, and never throws", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(decodeFrame(bytes, 0).kind).to.be.oneOf(["garbage", "frame"]);
      }),
      { numRuns: 1_000 },
    ));

  it("gives a damaged frame back as a value, and never throws", () =>
    fc.assert(
      fc.property(fc.array(peerItem, { minLength: 1 }), fc.nat(), fc.nat(255), (items, at, to) => {
        const bytes = encodeItems(items, SENT_AT_MS).slice();
        bytes[at % bytes.length] = to;
        expect(decodeFrame(bytes, 0).kind).to.be.oneOf(["garbage", "frame"]);
        expect(decodeFrame(bytes.subarray(0, at % bytes.length), 0).kind).to.be.oneOf(["garbage", "frame"]);
      }),
      { numRuns: 500 },
    ));

  it("knows a truncated message", () => {
    expect(decodeFrame(encodeHello({ major: 1, minor: 0, node: "n", process: "p" }).subarray(0, -1), 0)).to.include({
      kind: "garbage",
    });
  });

  it("survives half a surrogate pair", () =>
    fc.assert(
      fc.property(peerItem, (item) => {
        if (item.kind !== "notice") return;
        const { notice } = item;
        const odd = { ...notice.delivery.notice, reference: "a\ud800", type: "\udc00b", account: "\ud800" };
        const sent = { ...notice, delivery: { ...notice.delivery, notice: odd } };
        const [arrived] = decode(encodeItems([{ kind: "notice", notice: sent }], SENT_AT_MS)).notices;
        expect(arrived?.delivery.notice).to.include({ reference: "a\ufffd", type: "\ufffdb", account: "\ufffd" });
      }),
    ));

  describe("from a newer node", () => {
    const [known] = fc.sample(
      peerRequest.filter(({ request }) => request.kind === "getPayment"),
      { numRuns: 1, seed: 1 },
    );
    const wireOf = (): NonNullable<Frame.$Shape["requests"]>[number] => {
      const { requests } = Frame.decode(encodeItems([{ kind: "request", request: known as never }], SENT_AT_MS));
      return requests[0] as NonNullable<typeof requests>[number];
    };
    const kept = known?.request as { readonly ticket: number; readonly paymentId: PaymentId };

    it("skips fields that it does not know", () => {
      const unknownField = [0xfa, 0x7f, 3, 1, 2, 3]; // number 2047, three bytes
      const bytes = Buffer.concat([
        encodeItems([{ kind: "request", request: known as never }], SENT_AT_MS),
        Buffer.from(unknownField),
      ]);
      expect(decode(bytes).requests).to.have.length(1);
    });

    /** What is odd, and its wire form. */
    const odd: readonly (readonly [what: string, change: () => NonNullable<Frame.$Shape["requests"]>[number]])[] = [
      ["a kind that nobody knows", () => ({ ...wireOf(), kind: 99 as never })],
      ["an id that is none", () => ({ ...wireOf(), subjectId: "pay_nonsense" })],
      ["a merchant that is none", () => ({ ...wireOf(), merchantId: kept.paymentId })],
      ["a query that nobody knows", () => ({ ...wireOf(), kind: 6, query: { name: "constructor" } })],
      [
        "a filter that nobody knows",
        () => ({ ...wireOf(), kind: 6, query: { name: "payments", limit: 1, filter: { status: "odd" } } }),
      ],
      ["a page of too many", () => ({ ...wireOf(), kind: 6, query: { name: "events", limit: 101 } })],
      ["a body without a key", () => ({ ...wireOf(), kind: 1 })],
    ];
    for (const [what, change] of odd)
      it(`leaves a request with ${what} to be refused, and reads its neighbours`, () => {
        const content = newer({ requests: [wireOf(), change(), wireOf()] });
        expect(content.requests.map(({ request }) => request.ticket)).to.deep.equal([kept.ticket, kept.ticket]);
        expect(content).to.deep.include({ unsupportedRequests: [kept.ticket], skipped: 0 });
      });

    it("skips what has no ticket that it could be answered by", () => {
      for (const ticket of [-1, 0.5, Number.NaN, 2 ** 60])
        expect(newer({ requests: [{ ...wireOf(), ticket }] })).to.deep.include({
          requests: [],
          unsupportedRequests: [],
          skipped: 1,
        });
    });

    it("leaves a notice with an odd claim to be delivered elsewhere, and skips an odd fact", () => {
      const content = newer({
        notices: [{ ticket: 3, gateway: "stripe", dedupeKey: "k", claim: { kind: "toString" } }],
        facts: [{ observation: { kind: "valueOf" } }],
      });
      expect(content).to.deep.include({ notices: [], unsupportedNotices: [3], facts: [], skipped: 1 });
    });

    it("takes an odd reason for a refusal all the same, and an odd code for none", () => {
      const content = newer({ refused: [{ ticket: 1, reason: 77 as never }], replies: [{ ticket: 2, code: "odd" }] });
      expect(content.answers.map((one) => (one.kind === "reply" ? one.reply.code : one))).to.deep.equal([
        null,
        { kind: "refused", ticket: 1, reason: "unsupported", generation: 0n },
      ]);
    });
  });

  it("is generated from its schema", async function () {
    this.timeout(30_000);
    const { js, dts } = await generateEnvelopes();
    const stored = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
    expect(js === stored("envelopes.generated.js"), "node actors/wire/write-envelopes.ts").to.equal(true);
    expect(dts === stored("envelopes.generated.d.ts"), "node actors/wire/write-envelopes.ts").to.equal(true);
  });
});
