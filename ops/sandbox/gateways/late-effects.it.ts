/** What happens to payments later: in the charge log, in what Stripe shows, and by webhook. */
import { expect } from "chai";
import { Calls, HMAC_KEY, WEBHOOK_SECRET } from "./test-calls.ts";
import { Receiver, until } from "./test-receiver.ts";
import { type Rig, startRig } from "./test-rig.ts";

describe("late effects of the simulators", function () {
  this.timeout(60_000);
  const hook = new Receiver();
  let rig: Rig;
  let calls: Calls;
  let count = 0;
  const unique = (): string => `late${++count}x`;
  before(async () => {
    const url = await hook.start();
    rig = await startRig({
      webhookTiming: { soonMs: 1, lateMs: 150 },
      webhooks: {
        stripe: { url, secret: WEBHOOK_SECRET },
        adyen: { url, hmacKey: HMAC_KEY, basicAuth: null },
      },
    });
    calls = new Calls(rig);
  });
  after(async () => {
    await rig.stop();
    await hook.stop();
  });

  const lines = (gateway: "stripe" | "adyen", key: string): readonly string[] =>
    rig
      .chargeLines(gateway)
      .filter((line) => line.key.startsWith(key))
      .map(({ kind, amount }) => `${kind} ${amount}`);
  const stripeTypes = (text: string): readonly string[] => hook.events(text).map(({ type }) => type);
  const adyenCodes = (text: string): readonly string[] =>
    hook.deliveries
      .filter(({ body }) => body.includes("notificationItems") && body.includes(text))
      .map(({ body }) => JSON.parse(body).notificationItems[0].NotificationRequestItem)
      .map(({ eventCode, success }) => `${eventCode} ${success}`);
  const intent = async (id: string) => (await calls.stripe(`/payment_intents/${id}`, null)).json;

  it("tok_refund_fails_late: refunded, then not; it can be refunded again", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const id = await calls.stripePaid(atStripe, "tok_refund_fails_late");
    const psp = await calls.adyenPaid(atAdyen, "tok_refund_fails_late");
    const first = await calls.refund(id, `${atStripe}r`, 600);
    await calls.modify(psp, "refunds", `${atAdyen}r`, 600);
    expect(first.json["status"]).to.equal("succeeded");
    await until(
      () => stripeTypes(id).includes("refund.failed") && adyenCodes(psp).includes("REFUND_FAILED true"),
      "fail",
    );
    expect(lines("stripe", atStripe)).to.deep.equal(["sale 1000", "refund 600", "refund_failed 600"]);
    expect(lines("adyen", atAdyen)).to.deep.equal(["sale 1000", "refund 600", "refund_failed 600"]);
    const read = (await calls.stripe(`/refunds/${String(first.json["id"])}`, null)).json;
    expect(read).to.deep.include({ ...first.json, status: "failed" });
    expect((await calls.refund(id, `${atStripe}r`, 600)).json, "its key keeps the first answer").to.deep.equal(
      first.json,
    );
    expect((await calls.refund(id, `${atStripe}s`, 1000)).json["status"]).to.equal("succeeded");
    const { data } = (await calls.stripe(`/refunds?payment_intent=${id}`, null)).json as { data: { status: string }[] };
    expect(data.map(({ status }) => status)).to.deep.equal(["succeeded", "failed"]);
  });

  it("tok_capture_fails_late: Adyen takes the capture back, Stripe keeps it", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const psp = await calls.adyenPaid(atAdyen, "tok_capture_fails_late", true);
    const capture = await calls.modify(psp, "captures", `${atAdyen}c`, 800);
    const id = await calls.stripePaid(atStripe, "tok_capture_fails_late");
    await until(() => adyenCodes(psp).includes("CAPTURE_FAILED true"), "CAPTURE_FAILED");
    expect(lines("adyen", atAdyen)).to.deep.equal(["authorize 1000", "capture 800", "capture_failed 800"]);
    const failed = hook.deliveries.find(({ body }) => body.includes("CAPTURE_FAILED") && body.includes(psp));
    expect(failed?.body).to.include(`"pspReference":"${capture}"`).and.include(`op_${atAdyen}c`);
    await calls.modify(psp, "refunds", `${atAdyen}r`, 1);
    await until(() => adyenCodes(psp).includes("REFUND false"), "nothing is left to refund");
    expect(await intent(id)).to.deep.include({ status: "succeeded", amount_received: 1000 });
    expect(lines("stripe", atStripe)).to.deep.equal(["sale 1000"]);
  });

  it("tok_dispute, tok_dispute_won, tok_dispute_lost", async () => {
    for (const [token, last, stripeLast, adyenLast] of [
      ["tok_dispute", ["dispute 1000"], "charge.dispute.funds_withdrawn", "CHARGEBACK true"],
      [
        "tok_dispute_won",
        ["dispute 1000", "dispute_won 1000"],
        "charge.dispute.funds_reinstated",
        "CHARGEBACK_REVERSED true",
      ],
      ["tok_dispute_lost", ["dispute 1000"], "charge.dispute.closed", "PREARBITRATION_LOST true"],
    ] as const) {
      const [atStripe, atAdyen] = [unique(), unique()];
      const id = await calls.stripePaid(atStripe, token);
      const psp = await calls.adyenPaid(atAdyen, token);
      await until(() => stripeTypes(id).includes(stripeLast) && adyenCodes(psp).includes(adyenLast), token);
      expect(lines("stripe", atStripe)).to.deep.equal(["sale 1000", ...last]);
      expect(lines("adyen", atAdyen)).to.deep.equal(["sale 1000", ...last]);
      const dispute = hook.events(id).find(({ type }) => type === "charge.dispute.created")?.data.object;
      expect(dispute).to.deep.include({ payment_intent: id, amount: 1000, status: "needs_response", metadata: {} });
      const refund = await calls.refund(id, `${atStripe}r`, 1);
      expect(refund.status, token).to.equal(token === "tok_dispute_won" ? 200 : 400);
      const items = hook.deliveries
        .filter(({ body }) => body.includes("notificationItems") && body.includes(`"originalReference":"${psp}"`))
        .map(({ body }) => JSON.parse(body).notificationItems[0].NotificationRequestItem.pspReference as string);
      expect(new Set(items).size, "one reference for the dispute").to.equal(1);
    }
    const closed = hook.events("charge.dispute.closed").map(({ data }) => data.object["status"]);
    expect(closed).to.have.members(["lost", "won"]);
  });

  it("tok_late_success: declined, and charged in the end", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const id = await calls.stripePaid(atStripe, "tok_late_success", true);
    const refused = await calls.stripe(`/payment_intents/${id}/confirm`, atStripe);
    expect(refused.status).to.equal(402);
    const { json } = await calls.pay(atAdyen, "tok_late_success");
    expect(json["resultCode"]).to.equal("Refused");
    const psp = String(json["pspReference"]);
    await until(() => adyenCodes(psp).includes("AUTHORISATION true"), "AUTHORISATION");
    await until(() => stripeTypes(id).includes("payment_intent.amount_capturable_updated"), "the hold");
    expect(await intent(id)).to.deep.include({ status: "requires_capture", amount_capturable: 1000 });
    expect(adyenCodes(psp)).to.deep.equal(["AUTHORISATION false", "AUTHORISATION true"]);
    expect(lines("stripe", atStripe)).to.deep.equal(["authorize 1000"]);
    expect(lines("adyen", atAdyen)).to.deep.equal(["sale 1000"]);
    expect((await calls.stripe(`/payment_intents/${id}/confirm`, atStripe)).text).to.equal(refused.text);
    expect((await calls.pay(atAdyen, "tok_late_success")).json).to.deep.equal(json);
    expect((await calls.capture(id, `${atStripe}c`, 1000)).json["status"]).to.equal("succeeded");
  });

  it("tok_late_success: not when it was canceled meanwhile", async () => {
    const key = unique();
    const id = await calls.stripePaid(key, "tok_late_success");
    await calls.stripe(`/payment_intents/${id}/cancel`, `${key}v`);
    await until(async () => (await state()).stripe.sequels === 0, "its end");
    expect(lines("stripe", key)).to.deep.equal([]);
    expect(await intent(id)).to.deep.include({ status: "canceled" });
  });
  const state = async (): Promise<{ readonly stripe: { readonly sequels: number } }> =>
    (await (await fetch(`${rig.adyenUrl}/_control/state`)).json()) as never;

  it("tok_expires: the hold is gone", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const id = await calls.stripePaid(atStripe, "tok_expires", true);
    const psp = await calls.adyenPaid(atAdyen, "tok_expires", true);
    await until(() => stripeTypes(id).length === 3 && adyenCodes(psp).includes("EXPIRE true"), "the end of both");
    expect(stripeTypes(id).slice(1).sort()).to.deep.equal(["charge.expired", "payment_intent.canceled"]);
    expect(await intent(id)).to.deep.include({ status: "canceled", cancellation_reason: "automatic" });
    expect(lines("stripe", atStripe)).to.deep.equal(["authorize 1000", "expire 1000"]);
    expect(lines("adyen", atAdyen)).to.deep.equal(["authorize 1000", "expire 1000"]);
    expect((await calls.capture(id, `${atStripe}c`, 1)).status).to.equal(400);
  });

  it("the control API does the same to any payment, once, by any of its names", async () => {
    const keys = Array.from({ length: 3 }, unique) as [string, string, string];
    const id = await calls.stripePaid(keys[0], "tok_visa");
    await calls.refund(id, `${keys[0]}r`, 200);
    const failRefund = { gateway: "stripe", operation: `op_${keys[0]}r` };
    expect((await calls.control("fail-refund", failRefund)).json).to.deep.equal({ outcome: "done" });
    expect((await calls.control("fail-refund", failRefund)).json).to.deep.equal({ outcome: "impossible" });
    const named = { gateway: "stripe", payment: `pay_${keys[0]}` };
    expect((await calls.control("dispute", named)).json).to.deep.equal({ outcome: "done" });
    expect((await calls.control("dispute-won", { gateway: "stripe", reference: id })).json["outcome"]).to.equal("done");
    expect(lines("stripe", keys[0])).to.deep.equal([
      "sale 1000",
      "refund 200",
      "refund_failed 200",
      "dispute 1000",
      "dispute_won 1000",
    ]);
    const psp = await calls.adyenPaid(keys[1], "tok_visa", true);
    expect((await calls.control("fail-capture", { gateway: "adyen", payment: `pay_${keys[1]}` })).status).to.equal(400);
    expect((await calls.control("expire", { gateway: "adyen", reference: psp })).json["outcome"]).to.equal("done");
    await calls.adyenPaid(keys[2], "tok_visa");
    const sold = { gateway: "adyen", operation: `op_${keys[2]}` };
    expect((await calls.control("fail-capture", sold)).json["outcome"]).to.equal("done");
    expect(lines("adyen", keys[2])).to.deep.equal(["sale 1000", "capture_failed 1000"]);
    const unknown = await calls.control("dispute", { gateway: "adyen", payment: "pay_of_nobody" });
    expect([unknown.status, unknown.json["error"]]).to.deep.equal([
      400,
      "nothing that was done under pay_of_nobody can take this",
    ]);
  });
});
