/** Bounds under races over HTTP: refunds of one payment, and captures against cancels (faults.md rows 55 and 56, I1, I20). */
import { expect } from "chai";
import { chargesOf, readCharges } from "./rig/charge-log.ts";
import { Cluster } from "./rig/cluster.ts";
import { inParallel } from "./rig/in-parallel.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { type Answer, cancel, capture, limitRate, Merchant, payment, read, refund } from "./rig/merchant.ts";
import { seededRandom } from "./rig/seeded-random.ts";

const RACES = { stripe: 1_000, adyen: 300 } as const;
const AT_ONCE = 24;
const REFUNDS = 100;
const CAPTURED = 10_000;
const WITHIN_MS = 60_000;

describe("races", function () {
  this.timeout(300_000);
  const random = seededRandom();
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  before(async () => {
    cluster = await Cluster.start();
    merchants = await Merchant.signInMany(cluster.info, 3);
    await limitRate(cluster, merchants, 100_000);
  });
  after(async () => {
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
  });
  const linesAt = (name: string) => readCharges(cluster.info).filter(({ gateway }) => gateway === name);
  const amountOf = ({ amount }: { readonly amount: number }): number => amount;
  const numberIn = (answer: Answer, name: string): number => Number(answer.body[name]);

  for (const gateway of ["stripe", "adyen"] as const)
    it(`55 ${REFUNDS} parallel refunds of one payment at ${gateway} keep the bound (seed ${random.seed})`, async () => {
      const [merchant] = merchants as [Merchant];
      const id = await merchant.pay(`refunds-${gateway}`, payment({ gateway, amount: CAPTURED }));
      const asked = Array.from({ length: REFUNDS }, (_, n) => ({
        key: `${gateway}-refund-${n}`,
        amount: 1 + Math.floor(random.next() * 300),
      }));
      const answers = await Promise.all(
        asked.map(({ key, amount }) => merchant.untilFinal(refund(key, id, { amount }), WITHIN_MS)),
      );
      const made = asked.filter((_, n) => (answers[n] as Answer).status < 300);
      const refused = asked.filter((_, n) => (answers[n] as Answer).status >= 300);
      for (const [n, answer] of answers.entries())
        if (answer.status >= 300)
          expect([answer.status, answer.body["code"]], asked[n]?.key).to.deep.equal([422, "amount_exceeds_refundable"]);
      const sum = made.reduce((total, { amount }) => total + amount, 0);
      console.log(`      ${made.length} of ${REFUNDS} refunds took ${sum} of ${CAPTURED}`);
      expect(sum).to.be.at.most(CAPTURED);
      // None was given back, so what was refused then does not fit now.
      for (const { amount, key } of refused) expect(sum + amount, key).to.be.above(CAPTURED);
      const refunds = chargesOf(cluster.info, id).filter(({ kind }) => kind === "refund");
      expect(refunds.map(amountOf)).to.have.members(made.map(amountOf));
      const last = await merchant.get(id);
      expect(numberIn(last, "amount_refunded")).to.equal(sum);
      const listed = await merchant.send(read(`/v1/payments/${id}/refunds?limit=100`));
      expect((listed.body["data"] as unknown[]).length).to.equal(made.length);
    });

  for (const gateway of ["stripe", "adyen"] as const) {
    const races = RACES[gateway];
    it(`56 ${races} captures against cancels at ${gateway}: one of each pair wins (seed ${random.seed})`, async () => {
      const before = linesAt(gateway).length;
      let captured = 0;
      let told = 0;
      await inParallel(
        Array.from({ length: races }, (_, n) => n),
        AT_ONCE,
        async (n) => {
          const merchant = merchants[n % merchants.length] as Merchant;
          const id = await merchant.pay(
            `${gateway}-race-${n}`,
            payment({ gateway, amount: 1_000, capture_method: "manual" }),
            WITHIN_MS,
          );
          const calls = [capture(`${gateway}-race-${n}-capture`, id), cancel(`${gateway}-race-${n}-cancel`, id)];
          const isCaptureFirst = random.next() < 0.5;
          if (!isCaptureFirst) calls.reverse();
          const answers = await Promise.all(calls.map((call) => merchant.send(call)));
          const winners = answers.filter(({ status }) => status < 300);
          const losers = answers.filter(({ status }) => status >= 300);
          expect([winners.length, losers.length], answers.map(({ text }) => text).join("\n")).to.deep.equal([1, 1]);
          expect(losers[0]?.status).to.equal(409);
          expect(["operation_in_doubt", "invalid_transition"]).to.include(losers[0]?.body["code"]);
          const ends = await Promise.all(calls.map((call) => merchant.untilFinal(call, WITHIN_MS)));
          const won = answers.indexOf(winners[0] as Answer);
          expect(
            ends.map(({ status, body }) => [status, body["code"]]),
            "the same in the end",
          ).to.deep.equal(
            won === 0
              ? [
                  [200, undefined],
                  [409, "invalid_transition"],
                ]
              : [
                  [409, "invalid_transition"],
                  [200, undefined],
                ],
          );
          const isCapture = (won === 0) === isCaptureFirst;
          if (isCapture) captured++;
          if (losers[0]?.body["code"] === "operation_in_doubt") told++;
          expect(ends[won]?.body["status"]).to.equal(isCapture ? "captured" : "canceled");
        },
      );
      console.log(
        `      ${captured} captures and ${races - captured} cancels won; ${told} losers came while the winner ran`,
      );
      expect(captured, "captures that won").to.be.within(1, races - 1);
      expect(told, "losers that came while the winner ran").to.be.greaterThan(0);
      const lines = linesAt(gateway).slice(before);
      expect(lines.length, "an authorization and its one end each").to.equal(2 * races);
      expect(lines.filter(({ kind }) => kind === "capture").length).to.equal(captured);
    });
  }

  it("leaves the books in order", () => expectInvariants(cluster));
});
