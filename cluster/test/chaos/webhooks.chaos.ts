/**
 * H1-H5: notifications that come a hundred times, the next day, in any order, before the answer that they are about, about
 * nobody, and from a forger. Each has its effect once, and none that is refused has any.
 */
import { expect } from "chai";
import { mintId } from "../../../actors/domain/index.ts";
import { effectsOf } from "../rig/charge-log.ts";
import { Cluster, until } from "../rig/cluster.ts";
import { factsOf, findingsOf, noticesOf } from "../rig/findings.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { capture, limitRate, Merchant, refund } from "../rig/merchant.ts";
import { killNode, limitArgs, QUICK } from "../rig/node-settings.ts";
import { backlogOf, order, type Receipt, sendNotice, type Simulated, tellOfOperation } from "../rig/simulators.ts";
import { AMOUNT, bodyOf, GATEWAYS, METHODS } from "./gateway-cases.ts";

const WITHIN_MS = 60_000;
/** A little less than a day: then what is unknown would be given up. */
const AGE = "interval '23 hours'";
const COPIES = 100;

const statusesOf = (receipts: readonly Receipt[]): readonly number[] => [
  ...new Set(receipts.map(({ status }) => status)),
];

describe("webhooks of gateways", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;

  before(async () => {
    cluster = await Cluster.start(...limitArgs(QUICK));
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  const versionOf = async (id: string): Promise<number> => Number((await merchant.get(id)).body["version"]);
  /** Everything that the gateways had to tell is told. */
  const toldAll = (): Promise<void> => until("all is told", WITHIN_MS, async () => (await backlogOf(cluster)) === 0);

  /** A payment of which one notification tells something new: an event at Stripe, items at Adyen. */
  interface Told {
    readonly id: string;
    readonly fact: string;
    readonly send: (times: number) => Promise<readonly Receipt[]>;
  }
  async function untold(gateway: Simulated): Promise<Told> {
    const id = await merchant.pay(`untold-${gateway}`, bodyOf(gateway, "manual", "tok_webhook_lost"));
    const asked = capture(`untold-${gateway}-capture`, id);
    if (gateway === "adyen") {
      await merchant.untilFinal(asked, WITHIN_MS, "orPending");
      return {
        id,
        fact: "captured",
        send: (times) => tellOfOperation(cluster, id, "capture", true, { times }),
      };
    }
    await merchant.untilFinal(asked, WITHIN_MS);
    const reference = String((await merchant.get(id)).body["gateway_reference"]);
    await order(cluster, "stripe", "mode", { mute: true });
    await order(cluster, "stripe", "dispute", { payment: id });
    await order(cluster, "stripe", "mode", { mute: false });
    expect(reference).to.match(/^pi_/);
    return {
      id,
      fact: "disputeHeld",
      send: (times) =>
        sendNotice(cluster, "stripe", {
          payment: id,
          type: "charge.dispute.funds_withdrawn",
          event: { id: `evt_untold_${reference}` },
          times,
        }),
    };
  }

  describe("H1 and H4: today, and the next day", () => {
    const told = new Map<Simulated, Told & { readonly version: number; readonly rows: readonly string[] }>();
    const toldAt = (gateway: Simulated) => told.get(gateway)!; // each has its test before

    for (const gateway of GATEWAYS)
      it(`H1 ${gateway}: ${COPIES} copies at once: 200 each, one effect`, async () => {
        const one = await untold(gateway);
        const before = await versionOf(one.id);
        expect(statusesOf(await one.send(COPIES))).to.deep.equal([200]);
        await until("it has its effect", WITHIN_MS, async () => (await factsOf(cluster, one.id)).includes(one.fact));
        expect(await versionOf(one.id)).to.equal(before + 1);
        told.set(gateway, { ...one, version: before + 1, rows: await noticesOf(cluster, one.id) });
      });

    it("H4 of an unknown payment: 200, and parked", async () => {
      const accounts = await cluster.query<Record<"gateway" | "account", string>>(
        "SELECT gateway, gateway_account AS account FROM payment_current",
      );
      const accountAt = (name: Simulated) => accounts.find(({ gateway }) => gateway === name)?.account;
      const item = {
        amount: { currency: "EUR", value: 77 },
        eventCode: "AUTHORISATION",
        eventDate: new Date().toISOString(),
        merchantAccountCode: accountAt("adyen"),
        merchantReference: mintId("op", 7, Date.now(), new Uint8Array(8).fill(5)),
        paymentMethod: "visa",
        pspReference: "NOBODYSPSP000001",
        reason: "",
        success: "true",
      };
      const intent = { id: "pi_nobodys", object: "payment_intent", amount: 77, amount_received: 77, currency: "eur" };
      const receipts = [
        ...(await sendNotice(cluster, "adyen", { item })),
        ...(await sendNotice(cluster, "stripe", {
          object: intent,
          event: { id: "evt_nobodys", account: accountAt("stripe") },
        })),
      ];
      expect(statusesOf(receipts)).to.deep.equal([200]);
      await until("both are parked", WITHIN_MS, async () => (await strangeRows()) === 2);
      expect(await findingsOfClass("D02"), "not at once").to.equal(0);
    });
    const strangeRows = async (): Promise<number> =>
      (
        await cluster.query(
          "SELECT 1 FROM gateway_event WHERE state = 'parked' AND dedupe_key ~ 'NOBODYSPSP000001|evt_nobodys'",
        )
      ).length;
    const findingsOfClass = async (name: string): Promise<number> =>
      (await cluster.query("SELECT 1 FROM discrepancy WHERE class = $1 AND state = 'open'", [name])).length;

    describe("the next day", () => {
      before(async () => {
        await cluster.query(
          `UPDATE gateway_event SET received_at = received_at - ${AGE}, processed_at = processed_at - ${AGE},
             next_try_at = CASE WHEN next_try_at IS NOT NULL THEN now() END`,
        );
        await killNode(cluster); // nobody remembers anything but the inbox
      });

      for (const gateway of GATEWAYS)
        it(`H1 ${gateway}: ${COPIES} copies again: 200 each, no effect`, async () => {
          const { id, send, version, rows } = toldAt(gateway);
          expect(statusesOf(await send(COPIES))).to.deep.equal([200]);
          expect([await versionOf(id), await noticesOf(cluster, id)]).to.deep.equal([version, rows]);
        });

      it("H4 people are told of the strangers, and these are not dropped", async () => {
        await until("people are told", WITHIN_MS, async () => (await findingsOfClass("D02")) === 2);
        expect(await strangeRows()).to.equal(2);
      });
    });
  });

  describe("H2 and H3: orders", () => {
    after(async () => {
      for (const gateway of GATEWAYS)
        await order(cluster, gateway, "mode", { duplicate: 1, reorder: false, mute: false });
    });

    const ORDERS = [
      ["tok_webhook_twice", {}],
      ["tok_webhook_first", {}],
      ["tok_webhook_late", {}],
      ["tok_webhook_reordered", {}],
      ["tok_visa", { duplicate: 3, reorder: true }],
    ] as const;
    for (const gateway of GATEWAYS)
      it(`H2 ${gateway}: twice, first, late, reordered: authorized, captured and refunded, with one end`, async () => {
        for (const [token, faults] of ORDERS) {
          await order(cluster, gateway, "mode", faults);
          const key = `order-${gateway}-${token}`;
          const id = await merchant.pay(key, bodyOf(gateway, "manual", token));
          const captured = await merchant.untilFinal(capture(`${key}-c`, id, { amount: 600 }), WITHIN_MS);
          const refunded = await merchant.untilFinal(refund(`${key}-r`, id, { amount: 200 }), WITHIN_MS);
          expect([captured.status, refunded.status], token).to.deep.equal([200, 201]);
          const version = await versionOf(id);
          await toldAll();
          const { body } = await merchant.get(id);
          expect(body, token).to.include({ status: "captured", amount_captured: 600, amount_refunded: 200, version });
          expect(effectsOf(cluster.info, id)).to.deep.equal([`authorize ${AMOUNT}`, "capture 600", "refund 200"]);
          const rows = await noticesOf(cluster, id);
          expect(
            rows.filter((row) => row.startsWith("parked")),
            rows.join(),
          ).to.deep.equal([]);
        }
      });

    for (const method of METHODS)
      it(`H3 stripe: the opposite before the answer is a hint: the object decides, ${method}`, async () => {
        const id = await merchant.pay(`opposite-${method}`, bodyOf("stripe", method, "tok_webhook_opposite"));
        const facts = await factsOf(cluster, id);
        await toldAll();
        expect(await factsOf(cluster, id)).to.deep.equal(facts);
        expect(facts.filter((fact) => fact === "declined")).to.deep.equal([]);
      });

    for (const method of METHODS)
      it(`H3 adyen: the opposite before the answer is believed, and what comes after it is given back, ${method}`, async () => {
        const key = `opposite-adyen-${method}`;
        const body = bodyOf("adyen", method, "tok_webhook_opposite");
        const final = await merchant.createUntilFinal(key, body, WITHIN_MS);
        expect(final.status, final.text).to.equal(402);
        const id = await merchant.paymentOfKey(key);
        await until("it is given back", WITHIN_MS, async () => (await merchant.get(id)).body["status"] === "canceled");
        const ends = method === "automatic" ? ["sale", "refund"] : ["authorize", "void"];
        expect(effectsOf(cluster.info, id)).to.deep.equal(ends.map((kind) => `${kind} ${AMOUNT}`));
        expect(await findingsOf(cluster, id)).to.deep.equal(["D03 resolved"]);
        const again = await merchant.create(key, body);
        expect([again.status, again.text], "no flip-flop").to.deep.equal([402, final.text]);
      });
  });

  describe("H5: forgers", () => {
    const FORGERIES = {
      stripe: ["signature", "body", "missing", "old", "future", "otherSecret", "schemeV0"],
      adyen: ["signature", "body", "missing", "otherSecret"],
    } as const;
    for (const gateway of GATEWAYS)
      it(`H5 ${gateway}: forged, altered, too old, of another tenant: 401, and no state`, async () => {
        const key = `forged-${gateway}`;
        const id = await merchant.pay(key, bodyOf(gateway, "manual", "tok_webhook_lost"));
        await merchant.untilFinal(capture(`${key}-c`, id), WITHIN_MS, "orPending");
        await toldAll();
        const before = [await versionOf(id), await inboxCount()];
        for (const forge of FORGERIES[gateway]) {
          const [receipt] = await sendNotice(cluster, gateway, {
            payment: id,
            forge,
            ...(gateway === "adyen" ? { eventCode: "CANCELLATION" } : { type: "charge.dispute.funds_withdrawn" }),
          });
          expect([receipt?.status, forge]).to.deep.equal([401, forge]);
        }
        expect([await versionOf(id), await inboxCount()]).to.deep.equal(before);
        if (gateway === "adyen") await tellOfOperation(cluster, id, "capture", true);
      });
    const inboxCount = async (): Promise<number> => (await cluster.query("SELECT 1 FROM gateway_event")).length;
  });

  describe("afterwards", () => {
    it("leaves the books in order", () => expectInvariants(cluster));
  });
});
