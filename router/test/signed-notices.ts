/** Deliveries as gateways sign them (gateways.md §2), by the rules as they are written there and not by our readers. */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { mintId } from "../../actors/domain/index.ts";
import { createAdyenNoticeReader, createStripeNoticeReader } from "../../actors/gateways/index.ts";
import type { NoticeReader } from "../../actors/index.ts";

export const STRIPE_SECRET = "whsec_test_secret";
export const ADYEN_KEY = "00112233445566778899AABBCCDDEEFF".repeat(2);
export const OPERATION = mintId("op", 7, 1, new Uint8Array(8));

type Json = Readonly<Record<string, unknown>>;

export const READERS: readonly NoticeReader[] = [
  createStripeNoticeReader({
    secrets: [STRIPE_SECRET],
    livemode: false,
    knowsAccount: (account) => account === "acct_1",
    endpointAccount: "acct_1",
  }),
  createAdyenNoticeReader({
    hmacKeys: [ADYEN_KEY],
    basicAuth: null,
    live: false,
    knowsAccount: (account) => account === "MerchantA",
  }),
];

export const stripeEvent = (more: Json = {}): string =>
  JSON.stringify({
    id: "evt_1",
    object: "event",
    livemode: false,
    type: "payment_intent.succeeded",
    data: { object: { id: "pi_1", object: "payment_intent", amount: 1299, currency: "eur" } },
    ...more,
  });

/** Hexadecimal. `t`: as it stands in the header. */
export const stripeMac = (body: string | Uint8Array, t: number | string, secret = STRIPE_SECRET): string =>
  createHmac("sha256", secret).update(`${t}.`).update(body).digest("hex");
/** Value of Stripe-Signature. */
export const stripeSignature = (body: string | Uint8Array, t: number | string = nowS()): string =>
  `t=${t},v1=${stripeMac(body, t)}`;
export const nowS = (): number => Math.floor(Date.now() / 1000);

const ITEM = {
  amount: { currency: "EUR", value: 1299 },
  eventCode: "AUTHORISATION",
  eventDate: "2026-11-22T19:36:53+01:00",
  merchantAccountCode: "MerchantA",
  merchantReference: OPERATION as string,
  originalReference: "",
  paymentMethod: "visa",
  pspReference: "PSP0000000000001",
  reason: "",
  success: "true" as string | boolean | undefined,
};
export type AdyenItem = typeof ITEM & { readonly additionalData?: Json };

/** An item with the signature of its eight fields. `more`: before the signature; `after`: changed behind its back. */
export function adyenItem(more: Partial<AdyenItem> = {}, after: Json = {}): Json {
  const item = { ...ITEM, ...more };
  const text = [
    item.pspReference,
    item.originalReference,
    item.merchantAccountCode,
    item.merchantReference,
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    String(item.success ?? ""),
  ].join(":");
  const hmacSignature = createHmac("sha256", Buffer.from(ADYEN_KEY, "hex")).update(text).digest("base64");
  return { ...item, additionalData: { hmacSignature }, ...after };
}

export const adyenDelivery = (items: readonly Json[]): string =>
  JSON.stringify({
    live: "false",
    notificationItems: items.map((item) => ({ NotificationRequestItem: item })),
  });
