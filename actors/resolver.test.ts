import { expect } from "chai";
import fc from "fast-check";
import { GATEWAY_CAPABILITIES } from "./gateways/index.ts";
import { type Doubt, nextCheckAfterMs, RULES, ruleFor, type Step } from "./resolver.ts";

const GRACE_MS = 20_000;
const calm: Doubt = {
  hasReference: true,
  mayExecute: true,
  givesBack: false,
  isOnlyRead: false,
  isLongLate: false,
  seenUndecided: false,
  absenceIsProven: true,
  storedErrorReplayed: false,
  neverSubmitted: false,
  sinceFirstTryMs: GRACE_MS,
  detailsLost: false,
};

/** Each row of the table, at the gateways that it speaks of (gateways.md §3.1 and §3.2). */
const cases: ReadonlyArray<readonly ["stripe" | "adyen", string, Partial<Doubt>, Step]> = [
  ["stripe", "the id was never committed: learn it", { hasReference: false }, "prepare"],
  ["stripe", "an id is known: read it", {}, "query"],
  [
    "stripe",
    "the read shows nothing, inside the grace",
    { seenUndecided: true, sinceFirstTryMs: GRACE_MS - 1 },
    "wait",
  ],
  ["stripe", "the read shows nothing, after the grace", { seenUndecided: true }, "execute"],
  [
    "stripe",
    "the replay is the stored 500 and the read shows nothing",
    { seenUndecided: true, storedErrorReplayed: true },
    "fail",
  ],
  [
    "stripe",
    "the same, but a list may show it later",
    { seenUndecided: true, storedErrorReplayed: true, absenceIsProven: false },
    "execute",
  ],
  ["stripe", "late, the id was never committed", { mayExecute: false, hasReference: false }, "prepare"],
  ["stripe", "late", { mayExecute: false }, "abandon"],
  ["stripe", "late, and the read shows nothing", { mayExecute: false, seenUndecided: true }, "abandon"],
  ["stripe", "late release: read it first", { mayExecute: false, givesBack: true }, "query"],
  [
    "stripe",
    "late release, and the read shows nothing",
    { mayExecute: false, givesBack: true, seenUndecided: true },
    "execute",
  ],
  [
    "stripe",
    "late release that never left the machine",
    { mayExecute: false, givesBack: true, neverSubmitted: true, seenUndecided: true },
    "execute",
  ],
  ["stripe", "late capture or refund: it is read", { mayExecute: false, isOnlyRead: true }, "query"],
  ["stripe", "late capture or refund, just read", { mayExecute: false, isOnlyRead: true, seenUndecided: true }, "wait"],
  [
    "stripe",
    "late capture or refund, shown not to have run",
    { mayExecute: false, isOnlyRead: true, seenUndecided: true, isLongLate: true },
    "fail",
  ],
  [
    "stripe",
    "the same, looked at too seldom",
    { mayExecute: false, isOnlyRead: true, seenUndecided: true, isLongLate: true, absenceIsProven: false },
    "wait",
  ],
  ["adyen", "late release", { mayExecute: false, givesBack: true }, "execute"],
  ["adyen", "inside the grace", { hasReference: false, sinceFirstTryMs: GRACE_MS - 1 }, "wait"],
  ["adyen", "after the grace: the same key", { hasReference: false }, "execute"],
  ["adyen", "late", { hasReference: false, mayExecute: false }, "abandon"],
  [
    "adyen",
    "nothing ever left the machine",
    { hasReference: false, neverSubmitted: true, sinceFirstTryMs: 0 },
    "execute",
  ],
  [
    "adyen",
    "nothing ever left the machine, late",
    { hasReference: false, neverSubmitted: true, mayExecute: false },
    "fail",
  ],
  ["stripe", "nothing ever left the machine", { hasReference: false, neverSubmitted: true }, "prepare"],
  ["stripe", "details lost, an id is known", { detailsLost: true }, "query"],
  ["stripe", "details lost, and the read shows nothing", { detailsLost: true, seenUndecided: true }, "wait"],
  ["stripe", "details lost, the id was never committed", { detailsLost: true, hasReference: false }, "wait"],
  ["adyen", "details lost", { detailsLost: true, hasReference: false }, "wait"],
];

