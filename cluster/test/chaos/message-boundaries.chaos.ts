/**
 * A1-A8, A11 by enumeration: the node is killed just behind each message of a create, a capture and a partial refund that
 * changes durable or outside state. What is proved must be able to fail: with a safeguard taken away, it does. All
 * messages: `npm run chaos:messages`.
 */
import { expect } from "chai";
import { isEssential } from "../proof/essential.ts";
import { proveMutated } from "../proof/mutated-tree.ts";
import { MUTATIONS, type MutationName } from "../proof/mutations.ts";
import { Proof } from "../proof/proof.ts";
import { Site } from "../proof/site.ts";
import { seededRandom } from "../rig/seeded-random.ts";

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

describe("the proof at every message", function () {
  this.timeout(600_000);
  const { seed } = seededRandom();

  for (const [name, { meaning, breaks }] of Object.entries(MUTATIONS))
    it(`fails where ${meaning}: ${breaks} (seed ${seed})`, async () => {
      const said: string[] = [];
      const args = ["--gateway", "stripe", "--essential", "--stop", "--lanes", "6", "--seed", String(seed)];
      const exitCode = await proveMutated(name as MutationName, args, new AbortController().signal, (line) => {
        said.push(line);
      });
      const text = said.join("\n");
      expect(exitCode, text).to.equal(1);
      expect(text).to.match(/^FAIL: /m);
      expect(text).to.include(`${breaks} `);
    });
});
