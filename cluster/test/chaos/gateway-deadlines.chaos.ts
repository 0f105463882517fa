/**
 * G1, G8-G10 where it gets late: behind the deadline an operation is only read or called off, people are told, and only a
 * fact ends it; a breaker refuses what would only wait; what was charged too late is given back.
 */
import { expect } from "chai";
import { effectsOf } from "../rig/charge-log.ts";
import { Cluster, until } from "../rig/cluster.ts";
import { factsOf, findingsOf } from "../rig/findings.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { limitRate, Merchant, payment } from "../rig/merchant.ts";
import { killNode, limitArgs, limitTo, QUICK } from "../rig/node-settings.ts";
import { heal, order, type Simulated, tellOfOperation } from "../rig/simulators.ts";
import { AMOUNT, bodyOf, chargeOf, GATEWAYS, LONG_S, METHODS, pendingOf, statusOf } from "./gateway-cases.ts";

const WITHIN_MS = 60_000;
const DEADLINE_MS = 5_000;

describe("gateways that come too late", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;

  before(async () => {
    const limits = { ...QUICK, breakerFailuresMin: 10_000, operationDeadlineMs: DEADLINE_MS };
    cluster = await Cluster.start(...limitArgs(limits));
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
  });
  afterEach(() => heal(cluster)); // also after a failure
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  describe("behind the deadline", () => {
    for (const gateway of GATEWAYS)
      it(`G1 ${gateway}: failed at the deadline, where one owner has seen that no try left the machine`, async () => {
        await order(cluster, gateway, "mode", { refuseSeconds: LONG_S });
        const key = `late-${gateway}`;
        const final = await merchant.createUntilFinal(key, bodyOf(gateway, "automatic"), WITHIN_MS);
        await heal(cluster);
        expect([final.status, final.body["code"]], final.text).to.deep.equal([402, "payment_declined"]);
        const id = await merchant.paymentOfKey(key);
        expect(await factsOf(cluster, id)).to.include("notSubmitted");
        expect(effectsOf(cluster.info, id)).to.deep.equal([]);
      });

    /** Called off at Stripe. Adyen tells nothing of what it does not know: it waits until something is told. */
    async function endsUncharged(gateway: Simulated, id: string, kind: "authorize" | "sale"): Promise<void> {
      const statusNow = async (): Promise<unknown> => (await merchant.get(id)).body["status"];
      if (gateway === "adyen") {
        await until("Adyen has received the cancel", WITHIN_MS, async () =>
          (await factsOf(cluster, id)).includes("gatewayProcessing"),
        );
        expect(await statusNow()).to.equal("pending");
        await tellOfOperation(cluster, id, kind, false);
      }
      const end = gateway === "stripe" ? "canceled" : "failed";
      await until("a fact ends it", WITHIN_MS, async () => (await statusNow()) === end);
      expect(effectsOf(cluster.info, id)).to.deep.equal([]);
    }
    const alarmed = (id: string): Promise<void> =>
      until("people are told", WITHIN_MS, async () => (await findingsOf(cluster, id)).includes("D08 open"));

    it("G1 a kill in between: no owner has seen all tries, so it is called off, and not failed", async () => {
      await order(cluster, "stripe", "mode", { refuseSeconds: LONG_S });
      const { body } = await merchant.create("killed", bodyOf("stripe", "automatic"));
      const id = String(body["id"]);
      await killNode(cluster);
      await alarmed(id);
      const held = await merchant.get(id);
      expect([held.body["status"], pendingOf(held)["needs_review"]]).to.deep.equal(["pending", true]);
      await heal(cluster);
      await endsUncharged("stripe", id, "sale");
    });

    it("G8 both gateways are dark for longer than the deadline: pending and an alarm, never failed", async () => {
      // Stripe's intent is made by then: as long as it is not, no call of ours can have charged anything.
      const atStripe = await merchant.create("dark-stripe", bodyOf("stripe", "manual", "tok_timeout_not_charged"));
      for (const gateway of GATEWAYS) await order(cluster, gateway, "mode", { darkSeconds: LONG_S });
      const made = [atStripe, await merchant.create("dark-adyen", bodyOf("adyen", "manual"))];
      expect(made.map(({ status }) => status)).to.deep.equal([202, 202]);
      const ids = made.map(({ body }) => String(body["id"]));
      await Promise.all(ids.map(alarmed));
      for (const id of ids) expect((await merchant.get(id)).body["status"]).to.equal("pending");
      await heal(cluster);
      await Promise.all(GATEWAYS.map((gateway, n) => endsUncharged(gateway, String(ids[n]), "authorize")));
    });

    for (const gateway of GATEWAYS)
      for (const method of METHODS)
        it(`G10 ${gateway}: a success behind the decline, ${method}: given back, canceled, D03`, async () => {
          const key = `late-success-${gateway}-${method}`;
          const final = await merchant.createUntilFinal(key, bodyOf(gateway, method, "tok_late_success"), WITHIN_MS);
          expect(final.status, final.text).to.equal(402);
          const id = await merchant.paymentOfKey(key);
          await until(
            "it is given back",
            WITHIN_MS,
            async () => (await merchant.get(id)).body["status"] === "canceled",
          );
          const { amount_captured: captured, amount_refunded: refunded } = (await merchant.get(id)).body;
          expect(captured).to.equal(refunded);
          const back = method === "automatic" ? "refund" : "void";
          expect(effectsOf(cluster.info, id)).to.deep.equal([chargeOf(method), `${back} ${AMOUNT}`]);
          expect(await findingsOf(cluster, id)).to.deep.equal(["D03 resolved"]);
          expect(
            (await merchant.create(key, bodyOf(gateway, method, "tok_late_success"))).text,
            "what was said stays said",
          ).to.equal(final.text);
        });
  });

  describe("with a breaker that opens", () => {
    const OPENS_AT = 4;
    before(() =>
      limitTo(cluster, {
        operationDeadlineMs: 900_000,
        breakerFailuresMin: OPENS_AT,
        breakerOpenMs: 200,
        breakerOpenMaxMs: 500,
      }),
    );

    for (const gateway of GATEWAYS)
      it(`G9 ${gateway} is dark: refused before T1, the other one unaffected, back by itself`, async () => {
        const other = gateway === "stripe" ? "adyen" : "stripe";
        await order(cluster, gateway, "mode", { darkSeconds: LONG_S });
        const begun = Array.from({ length: 2 * OPENS_AT }, (_, n) => `begun-${gateway}-${n}`);
        await Promise.all(begun.map((key) => merchant.create(key, bodyOf(gateway, "automatic"))));
        let knocks = 0;
        await until("the breaker is open", WITHIN_MS, async () => {
          const key = `knock-${gateway}-${knocks++}`;
          const answer = await merchant.create(key, bodyOf(gateway, "automatic"));
          if (answer.status === 202) begun.push(key);
          return answer.body["code"] === "gateway_unavailable";
        });
        const key = `by-name-${gateway}`;
        const [unaffected, chosen] = await Promise.all([
          merchant.create(key, bodyOf(other, "automatic")),
          merchant.create(`${key}-auto`, payment({ amount: AMOUNT, gateway: "auto" })),
        ]);
        expect([unaffected.status, chosen.status, chosen.body["gateway"]]).to.deep.equal([201, 201, other]);
        await heal(cluster);
        const keys = [...begun, `light-${gateway}`];
        const ends = await Promise.all(
          keys.map((one) => merchant.createUntilFinal(one, bodyOf(gateway, "automatic"), WITHIN_MS)),
        );
        for (const end of ends) {
          expect([end.status, end.body["status"]], end.text).to.deep.equal([201, statusOf("automatic")]);
          expect(effectsOf(cluster.info, String(end.body["id"]))).to.deep.equal([chargeOf("automatic")]);
        }
      });
  });

  describe("afterwards", () => {
    it("leaves the books in order", () => expectInvariants(cluster));
  });
});
