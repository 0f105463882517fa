import { expect } from "chai";
import fc from "fast-check";
import { findOrder, HISTORY_MAX } from "./linearize.ts";
import {
  PAYMENT_MODEL,
  type PaymentCall,
  type PaymentHappening,
  type PaymentOutcome,
  type PaymentState,
} from "./payment-model.ts";

const CREATE: PaymentCall = { kind: "create", amount: 100, isManual: true };
const CHARGE: PaymentCall = { kind: "create", amount: 100, isManual: false };
const capture = (amount: number): PaymentCall => ({ kind: "capture", amount });
const refund = (amount: number): PaymentCall => ({ kind: "refund", amount });
const READ: PaymentCall = { kind: "read" };
const CANCEL: PaymentCall = { kind: "cancel" };
const saw = (status: string, captured: number, refunded: number, version: number): PaymentOutcome => ({
  kind: "done",
  seen: { status, captured, refunded, version },
});
const DONE: PaymentOutcome = { kind: "done", seen: null };
const REFUSED: PaymentOutcome = { kind: "refused" };
const at = (
  beganAtMs: number,
  endedAtMs: number,
  call: PaymentCall,
  outcome: PaymentOutcome | null,
): PaymentHappening => ({ call, outcome, beganAtMs, endedAtMs });
const lost = (beganAtMs: number, call: PaymentCall): PaymentHappening => at(beganAtMs, Infinity, call, null);
const RESERVED = at(0, 1, CREATE, saw("authorized", 0, 0, 3));
const CHARGED = at(0, 1, CHARGE, saw("captured", 100, 0, 3));

