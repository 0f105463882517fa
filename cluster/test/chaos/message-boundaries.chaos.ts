/**
 * A1-A8, A11 by enumeration: the node is killed just behind each message of a create, a capture and a partial refund that
 * changes durable or outside state. All messages: `npm run chaos:messages`; that the proof can fail:
 * `npm run chaos:messages -- --mutation intent` (or `fence`, `key`).
 */
import { expect } from "chai";
import { isEssential } from "../proof/essential.ts";
import { Proof } from "../proof/proof.ts";
import { Site } from "../proof/site.ts";

const LANES = 12;
/** So many there are at least, or the scenario is not what it was. */
const ESSENTIAL_MIN = { stripe: 36, adyen: 36 } as const;

describe("a node killed behind a message", function () {
  this.timeout(600_000);
  let site: Site;
  let proof: Proof;
  before(async () => {
    site = await Site.start(LANES);
    proof = new Proof(site, () => {});
  });
  after(() => site?.stop());

  for (const gateway of ["stripe", "adyen"] as const)
    it(`A1-A8, A11 ${gateway}: behind each message that changes durable or outside state`, async () => {
      const all = await proof.count(gateway);
      const essential = all.filter(({ text }) => isEssential(text));
      console.log(`      ${essential.length} of ${all.length} messages`);
      expect(essential.length).to.be.at.least(ESSENTIAL_MIN[gateway]);
      await proof.tryAll(essential);
      expect(proof.tally.failures).to.deep.equal([]);
    });

  it("I16 commits that arrived when their sender was dead were refused", () => {
    const { tried, kills, refused } = proof.tally;
    console.log(`      ${tried} messages, ${kills} kills, ${refused} late commits`);
    expect(refused).to.be.greaterThan(0);
  });
});
