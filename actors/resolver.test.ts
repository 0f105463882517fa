import { expect } from "chai";
import fc from "fast-check";
import { GATEWAY_CAPABILITIES } from "./gateways/index.ts";
import { checkAfterMs, type Doubt, RULES, ruleFor, type Step } from "./resolver.ts";

const GRACE_MS = 20_000;
const calm: Doubt = {
  hasReference: true,
  pastDeadline: false,
  seenUndecided: false,
  storedErrorReplayed: false,
  neverSubmitted: false,
  sinceLastTryMs: GRACE_MS,
};

/** Each row of the table, at the gateways that it speaks of (gateways.md §3.1 and §3.2). */
const cases: ReadonlyArray<readonly ["stripe" | "adyen", string, Partial<Doubt>, Step]> = [
  ["stripe", "the id was never committed: learn it", { hasReference: false }, "prepare"],
  ["stripe", "an id is known: read it", {}, "query"],
  ["stripe", "the read shows nothing, inside the grace", { seenUndecided: true, sinceLastTryMs: GRACE_MS - 1 }, "wait"],
  ["stripe", "the read shows nothing, after the grace", { seenUndecided: true }, "execute"],
  [
    "stripe",
    "the replay is the stored 500 and the read shows nothing",
    { seenUndecided: true, storedErrorReplayed: true },
    "fail",
  ],
  ["stripe", "late, the id was never committed", { pastDeadline: true, hasReference: false }, "prepare"],
  ["stripe", "late", { pastDeadline: true }, "abandon"],
  ["stripe", "late, and the read shows nothing", { pastDeadline: true, seenUndecided: true }, "abandon"],
  ["adyen", "inside the grace", { hasReference: false, sinceLastTryMs: GRACE_MS - 1 }, "wait"],
  ["adyen", "after the grace: the same key", { hasReference: false }, "execute"],
  ["adyen", "late", { hasReference: false, pastDeadline: true }, "abandon"],
  [
    "adyen",
    "nothing ever left the machine",
    { hasReference: false, neverSubmitted: true, sinceLastTryMs: 0 },
    "execute",
  ],
  [
    "adyen",
    "nothing ever left the machine, late",
    { hasReference: false, neverSubmitted: true, pastDeadline: true },
    "fail",
  ],
  ["stripe", "nothing ever left the machine", { hasReference: false, neverSubmitted: true }, "prepare"],
];

const doubt: fc.Arbitrary<Doubt> = fc.record({
  hasReference: fc.boolean(),
  pastDeadline: fc.boolean(),
  seenUndecided: fc.boolean(),
  storedErrorReplayed: fc.boolean(),
  neverSubmitted: fc.boolean(),
  sinceLastTryMs: fc.nat(60_000),
});
const gateway = fc.constantFrom<"stripe" | "adyen">("stripe", "adyen");

describe("resolver", () => {
  for (const [name, what, more, step] of cases)
    it(`${name}: ${what} -> ${step}`, () => {
      expect(ruleFor(GATEWAY_CAPABILITIES[name], { ...calm, ...more }, GRACE_MS).step).to.equal(step);
    });

  it("never executes after the deadline", () =>
    fc.assert(
      fc.property(gateway, doubt, (name, d) => {
        fc.pre(d.pastDeadline);
        expect(ruleFor(GATEWAY_CAPABILITIES[name], d, GRACE_MS).step).not.to.equal("execute");
      }),
    ));

  it("never fails without certainty", () =>
    fc.assert(
      fc.property(gateway, doubt, (name, d) => {
        const certain = (d.neverSubmitted && d.pastDeadline) || (d.seenUndecided && d.storedErrorReplayed);
        fc.pre(!certain);
        expect(ruleFor(GATEWAY_CAPABILITIES[name], d, GRACE_MS).step).not.to.equal("fail");
      }),
    ));

  it("has a rule for everything, and a name for each rule", () => {
    expect(RULES.at(-1)?.when(GATEWAY_CAPABILITIES.stripe, calm, GRACE_MS)).to.equal(true);
    expect(new Set(RULES.map(({ name }) => name)).size).to.equal(RULES.length);
  });

  it("looks after 1, 3, 10, 30 s, 2, 10, 30 min and then hourly, up to a fifth later", () => {
    const at = (fraction: number) => {
      const random = { bytes: () => new Uint8Array(8), fraction: () => fraction };
      return [0, 1, 2, 3, 4, 5, 6, 7, 8].map((check) => checkAfterMs(check, random) / 1_000);
    };
    expect(at(0)).to.deep.equal([1, 3, 10, 30, 120, 600, 1_800, 5_400, 9_000]);
    expect(at(1)[3]).to.equal(36);
  });
});
