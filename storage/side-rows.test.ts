import { expect } from "chai";
import fc from "fast-check";
import type { NoticeState, SideRows } from "../actors/index.ts";
import { NOTICE_STATES } from "../actors/index.ts";
import { emptySide, type MemorySide, writeSide } from "./memory-side.ts";
import { isEmpty, type MergedSide, mergeSides, noticeAfter, placeOf } from "./side-rows.ts";
import { finding, noticeRow, sideOf } from "./test/side-fixtures.ts";

/** What the statements do with merged rows: each sees what stood there before all of them. */
function writeMerged(side: MemorySide, { notices, decided, findings, resolved }: MergedSide): void {
  const before = { notices: new Map(side.notices), findings: new Map(side.findings) };
  for (const row of notices) if (!before.notices.has(placeOf(row.notice))) side.notices.set(placeOf(row.notice), row);
  for (const row of decided) {
    const stored = before.notices.get(placeOf(row.notice));
    if (stored?.notice.bodyHash === row.notice.bodyHash)
      side.notices.set(placeOf(row.notice), noticeAfter(stored, row));
  }
  for (const row of findings)
    if (!before.findings.has(row.finding.dedupeKey)) side.findings.set(row.finding.dedupeKey, row);
  for (const resolution of resolved) {
    const stored = before.findings.get(resolution.dedupeKey);
    if (stored?.resolved === null) side.findings.set(resolution.dedupeKey, { ...stored, resolved: resolution });
  }
}

describe("rows beside the journal, merged", () => {
  const small = fc.integer({ min: 0, max: 2 });
  const anyNotice = fc
    .tuple(small, small, fc.constantFrom<NoticeState>(...NOTICE_STATES), fc.nat(9))
    .map(([key, body, state, tries]) =>
      noticeRow({ notice: { dedupeKey: `key ${key}`, bodyHash: `body ${body}` }, state, tries, receivedAtMs: tries }),
    );
  const anyFinding = fc
    .tuple(small, fc.nat(9))
    .map(([key, seen]) => finding({ dedupeKey: `found ${key}`, firstSeenAtMs: seen }));
  const anyResolution = fc
    .tuple(small, fc.nat(9))
    .map(([key, atMs]) => ({ dedupeKey: `found ${key}`, by: `by ${atMs}`, atMs }));
  const anySide: fc.Arbitrary<SideRows> = fc.record({
    notices: fc.array(anyNotice, { maxLength: 3 }),
    findings: fc.array(anyFinding, { maxLength: 3 }),
    resolved: fc.array(anyResolution, { maxLength: 3 }),
  });

  it("leave what the same rows leave one by one, whatever stood there", () =>
    fc.assert(
      fc.property(anySide, fc.array(anySide, { maxLength: 4 }), (before, batch) => {
        const [oneByOne, merged] = [emptySide(), emptySide()];
        for (const side of [oneByOne, merged]) writeSide(side, before);
        for (const rows of batch) writeSide(oneByOne, rows);
        writeMerged(merged, mergeSides(batch));
        expect(merged).to.deep.equal(oneByOne);
      }),
      { seed: 20_260_730, numRuns: 500 },
    ));

  it("name each key once: a statement may change a row only once", () =>
    fc.assert(
      fc.property(fc.array(anySide, { maxLength: 4 }), (batch) => {
        const { notices, decided, findings, resolved } = mergeSides(batch);
        for (const keys of [
          notices.map(({ notice }) => placeOf(notice)),
          decided.map(({ notice }) => `${placeOf(notice)} ${notice.bodyHash}`),
          findings.map((row) => row.finding.dedupeKey),
          resolved.map(({ dedupeKey }) => dedupeKey),
        ])
          expect(new Set(keys).size).to.equal(keys.length);
      }),
      { seed: 20_260_731, numRuns: 200 },
    ));

  it("are empty when nothing is to be written", () => {
    expect(isEmpty(sideOf({}))).to.equal(true);
    for (const one of [{ notices: [noticeRow()] }, { findings: [finding()] }])
      expect(isEmpty(sideOf(one))).to.equal(false);
    expect(isEmpty(sideOf({ resolved: [{ dedupeKey: "x", by: "y", atMs: 0 }] }))).to.equal(false);
  });
});
