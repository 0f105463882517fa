/**
 * Bad input of the catalogue where gateways write (faults.md 61-72), over HTTP, on a whole cluster with its own secrets and
 * accounts: what is refused leaves no trace, and what is taken has no effect that was not earned.
 */
import { createHmac } from "node:crypto";
import { expect } from "chai";
import { bytesOfId, idFromBytes, mintId } from "../../actors/domain/index.ts";
import { adyenSignature, type AdyenItem, stripeSignature } from "../../ops/sandbox/gateways/webhook-signature.ts";
import { SANDBOX_WEBHOOK_SECRETS } from "../../ops/sandbox/node-config.ts";
import { exchange } from "../../router/test/raw-http.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { factsOf, findingsOf } from "./rig/findings.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { capture, limitRate, Merchant, payment } from "./rig/merchant.ts";

const WITHIN_MS = 30_000;
const AMOUNT = 1_000;
const TAKEN_BYTES_MAX = 1_048_576;
const { stripe: SECRET, adyen: KEY } = SANDBOX_WEBHOOK_SECRETS;
type Json = Readonly<Record<string, unknown>>;

/** A payment that a notification can do something to. `operation`: Stripe's first one, Adyen's open capture. */
interface Target {
  readonly id: string;
  readonly account: string;
  readonly reference: string;
  readonly operation: string;
}
interface Sent {
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Case {
  readonly row: number;
  readonly name: string;
  readonly gateway: "stripe" | "adyen";
  readonly sent: (target: Target) => Sent;
  readonly status: number;
}

const nowS = (): number => Math.floor(Date.now() / 1_000);
let serial = 0;

// ---------------------------------------------------------------- Stripe: the funds of a dispute, which move money by themselves

const eventOf = ({ account, reference }: Target, more: Json = {}): string =>
  JSON.stringify({
    id: `evt_input_${++serial}`,
    object: "event",
    account,
    livemode: false,
    type: "charge.dispute.funds_withdrawn",
    data: {
      object: {
        id: "dp_input",
        object: "dispute",
        amount: 100,
        currency: "eur",
        payment_intent: reference,
        status: "needs_response",
      },
    },
    ...more,
  });
const mac = (body: string, t: number | string, secret: string = SECRET): string =>
  createHmac("sha256", secret).update(`${t}.${body}`).digest("hex");
const signed = (body: string, t: number | string = nowS()): string => `t=${t},v1=${mac(body, t)}`;
const under = (signature: string | null, body: string | Uint8Array): Sent => ({
  body,
  headers: signature === null ? {} : { "stripe-signature": signature },
});
const atStripe = (row: number, name: string, status: number, sent: Case["sent"]): Case => ({
  row,
  name,
  gateway: "stripe",
  status,
  sent,
});
/** An event that is right, under what `signature` makes of it. */
const signedBy =
  (signature: (body: string) => string | null, changed: (body: string) => string = (body) => body): Case["sent"] =>
  (target) => {
    const body = eventOf(target);
    return under(signature(body), changed(body));
  };
const withSignature =
  (more: (target: Target) => Json): Case["sent"] =>
  (target) => {
    const body = eventOf(target, more(target));
    return under(signed(body), body);
  };

const STRIPE_CASES: readonly Case[] = [
  atStripe(
    61,
    "no signature",
    401,
    signedBy(() => null),
  ),
  atStripe(
    61,
    "an empty v1",
    401,
    signedBy(() => `t=${nowS()},v1=`),
  ),
  atStripe(
    61,
    "only v0",
    401,
    signedBy((body) => `t=${nowS()},v0=${mac(body, nowS())}`),
  ),
  atStripe(
    61,
    "no hex",
    401,
    signedBy(() => `t=${nowS()},v1=${"z".repeat(64)}`),
  ),
  atStripe(
    61,
    "too short",
    401,
    signedBy((body) => `t=${nowS()},v1=${mac(body, nowS()).slice(0, 60)}`),
  ),
  atStripe(
    61,
    "too long",
    401,
    signedBy((body) => `${signed(body)}00`),
  ),
  atStripe(
    62,
    "one byte changed",
    401,
    signedBy(signed, (body) => body.replace('"amount":100', '"amount":900')),
  ),
  atStripe(
    62,
    "written again",
    401,
    signedBy(signed, (body) => JSON.stringify(JSON.parse(body), null, 1)),
  ),
  atStripe(
    62,
    "a line break more",
    401,
    signedBy(signed, (body) => `${body}\n`),
  ),
  atStripe(
    62,
    "a byte order mark",
    401,
    signedBy(signed, (body) => `\ufeff${body}`),
  ),
  atStripe(
    63,
    "too old",
    401,
    signedBy((body) => signed(body, nowS() - 330)),
  ),
  atStripe(
    63,
    "from the future",
    401,
    signedBy((body) => signed(body, nowS() + 330)),
  ),
  atStripe(
    63,
    "no time",
    401,
    signedBy((body) => `v1=${mac(body, nowS())}`),
  ),
  atStripe(
    63,
    "time NaN",
    401,
    signedBy((body) => signed(body, "NaN")),
  ),
  atStripe(
    62,
    "another tenant's secret",
    401,
    signedBy((body) => `t=${nowS()},v1=${mac(body, nowS(), "whsec_other")}`),
  ),
  atStripe(
    65,
    "another account",
    200,
    withSignature(() => ({ account: "acct_nobodys" })),
  ),
  atStripe(
    65,
    "a live event",
    200,
    withSignature(() => ({ livemode: true })),
  ),
  atStripe(
    66,
    "an unknown type",
    200,
    withSignature(() => ({ type: "tomorrow.invented" })),
  ),
  atStripe(68, "5 MB", 413, () => under("t=1,v1=00", Buffer.alloc(5_000_000, " "))),
  atStripe(68, "gzip", 415, (target) => {
    const sent = signedBy(signed)(target);
    return { ...sent, headers: { ...sent.headers, "content-encoding": "gzip" } };
  }),
  atStripe(68, "signed, and no JSON", 400, () => under(signed("{"), "{")),
];

// ---------------------------------------------------------------- Adyen: the end of a capture

const itemOf = ({ account, reference, operation }: Target, more: Json = {}): Json => ({
  amount: { currency: "EUR", value: AMOUNT },
  eventCode: "CAPTURE",
  eventDate: new Date().toISOString(),
  merchantAccountCode: account,
  merchantReference: operation,
  originalReference: reference,
  paymentMethod: "visa",
  pspReference: `INPUT${++serial}`,
  reason: "",
  success: "true",
  ...more,
});
const successOf = ({ success }: Json): string =>
  typeof success === "boolean" || typeof success === "string" ? String(success) : "";
/** Signed by Adyen's rule; `after`: members that are changed behind its back. */
const signedItem = (item: Json, after: Json = {}, key: string = KEY): Json => ({
  ...item,
  additionalData: {
    hmacSignature: adyenSignature({ ...item, success: successOf(item) } as unknown as AdyenItem, key),
  },
  ...after,
});
const deliveryOf = (items: readonly Json[]): string =>
  JSON.stringify({ live: "false", notificationItems: items.map((item) => ({ NotificationRequestItem: item })) });
const atAdyen = (row: number, name: string, status: number, items: (target: Target) => readonly Json[]): Case => ({
  row,
  name,
  gateway: "adyen",
  status,
  sent: (target) => ({ body: deliveryOf(items(target)) }),
});

const ADYEN_CASES: readonly Case[] = [
  atAdyen(61, "no signature", 401, (target) => [itemOf(target)]),
  atAdyen(61, "an empty one", 401, (target) => [signedItem(itemOf(target), { additionalData: { hmacSignature: "" } })]),
  atAdyen(61, "too short", 401, (target) => [
    signedItem(itemOf(target), { additionalData: { hmacSignature: "AAAA" } }),
  ]),
  atAdyen(62, "another amount", 401, (target) => [
    signedItem(itemOf(target), { amount: { currency: "EUR", value: 1 } }),
  ]),
  atAdyen(62, "a failure made a success", 401, (target) => [
    signedItem(itemOf(target, { success: "false" }), { success: "true" }),
  ]),
  atAdyen(62, "another tenant's key", 401, (target) => [signedItem(itemOf(target), {}, "ab".repeat(32))]),
  atAdyen(65, "another account", 200, (target) => [signedItem(itemOf(target, { merchantAccountCode: "Nobodys" }))]),
  atAdyen(66, "an unknown type", 200, (target) => [signedItem(itemOf(target, { eventCode: "TOMORROW" }))]),
  atAdyen(66, "an unknown payment", 200, (target) => [
    signedItem(itemOf(target, { merchantReference: mintId("op", 9, Date.now(), new Uint8Array(8).fill(3)) })),
  ]),
  atAdyen(68, "no items", 400, () => []),
  atAdyen(68, "10,000 items", 413, (target) => Array.from({ length: 10_000 }, () => signedItem(itemOf(target)))),
  atAdyen(69, "item 3 of 5 is forged", 401, (target) =>
    Array.from({ length: 5 }, (_, n) => (n === 2 ? itemOf(target) : signedItem(itemOf(target)))),
  ),
  atAdyen(70, "digits shifted from the amount to the reference", 200, (target) => {
    const { operation } = target;
    const shifted = { merchantReference: `${operation}:10`, amount: { currency: "EUR", value: 0 } };
    return [signedItem(itemOf(target, shifted))];
  }),
];

/** A capture of the right operation that claims what is not ours: taken, in conflict, nothing posted. */
const CONFLICTS: readonly (readonly [name: string, more: Json, finding: string])[] = [
  ["success is a boolean", { success: true }, "D07"],
  ["success is TRUE", { success: "TRUE" }, "D07"],
  ["no success", { success: undefined }, "D07"],
  ["another amount", { amount: { currency: "EUR", value: AMOUNT - 1 } }, "D05"],
  ["another currency", { amount: { currency: "USD", value: AMOUNT } }, "D06"],
];
const UNSIGNED: readonly Json[] = [
  { reason: "Refused" },
  { eventDate: "1999-01-01T00:00:00Z" },
  { paymentMethod: "mc" },
  { operations: ["CANCEL"] },
];

describe("bad input where gateways write", function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let merchant: Merchant;
  const targets: { stripe?: Target; adyen?: Target } = {};

  before(async () => {
    cluster = await Cluster.start();
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
    targets.stripe = await targetAt("stripe");
    targets.adyen = await targetAt("adyen");
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  async function targetAt(gateway: "stripe" | "adyen"): Promise<Target> {
    const key = `target-${gateway}-${++serial}`;
    const method = gateway === "stripe" ? "automatic" : "manual";
    const id = await merchant.pay(
      key,
      payment({ gateway, amount: AMOUNT, capture_method: method, payment_method: "tok_webhook_lost" }),
    );
    if (gateway === "adyen") await merchant.untilFinal(capture(`${key}-c`, id), WITHIN_MS, "orPending");
    const [row] = await cluster.query<Record<"id" | "account" | "reference", string>>(
      `SELECT o.id, p.gateway_account AS account, p.gateway_reference AS reference
         FROM operation o JOIN payment_current p ON p.id = o.payment_id
        WHERE o.payment_id = encode($1, 'hex')::uuid ORDER BY o.submitted_at DESC LIMIT 1`,
      [bytesOfId(id)],
    );
    if (row === undefined) throw new Error(`${id} has no operation`);
    const operation = idFromBytes("op", Buffer.from(row.id.replaceAll("-", ""), "hex"));
    return { id, account: row.account, reference: row.reference, operation };
  }
  const targetOf = (gateway: "stripe" | "adyen"): Target => targets[gateway] as Target; // made before all tests

  async function send(
    gateway: string,
    { body, headers }: Sent,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const bytes = Buffer.from(body);
    const named = { "content-type": "application/json", "content-length": String(bytes.length), ...headers };
    const head = Object.entries(named).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `POST /v1/webhooks/${gateway} HTTP/1.1\r\nhost: node\r\n${head.join("")}\r\n`;
    // Of what is refused by its length not all is sent: the refusal would drown in the reset of a connection that is still written to.
    const sent = bytes.subarray(0, bytes.length > TAKEN_BYTES_MAX ? 1_024 : bytes.length);
    const answer = await exchange(
      Number(new URL(cluster.info.apiUrl).port),
      Buffer.concat([Buffer.from(request), sent]),
    );
    if (answer === null) throw new Error("no answer");
    return { status: answer.status, text: answer.body.toString() };
  }
  const inbox = async (): Promise<readonly string[]> =>
    (
      await cluster.query<{ readonly row: string }>(
        "SELECT concat_ws(' ', dedupe_key, state, verdict) AS row FROM gateway_event ORDER BY 1",
      )
    ).map(({ row }) => row);

  const CODES: Readonly<Record<number, string>> = {
    400: "invalid_request",
    401: "invalid_signature",
    413: "body_too_large",
    415: "unsupported_media_type",
  };
  for (const { row, name, gateway, sent, status } of [...STRIPE_CASES, ...ADYEN_CASES])
    it(`${row} ${gateway}: ${name}: ${status}, no effect`, async () => {
      const target = targetOf(gateway);
      const [facts, rows] = [await factsOf(cluster, target.id), await inbox()];
      const answer = await send(gateway, sent(target));
      expect(answer.status, answer.text).to.equal(status);
      if (status !== 200) {
        expect((JSON.parse(answer.text) as Json)["code"]).to.equal(CODES[status]);
        expect(await inbox(), "rows of the inbox").to.deep.equal(rows);
      } else expect((await inbox()).length, "it is kept").to.equal(rows.length + 1);
      expect(await factsOf(cluster, target.id)).to.deep.equal(facts);
    });

  it("64 several signatures, one of them right: taken, and it has its effect", async () => {
    const target = targetOf("stripe");
    const body = eventOf(target);
    const rotated = stripeSignature(body, ["whsec_the_new_one", SECRET], nowS());
    expect((await send("stripe", under(rotated, body))).status).to.equal(200);
    await until("it has its effect", WITHIN_MS, async () =>
      (await factsOf(cluster, target.id)).includes("disputeHeld"),
    );
  });

  it("67 the same name with other content: 200, and the first is kept", async () => {
    const target = targetOf("stripe");
    const withAmount = (amount: number): string =>
      eventOf(target, {
        id: "evt_same_name",
        type: "charge.dispute.funds_reinstated",
        data: {
          object: {
            id: "dp_input",
            object: "dispute",
            amount,
            currency: "eur",
            payment_intent: target.reference,
            status: "won",
          },
        },
      });
    const bodies = [100, 99].map(withAmount);
    for (const body of bodies) expect((await send("stripe", under(signed(body), body))).status).to.equal(200);
    await until("the first has its effect", WITHIN_MS, async () =>
      (await factsOf(cluster, target.id)).includes("disputeReleased"),
    );
    const facts = await factsOf(cluster, target.id);
    expect(facts.filter((fact) => fact === "disputeReleased").length).to.equal(1);
    const kept = await cluster.query<{ readonly hash: string }>(
      "SELECT encode(body_hash, 'hex') AS hash FROM gateway_event WHERE dedupe_key LIKE '%evt_same_name'",
    );
    const first = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(bodies[0]));
    expect([...new Set(kept.map(({ hash }) => hash))], "also where it was handed on").to.deep.equal([
      Buffer.from(first).toString("hex"),
    ]);
  });

  for (const [name, more, finding] of CONFLICTS)
    it(`72 adyen: ${name}: 200, in conflict (${finding}), no posting`, async () => {
      const target = await targetAt("adyen");
      const item = signedItem(itemOf(target, more));
      expect((await send("adyen", { body: deliveryOf([item]) })).status).to.equal(200);
      await until("people are told", WITHIN_MS, async () => (await findingsOf(cluster, target.id)).length > 0);
      expect(await findingsOf(cluster, target.id)).to.deep.equal([`${finding} open`]);
      expect((await merchant.get(target.id)).body).to.include({ status: "authorized", amount_captured: 0 });
    });

  for (const change of UNSIGNED)
    it(`71 adyen: unsigned ${Object.keys(change).join()} decides nothing`, async () => {
      const target = await targetAt("adyen");
      expect((await send("adyen", { body: deliveryOf([signedItem(itemOf(target), change)]) })).status).to.equal(200);
      await until("it is captured", WITHIN_MS, async () => (await factsOf(cluster, target.id)).includes("captured"));
      expect((await merchant.get(target.id)).body).to.include({ status: "captured", amount_captured: AMOUNT });
    });

  it("the genuine one is taken after all of them, and has its effect", async () => {
    const target = targetOf("adyen");
    expect((await send("adyen", { body: deliveryOf([signedItem(itemOf(target))]) })).status).to.equal(200);
    await until("it is captured", WITHIN_MS, async () => (await factsOf(cluster, target.id)).includes("captured"));
  });

  it("leaves the books in order, but for what waits for people", () =>
    expectInvariants(cluster, ["G6 a payment is in review"]));
});
