/** A merchant's program for what a benchmark prepares: keyed requests over a pool, a crowd of them at once. */
import { Pool } from "undici";

export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class ApiClient {
  readonly #pool: Pool;

  /** `connections`: as many requests at once. */
  constructor(apiUrl: string, connections: number) {
    this.#pool = new Pool(apiUrl, { connections });
  }

  /** One try. Rejects when there is no answer. */
  async post(path: string, token: string, key: string, body: object): Promise<ApiAnswer> {
    const response = await this.#pool.request({
      method: "POST",
      path,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-idempotency-key": key,
      },
      body: JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: JSON.parse(text) as ApiAnswer["body"] };
  }

  /** Sends it again with its key while it is refused for now, or cut off. Throws on another status than `wanted`, or without end. */
  async postUntil(wanted: number, path: string, token: string, key: string, body: object): Promise<ApiAnswer> {
    let last = "";
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const answer = await this.post(path, token, key, body).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status === wanted) return answer;
      last = answer instanceof Error ? answer.message : `${answer.status} ${JSON.stringify(answer.body)}`;
      if (!(answer instanceof Error) && !NOT_NOW.includes(answer.status)) break;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    throw new Error(`${path} ${key}: ${last}, not ${wanted}`);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The same key may be sent again: its first request still runs, or nothing was done. */
const NOT_NOW: readonly number[] = [409, 429, 503];
const TRIES_MAX = 100;
const AGAIN_MS = 200;

/** Does `work` for 0 to `count` - 1, `atOnce` at a time. Rejects with the first failure. */
export async function forEachNumber(count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const hand = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, hand));
}

/** Tells the simulators what goes wrong from now on. Throws when they do not take it. */
export async function setMode(controlUrl: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await fetch(`${controlUrl}/mode`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  if (!response.ok) throw new Error(`the simulators do not take ${JSON.stringify(fields)}: ${await response.text()}`);
}
