/** The control API: faults of a whole gateway for a while, and notifications that a forger would send. */
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import Stripe from "stripe";
import { Calls, HMAC_KEY, WEBHOOK_SECRET } from "./test-calls.ts";
import { Receiver, until } from "./test-receiver.ts";
import { type Rig, startRig } from "./test-rig.ts";

const require = createRequire(import.meta.url);
const { default: HmacValidator } = require("@adyen/api-library/lib/src/utils/hmacValidator.js") as {
  readonly default: new () => { validateHMAC(item: unknown, key: string): boolean };
};

interface State {
  readonly stripe: { readonly webhooks: Readonly<Record<string, unknown>> };
}

describe("the simulators' control API", function () {
  this.timeout(60_000);
  const hook = new Receiver();
  let rig: Rig;
  let calls: Calls;
  let url: string;
  let count = 0;
  const unique = (): string => `ctl${++count}x`;
  before(async () => {
    url = await hook.start();
    rig = await startRig({ webhookTiming: { soonMs: 1, lateMs: 100, retryDelaysMs: [20] } });
    calls = new Calls(rig);
  });
  after(async () => {
    await rig.stop();
    await hook.stop();
  });
  const listen = async (): Promise<void> => {
    const stripe = { gateway: "stripe", url, secret: WEBHOOK_SECRET };
    const adyen = { gateway: "adyen", url, hmacKey: HMAC_KEY };
    for (const endpoint of [stripe, adyen]) expect((await calls.control("webhooks", endpoint)).status).to.equal(200);
  };
  const charges = (key: string): number =>
    [...rig.chargeLines("stripe"), ...rig.chargeLines("adyen")].filter((line) => line.key === key).length;
  const mode = (gateway: "stripe" | "adyen", faults: object) => calls.control("mode", { gateway, ...faults });
  /** The status of a call that may get no answer: 0 then. */
  const statusOf = async (call: Promise<{ readonly status: number }>): Promise<number> =>
    (await call.catch(() => ({ status: 0 }))).status;

  it("webhooks begin when an endpoint is set, and end when it is taken away", async () => {
    const keys = [unique(), unique(), unique()] as const;
    const before = await calls.stripePaid(keys[0], "tok_visa");
    await listen();
    const during = await calls.stripePaid(keys[1], "tok_visa");
    await until(() => hook.events(during).length === 1, "the webhook");
    expect(hook.events(before)).to.deep.equal([]);
    const shown = await until(async () => {
      const state = (await (await fetch(`${rig.adyenUrl}/_control/state`)).json()) as State;
      return state.stripe.webhooks["accepted"] === 1 && state;
    }, "its receipt");
    expect(shown.stripe.webhooks).to.deep.include({ url, pending: 0, blockedBy: null });
    expect(JSON.stringify(shown)).to.not.include(WEBHOOK_SECRET).and.not.include(HMAC_KEY);
    expect((await calls.control("webhooks", { gateway: "stripe", url: null })).json).to.deep.equal({ url: null });
    const after = await calls.stripePaid(keys[2], "tok_visa");
    await listen();
    const marker = await calls.stripePaid(unique(), "tok_visa");
    await until(() => hook.events(marker).length === 1, "the marker");
    expect(hook.events(after)).to.deep.equal([]);
  });

  it("webhooks go to the next of several addresses when one refuses or resets, and stay there", async () => {
    const [gone, next] = [new Receiver(), new Receiver()];
    const reset = createServer((socket) => socket.on("data", () => socket.resetAndDestroy()));
    await new Promise<void>((done) => reset.listen(0, "127.0.0.1", done));
    const resetUrl = `http://127.0.0.1:${(reset.address() as AddressInfo).port}/hook`;
    const goneUrl = await gone.start();
    const urls = [resetUrl, goneUrl, await next.start()];
    const answer = await calls.control("webhooks", { gateway: "stripe", urls, secret: WEBHOOK_SECRET });
    expect(answer.json).to.deep.equal({ url: resetUrl, urls });
    const first = await calls.stripePaid(unique(), "tok_visa");
    await until(() => gone.events(first).length === 1, "the webhook behind a reset");
    await gone.stop();
    const second = await calls.stripePaid(unique(), "tok_visa");
    await until(() => next.events(second).length === 1, "the webhook behind a refusal");
    await gone.start(Number(new URL(goneUrl).port));
    const sent = await calls.control("send", { gateway: "stripe", payment: second });
    expect((sent.json["receipts"] as { status: number }[])[0]?.status, "crafted ones too").to.equal(200);
    expect([gone.events(second).length, next.events(second).length], "it stays with the last").to.deep.equal([0, 2]);
    expect([gone.events(first).length, next.events(first).length]).to.deep.equal([1, 0]);
    await Promise.all([gone.stop(), next.stop(), new Promise((done) => reset.close(done))]);
    await listen();
  });

  for (const [name, path, body, status] of [
    ["an unknown path", "nothing", { gateway: "stripe" }, 404],
    ["a name that every object has", "constructor", { gateway: "stripe" }, 404],
    ["no gateway", "mode", {}, 400],
    ["another gateway", "mode", { gateway: "paypal" }, 400],
    ["a blank secret", "webhooks", { gateway: "stripe", url: "http://127.0.0.1:1", secret: "" }, 400],
    ["a short key", "webhooks", { gateway: "adyen", url: "http://127.0.0.1:1", hmacKey: "00" }, 400],
    ["no address", "webhooks", { gateway: "stripe", secret: WEBHOOK_SECRET }, 400],
    ["no address of several", "webhooks", { gateway: "stripe", urls: [], secret: WEBHOOK_SECRET }, 400],
    [
      "another scheme among several",
      "webhooks",
      { gateway: "stripe", urls: ["http://127.0.0.1:1", "file:///etc"], secret: WEBHOOK_SECRET },
      400,
    ],
    ["another scheme", "webhooks", { gateway: "stripe", url: "file:///etc", secret: WEBHOOK_SECRET }, 400],
    ["an unknown forgery", "send", { gateway: "stripe", forge: "all" }, 400],
    ["nobody's payment", "send", { gateway: "stripe", payment: "pay_of_nobody" }, 400],
    ["no payment", "dispute", { gateway: "stripe" }, 400],
  ] as const)
    it(`refuses ${name}`, async () => expect((await calls.control(path, body)).status).to.equal(status));

  it("refuses what a page in a browser could send", async () => {
    const answer = await fetch(`${rig.stripeUrl}/_control/mode`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: JSON.stringify({ gateway: "stripe", darkSeconds: 60 }),
    });
    expect(answer.status).to.equal(415);
  });

  it("dark: nothing takes place and nobody is answered, and it ends", async () => {
    const key = unique();
    const id = await calls.create(key, "tok_visa");
    await mode("stripe", { darkSeconds: 0.3 });
    expect(await statusOf(calls.stripe(`/payment_intents/${id}/confirm`, key))).to.equal(0);
    expect(charges(key)).to.equal(0);
    expect(await statusOf(calls.stripe(`/payment_intents/${id}/confirm`, key))).to.equal(200);
    expect(charges(key)).to.equal(1);
  });

  it("refuse: no connection at one gateway, the other one goes on, and it ends on the same port", async () => {
    const [key, other] = [unique(), unique()];
    await mode("adyen", { refuseSeconds: 0.3 });
    const error = (await fetch(rig.adyenUrl).catch((reason: Error) => reason)) as Error & { cause?: { code?: string } };
    expect(error.cause?.code).to.equal("ECONNREFUSED");
    await calls.stripePaid(other, "tok_visa");
    expect(charges(other)).to.equal(1);
    await until(async () => (await statusOf(calls.pay(key, "tok_visa"))) === 200, "Adyen's return");
    expect(charges(key)).to.equal(1);
  });

  it("500, 429, missing and failing reads: nothing takes place, until it is over", async () => {
    const key = unique();
    const id = await calls.create(key, "tok_visa");
    const confirm = () => calls.stripe(`/payment_intents/${id}/confirm`, key);
    const read = () => calls.stripe(`/payment_intents/${id}`, null);
    for (const [faults, call, status] of [
      [{ status500Seconds: 60 }, confirm, 500],
      [{ status500Seconds: 0, rateLimitSeconds: 60 }, confirm, 429],
      [{ rateLimitSeconds: 0, notFoundSeconds: 60 }, read, 404],
      [{ notFoundSeconds: 0, readsDownSeconds: 60 }, read, 503],
    ] as const) {
      await mode("stripe", faults);
      expect((await call()).status).to.equal(status);
    }
    expect(charges(key)).to.equal(0);
    expect((await confirm()).status, "only reads are down").to.equal(200);
    await mode("stripe", { readsDownSeconds: 0, latencyMs: 5 });
    expect((await read()).status).to.equal(200);
    await mode("adyen", { rateLimitSeconds: 60 });
    expect((await calls.pay(unique(), "tok_visa")).status).to.equal(429);
    await mode("adyen", { rateLimitSeconds: 0 });
    await mode("stripe", { latencyMs: 0 });
  });

  it("mute, duplicate, reorder, delay and batch", async () => {
    await listen();
    const keys = Array.from({ length: 4 }, unique) as [string, string, string, string];
    await mode("stripe", { mute: true });
    const muted = await calls.stripePaid(keys[0], "tok_visa");
    await mode("stripe", { mute: false, duplicate: 3 });
    const tripled = await calls.stripePaid(keys[1], "tok_visa");
    await until(() => hook.events(tripled).length === 3, "three of one");
    expect(new Set(hook.events(tripled).map(({ id }) => id)).size).to.equal(1);
    expect(hook.events(muted)).to.deep.equal([]);
    await mode("stripe", { duplicate: 1 });

    await mode("adyen", { reorder: true });
    const three: string[] = [];
    for (let n = 0; n < 3; n++) three.push(await calls.adyenPaid(unique(), "tok_visa"));
    await until(() => three.every((psp) => hook.items(psp).length === 1), "all three");
    const order = three.map((psp) => hook.deliveries.findIndex(({ body }) => body.includes(psp)));
    expect(order).to.not.deep.equal(order.toSorted((a, b) => a - b)); // every other one falls behind

    await mode("adyen", { reorder: false, delayMs: 100, batch: 5 });
    const held = [await calls.adyenPaid(keys[2], "tok_visa"), await calls.adyenPaid(keys[3], "tok_visa")];
    await until(() => held.every((psp) => hook.items(psp).length === 1), "the delayed ones");
    await mode("adyen", { delayMs: 0, batch: 1 });
  });

  it("sends a crafted Stripe event, right or forged, and reports what was said to it", async () => {
    await listen();
    const key = unique();
    const id = await calls.stripePaid(key, "tok_visa");
    hook.answer = ({ length }) => (length > 0 ? 202 : 500);
    const sent = async (more: object) => {
      const { json, status } = await calls.control("send", { gateway: "stripe", payment: `pay_${key}`, ...more });
      expect(status, JSON.stringify(json)).to.equal(200);
      expect((json["receipts"] as { status: number }[])[0]?.status).to.equal(202);
      return hook.deliveries.at(-1) as (typeof hook.deliveries)[number];
    };
    const check = ({ body, headers }: Awaited<ReturnType<typeof sent>>) =>
      Stripe.webhooks.constructEvent(body, String(headers["stripe-signature"]), WEBHOOK_SECRET);
    const right = check(await sent({ type: "payment_intent.succeeded", event: { account: "acct_of_another" } }));
    expect(right).to.deep.include({ type: "payment_intent.succeeded", account: "acct_of_another" });
    expect((right.data.object as { id?: string }).id).to.equal(id);
    for (const forge of ["signature", "body", "old", "otherSecret", "schemeV0"]) {
      const delivery = await sent({ forge });
      expect(() => check(delivery), forge).to.throw();
    }
    expect((await sent({ forge: "missing" })).headers["stripe-signature"]).to.equal(undefined);
    const future = await sent({ forge: "future" });
    expect(Number(/^t=(\d+)/.exec(String(future.headers["stripe-signature"]))?.[1])).to.be.greaterThan(
      Math.floor(Date.now() / 1_000) + 290,
    );
    expect(check(await sent({ rawBody: '{"id":"evt_raw","object":"event"}' })).id).to.equal("evt_raw");
    const before = hook.deliveries.length;
    await sent({ times: 100 });
    expect(hook.deliveries.length - before).to.equal(100);
    hook.answer = () => 200;
  });

  it("sends a crafted Adyen item, right or forged, alone or in a batch", async () => {
    await listen();
    const key = unique();
    const psp = await calls.adyenPaid(key, "tok_visa");
    const validator = new HmacValidator();
    const sent = async (more: object): Promise<readonly boolean[]> => {
      await calls.control("send", { gateway: "adyen", payment: `pay_${key}`, ...more });
      const items = (JSON.parse(hook.deliveries.at(-1)?.body ?? "{}") as { notificationItems: readonly object[] })
        .notificationItems as { NotificationRequestItem: object }[];
      return items.map(({ NotificationRequestItem: item }) => {
        try {
          return validator.validateHMAC({ originalReference: "", ...item }, HMAC_KEY);
        } catch {
          return false; // no signature at all
        }
      });
    };
    expect(await sent({ eventCode: "CAPTURE", item: { pspReference: "M1", originalReference: psp } })).to.deep.equal([
      true,
    ]);
    expect(hook.deliveries.at(-1)?.body).to.include('"eventCode":"CAPTURE"').and.include('"pspReference":"M1"');
    for (const forge of ["signature", "body", "missing", "otherSecret"])
      expect(await sent({ forge }), forge).to.deep.equal([false]);
    expect(await sent({ unsigned: { reason: "changed", additionalData: { disputeStatus: "Won" } } })).to.deep.equal([
      true,
    ]);
    expect(await sent({ items: [{}, { amount: { value: 1, currency: "EUR" } }, { success: "TRUE" }] })).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(await sent({ success: true })).to.have.length(1);
  });

  it("answers who only asks whether they are there", async () => {
    const id = await calls.create(unique(), "tok_visa");
    const list = await calls.stripe("/payment_intents?limit=1", null);
    expect([list.status, (list.json["data"] as { id: string }[]).map((intent) => intent.id)]).to.deep.equal([
      200,
      [id],
    ]);
    expect(list.json["has_more"]).to.equal(true);
    expect((await calls.stripe("/payment_intents?limit=0", null)).status).to.equal(400);
    for (const version of ["v71", "v72"]) {
      const answer = await fetch(`${rig.adyenUrl}/${version}/paymentMethods`, {
        method: "POST",
        headers: { "x-api-key": "tests", "content-type": "application/json" },
        body: JSON.stringify({ merchantAccount: "M" }),
      });
      expect(answer.status, version).to.equal(200);
    }
    expect((await calls.adyen("/paymentMethods", null, { merchantAccount: "" })).status).to.equal(403);
  });
});
