/** The rows of the bad-input catalogue for the paths that gateways call, as far as the door and its readers decide them. */
import { Buffer } from "node:buffer";
import type { RefusalCode } from "../../actors/domain/index.ts";
import type { GatewayNotice } from "../../actors/index.ts";
import {
  ADYEN_KEY,
  adyenDelivery,
  adyenItem,
  nowS,
  OPERATION,
  stripeEvent,
  stripeMac,
  stripeSignature,
} from "./signed-notices.ts";

export interface BadNotice {
  readonly row: number;
  readonly name: string;
  readonly gateway: "stripe" | "adyen";
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Null: a success. */
  readonly code: RefusalCode | null;
  /** Of each notice that is handed on, some members. */
  readonly notices: readonly Partial<GatewayNotice>[];
}

const REFUSED = { status: 401, code: "invalid_signature", notices: [] } as const;
const TAKEN = { status: 200, code: null } as const;
const JSON_TYPE = { "Content-Type": "application/json" };

const EVENT = stripeEvent();
/** Hands on the event, whatever it claims. */
const ANY = [{ gateway: "stripe" }] as const;

const stripe = (row: number, name: string, signature: string | null, more: Partial<BadNotice> = {}): BadNotice => ({
  row,
  name: `Stripe: ${name}`,
  gateway: "stripe",
  body: EVENT,
  headers: { ...JSON_TYPE, ...(signature === null ? {} : { "Stripe-Signature": signature }) },
  ...REFUSED,
  ...more,
});
const adyen = (row: number, name: string, items: readonly object[], more: Partial<BadNotice> = {}): BadNotice => ({
  row,
  name: `Adyen: ${name}`,
  gateway: "adyen",
  body: adyenDelivery(items as Parameters<typeof adyenDelivery>[0]),
  headers: { "Content-Type": "application/json; charset=utf-8" },
  ...REFUSED,
  ...more,
});

