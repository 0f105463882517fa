/** The resolver's laws over every doubt, what it tells people, and when it looks. */
import { expect } from "chai";
import fc from "fast-check";
import { OPERATION_KINDS } from "./domain/index.ts";
import { type Doubt, RULES } from "./doubt-rules.ts";
import { EVIDENCE } from "./evidence.ts";
import { GATEWAY_CAPABILITIES } from "./gateways/index.ts";
import { explain, mayExecute, nextCheckAfterMs, ruleFor, rulesOf } from "./resolver.ts";

const GRACE_MS = 20_000;
const NAMES = ["stripe", "adyen", "fixed-latency"] as const;

const anyDoubt: fc.Arbitrary<Doubt> = fc.record({
  kind: fc.constantFrom(...OPERATION_KINDS),
  isCompensation: fc.boolean(),
  hasReference: fc.boolean(),
  isPastDeadline: fc.boolean(),
  isCancelRequested: fc.boolean(),
  isLongLate: fc.boolean(),
  keyAgeMs: fc.oneof(fc.nat(1_000_000), fc.nat(1_000_000_000)),
  seenUndecided: fc.boolean(),
  absenceIsProven: fc.boolean(),
  storedErrorReplayed: fc.boolean(),
  replayRefused: fc.boolean(),
  neverSubmitted: fc.boolean(),
  sinceFirstTryMs: fc.nat(60_000),
  sinceKeyStoreDownMs: fc.option(fc.nat(120_000)),
  detailsLost: fc.boolean(),
});
/** Only a refund is a compensation that moves money. */
const doubt = anyDoubt.map((d) => ({ ...d, isCompensation: d.isCompensation && d.kind === "refund" }));
const gateway = fc.constantFrom(...NAMES).map((name) => GATEWAY_CAPABILITIES[name]);
const stepOf = (...[at, d]: readonly [Parameters<typeof ruleFor>[0], Doubt]) => ruleFor(at, d, GRACE_MS).step;

describe("resolver: laws", () => {
  it("never executes for a merchant after the deadline or a cancel", () =>
    fc.assert(
      fc.property(gateway, doubt, (at, d) => {
        fc.pre(!mayExecute(d) && d.kind !== "void" && !d.isCompensation);
        expect(stepOf(at, d)).not.to.equal("execute");
      }),
    ));

  it("never repeats with a key that the gateway may have forgotten, but a release", () =>
    fc.assert(
      fc.property(gateway, doubt, (at, d) => {
        fc.pre(d.keyAgeMs >= at.keyTtlMs && !d.neverSubmitted && d.kind !== "void");
        expect(stepOf(at, d)).not.to.equal("execute");
      }),
      { numRuns: 300 },
    ));

  it("never fails without certainty", () =>
    fc.assert(
      fc.property(gateway, doubt, (at, d) => {
        const shown = d.seenUndecided && d.absenceIsProven && (at.queryById || at.queryByMerchantRef);
        const moves = d.kind === "capture" || d.kind === "refund";
        const certain =
          (d.neverSubmitted && !mayExecute(d)) ||
          (shown && ((d.storedErrorReplayed && at.replayReturnsStored5xx) || (d.isLongLate && moves))) ||
          (shown && d.kind === "refund" && d.replayRefused && at.replayReturnsStored5xx && d.keyAgeMs < at.keyTtlMs);
        fc.pre(!certain);
        expect(stepOf(at, d)).not.to.equal("fail");
      }),
    ));

  it("only reads when the details are lost", () =>
    fc.assert(
      fc.property(gateway, doubt, (at, d) => {
        expect(stepOf(at, { ...d, detailsLost: true })).to.be.oneOf(["query", "wait"]);
      }),
    ));

  it("asks only for what the gateway has", () =>
    fc.assert(
      fc.property(gateway, doubt, (at, d) => {
        const step = stepOf(at, d);
        if (step === "query") expect(at.queryByMerchantRef || (at.queryById && d.hasReference)).to.equal(true);
        if (step === "prepare") expect([at.twoStepCharge, d.hasReference]).to.deep.equal([true, false]);
        if (step === "abandon") expect(["authorize", "sale"]).to.include(d.kind);
      }),
    ));
});

