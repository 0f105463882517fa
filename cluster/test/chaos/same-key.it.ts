/** B1: many identical requests at once make one charge, and one answer in the end. */
import { expect } from "chai";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { Merchant, payment } from "../rig/merchant.ts";

const REQUESTS = 200;
/** Its gateway takes seconds: the other requests come while the first one runs, however slow the machine is. */
const SLOW = payment({ payment_method: "tok_slow_5s" });

describe("one key, many requests", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.dispose());

  for (const [name, index] of [
    ["stripe", 0],
    ["adyen", 1],
  ] as const) {
    it(`B1 ${REQUESTS} at once through ${name}: one charge, one final result`, async () => {
      const merchant = await Merchant.signIn(cluster.info, index);
      const before = readCharges(cluster.info).length;
      const answers = await Promise.all(Array.from({ length: REQUESTS }, () => merchant.create("one-key", SLOW)));
      const last = await merchant.createUntilFinal("one-key", SLOW, 60_000);
      expect(last.status).to.equal(201);
      for (const answer of answers) {
        if (answer.status === 409) expect(answer.body["code"]).to.equal("idempotency_key_in_use");
        else if (answer.status === 202) expect(answer.body["id"]).to.equal(last.body["id"]);
        else expect([answer.status, answer.text]).to.deep.equal([201, last.text]);
      }
      expect(
        answers.some(({ status }) => status === 409),
        "requests overlapped",
      ).to.equal(true);
      const again = await Promise.all(Array.from({ length: 20 }, () => merchant.create("one-key", SLOW)));
      for (const answer of again) {
        expect([answer.status, answer.text, answer.headers["idempotent-replayed"]]).to.deep.equal([
          201,
          last.text,
          "true",
        ]);
      }
      expect(readCharges(cluster.info).length - before).to.equal(1);
      await merchant.close();
    });
  }

  it("B3 the key with another body is refused and charges nothing", async () => {
    const merchant = await Merchant.signIn(cluster.info, 0);
    await merchant.createUntilFinal("other-body", payment(), 30_000);
    const before = readCharges(cluster.info).length;
    const answer = await merchant.create("other-body", payment({ amount: 2_000 }));
    expect([answer.status, answer.body["code"]]).to.deep.equal([422, "idempotency_key_reuse"]);
    expect(readCharges(cluster.info).length).to.equal(before);
    await merchant.close();
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
