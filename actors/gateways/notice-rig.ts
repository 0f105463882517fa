/** For tests of the readers of notifications: deliveries signed by the official SDKs, and what is read of them. */
import { createRequire } from "node:module";
import type HmacValidator from "@adyen/api-library/lib/src/utils/hmacValidator.js";
import Stripe from "stripe";
import { mintId } from "../domain/index.ts";
import type { GatewayNotice, NoticeHeaders, NoticeReader, NoticeRefusal } from "../ports/notices.ts";
import { type AdyenNoticeOptions, createAdyenNoticeReader } from "./adyen-notices.ts";
import { createStripeNoticeReader, type StripeNoticeOptions } from "./stripe-notices.ts";
import type { Json } from "./verdicts.ts";

export const NOW_S = 1_750_000_000;
export const NOW_MS = NOW_S * 1_000;
const idOf = <P extends "op" | "pay">(prefix: P, n: number) => mintId(prefix, 7, NOW_MS, new Uint8Array(8).fill(n));
export const OP = idOf("op", 1);
export const CAPTURE_OP = idOf("op", 2);
export const PAY = idOf("pay", 1);

export type Read = readonly GatewayNotice[] | NoticeRefusal;
/** The only notice of a delivery that was taken. Throws when there is another number of them. */
export function onlyNotice(read: Read): GatewayNotice {
  if (typeof read === "string" || read.length !== 1) throw new Error(`one notice wanted: ${JSON.stringify(read)}`);
  return read[0] as GatewayNotice;
}
export const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

// ---------------------------------------------------------------- Stripe

export const STRIPE_SECRET = "whsec_test_secret";
export const stripeReader = (more: Partial<StripeNoticeOptions> = {}): NoticeReader =>
  createStripeNoticeReader({
    secrets: [STRIPE_SECRET],
    livemode: false,
    knowsAccount: (account) => account === "acct_1",
    endpointAccount: null,
    ...more,
  });
/** The header that Stripe's own SDK makes; of bytes that are no text, by hand: `signature` is then wanted. */
export const stripeHeader = (payload: string, timestamp = NOW_S, secret = STRIPE_SECRET): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
export const stripeEvent = (type: string, object: Json, more: Json = {}): Json => ({
  id: "evt_1",
  object: "event",
  account: "acct_1",
  livemode: false,
  type,
  data: { object },
  ...more,
});
/** What the reader makes of this event, rightly signed. */
export function readStripe(event: unknown, reader = stripeReader()): Read {
  const payload = typeof event === "string" ? event : JSON.stringify(event);
  return reader.read(bytes(payload), { "stripe-signature": stripeHeader(payload) }, NOW_MS);
}
export const readStripeEvent = (type: string, object: Json, more: Json = {}): GatewayNotice =>
  onlyNotice(readStripe(stripeEvent(type, object, more)));

// ---------------------------------------------------------------- Adyen

export const ADYEN_KEY = "00112233445566778899AABBCCDDEEFF".repeat(2);
const { default: Validator } = createRequire(import.meta.url)("@adyen/api-library/lib/src/utils/hmacValidator.js") as {
  readonly default: typeof HmacValidator.default;
};
/** Adyen's own checker: the oracle. */
export const adyenOracle = new Validator();
export const adyenReader = (more: Partial<AdyenNoticeOptions> = {}): NoticeReader =>
  createAdyenNoticeReader({
    hmacKeys: [ADYEN_KEY],
    basicAuth: null,
    live: false,
    knowsAccount: (account) => account === "MerchantA",
    ...more,
  });
/** An unsigned item. `additionalData` is kept beside the signature that `signAdyen` adds. */
export const adyenItem = (more: Json = {}): Json => ({
  additionalData: {},
  amount: { currency: "EUR", value: 1000 },
  eventCode: "AUTHORISATION",
  eventDate: "2025-06-15T15:06:40+02:00",
  merchantAccountCode: "MerchantA",
  merchantReference: OP,
  originalReference: "",
  paymentMethod: "visa",
  pspReference: "PSP0000000000001",
  reason: "",
  success: "true",
  ...more,
});
/** The item with the signature that Adyen's own SDK makes. */
export const signAdyen = (item: Json, key = ADYEN_KEY): Json => ({
  ...item,
  additionalData: {
    ...(item["additionalData"] as Json),
    hmacSignature: adyenOracle.calculateHmac(item as never, key),
  },
});
export const adyenDelivery = (items: readonly Json[], live: unknown = "false"): Json => ({
  live,
  notificationItems: items.map((item) => ({ NotificationRequestItem: item })),
});
/** What the reader makes of these items as they are. */
export const readAdyen = (
  items: readonly Json[],
  reader = adyenReader(),
  headers: NoticeHeaders = {},
  live: unknown = "false",
): Read => reader.read(bytes(adyenDelivery(items, live)), headers, NOW_MS);
/** What the reader makes of one item, rightly signed. */
export const readAdyenItem = (more: Json): GatewayNotice => onlyNotice(readAdyen([signAdyen(adyenItem(more))]));
