/** What the simulators say to raw requests: the rules of idempotency, refusals, and what later calls do to a payment. */
import { expect } from "chai";
import { type Rig, startRig } from "./test-rig.ts";

const HOUR_MS = 3_600_000;
/** Two requests that are sent together come within this time, also on a machine that stalls. */
const SLOW_MS = 1_500;

interface Reply {
  readonly status: number;
  readonly json: {
    readonly id?: string;
    readonly status?: string;
    readonly amount_received?: number;
    readonly error?: { readonly code?: string };
    readonly pspReference?: string;
    readonly resultCode?: string;
    readonly errorCode?: string;
  };
  readonly replayed: string | null;
}

describe("gateway simulators, raw", function () {
  this.timeout(30_000);
  let rig: Rig;
  let nowMs = Date.parse("2026-11-01T00:00:00Z");
  let count = 0;
  before(async () => {
    rig = await startRig({ slowMs: SLOW_MS, nowMs: () => nowMs });
  });
  after(() => rig.stop());

  const send = async (
    url: string,
    key: string | null,
    body: string,
    headers: Record<string, string>,
  ): Promise<Reply> => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { ...headers, ...(key !== null && { "idempotency-key": key }) },
      body,
    });
    return {
      status: answer.status,
      json: (await answer.json()) as Reply["json"],
      replayed: answer.headers.get("idempotent-replayed"),
    };
  };
  const stripe = (path: string, key: string | null, form: string, apiKey = "sk_test_raw"): Promise<Reply> =>
    send(`${rig.stripeUrl}/v1${path}`, key, form, {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/x-www-form-urlencoded",
    });
  const adyen = (path: string, key: string | null, body: object, apiKey = "raw"): Promise<Reply> =>
    send(`${rig.adyenUrl}/v72${path}`, key, JSON.stringify(body), {
      "x-api-key": apiKey,
      "content-type": "application/json",
    });
  const lines = (gateway: "stripe" | "adyen", key: string): readonly string[] =>
    rig
      .chargeLines(gateway)
      .filter((line) => line.key.startsWith(key))
      .map(({ kind, amount }) => `${kind} ${amount}`);
  const unique = (): string => `raw-${++count}`;

  const create = (key: string, more = "capture_method=manual", token = "tok_visa"): Promise<Reply> =>
    stripe("/payment_intents", `${key}-create`, `amount=1000&currency=usd&payment_method=${token}&${more}`);
  const payment = (
    key: string,
    more: object = { additionalData: { manualCapture: "true" } },
    token = "tok_visa",
  ): object => ({
    merchantAccount: "M",
    reference: `op_${key}`,
    amount: { value: 1000, currency: "USD" },
    paymentMethod: { type: "scheme", storedPaymentMethodId: token },
    ...more,
  });

  it("Stripe: a running key is in use, afterwards its answer is replayed for 24 h", async () => {
    const key = unique();
    const { id } = (await create(key, "", "tok_slow_5s")).json;
    const both = await Promise.all([1, 2].map(() => stripe(`/payment_intents/${id}/confirm`, key, "")));
    const [first, refused] = both.toSorted((a, b) => a.status - b.status) as [Reply, Reply];
    expect([first.status, refused.status, refused.json.error?.code]).to.deep.equal([
      200,
      409,
      "idempotency_key_in_use",
    ]);
    nowMs += 23 * HOUR_MS;
    const replay = await stripe(`/payment_intents/${id}/confirm`, key, "");
    expect(replay).to.deep.equal({ ...first, replayed: "true" });
    nowMs += 2 * HOUR_MS;
    const late = await stripe(`/payment_intents/${id}/confirm`, key, "");
    expect([late.status, late.json.error?.code]).to.deep.equal([400, "payment_intent_unexpected_state"]);
    expect((await create(key, "", "tok_slow_5s")).json.id).to.not.equal(id);
    expect(lines("stripe", key)).to.deep.equal(["sale 1000"]);
  });

  it("Adyen: a running key is 704, afterwards its answer is replayed for 7 days, then the call executes anew", async () => {
    const key = unique();
    const both = await Promise.all([1, 2].map(() => adyen("/payments", key, payment(key, {}, "tok_slow_5s"))));
    const [first, refused] = both.toSorted((a, b) => a.status - b.status) as [Reply, Reply];
    expect([first.status, refused.status, refused.json.errorCode]).to.deep.equal([200, 422, "704"]);
    nowMs += 6 * 24 * HOUR_MS;
    expect((await adyen("/payments", key, payment(key, {}, "tok_slow_5s"))).json).to.deep.equal(first.json);
    expect(lines("adyen", key)).to.deep.equal(["sale 1000"]);
    nowMs += 25 * HOUR_MS;
    await adyen("/payments", key, payment(key, {}, "tok_slow_5s"));
    expect(lines("adyen", key)).to.deep.equal(["sale 1000", "sale 1000"]);
  });

  it("Stripe: capture, refunds and cancels keep to what is there", async () => {
    const key = unique();
    const { id } = (await create(key)).json;
    await stripe(`/payment_intents/${id}/confirm`, key, "");
    expect((await stripe(`/payment_intents/${id}/capture`, `${key}-a`, "amount_to_capture=1001")).status).to.equal(400);
    expect(
      (await stripe(`/payment_intents/${id}/capture`, `${key}-b`, "amount_to_capture=700")).json.amount_received,
    ).to.equal(700);
    expect((await stripe(`/payment_intents/${id}/capture`, `${key}-c`, "")).status).to.equal(400);
    expect((await stripe(`/payment_intents/${id}/cancel`, `${key}-d`, "")).status).to.equal(400);
    expect((await stripe("/refunds", `${key}-e`, `payment_intent=${id}&amount=300`)).json.status).to.equal("succeeded");
    expect((await stripe("/refunds", `${key}-f`, `payment_intent=${id}&amount=401`)).status).to.equal(400);
    expect((await stripe("/refunds", `${key}-e`, `payment_intent=${id}&amount=300`)).replayed).to.equal("true");
    expect(lines("stripe", key)).to.deep.equal(["authorize 1000", "capture 700", "refund 300"]);
  });

  it("Stripe: a cancel before the confirm releases nothing, and nothing can be charged afterwards", async () => {
    const key = unique();
    const { id } = (await create(key)).json;
    expect((await stripe(`/payment_intents/${id}/cancel`, `${key}-cancel-1`, "")).json.status).to.equal("canceled");
    expect((await stripe(`/payment_intents/${id}/confirm`, key, "")).status).to.equal(400);
    expect(lines("stripe", key)).to.deep.equal([]);
  });

  it("Adyen: modifications are always received, and take effect once", async () => {
    const key = unique();
    const psp = (await adyen("/payments", key, payment(key))).json.pspReference;
    const modify = (verb: string, step: string, value: number) =>
      adyen(`/payments/${psp}/${verb}`, `${key}-${step}`, { merchantAccount: "M", amount: { value, currency: "USD" } });
    for (const [verb, step, value] of [
      ["captures", "a", 1001],
      ["captures", "b", 1000],
      ["captures", "b", 1000],
      ["cancels", "c", 1000],
      ["refunds", "d", 400],
      ["refunds", "e", 700],
    ] as const)
      expect((await modify(verb, step, value)).json.status).to.equal("received");
    expect(lines("adyen", key)).to.deep.equal(["authorize 1000", "capture 1000", "refund 400"]);
  });

  it("Adyen: the technical cancel works by our reference, before capture only, and says nothing of it", async () => {
    const [held, taken] = [unique(), unique()];
    await adyen("/payments", held, payment(held));
    await adyen("/payments", taken, payment(taken, { captureDelayHours: 0 }));
    for (const key of [held, taken, "nobody"]) {
      const body = { merchantAccount: "M", paymentReference: `op_${key}` };
      expect((await adyen("/cancels", `${key}-cancel-1`, body)).json.status).to.equal("received");
    }
    expect(lines("adyen", held)).to.deep.equal(["authorize 1000", "void 1000"]);
    expect(lines("adyen", taken)).to.deep.equal(["sale 1000"]);
  });

  it("refuse credentials, missing keys and what they do not know", async () => {
    const form = "amount=1000&currency=usd&payment_method=tok_visa";
    expect((await stripe("/payment_intents", "x-1", form, "sk_test_revoked")).status).to.equal(401);
    expect((await stripe("/payment_intents", null, form)).status).to.equal(400);
    expect((await stripe("/payment_intents", "x-2", form.replace("1000", "-1"))).status).to.equal(400);
    const unknown = await stripe("/payment_intents", "x-3", form.replace("tok_visa", "tok_of_nobody"));
    expect([unknown.status, unknown.json.error?.code]).to.deep.equal([400, "resource_missing"]);
    expect((await stripe("/payment_intents/pi_nobody/confirm", "x-4", "")).status).to.equal(404);
    expect((await stripe("/charges", "x-5", form)).status).to.equal(404);
    expect((await adyen("/payments", "x-1", payment("x-1"), "revoked")).status).to.equal(401);
    expect((await adyen("/payments", null, payment("x-1"))).status).to.equal(422);
    expect((await adyen("/payments", "x-2", payment("x-2", { merchantAccount: "" }))).status).to.equal(403);
    expect((await adyen("/payments", "x-3", payment("x-3", {}, "tok_of_nobody"))).json.resultCode).to.equal("Refused");
    expect([...lines("stripe", "x-"), ...lines("adyen", "x-")]).to.deep.equal([]);
  });

  it("keep the objects of one account from another", async () => {
    const key = unique();
    const { id } = (await create(key)).json;
    const answer = await stripe(`/payment_intents/${id}/confirm`, key, "", "sk_test_other");
    expect(answer.status).to.equal(404);
  });
});
