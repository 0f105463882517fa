/** A merchant's program as a soak has it: each request is repeated with its key until its answer is final, come what may. */
import { setTimeout as sleep } from "node:timers/promises";
import { hash } from "node:crypto";
import { Agent, request } from "undici";
import type { Call, Merchant } from "../rig/merchant.ts";

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How a request is sent. */
export interface Manner {
  readonly isTwin: boolean;
  readonly hangsUpAfterMs: number | null;
  /** Told the first 202. True: that is an end too. */
  readonly inDoubt: (reply: Reply) => boolean;
}

/** The final answer of one key, and whether it was ever another one. */
interface Final {
  readonly status: number;
  readonly digest: string;
}

const PAUSE_MS = 150;
const PAUSE_MAX_MS = 2_000;
const AWAY_MS = 300;
/** Answers that are neither an end nor a word to try again are a fault of ours, whatever goes wrong around. */
const MAY_COME = [200, 201, 202, 402, 409, 429, 503];

/** A dispute may have taken it meanwhile. */
const TOO_MUCH = ["amount_exceeds_refundable", "amount_exceeds_capturable"];

const isFinal = ({ status, body }: Reply): boolean =>
  status === 200 || status === 201 || (status >= 400 && status < 500 && body["retryable"] !== true);

export class Shop {
  readonly #merchants: readonly Merchant[];
  readonly #url: () => string;
  readonly #agent = new Agent({ connections: 512, headersTimeout: 30_000, bodyTimeout: 30_000 });
  readonly #finals = new Map<string, Final>();
  /** What should not have been answered. */
  readonly faults: string[] = [];
  readonly statuses = new Map<number, number>();
  /** Payments that were acknowledged, with the version that was told. */
  readonly acknowledged = new Map<string, number>();
  resets = 0;

  constructor(merchants: readonly Merchant[], url: () => string) {
    this.#merchants = merchants;
    this.#url = url;
  }

  /** Repeats until the answer is final, or `inDoubt` takes a 202 for the end. Rejects when `signal` aborts. */
  async untilEnd(merchant: number, call: Call, manner: Manner, signal: AbortSignal): Promise<Reply> {
    let isFirst = true;
    let wasInDoubt = false;
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, PAUSE_MAX_MS)) {
      const replies = await this.#try(merchant, call, manner, isFirst, signal);
      isFirst = false;
      const final = replies.find(isFinal);
      if (final !== undefined) return final;
      const doubtful = replies.find(({ status }) => status === 202);
      if (doubtful !== undefined && !wasInDoubt) {
        wasInDoubt = true;
        if (manner.inDoubt(doubtful)) return doubtful;
      }
      await sleep(replies.length === 0 ? AWAY_MS : pauseMs, undefined, { signal });
    }
  }

  /** Sends a request that has ended once more: its answer must be what it was. False: there is none. */
  async repeat(merchant: number, call: Call, signal: AbortSignal): Promise<boolean> {
    if (!this.#finals.has(String(call.key))) return false;
    await this.untilEnd(merchant, call, { isTwin: false, hangsUpAfterMs: null, inDoubt: () => false }, signal);
    return true;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** No reply: it was reset, or the client hung up. */
  async #try(
    merchant: number,
    call: Call,
    manner: Manner,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<readonly Reply[]> {
    const patience =
      isFirst && manner.hangsUpAfterMs !== null
        ? AbortSignal.any([signal, AbortSignal.timeout(manner.hangsUpAfterMs)])
        : signal;
    const tries = Array.from({ length: isFirst && manner.isTwin ? 2 : 1 }, () =>
      this.#send(merchant, call, patience).catch(() => undefined),
    );
    const replies = (await Promise.all(tries)).filter((reply) => reply !== undefined);
    this.resets += tries.length - replies.length;
    for (const reply of replies) this.#judge(call, reply);
    return replies;
  }

  async #send(merchant: number, { method, path, key, body }: Call, signal: AbortSignal): Promise<Reply> {
    const response = await request(this.#url() + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#merchants[merchant]?.token}`,
        "x-idempotency-key": String(key),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      dispatcher: this.#agent,
      signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, text, body: JSON.parse(text) as Reply["body"] };
  }

  #judge({ key, path }: Call, reply: Reply): void {
    const { status, text, body } = reply;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (!MAY_COME.includes(status) && !TOO_MUCH.includes(String(body["code"])))
      this.faults.push(`${path} ${key}: ${status} ${text}`);
    const id = body["object"] === "payment" ? body["id"] : undefined;
    if (status <= 202 && typeof id === "string")
      this.acknowledged.set(id, Math.max(Number(body["version"]), this.acknowledged.get(id) ?? 0));
    // Problems of a moment name the request; of the others each repeat gets the stored bytes.
    if (!isFinal(reply) || (status >= 400 && status !== 402)) return;
    const digest = hash("sha256", text);
    const known = this.#finals.get(String(key));
    if (known === undefined) this.#finals.set(String(key), { status, digest });
    else if (known.status !== status || known.digest !== digest)
      this.faults.push(`I13 ${path} ${key}: another answer than ${known.status}: ${status} ${text}`);
  }
}
