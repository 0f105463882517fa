/** What each gateway tells after each effect and refusal: real shapes, and signatures that the official SDKs take. */
import { createRequire } from "node:module";
import { expect } from "chai";
import Stripe from "stripe";
import { Calls, HMAC_KEY, WEBHOOK_SECRET } from "./test-calls.ts";
import { Receiver, until } from "./test-receiver.ts";
import { type Rig, startRig } from "./test-rig.ts";

const require = createRequire(import.meta.url);
const { default: HmacValidator } = require("@adyen/api-library/lib/src/utils/hmacValidator.js") as {
  readonly default: new () => { validateHMAC(item: unknown, key: string): boolean };
};

describe("webhooks of the simulators", function () {
  this.timeout(60_000);
  const stripeHook = new Receiver();
  const adyenHook = new Receiver();
  let rig: Rig;
  let calls: Calls;
  let count = 0;
  const unique = (): string => `hook${++count}x`;
  before(async () => {
    rig = await startRig({
      slowMs: 400,
      webhookTiming: { soonMs: 5, lateMs: 400, retryDelaysMs: [20, 50] },
      webhooks: {
        stripe: { url: await stripeHook.start(), secret: WEBHOOK_SECRET },
        adyen: { url: await adyenHook.start(), hmacKey: HMAC_KEY, basicAuth: { user: "adyen", password: "pass:word" } },
      },
    });
    calls = new Calls(rig);
  });
  after(async () => {
    await rig.stop();
    await Promise.all([stripeHook.stop(), adyenHook.stop()]);
  });

  /** Types of the events in which a text stands, when as many as wanted have come. */
  const typesOf = async (text: string, countWanted: number): Promise<readonly string[]> =>
    (
      await until(() => {
        const events = stripeHook.events(text);
        return events.length >= countWanted && events;
      }, `${countWanted} events with ${text}`)
    ).map(({ type }) => type);
  const codesOf = async (text: string, countWanted: number): Promise<readonly string[]> =>
    (
      await until(() => {
        const items = adyenHook.items(text);
        return items.length >= countWanted && items;
      }, `${countWanted} items with ${text}`)
    ).map(({ eventCode, success }) => `${eventCode} ${success}`);

  it("Stripe: authorize, capture, refund, each told with our names and signed", async () => {
    const key = unique();
    const id = await calls.stripePaid(key, "tok_visa", true);
    expect(await typesOf(id, 1)).to.deep.equal(["payment_intent.amount_capturable_updated"]);
    await calls.capture(id, `${key}c`, 700);
    expect((await typesOf(id, 2))[1]).to.equal("payment_intent.succeeded");
    const refund = await calls.refund(id, `${key}r`, 300);
    expect((await typesOf(id, 3))[2]).to.equal("refund.created");
    const [held, taken, back] = stripeHook.events(id);
    expect(held).to.deep.include({ account: "acct_tests", livemode: false });
    expect(held?.request.idempotency_key).to.equal(key);
    expect(held?.data.object).to.deep.include({ id, status: "requires_capture", amount_capturable: 1000 });
    expect(taken?.data.object).to.deep.include({ id, status: "succeeded", amount_received: 700 });
    expect(taken?.data.object["metadata"]).to.deep.equal({
      operation_id: `op_${key}`,
      payment_id: `pay_${key}`,
      capture_operation_id: `op_${key}c`,
    });
    expect(back?.data.object).to.deep.equal(refund.json);
    for (const { body, headers } of stripeHook.deliveries.filter((one) => one.body.includes(id))) {
      const event = Stripe.webhooks.constructEvent(body, String(headers["stripe-signature"]), WEBHOOK_SECRET);
      expect(event.object).to.equal("event");
      const altered = () =>
        Stripe.webhooks.constructEvent(`${body} `, String(headers["stripe-signature"]), WEBHOOK_SECRET);
      expect(altered).to.throw();
    }
  });

  it("Stripe: a decline, a cancel with and without a reservation, a refused refund", async () => {
    const keys = [unique(), unique(), unique(), unique()] as const;
    const declined = await calls.stripePaid(keys[0], "tok_decline_expired_card");
    expect(await typesOf(declined, 1)).to.deep.equal(["payment_intent.payment_failed"]);
    expect(stripeHook.events(declined)[0]?.data.object["last_payment_error"]).to.deep.include({
      decline_code: "expired_card",
    });
    const held = await calls.stripePaid(keys[1], "tok_visa", true);
    const open = await calls.create(keys[2], "tok_visa");
    for (const id of [held, open]) await calls.stripe(`/payment_intents/${id}/cancel`, `${id}-cancel`);
    expect((await typesOf(held, 2))[1]).to.equal("payment_intent.canceled");
    expect(await typesOf(open, 1)).to.deep.equal(["payment_intent.canceled"]);
    const sold = await calls.stripePaid(keys[3], "tok_refund_fails");
    await calls.refund(sold, `${keys[3]}r`, 100);
    expect((await typesOf(sold, 3)).slice(1).sort()).to.deep.equal(["refund.created", "refund.failed"]);
  });

  it("Stripe: a refund that was pending is told again when it has succeeded", async () => {
    const key = unique();
    const id = await calls.stripePaid(key, "tok_refund_pending");
    await calls.refund(id, `${key}r`, 100);
    const types = await typesOf(id, 4);
    expect(types.slice(0, 2)).to.deep.equal(["payment_intent.succeeded", "refund.created"]);
    expect([...types].slice(2).sort()).to.deep.equal(["charge.refund.updated", "refund.updated"]);
    const statuses = stripeHook.events(id).map(({ data }) => data.object["status"]);
    expect(statuses).to.deep.equal(["succeeded", "pending", "succeeded", "succeeded"]);
  });

  it("Adyen: each call is told with the references that its answer had, and signed", async () => {
    const key = unique();
    const psp = await calls.adyenPaid(key, "tok_visa", true);
    const capture = await calls.modify(psp, "captures", `${key}c`, 700);
    const refund = await calls.modify(psp, "refunds", `${key}r`, 300);
    const tooMuch = await calls.modify(psp, "refunds", `${key}s`, 401);
    const late = await calls.modify(psp, "cancels", `${key}v`);
    await codesOf(psp, 5);
    const items = adyenHook
      .items(psp)
      .map((item) => [
        item.eventCode,
        item.success,
        item.pspReference,
        item.originalReference,
        item.merchantReference,
        item.amount.value,
      ]);
    expect(items).to.have.deep.members([
      ["AUTHORISATION", "true", psp, undefined, `op_${key}`, 1000],
      ["CAPTURE", "true", capture, psp, `op_${key}c`, 700],
      ["REFUND", "true", refund, psp, `op_${key}r`, 300],
      ["REFUND", "false", tooMuch, psp, `op_${key}s`, 401],
      ["CANCELLATION", "false", late, psp, `op_${key}v`, 1000],
    ]);
    const validator = new HmacValidator();
    for (const item of adyenHook.items(psp)) {
      expect(item.merchantAccountCode).to.equal("acct_tests");
      expect(validator.validateHMAC({ originalReference: "", ...item }, HMAC_KEY)).to.equal(true);
      expect(validator.validateHMAC({ originalReference: "", ...item, pspReference: "X" }, HMAC_KEY)).to.equal(false);
    }
    const [delivery] = adyenHook.deliveries;
    expect(delivery?.headers.authorization).to.equal(`Basic ${Buffer.from("adyen:pass:word").toString("base64")}`);
    expect(JSON.parse(delivery?.body ?? "{}").live).to.equal("false");
  });

  it("Adyen: a decline, both cancels, and what fails though it was received", async () => {
    const keys = [unique(), unique(), unique(), unique()] as const;
    const declined = await calls.adyenPaid(keys[0], "tok_decline_expired_card");
    expect(await codesOf(declined, 1)).to.deep.equal(["AUTHORISATION false"]);
    expect(adyenHook.items(declined)[0]?.reason).to.equal("Expired Card");
    const held = await calls.adyenPaid(keys[1], "tok_visa", true);
    await calls.modify(held, "cancels", `${keys[1]}v`);
    expect((await codesOf(held, 2))[1]).to.equal("CANCELLATION true");
    const named = await calls.adyenPaid(keys[2], "tok_visa", true);
    await calls.adyen("/cancels", `${keys[2]}t`, { paymentReference: `op_${keys[2]}`, reference: `op_${keys[2]}` });
    expect((await codesOf(named, 2))[1]).to.equal("TECHNICAL_CANCEL true");
    expect(adyenHook.items(named)[1]).to.deep.include({ merchantReference: `op_${keys[2]}`, originalReference: named });
    const failing = await calls.adyenPaid(keys[3], "tok_capture_fails", true);
    await calls.modify(failing, "captures", `${keys[3]}c`);
    expect((await codesOf(failing, 2))[1]).to.equal("CAPTURE false");
  });

  it("tok_webhook_first: it arrives before the answer", async () => {
    for (const gateway of ["stripe", "adyen"] as const) {
      const key = unique();
      const hook = gateway === "stripe" ? stripeHook : adyenHook;
      if (gateway === "stripe") await calls.stripePaid(key, "tok_webhook_first");
      else await calls.adyenPaid(key, "tok_webhook_first");
      expect(
        hook.deliveries.filter(({ body }) => body.includes(`op_${key}`)),
        gateway,
      ).to.have.length(1);
    }
  });

  it("tok_webhook_opposite: a lie before the answer, the truth later; the charge log has one charge", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const id = await calls.stripePaid(atStripe, "tok_webhook_opposite");
    expect(stripeHook.events(id).map(({ type }) => type)).to.deep.equal(["payment_intent.payment_failed"]);
    const psp = await calls.adyenPaid(atAdyen, "tok_webhook_opposite");
    expect(adyenHook.items(psp).map(({ success }) => success)).to.deep.equal(["false"]);
    expect((await typesOf(id, 2))[1]).to.equal("payment_intent.succeeded");
    expect((await codesOf(psp, 2))[1]).to.equal("AUTHORISATION true");
    expect(rig.chargeLines("stripe").filter(({ key }) => key === atStripe)).to.have.length(1);
    expect(rig.chargeLines("adyen").filter(({ key }) => key === atAdyen)).to.have.length(1);
  });

  it("tok_webhook_twice, tok_webhook_lost, tok_webhook_late, tok_webhook_reordered", async () => {
    const keys = Array.from({ length: 4 }, unique) as [string, string, string, string];
    const lost = await calls.adyenPaid(keys[0], "tok_webhook_lost");
    const late = await calls.adyenPaid(keys[1], "tok_webhook_late");
    const twice = await calls.stripePaid(keys[2], "tok_webhook_twice");
    const reordered = await calls.adyenPaid(keys[3], "tok_webhook_reordered", true);
    await calls.modify(reordered, "captures", `${keys[3]}c`);
    await typesOf(twice, 2);
    const ids = stripeHook.events(twice).map((event) => event.id);
    expect(ids).to.deep.equal([ids[0], ids[0]]);
    expect(await codesOf(reordered, 2)).to.deep.equal(["CAPTURE true", "AUTHORISATION true"]);
    expect(await codesOf(late, 1)).to.deep.equal(["AUTHORISATION true"]); // it was called before the reordered one
    expect(adyenHook.items(lost)).to.deep.equal([]);
  });

  it("Adyen waits behind one that is not accepted, Stripe does not; both come again with the same bytes", async () => {
    const [poison, other] = [unique(), unique()];
    let refusals = 0;
    const refuseSome = (body: string): number => (body.includes(`op_${poison}"`) && refusals++ < 2 ? 503 : 200);
    adyenHook.answer = refuseSome;
    const psp = await calls.adyenPaid(poison, "tok_visa");
    await until(() => adyenHook.items(psp).length > 0, "the refused item");
    const behind = await calls.adyenPaid(other, "tok_visa");
    await codesOf(behind, 1);
    const order = adyenHook.deliveries.slice(-4).map(({ body, status }) => `${body.includes(psp)} ${status}`);
    expect(order).to.deep.equal(["true 503", "true 503", "true 200", "false 200"]);
    expect(
      new Set(adyenHook.deliveries.filter(({ body }) => body.includes(psp)).map(({ body }) => body)).size,
    ).to.equal(1);

    refusals = 0;
    stripeHook.answer = refuseSome;
    const id = await calls.stripePaid(poison, "tok_visa");
    await typesOf(id, 3);
    expect(new Set(stripeHook.events(id).map((event) => event.id)).size).to.equal(1);
    adyenHook.answer = stripeHook.answer = () => 200;
  });
});
