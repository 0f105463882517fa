/** A plan is its seed, and it holds what a soak is to meet. */
import { expect } from "chai";
import fc from "fast-check";
import { GATEWAY_TOKENS } from "../../../ops/sandbox/gateways/tokens.ts";
import { planSoak } from "./plan.ts";

const TERMS = { payments: 2_000, gateways: ["stripe", "adyen"], merchants: 3 } as const;

describe("the plan of a soak", () => {
  const plan = planSoak({ ...TERMS, seed: 7 });

  it("is the same for the same seed, and another one for another", () => {
    expect(planSoak({ ...TERMS, seed: 7 })).to.deep.equal(plan);
    expect(planSoak({ ...TERMS, seed: 8 })).to.not.deep.equal(plan);
  });

  it("meets every token at every gateway that knows it, and every fault", () => {
    for (const gateway of TERMS.gateways) {
      const met = new Set(plan.purchases.filter((one) => one.gateway === gateway).map(({ token }) => token));
      const known = GATEWAY_TOKENS.filter(({ gateways }) => gateways.includes(gateway)).map(({ token }) => token);
      expect([...met], gateway).to.have.members(known);
    }
    const kinds = new Set(planSoak({ ...TERMS, payments: 2_100, seed: 7 }).faults.map(({ fault }) => fault.kind));
    expect(kinds.size).to.equal(14);
  });

  it("asks for nothing that only a lost notification could tell", () =>
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 400 }), (seed, payments) => {
        const { purchases, muteCount } = planSoak({ ...TERMS, payments, seed });
        for (const [index, { gateway, token, rounds, cancelsInDoubt, isPlanted }] of purchases.entries()) {
          const row = GATEWAY_TOKENS.find((one) => one.token === token);
          const isLost = index < muteCount || row?.webhooks === "lost";
          if ((gateway === "adyen" && isLost) || isPlanted) expect([rounds, cancelsInDoubt]).to.deep.equal([[], false]);
          if (index < muteCount)
            expect([row?.sequels, row?.webhooks, row?.capture, row?.refund].every((one) => one === undefined)).to.equal(
              true,
            );
        }
      }),
      { numRuns: 50, seed: 4_711 },
    ));

  it("never gives more back than was taken, nor takes more than there is", () =>
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        for (const { amount, rounds } of planSoak({ ...TERMS, payments: 200, seed }).purchases) {
          const steps = rounds.flat();
          const captured = steps.find(({ kind }) => kind === "capture")?.amount ?? amount;
          const back = steps
            .filter(({ kind }) => kind === "refund")
            .reduce((sum, step) => sum + (step.amount ?? captured), 0);
          expect(captured).to.be.within(10, amount);
          expect(back).to.be.at.most(captured);
          for (const step of steps) expect((step.amount ?? 10) % 10).to.equal(0);
        }
      }),
      { numRuns: 50, seed: 4_712 },
    ));

  it("begins its faults in order, within the plan", () =>
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 3_000 }), (seed, payments) => {
        const begins = planSoak({ ...TERMS, payments, seed }).faults.map(({ at }) => at);
        expect(begins).to.deep.equal(begins.toSorted((a, b) => a - b));
        expect(begins.every((at) => at >= 0 && at < payments)).to.equal(true);
      }),
      { numRuns: 50, seed: 4_713 },
    ));
});
