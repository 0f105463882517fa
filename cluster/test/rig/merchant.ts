/** A merchant's program: gets a token, asks any route over HTTP, and repeats until an answer is final. */
import { Agent, request } from "undici";
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import { type Cluster, until } from "./cluster.ts";
import { onControl } from "./control.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One request. Without a `body` none is sent, and no content type. */
export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly key?: string;
  readonly body?: unknown;
}

export const read = (path: string): Call => ({ method: "GET", path });
export const create = (key: string, body: unknown): Call => ({ method: "POST", path: "/v1/payments", key, body });
export const capture = (key: string, id: string, body?: unknown): Call => command("capture", key, id, body);
export const cancel = (key: string, id: string, body?: unknown): Call => command("cancel", key, id, body);
export const refund = (key: string, id: string, body?: unknown): Call => command("refunds", key, id, body);

const command = (name: string, key: string, id: string, body: unknown): Call => ({
  method: "POST",
  path: `/v1/payments/${id}/${name}`,
  key,
  ...(body !== undefined && { body }),
});

/** The answers that end a retry loop: a success, or a refusal that would come again. */
const isFinal = ({ status, body }: Answer): boolean =>
  status === 200 || status === 201 || (status >= 400 && status < 500 && body["retryable"] !== true);

export class Merchant {
  readonly id: string;
  readonly token: string;
  readonly #apiUrl: () => string;
  readonly #agent = new Agent({ connections: 256, headersTimeout: 30_000, bodyTimeout: 30_000 });

  private constructor(id: string, apiUrl: () => string, token: string) {
    this.id = id;
    this.#apiUrl = apiUrl;
    this.token = token;
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
    return new Merchant(client.id, () => sandbox.apiUrl, String(body.access_token));
  }

  /** The first `count` merchants of the sandbox. */
  static signInMany(sandbox: SandboxFile, count: number): Promise<Merchant[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => Merchant.signIn(sandbox, index)));
  }

  /** One try. Rejects when the connection is reset or refused. */
  async send({ method, path, key, body }: Call): Promise<Answer> {
    const response = await request(this.#apiUrl() + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(key !== undefined && { "x-idempotency-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      dispatcher: this.#agent,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const parsed = JSON.parse(text === "" ? "{}" : text) as Answer["body"]; // 204 has none
    return { status: response.statusCode, text, body: parsed, headers: response.headers };
  }

  /**
   * Repeats the request with its key until the answer is final; resets, 202, 5xx and what may be sent again are tried
   * again. `orPending`: 202 is an end too, for what a gateway tells by webhook only.
   */
  async untilFinal(call: Call, withinMs: number, orPending: "orPending" | null = null): Promise<Answer> {
    const endAtMs = Date.now() + withinMs;
    let last = "nothing";
    while (Date.now() < endAtMs) {
      const answer = await this.send(call).catch((error: Error) => error);
      if (!(answer instanceof Error)) {
        if (isFinal(answer) || (orPending !== null && answer.status === 202)) return answer;
        last = `${answer.status} ${answer.text}`;
      } else last = answer.message;
      await new Promise((resolve) => setTimeout(resolve, 100)); // pace of the client, decides nothing
    }
    throw new Error(`no final answer to ${call.path} ${call.key} within ${withinMs} ms; the last was ${last}`);
  }

  create(key: string, body: unknown): Promise<Answer> {
    return this.send(create(key, body));
  }
  get(id: string): Promise<Answer> {
    return this.send(read(`/v1/payments/${id}`));
  }
  createUntilFinal(key: string, body: unknown, withinMs: number): Promise<Answer> {
    return this.untilFinal(create(key, body), withinMs);
  }

  /** A payment that is final, `authorized` or `captured`: its id. Throws when it is declined. */
  async pay(key: string, body: unknown, withinMs = 30_000): Promise<string> {
    const answer = await this.createUntilFinal(key, body, withinMs);
    if (answer.status !== 201) throw new Error(`${key}: ${answer.status} ${answer.text}`);
    return String(answer.body["id"]);
  }

  /** The payment that a key's request is about, as soon as that was accepted, whatever became of it. */
  async paymentOfKey(key: string): Promise<string> {
    let id = "";
    await until(`the key ${key} is known`, 20_000, async () => {
      const { status, body } = await this.send(read(`/v1/idempotency/${key}`));
      id = String(body["payment_id"]);
      return status === 200;
    });
    return id;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** A body that is charged. */
export const payment = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  amount: 1_999,
  currency: "EUR",
  payment_method: "tok_visa",
  ...more,
});

/** Gives these merchants another limit of requests in any one second, and waits until the node knows it. */
export async function limitRate(cluster: Cluster, merchants: readonly Merchant[], perSecond: number): Promise<void> {
  const clients = cluster.info.merchants.filter(({ id }) => merchants.some((merchant) => merchant.id === id));
  await onControl(
    cluster,
    `UPDATE merchant SET rate_limit_per_second = $1
      WHERE id IN (SELECT merchant_id FROM api_client WHERE id = ANY ($2))`,
    [perSecond, clients.map(({ clientId }) => clientId)],
  );
  const policyOf = async (merchant: Merchant) =>
    String((await merchant.send(read("/v1/balances"))).headers["ratelimit-policy"]);
  await until(`the limit is ${perSecond} requests per second`, 20_000, async () =>
    (await Promise.all(merchants.map(policyOf))).every((policy) => policy.includes(`q=${perSecond};`)),
  );
}