const doubt: fc.Arbitrary<Doubt> = fc.record({
  hasReference: fc.boolean(),
  mayExecute: fc.boolean(),
  givesBack: fc.boolean(),
  isOnlyRead: fc.boolean(),
  isLongLate: fc.boolean(),
  seenUndecided: fc.boolean(),
  absenceIsProven: fc.boolean(),
  storedErrorReplayed: fc.boolean(),
  neverSubmitted: fc.boolean(),
  sinceFirstTryMs: fc.nat(60_000),
  detailsLost: fc.boolean(),
});
const gateway = fc.constantFrom<"stripe" | "adyen">("stripe", "adyen");

describe("resolver", () => {
  for (const [name, what, more, step] of cases)
    it(`${name}: ${what} -> ${step}`, () => {
      expect(ruleFor(GATEWAY_CAPABILITIES[name], { ...calm, ...more }, GRACE_MS).step).to.equal(step);
    });

  it("never executes after the deadline or a cancel, but what gives money back", () =>
    fc.assert(
      fc.property(gateway, doubt, (name, d) => {
        fc.pre(!d.mayExecute && !d.givesBack);
        expect(ruleFor(GATEWAY_CAPABILITIES[name], d, GRACE_MS).step).not.to.equal("execute");
      }),
    ));

  it("never fails without certainty", () =>
    fc.assert(
      fc.property(gateway, doubt, (name, d) => {
        const shown = d.seenUndecided && d.absenceIsProven;
        const certain =
          (d.neverSubmitted && !d.mayExecute && !d.givesBack) ||
          (shown && (d.storedErrorReplayed || (!d.mayExecute && d.isOnlyRead && d.isLongLate)));
        fc.pre(!certain);
        expect(ruleFor(GATEWAY_CAPABILITIES[name], d, GRACE_MS).step).not.to.equal("fail");
      }),
    ));

  it("only reads when the details are lost", () =>
    fc.assert(
      fc.property(gateway, doubt, (name, d) => {
        expect(ruleFor(GATEWAY_CAPABILITIES[name], { ...d, detailsLost: true }, GRACE_MS).step).to.be.oneOf([
          "query",
          "wait",
        ]);
      }),
    ));

  it("has a rule for everything, and a name for each rule", () => {
    expect(RULES.at(-1)?.when(GATEWAY_CAPABILITIES.stripe, calm, GRACE_MS)).to.equal(true);
    expect(new Set(RULES.map(({ name }) => name)).size).to.equal(RULES.length);
  });

  it("looks after 1, 3, 10, 30 s, 2, 10, 30 min and then hourly, up to a fifth later", () => {
    const at = (fraction: number) => {
      const random = { bytes: () => new Uint8Array(8), fraction: () => fraction };
      const times: number[] = [];
      for (let elapsedMs = 0; times.length < 9; times.push(elapsedMs / 1_000))
        elapsedMs = nextCheckAfterMs(elapsedMs, random);
      return times;
    };
    expect(at(0)).to.deep.equal([1, 3, 10, 30, 120, 600, 1_800, 5_400, 9_000]);
    expect(at(1)).to.deep.equal([1.2, 3.6, 12, 36, 144, 720, 2_160, 6_120, 9_720]);
  });

  it("plans the same check however often it is asked before its time", () => {
    const random = { bytes: () => new Uint8Array(8), fraction: () => 0 };
    for (const elapsedMs of [10_000, 15_000, 29_999]) expect(nextCheckAfterMs(elapsedMs, random)).to.equal(30_000);
  });
});