describe("resolver: what people are shown", () => {
  it("has a rule for everything, and a name for each rule", () => {
    for (const name of NAMES)
      for (const kind of OPERATION_KINDS) {
        const rows = rulesOf(GATEWAY_CAPABILITIES[name], kind);
        expect(rows.at(-1)).to.include({ name: "grace", phase: "any" });
        for (const { evidence } of rows.filter(({ evidence: by }) => by !== "ownTries" && by !== "webhook"))
          expect(
            EVIDENCE[name][kind].map((line) => line.evidence),
            `${name} ${kind}`,
          ).to.include(evidence);
      }
    expect(new Set(RULES.map(({ name }) => name)).size).to.equal(RULES.length);
  });

  /** The table of gateways.md §3.3. */
  const ladders = [
    ["stripe", "authorize", "create read replay webhook cancel report"],
    ["stripe", "sale", "create read replay webhook cancel report"],
    ["stripe", "capture", "read replay webhook report"],
    ["stripe", "void", "read replay webhook"],
    ["stripe", "refund", "read replay webhook report"],
    ["adyen", "authorize", "replay webhook cancel report"],
    ["adyen", "sale", "replay webhook cancel report"],
    ["adyen", "capture", "replay webhook report"],
    ["adyen", "void", "replay webhook report"],
    ["adyen", "refund", "replay webhook report"],
  ] as const;
  for (const [name, kind, ladder] of ladders)
    it(`${name}, ${kind}: ${ladder}`, () =>
      expect(EVIDENCE[name][kind].map(({ evidence }) => evidence).join(" ")).to.equal(ladder));

  it("explains the rule that fires, what was passed over, and what may still be asked for", () => {
    const at = { isPastDeadline: true, isCancelRequested: false, isLongLate: false, isCompensation: false };
    const said = explain(
      GATEWAY_CAPABILITIES.adyen,
      {
        ...at,
        kind: "sale",
        hasReference: false,
        keyAgeMs: 901_000,
        seenUndecided: false,
        absenceIsProven: true,
        storedErrorReplayed: false,
        replayRefused: false,
        neverSubmitted: false,
        sinceFirstTryMs: 900_000,
        sinceKeyStoreDownMs: null,
        detailsLost: false,
      },
      GRACE_MS,
    );
    expect(said).to.include({ rule: "late charge", step: "abandon", evidence: "cancel", validity: "fromDeadline" });
    expect(said.passedOver).to.deep.equal(["details lost", "late and never submitted"]);
    expect(said.ladder.map(({ evidence, isValid }) => `${evidence} ${isValid}`)).to.deep.equal([
      "replay false",
      "webhook true",
      "cancel true",
      "report true",
    ]);
    expect(said.key).to.deep.equal({ ageMs: 901_000, ttlMs: 601_200_000, scope: "account and region" });
    expect(JSON.parse(JSON.stringify(said))).to.deep.equal(said);
  });

  it("says of the step that fires nothing that its own ladder denies", () =>
    fc.assert(
      fc.property(gateway, doubt, (at, d) => {
        const { step, ladder } = explain(at, d, GRACE_MS);
        const by =
          step === "execute" ? "replay" : step === "query" ? "read" : step === "abandon" ? "cancel" : undefined;
        fc.pre(by !== undefined);
        expect(ladder.find(({ evidence }) => evidence === by)?.isValid, step).to.equal(true);
      }),
    ));
});

describe("resolver: when it looks", () => {
  it("after 1, 3, 10, 30 s, 2, 10, 30 min and then hourly, up to a fifth later", () => {
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
