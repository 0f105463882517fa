/**
 * What request number k is: its merchant, key, amount and kind follow from k alone, so a replay can be made again from
 * the number of its original. Each merchant has one prepared request in memory whose digits are written over before it is
 * sent; preparing costs nothing while the load runs.
 */

/** Fresh: a key never used. Replay: key and body of a finished one. Conflict: its key with another body. */
export const KINDS = ["fresh", "replay", "conflict"] as const;
export type Kind = (typeof KINDS)[number];

export interface Mix {
  /** Every n-th request is a replay; 0: none. */
  readonly replayEvery: number;
  /** Every n-th request is a conflict; 0: none. */
  readonly conflictEvery: number;
}

/** 2 % replays and 0.2 % conflicts. */
export const STANDARD_MIX: Mix = { replayEvery: 50, conflictEvery: 500 };

/** The kind of request `k`: replays and conflicts never fall on the same number. */
export function kindOf(k: number, mix: Mix): Kind {
  if (mix.conflictEvery > 0 && k % mix.conflictEvery === mix.conflictEvery - 1) return "conflict";
  return mix.replayEvery > 0 && k % mix.replayEvery === mix.replayEvery >> 1 ? "replay" : "fresh";
}

/** Whether the answer to fresh request `k` is kept for a later replay or conflict: as many as those need. */
export const isKept = (k: number, mix: Mix): boolean =>
  (mix.replayEvery > 0 && k % mix.replayEvery === 0) || (mix.conflictEvery > 0 && k % mix.conflictEvery === 1);

/** Well-mixed 32 bits of a number (the finalizer of MurmurHash3). */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Which merchant sends request `k`: a function, so that other mixes can take its place. */
export type PickMerchant = (k: number) => number;
export const uniform =
  (count: number, seed: number): PickMerchant =>
  (k) =>
    mix32(k + Math.imul(seed, 0x9e3779b1)) % count;

const DIGITS = 9;
const AMOUNT_DIGITS = 5;
/** Minor units, five digits, never the largest, so that a conflict can ask for one more. */
const amountOf = (k: number): number => 10_000 + (mix32(~k) % 89_999);

/** Writes `value` in decimal, right-aligned with zeros. */
function writeDigits(bytes: Uint8Array, at: number, digits: number, value: number): void {
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

/** The requests of one run. */
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
