/** 2,000 payments of the chaos soak; `npm run chaos -- --payments 20000` runs more of it. */
import { expect } from "chai";
import { seededRandom } from "../rig/seeded-random.ts";
import { runSoak } from "../soak/soak.ts";

const PAYMENTS = 2_000;
const HANDS = 24;

describe("the chaos soak", function () {
  this.timeout(900_000);
  const { seed } = seededRandom();

  it(`I1-I20 ${PAYMENTS} payments at both gateways under mixed faults (seed ${seed})`, async () => {
    const said: string[] = [];
    const how = { hands: HANDS, withRedis: true, keepIn: null } as const;
    const terms = { payments: PAYMENTS, seed, gateways: ["stripe", "adyen"], ...how } as const;
    const { line, faults, passed } = await runSoak(terms, (text) => void said.push(text));
    console.log(`      ${line}`);
    expect(passed, [line, ...faults, ...said].join("\n")).to.equal(true);
  });
});
