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
    readonly amount_capturable?: number;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly failure_reason?: string;
    readonly has_more?: boolean;
    readonly data?: readonly { readonly id: string; readonly status: string; readonly amount: number }[];
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
  const read = async (path: string, apiKey = "sk_test_raw"): Promise<Reply> => {
    const answer = await fetch(`${rig.stripeUrl}/v1${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
    return { status: answer.status, json: (await answer.json()) as Reply["json"], replayed: null };
  };
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
  const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 10));
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

  /** A payment of 1000 that may be captured or refunded; `more` makes it a sale. */
  const stripePaid = async (key: string, token: string, more = "capture_method=manual"): Promise<string> => {
    const { id } = (await create(key, more, token)).json;
    expect((await stripe(`/payment_intents/${id}/confirm`, key, "")).status).to.equal(200);
    return id as string;
  };
  const adyenPaid = async (key: string, token: string, more?: object): Promise<string> => {
    const { json } = await adyen("/payments", key, payment(key, more, token));
    expect(json.resultCode).to.equal("Authorised");
    return json.pspReference as string;
  };
  const SALE = { captureDelayHours: 0 };
  const usd = (value: unknown, currency = "USD"): object => ({ merchantAccount: "M", amount: { value, currency } });

  it("Stripe: refunds are listed newest first in pages, each can be read, and only by their account", async () => {
    const key = unique();
    const id = await stripePaid(key, "tok_visa", "");
    const made: string[] = [];
    for (let n = 1; n <= 12; n++)
      made.unshift((await stripe("/refunds", `${key}-${n}`, `payment_intent=${id}&amount=${n}`)).json.id as string);
    const ids = (reply: Reply) => reply.json.data?.map((refund) => refund.id);
    const first = await read(`/refunds?payment_intent=${id}`);
    expect([ids(first), first.json.has_more]).to.deep.equal([made.slice(0, 10), true]);
    const rest = await read(`/refunds?payment_intent=${id}&limit=2&starting_after=${made[9]}`);
    expect([ids(rest), rest.json.has_more]).to.deep.equal([made.slice(10), false]);
    expect(first.json.data?.map(({ amount }) => amount)).to.deep.equal([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    expect((await read(`/refunds/${made[4]}`)).json).to.deep.include({ id: made[4], amount: 8, status: "succeeded" });
    for (const [path, status] of [
      [`/refunds/re_nobody`, 404],
      [`/refunds?payment_intent=pi_nobody`, 404],
      [`/refunds?payment_intent=${id}&starting_after=re_nobody`, 404],
      [`/refunds?payment_intent=${id}&limit=0`, 400],
      [`/refunds?payment_intent=${id}&limit=101`, 400],
    ] as const)
      expect((await read(path)).status, path).to.equal(status);
    for (const path of [`/refunds/${made[0]}`, `/refunds?payment_intent=${id}`])
      expect((await read(path, "sk_test_other")).status).to.equal(404);
  });

  it("Stripe: a refund keeps our metadata, and so does an intent its capture", async () => {
    const key = unique();
    const id = await stripePaid(key, "tok_visa");
    const captured = await stripe(
      `/payment_intents/${id}/capture`,
      `${key}-c`,
      "amount_to_capture=600&metadata[capture_operation_id]=op_c",
    );
    expect(captured.json).to.deep.include({ status: "succeeded", amount_received: 600, amount_capturable: 0 });
    expect(captured.json.metadata).to.deep.include({ capture_operation_id: "op_c" });
    const names = "metadata[operation_id]=op_r&metadata[payment_id]=pay_r&metadata[refund_id]=ref_r";
    const refund = await stripe("/refunds", `${key}-r`, `payment_intent=${id}&amount=100&${names}`);
    expect(refund.json.metadata).to.deep.include({ operation_id: "op_r", refund_id: "ref_r" });
    expect((await read(`/payment_intents/${id}`)).json.metadata).to.deep.include({ capture_operation_id: "op_c" });
  });

  it("Stripe: 30 refunds at the same time stay within what was captured", async () => {
    const key = unique();
    const id = await stripePaid(key, "tok_visa", "");
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, n) => stripe("/refunds", `${key}-${n}`, `payment_intent=${id}&amount=100`)),
    );
    expect(replies.filter(({ status }) => status === 200)).to.have.length(10);
    for (const { status, json } of replies)
      if (status !== 200) expect([status, json.error?.code]).to.deep.equal([400, "charge_already_refunded"]);
    expect(lines("stripe", `${key}-`)).to.deep.equal(Array.from({ length: 10 }, () => "refund 100"));
  });

  it("Adyen: captures, cancels by both ways and refunds at the same time take effect once", async () => {
    for (let round = 0; round < 10; round++) {
      const key = unique();
      const psp = await adyenPaid(key, "tok_visa");
      await Promise.all([
        adyen(`/payments/${psp}/captures`, `${key}-a`, usd(1000)),
        adyen("/cancels", `${key}-b`, { merchantAccount: "M", paymentReference: `op_${key}` }),
        adyen(`/payments/${psp}/cancels`, `${key}-c`, { merchantAccount: "M" }),
        adyen(`/payments/${psp}/captures`, `${key}-d`, usd(400)),
      ]);
      await Promise.all([1, 2, 3].map((n) => adyen(`/payments/${psp}/refunds`, `${key}-r${n}`, usd(400))));
      const [held, ended, ...refunds] = lines("adyen", key);
      expect(held).to.equal("authorize 1000");
      const given = { "capture 1000": 2, "capture 400": 1, "void 1000": 0 }[ended ?? ""];
      expect(refunds).to.deep.equal(Array.from({ length: given ?? -1 }, () => "refund 400"));
    }
  });

  it("Adyen: the same key gets the first answer again, whatever has happened since", async () => {
    const key = unique();
    const psp = await adyenPaid(key, "tok_visa");
    const capture = await adyen(`/payments/${psp}/captures`, `${key}-c`, usd(900));
    const refund = await adyen(`/payments/${psp}/refunds`, `${key}-r`, usd(300));
    expect([capture.status, refund.status]).to.deep.equal([201, 201]);
    expect(capture.json.pspReference).to.not.be.oneOf([psp, refund.json.pspReference]);
    expect(await adyen(`/payments/${psp}/captures`, `${key}-c`, usd(900))).to.deep.equal(capture);
    expect(await adyen(`/payments/${psp}/refunds`, `${key}-r`, usd(300))).to.deep.equal(refund);
    expect(lines("adyen", key)).to.deep.equal(["authorize 1000", "capture 900", "refund 300"]);
  });

  for (const [name, body, errorCode] of [
    ["no amount", { merchantAccount: "M" }, "100"],
    ["zero", usd(0), "137"],
    ["a negative amount", usd(-1), "137"],
    ["a fraction", usd(1.5), "137"],
    ["an amount as text", usd("100"), "137"],
    ["another currency", usd(100, "EUR"), "138"],
  ] as const)
    it(`Adyen: a capture and a refund of ${name} are refused`, async () => {
      const key = unique();
      const psp = await adyenPaid(key, "tok_visa");
      for (const verb of ["captures", "refunds"]) {
        const { status, json } = await adyen(`/payments/${psp}/${verb}`, `${key}-${verb}`, body);
        expect([status, json.errorCode]).to.deep.equal([422, errorCode]);
      }
      expect(lines("adyen", key)).to.deep.equal(["authorize 1000"]);
    });

  for (const amount of ["0", "-1", "1.5", "1001", "x"])
    it(`Stripe: a capture and a refund of ${amount} are refused`, async () => {
      const [held, sold] = [unique(), unique()];
      const capture = `/payment_intents/${await stripePaid(held, "tok_visa")}/capture`;
      const refund = `payment_intent=${await stripePaid(sold, "tok_visa", "")}&amount=${amount}`;
      expect((await stripe(capture, `${held}-c`, `amount_to_capture=${amount}`)).status).to.equal(400);
      expect((await stripe("/refunds", `${sold}-r`, refund)).status).to.equal(400);
      expect([...lines("stripe", held), ...lines("stripe", sold)]).to.deep.equal(["authorize 1000", "sale 1000"]);
    });

  it("Stripe: three decimals end in 0, as the original wants them", async () => {
    const kwd = (amount: number) =>
      stripe("/payment_intents", `${unique()}-create`, `amount=${amount}&currency=kwd&payment_method=tok_visa`);
    expect((await kwd(5123)).status).to.equal(400);
    expect((await kwd(5120)).status).to.equal(200);
  });

  it("tok_capture_fails: the reservation stays, and can be voided", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const id = await stripePaid(atStripe, "tok_capture_fails");
    const refused = await stripe(`/payment_intents/${id}/capture`, `${atStripe}-c`, "amount_to_capture=1000");
    expect([refused.status, refused.json.error?.code]).to.deep.equal([402, "card_declined"]);
    expect((await read(`/payment_intents/${id}`)).json).to.deep.include({ status: "requires_capture" });
    const again = await stripe(`/payment_intents/${id}/capture`, `${atStripe}-c`, "amount_to_capture=1000");
    expect(again).to.deep.equal({ ...refused, replayed: "true" });
    expect((await stripe(`/payment_intents/${id}/cancel`, `${atStripe}-v`, "")).json.status).to.equal("canceled");
    const psp = await adyenPaid(atAdyen, "tok_capture_fails");
    expect((await adyen(`/payments/${psp}/captures`, `${atAdyen}-c`, usd(1000))).json.status).to.equal("received");
    expect((await adyen(`/payments/${psp}/cancels`, `${atAdyen}-v`, usd(0))).json.status).to.equal("received");
    expect(lines("stripe", atStripe)).to.deep.equal(["authorize 1000", "void 1000"]);
    expect(lines("adyen", atAdyen)).to.deep.equal(["authorize 1000", "void 1000"]);
  });

  it("tok_refund_fails: no refund takes place, and what was captured stays", async () => {
    const [atStripe, atAdyen] = [unique(), unique()];
    const id = await stripePaid(atStripe, "tok_refund_fails", "");
    for (const n of [1, 2]) {
      const { json } = await stripe("/refunds", `${atStripe}-${n}`, `payment_intent=${id}&amount=1000`);
      expect(json).to.deep.include({ status: "failed", failure_reason: "declined" });
    }
    const { data } = (await read(`/refunds?payment_intent=${id}`)).json;
    expect(data?.map(({ status }) => status)).to.deep.equal(["failed", "failed"]);
    const psp = await adyenPaid(atAdyen, "tok_refund_fails", SALE);
    expect((await adyen(`/payments/${psp}/refunds`, `${atAdyen}-r`, usd(500))).json.status).to.equal("received");
    expect([...lines("stripe", atStripe), ...lines("adyen", atAdyen)]).to.deep.equal(["sale 1000", "sale 1000"]);
  });

  it("tok_refund_pending: pending at first, succeeded when it is read later; its key keeps the first answer", async () => {
    const key = unique();
    const id = await stripePaid(key, "tok_refund_pending", "");
    const send = () => stripe("/refunds", `${key}-r`, `payment_intent=${id}&amount=1000`);
    const first = await send();
    expect(first.json.status).to.equal("pending");
    expect((await read(`/refunds/${first.json.id}`)).json.status).to.equal("pending");
    nowMs += SLOW_MS;
    expect((await read(`/refunds/${first.json.id}`)).json.status).to.equal("succeeded");
    expect((await read(`/refunds?payment_intent=${id}`)).json.data?.[0]?.status).to.equal("succeeded");
    expect(await send()).to.deep.equal({ ...first, replayed: "true" });
    expect(lines("stripe", key)).to.deep.equal(["sale 1000", "refund 1000"]);
  });

  it("tok_capture_timeout_charged, tok_refund_timeout_refunded: done, and only the first answer is missing", async () => {
    const [held, sold] = [unique(), unique()];
    const id = await stripePaid(held, "tok_capture_timeout_charged");
    const psp = await adyenPaid(sold, "tok_refund_timeout_refunded", SALE);
    const calls = [
      [
        "stripe",
        held,
        () => stripe(`/payment_intents/${id}/capture`, `${held}-c`, "amount_to_capture=700"),
        "capture 700",
      ],
      ["adyen", sold, () => adyen(`/payments/${psp}/refunds`, `${sold}-r`, usd(700)), "refund 700"],
    ] as const;
    for (const [gateway, key, call, line] of calls) {
      let answered = false;
      const first = call().then(
        () => (answered = true),
        () => undefined, // cut when the simulators end
      );
      for (let n = 0; n < 500 && !lines(gateway, key).includes(line); n++) await pause();
      expect(lines(gateway, key)).to.include(line);
      let again = await call();
      for (let n = 0; n < 500 && (again.status === 409 || again.status === 422); n++) {
        await pause(); // the first call still runs
        again = await call();
      }
      expect(again.status).to.equal(gateway === "stripe" ? 200 : 201);
      expect(answered).to.equal(false);
      expect(lines(gateway, key)).to.have.length(2);
      void first;
    }
  });

  it("tokens of one gateway are of nobody at the other", async () => {
    for (const [token, stripeStatus, adyenResult] of [
      ["tok_stripe_only", 200, "Refused"],
      ["tok_adyen_only", 400, "Authorised"],
      ["tok_applepay", 200, "Authorised"],
      ["tok_googlepay", 200, "Authorised"],
    ] as const) {
      const key = unique();
      expect((await create(key, "", token)).status, token).to.equal(stripeStatus);
      expect((await adyen("/payments", key, payment(key, SALE, token))).json.resultCode, token).to.equal(adyenResult);
    }
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
