/**
 * The payment that request number k asks for: merchant, key and amount follow from k alone, so a replay can be made again
 * from the number of its original. Each merchant has one prepared request in memory whose digits are written over before
 * it is sent; preparing costs nothing while the load runs.
 */
import { mix32 } from "./merchant-pick.ts";
import type { PickMerchant } from "./merchant-pick.ts";

/** Of a request's number in its key. */
export const DIGITS = 9;
/** Requests that were made before a run for its sake are numbered from here; no run has as many. */
export const PREPARED_FROM = 500_000_000;
const AMOUNT_DIGITS = 5;
/** Minor units, five digits, never the largest, so that a conflict can ask for one more. */
const amountOf = (k: number): number => 10_000 + (mix32(~k) % 89_999);

/** Writes `value` in decimal, right-aligned with zeros. */
export function writeDigits(bytes: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = Math.trunc(rest / 10);
    bytes[i] = 48 + rest - next * 10;
    rest = next;
  }
}

/** The key that request number `k` of a run carries. */
export const keyOf = (run: string, k: number): string => `${run}-${String(k).padStart(DIGITS, "0")}`;

export interface TrafficTerms {
  readonly host: string;
  /** Unlike any other run on the same databases; at most 40 characters. */
  readonly run: string;
  /** One bearer token per merchant. */
  readonly tokens: readonly string[];
  readonly paymentMethod: string;
  /** Bytes of the body, about. */
  readonly bodyBytes: number;
}

interface Template {
  readonly bytes: Buffer;
  readonly keyAt: number;
  readonly referenceAt: number;
  readonly amountAt: number;
}

/** A body of about `bytes` bytes, with zeros where digits will stand. */
function bodyOf(merchant: number, terms: TrafficTerms): string {
  const fixed = {
    amount: 10 ** (AMOUNT_DIGITS - 1),
    currency: "EUR",
    payment_method: terms.paymentMethod,
    capture_method: "automatic",
    merchant_reference: `order-${"0".repeat(DIGITS)}`,
    description: `Bench order of shop ${merchant}, two articles and postage`,
    customer: { email: `buyer.${merchant}@example.com`, name: `Buyer of Shop ${merchant}` },
    metadata: { shop: `shop-${merchant}`, channel: "web", basket: "" },
  };
  const missing = Math.max(0, terms.bodyBytes - JSON.stringify(fixed).length);
  return JSON.stringify({ ...fixed, metadata: { ...fixed.metadata, basket: "b".repeat(missing) } });
}

function makeTemplate(merchant: number, token: string, terms: TrafficTerms): Template {
  const body = bodyOf(merchant, terms);
  const key = keyOf(terms.run, 0);
  const head = [
    "POST /v1/payments HTTP/1.1",
    `Host: ${terms.host}`,
    `Authorization: Bearer ${token}`,
    "Content-Type: application/json",
    `X-Idempotency-Key: ${key}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    "",
  ].join("\r\n");
  const bytes = Buffer.from(head + body);
  return {
    bytes,
    keyAt: bytes.indexOf(key) + key.length - DIGITS,
    referenceAt: bytes.indexOf("order-0") + "order-".length,
    amountAt: bytes.indexOf('"amount":') + '"amount":'.length,
  };
}

/** The payments of one run. */
export class Traffic {
  readonly #templates: readonly Template[];
  readonly #pick: PickMerchant;

  constructor(terms: TrafficTerms, pick: PickMerchant) {
    this.#templates = terms.tokens.map((token, merchant) => makeTemplate(merchant, token, terms));
    this.#pick = pick;
  }

  /**
   * The bytes of request `original`, or of the request that reuses its key for one minor unit more. Valid until the next
   * call: the same memory is written over.
   */
  bytesOf(original: number, conflicting: boolean): Buffer {
    const template = this.#templates[this.#pick(original)] as Template;
    writeDigits(template.bytes, template.keyAt, DIGITS, original);
    writeDigits(template.bytes, template.referenceAt, DIGITS, original);
    writeDigits(template.bytes, template.amountAt, AMOUNT_DIGITS, amountOf(original) + (conflicting ? 1 : 0));
    return template.bytes;
  }
}