/** Made when it is called: signatures are good for five minutes. */
export function badNotices(): readonly BadNotice[] {
  const t = nowS();
  const right = stripeMac(EVENT, t);
  const signed = (body: string, more: Partial<BadNotice>) => ({ body, ...more, ...TAKEN });
  return [
    stripe(61, "no signature", null),
    stripe(61, "an empty one", ""),
    stripe(61, "an empty v1", `t=${t},v1=`),
    stripe(61, "only v0", `t=${t},v0=${right}`),
    stripe(61, "no hex", `t=${t},v1=${"z".repeat(64)}`),
    stripe(61, "short", `t=${t},v1=${right.slice(0, 62)}`),
    stripe(61, "long", `t=${t},v1=${right}00`),
    stripe(61, "150 signatures", `t=${t}${`,v1=${"0".repeat(8)}`.repeat(150)}`),
    stripe(62, "one byte changed", `t=${t},v1=${right}`, { body: EVENT.replace("evt_1", "evt_2") }),
    stripe(62, "written again", `t=${t},v1=${right}`, { body: JSON.stringify(JSON.parse(EVENT), null, 1) }),
    stripe(62, "a line break more", `t=${t},v1=${right}`, { body: `${EVENT}\n` }),
    stripe(62, "a byte order mark", `t=${t},v1=${right}`, { body: `\ufeff${EVENT}` }),
    stripe(62, "another secret", `t=${t},v1=${stripeMac(EVENT, t, "whsec_other")}`),
    stripe(63, "too old", stripeSignature(EVENT, t - 330)),
    stripe(63, "from the future", stripeSignature(EVENT, t + 330)),
    stripe(63, "no time", `v1=${right}`),
    stripe(63, "time NaN", stripeSignature(EVENT, "NaN")),
    stripe(64, "several, one right", `t=${t},v1=${"0".repeat(64)},v1=${right},v0=x`, { ...TAKEN, notices: ANY }),
    ...[
      ["another account", { account: "acct_2" }, "account"],
      ["a live event", { livemode: true }, "mode"],
    ].map(([name, more, why]) => {
      const body = stripeEvent(more as object as Parameters<typeof stripeEvent>[0]);
      const notices = [{ claim: { kind: "quarantined", why: why as "account" | "mode" } }] as const;
      return stripe(65, name as string, stripeSignature(body), signed(body, { notices }));
    }),
    ...[stripeEvent({ type: "tomorrow.invented" })].map((body) =>
      stripe(66, "an unknown type", stripeSignature(body), {
        ...signed(body, {}),
        notices: [{ claim: { kind: "none", why: "unknown_type" } }],
      }),
    ),
    stripe(68, "5 MB", stripeSignature(EVENT), {
      body: Buffer.alloc(5_000_000, " "),
      status: 413,
      code: "body_too_large",
    }),
    stripe(68, "gzip", stripeSignature(EVENT), {
      headers: { ...JSON_TYPE, "Content-Encoding": "gzip", "Stripe-Signature": stripeSignature(EVENT) },
      status: 415,
      code: "unsupported_media_type",
    }),
    stripe(68, "text/plain", stripeSignature(EVENT), {
      headers: { "Content-Type": "text/plain", "Stripe-Signature": stripeSignature(EVENT) },
      status: 415,
      code: "unsupported_media_type",
    }),
    stripe(68, "signed, and no JSON", stripeSignature("{"), { body: "{", status: 400, code: "invalid_request" }),
    stripe(68, "signed, and nothing", stripeSignature(""), { body: "", status: 400, code: "invalid_request" }),
    adyen(61, "no signature", [adyenItem({}, { additionalData: {} })]),
    adyen(61, "an empty one", [adyenItem({}, { additionalData: { hmacSignature: "" } })]),
    adyen(61, "short", [adyenItem({}, { additionalData: { hmacSignature: "AAAA" } })]),
    adyen(61, "the key itself", [adyenItem({}, { additionalData: { hmacSignature: ADYEN_KEY } })]),
    adyen(62, "another amount", [adyenItem({}, { amount: { currency: "EUR", value: 12_990 } })]),
    adyen(62, "a failure made a success", [adyenItem({ success: "false" }, { success: "true" })]),
    adyen(64, "one item", [adyenItem()], { ...TAKEN, notices: [{ operationId: OPERATION, amount: "1299" }] }),
    adyen(65, "another account", [adyenItem({ merchantAccountCode: "MerchantB" })], {
      ...TAKEN,
      notices: [{ claim: { kind: "quarantined", why: "account" } }],
    }),
    adyen(66, "an unknown type", [adyenItem({ eventCode: "TOMORROW" })], {
      ...TAKEN,
      notices: [{ claim: { kind: "none", why: "unknown_type" } }],
    }),
    adyen(
      68,
      "10,000 items",
      Array.from({ length: 10_000 }, () => adyenItem()),
      {
        status: 413,
        code: "body_too_large",
      },
    ),
    adyen(68, "no items", [], { status: 400, code: "invalid_request" }),
    adyen(69, "item 3 of 5 is forged", [
      adyenItem(),
      adyenItem(),
      adyenItem({}, { amount: { currency: "EUR", value: 1 } }),
      adyenItem(),
      adyenItem(),
    ]),
    adyen(
      69,
      "5 of 5 are genuine",
      Array.from({ length: 5 }, (_, i) => adyenItem({ pspReference: `PSP${i}` })),
      {
        ...TAKEN,
        notices: Array.from({ length: 5 }, () => ({ gateway: "adyen" })),
      },
    ),
    adyen(
      70,
      "digits shifted from the amount to the reference",
      // Both are signed as …:op_…:12:99:EUR:… and only one of them is what was signed.
      [adyenItem({ merchantReference: `${OPERATION}:12`, amount: { currency: "EUR", value: 99 } })],
      { ...TAKEN, notices: [{ operationId: null }] },
    ),
    ...[
      { reason: "Refused" },
      { eventDate: "1999-01-01T00:00:00Z" },
      { paymentMethod: "mc" },
      { operations: ["CANCEL"] },
    ].map((change) =>
      adyen(71, `unsigned ${Object.keys(change).join()}`, [adyenItem({}, change)], {
        ...TAKEN,
        notices: [{ operationId: OPERATION, amount: "1299", currency: "EUR", claim: { kind: "authorized" } }],
      }),
    ),
    ...[true, "TRUE", "yes", undefined].map((success) =>
      adyen(72, `success ${JSON.stringify(success)}`, [adyenItem({ success })], {
        ...TAKEN,
        notices: [{ gateway: "adyen" }],
      }),
    ),
  ];
}