describe("the order of a payment's calls", () => {
  // biome-ignore format: one history a line
  const cases: readonly (readonly [string, boolean, readonly PaymentHappening[]])[] = [
    ["one after the other", true, [RESERVED, at(2, 3, capture(60), saw("captured", 60, 0, 5)), at(4, 5, READ, saw("captured", 60, 0, 5))]],
    ["a read beside a capture sees the time before it", true, [RESERVED, at(2, 9, capture(60), saw("captured", 60, 0, 5)), at(3, 4, READ, saw("authorized", 0, 0, 4))]],
    ["a read beside a capture sees the time after it", true, [RESERVED, at(2, 9, capture(60), saw("captured", 60, 0, 5)), at(3, 4, READ, saw("captured", 60, 0, 5))]],
    ["a stale read: it began after the capture's end", false, [RESERVED, at(2, 3, capture(60), saw("captured", 60, 0, 5)), at(4, 5, READ, saw("authorized", 0, 0, 3))]],
    ["two reads, the later one older", false, [RESERVED, at(2, 9, capture(60), saw("captured", 60, 0, 5)), at(3, 4, READ, saw("captured", 60, 0, 5)), at(5, 6, READ, saw("authorized", 0, 0, 4))]],
    ["an older version of the same state", false, [RESERVED, at(2, 3, READ, saw("authorized", 0, 0, 4)), at(4, 5, READ, saw("authorized", 0, 0, 3))]],
    ["a refund that left no newer version", false, [CHARGED, at(2, 3, refund(10), DONE), at(4, 5, READ, saw("captured", 100, 10, 3))]],
    ["a lost update: two refunds, one is seen", false, [CHARGED, at(2, 5, refund(10), DONE), at(3, 6, refund(20), DONE), at(7, 8, READ, saw("captured", 100, 20, 7))]],
    ["two refunds in one another", true, [CHARGED, at(2, 5, refund(10), DONE), at(3, 6, refund(20), DONE), at(7, 8, READ, saw("captured", 100, 30, 7))]],
    ["twice captured", false, [RESERVED, at(2, 5, capture(60), saw("captured", 60, 0, 5)), at(3, 6, capture(40), saw("captured", 40, 0, 6))]],
    ["captured and canceled", false, [RESERVED, at(2, 5, capture(60), saw("captured", 60, 0, 5)), at(3, 6, CANCEL, saw("canceled", 0, 0, 6))]],
    ["captured, and the cancel refused", true, [RESERVED, at(2, 5, capture(60), saw("captured", 60, 0, 5)), at(3, 6, CANCEL, REFUSED)]],
    ["a cancel refused, though nothing else was done", false, [RESERVED, at(3, 6, CANCEL, REFUSED)]],
    ["more given back than was taken", false, [CHARGED, at(2, 3, refund(60), DONE), at(2, 3, refund(60), DONE)]],
    ["the second refund of too much is refused", true, [CHARGED, at(2, 3, refund(60), DONE), at(2, 3, refund(60), REFUSED)]],
    ["an unknown capture that took effect", true, [RESERVED, lost(2, capture(60)), at(9, 10, READ, saw("captured", 60, 0, 5))]],
    ["an unknown capture that took none", true, [RESERVED, lost(2, capture(60)), at(9, 10, READ, saw("authorized", 0, 0, 3))]],
    ["an unknown capture that takes effect late", true, [RESERVED, lost(2, capture(60)), at(9, 10, READ, saw("authorized", 0, 0, 3)), at(11, 12, READ, saw("captured", 60, 0, 5))]],
    ["an unknown capture that came and went", false, [RESERVED, lost(2, capture(60)), at(9, 10, READ, saw("captured", 60, 0, 5)), at(11, 12, READ, saw("authorized", 0, 0, 6))]],
    ["an effect before its cause", false, [RESERVED, at(2, 3, READ, saw("captured", 60, 0, 5)), lost(4, capture(60))]],
    ["created twice", false, [RESERVED, at(2, 3, CREATE, saw("authorized", 0, 0, 3))]],
    ["declined", true, [at(0, 1, CHARGE, REFUSED), at(2, 3, READ, saw("failed", 0, 0, 2))]],
    ["declined, and charged", false, [at(0, 1, CHARGE, REFUSED), at(2, 3, READ, saw("captured", 100, 0, 2))]],
  ];
  for (const [what, isLinear, history] of cases)
    it(`${isLinear ? "takes" : "refuses"} ${what}`, () => {
      expect(findOrder(PAYMENT_MODEL, history).isLinear).to.equal(isLinear);
      expect(findOrder(PAYMENT_MODEL, history.toReversed()).isLinear, "however it is listed").to.equal(isLinear);
    });

  it("says how far it came", () => {
    const verdict = findOrder(PAYMENT_MODEL, [RESERVED, at(3, 6, CANCEL, REFUSED)]);
    expect(verdict).to.deep.equal({ isLinear: false, furthest: [RESERVED] });
  });

  it("refuses to judge what is too long", () => {
    const history = Array.from({ length: HISTORY_MAX + 1 }, (_, n) => at(n, n, READ, null));
    expect(() => findOrder(PAYMENT_MODEL, history)).to.throw("too long");
  });

  /** What one copy tells calls that take effect one after the other, at 10, 20, 30 …; each lasted somewhat longer. */
  function tell(calls: readonly (readonly [PaymentCall, number, number, boolean])[]): PaymentHappening[] {
    let state: PaymentState = PAYMENT_MODEL.initial;
    let version = 0;
    return [[CREATE, 0, 0, false] as const, ...calls].map(([call, before, after, isLost], n) => {
      const effectMs = 10 * n;
      const next = PAYMENT_MODEL.step(state, call, null);
      if (next !== undefined && next !== state) version++;
      state = next ?? state;
      const { status, captured, refunded } = state;
      const outcome: PaymentOutcome = next === undefined ? REFUSED : saw(status, captured, refunded, version);
      if (isLost) return at(effectMs - before, Infinity, call, null);
      return at(effectMs - before, effectMs + after, call, outcome);
    });
  }
  const anyCall = fc.oneof(
    fc.constantFrom(READ, CANCEL),
    fc.integer({ min: 1, max: 120 }).map(capture),
    fc.integer({ min: 1, max: 60 }).map(refund),
  );
  const anyCalls = fc.array(fc.tuple(anyCall, fc.nat(35), fc.nat(35), fc.boolean()), { maxLength: 11 });
  it("takes whatever one copy said, however the calls overlap", () =>
    fc.assert(
      fc.property(anyCalls, (calls) => findOrder(PAYMENT_MODEL, tell(calls)).isLinear),
      { numRuns: 300 },
    ));
  it("refuses it when an amount in one sight is another", () =>
    fc.assert(
      fc.property(anyCalls, (calls) => {
        const history = tell(calls);
        const last = history.findLastIndex(({ outcome }) => outcome?.kind === "done" && outcome.seen !== null);
        const { outcome, ...rest } = history[last] as PaymentHappening;
        const seen = (outcome as Extract<PaymentOutcome, { kind: "done" }>).seen;
        if (seen === null) return false;
        const forged: PaymentHappening = { ...rest, outcome: { kind: "done", seen: { ...seen, captured: 1_000 } } };
        return !findOrder(PAYMENT_MODEL, history.with(last, forged)).isLinear;
      }),
      { numRuns: 300 },
    ));
});
