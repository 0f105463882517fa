/** Where notices, postings, events and findings hang: a table of orders, and a law. */
import { expect } from "chai";
import fc from "fast-check";
import type { PaymentStory, StoryFinding } from "../../storage/index.ts";
import { type HungKind, timelineOf } from "./payment-timeline.ts";
import { AT_MS, notice, REFUND, row, sampleStory } from "./sample-story.ts";

/** `3 told charged`: version, kind, and a word of the text. */
const hung = (story: PaymentStory, kind: HungKind): readonly string[] =>
  timelineOf(story).flatMap(({ row: { version }, lines }) =>
    lines.filter((line) => line.kind === kind).map(({ text }) => `${version} ${text}`),
  );
const finding = (more: Partial<StoryFinding>): StoryFinding => ({
  class: "D08",
  state: "open",
  operationId: null,
  expected: "an operation ends before its deadline",
  observed: "sale is unknown",
  evidence: null,
  suggestedAction: "wait",
  firstSeenAtMs: AT_MS,
  resolvedAtMs: null,
  resolvedBy: null,
  ...more,
});

describe("the timeline of a payment", () => {
  it("has the rows in their order, each with its reasons before its effects", () => {
    const kinds = timelineOf(sampleStory()).map(({ row: { version }, lines }) => [
      version,
      lines.map(({ kind }) => kind),
    ]);
    expect(kinds).to.deep.equal([
      [1, ["asked"]],
      [2, []],
      [3, ["told", "booked", "answered", "sent", "heard"]],
    ]);
  });

  it("gives each applied notice a row of its own, and hangs the others on what was newest when they came", () => {
    const rows = [
      ...sampleStory().rows,
      row(4, { cause: "webhook", fact: "disputeUpdated" }),
      row(5, { cause: "webhook", fact: "disputeHeld" }),
    ];
    const at = (ms: number) => ({ receivedAtMs: AT_MS + ms });
    const notices = [
      notice("evt_a", { ...at(2_500), verdict: "applied" }),
      notice("evt_c", { ...at(3_500), verdict: "applied" }),
      notice("evt_d", { ...at(3_500), verdict: "applied", operationId: null }),
      notice("evt_early", at(500)),
      notice("evt_late", at(9_000)),
    ];
    const story = sampleStory({ rows, notices });
    expect(hung(story, "told").map((text) => text.replace(/ stripe.*\|/, " "))).to.deep.equal([
      "3 evt_a: charged 12.34 EUR; applied",
      "4 evt_c: charged 12.34 EUR; applied",
      "5 evt_d: charged 12.34 EUR; applied",
    ]);
    expect(hung(story, "heard").map((text) => text.slice(0, 1))).to.deep.equal(["1", "5"]);
  });

  it("never says that a notice about another operation, or a request, led to a row", () => {
    const notices = [notice("evt_x", { verdict: "applied", operationId: REFUND })];
    expect(hung(sampleStory({ notices }), "told")).to.deep.equal([]);
    const requested = [row(1, { submits: true }), row(2, { submits: true })];
    expect(
      hung(sampleStory({ rows: requested, notices: [notice("evt_y", { verdict: "applied" })] }), "told"),
    ).to.deep.equal([]);
  });

  it("hangs a finding on the row that was written with it, or on the one before", () => {
    const findings = [
      finding({ class: "D08", firstSeenAtMs: AT_MS + 1_990 }),
      finding({ class: "D10", firstSeenAtMs: AT_MS + 50_000, state: "resolved", resolvedBy: "later_fact" }),
    ];
    const found = hung(sampleStory({ findings }), "found");
    expect(found[0]).to.match(/^2 D08 open: sale is unknown/);
    expect(found[1]).to.match(/^3 D10 resolved by later_fact/);
  });

  it("hangs postings on their row by seq and operation, not on another shard's of the same seq", () => {
    const [entry] = sampleStory().entries;
    const entries = [{ ...entry!, operationId: REFUND }];
    expect(hung(sampleStory({ entries }), "booked")).to.deep.equal([]);
  });

  it("loses no notice, whatever the times are", () => {
    const anyNotice = fc.record({
      receivedAtMs: fc.integer({ min: AT_MS - 5_000, max: AT_MS + 10_000 }),
      verdict: fc.constantFrom("applied", "no_change", "confirming"),
    } as const);
    fc.assert(
      fc.property(fc.array(anyNotice, { maxLength: 8 }), (some) => {
        const notices = some.map((one, i) => notice(`evt_${i}`, one));
        const story = sampleStory({ notices });
        return hung(story, "told").length + hung(story, "heard").length === notices.length;
      }),
    );
  });
});
