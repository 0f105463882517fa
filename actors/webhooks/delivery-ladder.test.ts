import { expect } from "chai";
import fc from "fast-check";
import { type DeliveryVerdict, judgeTry, LADDER_MS, waitAfterMs } from "./delivery-ladder.ts";
import type { WebhookFault, WebhookOutcome } from "./webhook-outcome.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const BEGAN_MS = 1_750_000_000_000;
const SEED = 20_260_401;
/** The fraction at which a wait is its cell, exactly. */
const MIDDLE = 0.5;

const answered = (status: number, retryAfterMs: number | null = null): WebhookOutcome => ({
  kind: "answered",
  status,
  retryAfterMs,
  tookMs: 10,
});
const FAULTS: readonly WebhookFault[] = [
  "timeout",
  "name_not_resolved",
  "connection_failed",
  "tls_failed",
  "connection_lost",
  "closed",
];
const judge = (outcome: WebhookOutcome, tries = 0, agoMs = 0, fraction = MIDDLE): DeliveryVerdict =>
  judgeTry(outcome, { beganAtMs: BEGAN_MS, tries }, BEGAN_MS + agoMs, fraction);
/** Milliseconds until the next try; null: there is none. */
const waitOf = (verdict: DeliveryVerdict, agoMs = 0): number | null =>
  verdict.kind === "retry" ? verdict.atMs - BEGAN_MS - agoMs : null;

describe("ladder of deliveries", () => {
  it("waits 0, 5 s, 30 s, 2 m, 10 m, 30 m, 1 h, 2 h, 4 h, 8 h, and 8 h from then on", () => {
    const waitsS = Array.from({ length: 12 }, (_, tries) => waitAfterMs(tries) / SECOND_MS);
    expect(waitsS).to.deep.equal([0, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800, 28_800]);
  });

  const verdicts: readonly (readonly [outcome: WebhookOutcome, kind: DeliveryVerdict["kind"]])[] = [
    [answered(200), "delivered"],
    [answered(204), "delivered"],
    [answered(299), "delivered"],
    [answered(199), "retry"],
    [answered(300), "retry"],
    [answered(301), "retry"], // not followed
    [answered(307), "retry"],
    [answered(400), "retry"],
    [answered(401), "retry"],
    [answered(404), "retry"],
    [answered(410), "endpoint_gone"],
    [answered(429), "retry"],
    [answered(500), "retry"],
    [answered(503), "retry"],
    [{ kind: "refused", reason: "address_not_allowed" }, "retry"],
    [{ kind: "refused", reason: "url_not_allowed" }, "retry"],
    ...FAULTS.map((reason) => [{ kind: "failed", reason }, "retry"] as const),
  ];
  for (const [outcome, kind] of verdicts)
    it(`${JSON.stringify(outcome)} -> ${kind}, and it counts`, () =>
      expect(judge(outcome, 3)).to.include({ kind, tries: 4 }));

  it("counts no try that found our own sockets busy, and comes back in a second", () => {
    const busy: WebhookOutcome = { kind: "failed", reason: "busy" };
    expect(judge(busy, 9, 5 * HOUR_MS, 0)).to.deep.equal({
      kind: "retry",
      tries: 9,
      atMs: BEGAN_MS + 5 * HOUR_MS + SECOND_MS,
    });
    expect(judge(busy, 9, LADDER_MS + HOUR_MS).kind, "the last try is not lost to it").to.equal("retry");
  });

  const hints: readonly (readonly [name: string, outcome: WebhookOutcome, tries: number, expectedMs: number])[] = [
    ["429 asks for more", answered(429, 60_000), 0, 66_000],
    ["503 asks for more", answered(503, 60_000), 0, 66_000],
    ["500 may not ask", answered(500, 60_000), 0, 5_000],
    ["429 asks for less than the ladder", answered(429, 1_000), 2, 120_000],
    ["429 asks for nothing", answered(429, 0), 0, 5_000],
    ["503 asks for a year", answered(503, 365 * 24 * HOUR_MS), 0, LADDER_MS],
  ];
  for (const [name, outcome, tries, expectedMs] of hints)
    it(`${name}: waits ${expectedMs} ms`, () => expect(waitOf(judge(outcome, tries))).to.equal(expectedMs));

  const ends: readonly (readonly [name: string, outcome: WebhookOutcome, agoMs: number, waitMs: number | null])[] = [
    ["a wait beyond the end is cut to it", answered(500), LADDER_MS - HOUR_MS, HOUR_MS],
    ["a second before the end there is one more", answered(500), LADDER_MS - SECOND_MS, SECOND_MS],
    ["later than that there is none", answered(500), LADDER_MS - SECOND_MS + 1, null],
    ["at the end there is none", answered(500), LADDER_MS, null],
    ["and none after it, whatever is asked", answered(429, SECOND_MS), LADDER_MS + HOUR_MS, null],
  ];
  for (const [name, outcome, agoMs, waitMs] of ends)
    it(name, () => {
      const verdict = judge(outcome, 20, agoMs);
      expect(waitOf(verdict, agoMs)).to.equal(waitMs);
      if (waitMs === null) expect(verdict).to.deep.equal({ kind: "given_up", tries: 21 });
    });

  it("takes a success after the end, too", () => {
    expect(judge(answered(200), 20, LADDER_MS + HOUR_MS).kind).to.equal("delivered");
  });

  const failure = fc.oneof(
    fc
      .tuple(fc.integer({ min: 300, max: 599 }), fc.option(fc.nat({ max: 10 * 24 * HOUR_MS })))
      .map(([s, h]) => answered(s, h)),
    fc.constantFrom(...FAULTS).map((reason): WebhookOutcome => ({ kind: "failed", reason })),
  );
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("keeps every wait within 80 and 120 % of its cell, at least a second, never beyond the end", () => {
    fc.assert(
      fc.property(
        failure,
        fc.nat({ max: 30 }),
        fc.nat({ max: LADDER_MS - SECOND_MS }),
        fraction,
        (outcome, tries, agoMs, f) => {
          const waitMs = waitOf(judge(outcome, tries, agoMs, f), agoMs);
          if (waitMs === null) return outcome.kind === "answered" && outcome.status === 410;
          const cellMs = waitAfterMs(tries + 1);
          const hintMs =
            outcome.kind === "answered" && [429, 503].includes(outcome.status) ? (outcome.retryAfterMs ?? 0) : 0;
          const leftMs = LADDER_MS - agoMs;
          return (
            waitMs >= SECOND_MS &&
            waitMs <= leftMs &&
            waitMs >= Math.min(leftMs, Math.max(hintMs, 0.8 * cellMs - 1)) &&
            waitMs <= Math.max(1.2 * cellMs, 1.2 * hintMs) + 1
          );
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("ends: a dead receiver gets 15 to 25 tries, the last one 72 h after the beginning", () => {
    fc.assert(
      fc.property(fc.array(fraction, { minLength: 30, maxLength: 30 }), (fractions) => {
        let tries = 0;
        let agoMs = 0;
        for (const f of fractions) {
          const verdict = judge(answered(500), tries, agoMs, f);
          tries = verdict.tries;
          if (verdict.kind !== "retry")
            return verdict.kind === "given_up" && agoMs === LADDER_MS && tries >= 15 && tries <= 25;
          agoMs = verdict.atMs - BEGAN_MS;
        }
        return false;
      }),
      { seed: SEED },
    );
  });
});
