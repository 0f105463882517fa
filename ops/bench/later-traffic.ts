/**
 * Requests about payments that are there: reads and refunds. One piece of memory is written over for each: the line that
 * names the object, then what the merchant's requests have in common.
 */
import { READ_KINDS } from "./read-mix.ts";
import type { ReadKind } from "./read-mix.ts";
import { DIGITS, keyOf, writeDigits } from "./traffic.ts";
import type { TrafficTerms } from "./traffic.ts";

const REFUND_BODY = JSON.stringify({ amount: 1, reason: "an article came back" });
const REFUND = lineOf("POST", "/v1/payments/{id}/refunds");

/** A request line around an id. */
interface Line {
  readonly before: Buffer;
  readonly after: Buffer;
  readonly hasId: boolean;
}

function lineOf(method: string, path: string): Line {
  const [before = "", after] = path.split("{id}");
  return {
    before: Buffer.from(`${method} ${before}`),
    after: Buffer.from(`${after ?? ""} HTTP/1.1\r\n`),
    hasId: after !== undefined,
  };
}

interface RefundRest {
  readonly bytes: Buffer;
  readonly keyAt: number;
}

export class LaterTraffic {
  readonly #reads: readonly Line[] = READ_KINDS.map(({ path }: ReadKind) => lineOf("GET", path));
  /** By merchant: what follows the request line. */
  readonly #readRests: readonly Buffer[];
  readonly #refundRests: readonly RefundRest[];
  readonly #request: Buffer;

  constructor({ host, run, tokens }: Pick<TrafficTerms, "host" | "run" | "tokens">) {
    const key = keyOf(run, 0);
    const common = (token: string): string => `Host: ${host}\r\nAuthorization: Bearer ${token}\r\n`;
    this.#readRests = tokens.map((token) => Buffer.from(`${common(token)}\r\n`));
    this.#refundRests = tokens.map((token) => {
      const head =
        `${common(token)}Content-Type: application/json\r\nX-Idempotency-Key: ${key}\r\n` +
        `Content-Length: ${REFUND_BODY.length}\r\n\r\n`;
      const bytes = Buffer.from(head + REFUND_BODY);
      return { bytes, keyAt: bytes.indexOf(key) + key.length - DIGITS };
    });
    const longest = Math.max(...this.#refundRests.map(({ bytes }) => bytes.length));
    this.#request = Buffer.alloc(longest + 200); // no request line here is as long
  }

  /** The bytes of a read. `kind`: position in READ_KINDS; `id`: of its payment. Valid until the next call. */
  readBytes(kind: number, merchant: number, id: Buffer | null): Buffer {
    return this.#join(this.#reads[kind] as Line, id, this.#readRests[merchant] as Buffer);
  }

  /** The bytes of request `k`, which refunds one minor unit. Valid until the next call. */
  refundBytes(k: number, merchant: number, id: Buffer): Buffer {
    const rest = this.#refundRests[merchant] as RefundRest;
    writeDigits(rest.bytes, rest.keyAt, DIGITS, k);
    return this.#join(REFUND, id, rest.bytes);
  }

  #join(line: Line, id: Buffer | null, rest: Buffer): Buffer {
    if (line.hasId !== (id !== null)) throw new Error("an id belongs to a path that names a payment, and to no other");
    let end = line.before.copy(this.#request, 0);
    if (id !== null) end += id.copy(this.#request, end);
    end += line.after.copy(this.#request, end);
    end += rest.copy(this.#request, end);
    return this.#request.subarray(0, end);
  }
}
