/**
 * Crafted notifications, sent at once and past the queue, so that whoever asks hears what the receiver said: right ones,
 * and those of a forger. Members of `object`, `event` and `item` replace those that the gateway would send.
 */
import { adyenItemOf } from "./adyen-events.ts";
import { type Fields, paymentMeantBy } from "./control-fields.ts";
import type { GatewayStand } from "./gateway-stand.ts";
import type { Happening, HappeningKind } from "./happening.ts";
import type { PaymentRecord } from "./payment-record.ts";
import { stripeEventOf, stripeObjectOf } from "./stripe-events.ts";
import { adyenNotification, signItem, type WebhookChannel } from "./webhook-channel.ts";
import type { AdyenEndpoint, StripeEndpoint } from "./webhook-endpoint.ts";
import type { Notification, Receipt } from "./webhook-sender.ts";
import { type AdyenItem, stripeSignature } from "./webhook-signature.ts";

export interface SentReport {
  /** What the receiver said, once for each copy. */
  readonly receipts: readonly Receipt[];
}

/** How a notification is spoilt after, or instead of, its right signature. */
const FORGERIES = [
  "none",
  "signature",
  "body",
  "missing",
  "old",
  "future",
  "otherSecret",
  "schemeV0",
  "credentials",
] as const;
type Forgery = (typeof FORGERIES)[number];

/** More than the 300 s that a receiver allows. */
const STALE_S = 301;
const OTHER_SECRET = "whsec_of_another_tenant";
const OTHER_KEY = "0123456789abcdef".repeat(4);
const COPIES_MAX = 10_000;

const asFields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

/** `times`: copies, all at once. Throws an Error that says what is wrong. */
export async function sendCrafted(gateway: GatewayStand, fields: Fields): Promise<SentReport> {
  const times = fields["times"] ?? 1;
  if (typeof times !== "number" || !Number.isSafeInteger(times) || times < 1 || times > COPIES_MAX)
    throw new Error(`times: 1 to ${COPIES_MAX}`);
  const forge = (fields["forge"] ?? "none") as Forgery;
  if (!FORGERIES.includes(forge)) throw new Error(`forge: ${FORGERIES.join(", ")}`);
  const { channel } = gateway;
  if (!channel.isListening) throw new Error("no endpoint is set");
  const isNamed = ["operation", "payment", "reference"].some((name) => typeof fields[name] === "string");
  const record = isNamed ? paymentMeantBy(gateway.simulator.books, fields) : undefined;
  const notification =
    gateway.name === "stripe"
      ? craftEvent(channel as WebhookChannel<StripeEndpoint>, record, fields, forge)
      : craftItems(channel as WebhookChannel<AdyenEndpoint>, record, fields, forge);
  return { receipts: await Promise.all(Array.from({ length: times }, () => channel.post(notification))) };
}

/** `type`, `object`, `event`, `rawBody`: the bytes themselves. */
function craftEvent(
  channel: WebhookChannel<StripeEndpoint>,
  record: PaymentRecord | undefined,
  fields: Fields,
  forge: Forgery,
): Notification {
  const { secret } = channel.endpoint as StripeEndpoint; // the caller has looked
  const nowMs = Date.now();
  const type = typeof fields["type"] === "string" ? fields["type"] : "payment_intent.succeeded";
  const object = {
    ...(record !== undefined && stripeObjectOf(type, record, happeningOf(type), nowMs)),
    ...asFields(fields["object"]),
  };
  const id = `evt_crafted_${nowMs}_${channel.nextNumber()}`;
  const event = {
    ...stripeEventOf(id, type, object, record?.account ?? "", null, nowMs),
    ...asFields(fields["event"]),
  };
  const body = typeof fields["rawBody"] === "string" ? fields["rawBody"] : JSON.stringify(event);
  const nowS = Math.floor(nowMs / 1_000);
  const signed = (seconds: number, by = secret): string => stripeSignature(body, [by], seconds);
  const headers: { readonly [F in Forgery]: string | undefined } = {
    none: signed(nowS),
    body: signed(nowS),
    credentials: signed(nowS),
    missing: undefined,
    signature: `t=${nowS},v1=${"0".repeat(64)}`,
    old: signed(nowS - STALE_S),
    future: signed(nowS + STALE_S),
    otherSecret: signed(nowS, OTHER_SECRET),
    schemeV0: signed(nowS).replace(/v1=[^,]*,/, ""),
  };
  const signature = headers[forge];
  return {
    body: forge === "body" ? `${body} ` : body,
    headers: signature === undefined ? {} : { "stripe-signature": signature },
  };
}

const DISPUTE_KIND: Readonly<Record<string, HappeningKind>> = {
  "charge.dispute.funds_reinstated": "dispute_won",
  "charge.dispute.closed": "dispute_lost",
};
const happeningOf = (type: string): Happening => ({ kind: DISPUTE_KIND[type] ?? "sale", success: true });

/** `eventCode`, `success`, `item`, `unsigned`: members that are set after signing; `items`: a batch of `item`s. */
function craftItems(
  channel: WebhookChannel<AdyenEndpoint>,
  record: PaymentRecord | undefined,
  fields: Fields,
  forge: Forgery,
): Notification {
  const endpoint = channel.endpoint as AdyenEndpoint; // the caller has looked
  const given = Array.isArray(fields["items"]) ? (fields["items"] as readonly unknown[]) : [fields["item"]];
  const base: Fields = {
    ...(record !== undefined && adyenItemOf(record, { kind: "authorize", success: true }, Date.now())),
    ...(typeof fields["eventCode"] === "string" && { eventCode: fields["eventCode"] }),
    ...(fields["success"] !== undefined && { success: fields["success"] }),
  };
  const items = given.map((item) => {
    const plain = { ...base, ...asFields(item) } as unknown as AdyenItem; // as wrong as the caller wants it
    return forgeItem(plain, endpoint, forge, asFields(fields["unsigned"]));
  });
  return adyenNotification(items, {
    ...endpoint,
    ...(forge === "credentials" && { basicAuth: { user: "nobody", password: "wrong" } }),
  });
}

function forgeItem(item: AdyenItem, endpoint: AdyenEndpoint, forge: Forgery, unsigned: Fields): unknown {
  const signed = signItem(item, forge === "otherSecret" ? OTHER_KEY : endpoint.hmacKey);
  const hmacSignature = forge === "signature" ? "A".repeat(43).concat("=") : signed.additionalData?.["hmacSignature"];
  return {
    ...signed,
    ...(forge === "body" && { amount: { ...item.amount, value: item.amount.value + 1 } }),
    ...unsigned,
    additionalData: {
      ...signed.additionalData,
      ...asFields(unsigned["additionalData"]),
      ...(forge === "missing" ? { hmacSignature: undefined } : { hmacSignature }),
    },
  };
}
