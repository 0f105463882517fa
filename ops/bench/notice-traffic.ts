/**
 * Adyen's notifications as requests: one for each effect that its charge log tells of, with the names that Adyen gives it,
 * signed as Adyen signs. Written before a run, so that signing costs nothing while it lasts.
 */
import type { ChargeLine } from "../sandbox/gateways/charge-log.ts";
import { digestOf } from "../sandbox/gateways/effects.ts";
import { adyenNotification, signItem } from "../sandbox/gateways/webhook-channel.ts";
import type { AdyenItem } from "../sandbox/gateways/webhook-signature.ts";

/** Where notifications go, and the key that signs them. */
export interface NoticeAddress {
  /** Of Adyen's door. */
  readonly url: string;
  readonly hmacKey: string;
}

type Names = Pick<AdyenItem, "eventCode" | "pspReference" | "originalReference">;
const authorisation = (line: ChargeLine): Names => ({
  eventCode: "AUTHORISATION",
  pspReference: line.gateway_reference,
});
/** What is told of each effect; missing: nothing here. */
const NAMES: { readonly [K in ChargeLine["kind"]]?: (line: ChargeLine) => Names } = {
  authorize: authorisation,
  sale: authorisation,
  capture: (line) => ({
    eventCode: "CAPTURE",
    pspReference: digestOf(`${line.account}:${line.key}`).toUpperCase(), // as the simulator names it
    originalReference: line.gateway_reference,
  }),
};

/** What Adyen tells of an effect; undefined: nothing. */
export function itemOf(line: ChargeLine): AdyenItem | undefined {
  const names = NAMES[line.kind]?.(line);
  return names === undefined
    ? undefined
    : {
        ...names,
        amount: { currency: line.currency, value: line.amount },
        eventDate: line.at,
        merchantAccountCode: line.account,
        merchantReference: line.operation_id,
        paymentMethod: "visa",
        reason: "",
        success: "true",
      };
}

/** The request that brings one item. */
export function requestOf(item: AdyenItem, { url, hmacKey }: NoticeAddress): Buffer {
  const { host, pathname } = new URL(url);
  const { body } = adyenNotification([signItem(item, hmacKey)], { basicAuth: null });
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    "",
  ].join("\r\n");
  return Buffer.from(head + body);
}

/** How many payments tell of themselves `notices` times, when every other one is captured later, as far as needed. */
export function paymentsFor(notices: number): { readonly payments: number; readonly captures: number } {
  const payments = Math.ceil((2 * notices) / 3);
  return { payments, captures: notices - payments };
}

/** Whether payment `i` of a preparation is captured later. */
export const isCapturedLater = (i: number, captures: number): boolean => i % 2 === 1 && (i - 1) / 2 < captures;
