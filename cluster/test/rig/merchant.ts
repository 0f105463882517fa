/** A merchant's program: gets a token, creates and reads payments over HTTP, and repeats until an answer is final. */
import { Agent, request } from "undici";
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The statuses that end a retry loop. */
const isFinal = (answer: Answer): boolean =>
  answer.status === 201 ||
  (answer.status >= 400 && answer.status < 500 && answer.status !== 409 && answer.status !== 429);

export class Merchant {
  readonly #apiUrl: () => string;
  readonly #token: string;
  readonly #agent = new Agent({ connections: 256, headersTimeout: 30_000, bodyTimeout: 30_000 });

  private constructor(apiUrl: () => string, token: string) {
    this.#apiUrl = apiUrl;
    this.#token = token;
  }

  /** Signs in as merchant number `index` of the sandbox; `scope`: only these scopes, all of them when absent. */
  static async signIn(sandbox: SandboxFile, index = 0, scope?: string): Promise<Merchant> {
    const client = sandbox.merchants[index];
    if (client === undefined) throw new Error(`the sandbox has no merchant ${index}`);
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString("base64");
    const response = await request(sandbox.tokenUrl, {
      method: "POST",
      headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ grant_type: "client_credentials", ...(scope !== undefined && { scope }) }).toString(),
    });
    const body: unknown = await response.body.json();
    if (response.statusCode !== 200 || typeof body !== "object" || body === null || !("access_token" in body)) {
      throw new Error(`no token: ${response.statusCode} ${JSON.stringify(body)}`);
    }
    return new Merchant(() => sandbox.apiUrl, String(body.access_token));
  }

  get token(): string {
    return this.#token;
  }

  /** One try. Rejects when the connection is reset or refused. */
  async create(key: string, body: unknown): Promise<Answer> {
    return await this.#send(
      "POST",
      "/v1/payments",
      { "x-idempotency-key": key, "content-type": "application/json" },
      JSON.stringify(body),
    );
  }

  async get(id: string): Promise<Answer> {
    return await this.#send("GET", `/v1/payments/${id}`, {});
  }

  /** Repeats the request with its key until the answer is final; resets, 409, 202 and 5xx are tried again. */
  async createUntilFinal(key: string, body: unknown, withinMs: number): Promise<Answer> {
    const endAtMs = Date.now() + withinMs;
    let last = "nothing";
    while (Date.now() < endAtMs) {
      const answer = await this.create(key, body).catch((error: Error) => error);
      if (!(answer instanceof Error)) {
        if (isFinal(answer)) return answer;
        last = `${answer.status} ${answer.text}`;
      } else last = answer.message;
      await new Promise((resolve) => setTimeout(resolve, 100)); // pace of the client, decides nothing
    }
    throw new Error(`no final answer to ${key} within ${withinMs} ms; the last was ${last}`);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(method: "GET" | "POST", path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const response = await request(this.#apiUrl() + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      dispatcher: this.#agent,
      ...(body !== undefined && { body }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, text, body: JSON.parse(text) as Answer["body"], headers: response.headers };
  }
}

/** A body that is charged. */
export const payment = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  amount: 1_999,
  currency: "EUR",
  payment_method: "tok_visa",
  ...more,
});
