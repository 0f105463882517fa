/**
 * Stripe's HttpClient over our transport. It adds what the SDK leaves out: an answer whose status is not 2xx, or whose
 * body is not a JSON object, always reaches the SDK as an error with the real status, also when the body has no `error`.
 */
import type Stripe from "stripe";
import { type HttpAnswer, type HttpTransport, readJsonObject, TransportError } from "./http-transport.ts";

/** Code of an answer that Stripe did not write: HTML, cut JSON, empty, a redirect, an error without `error`. */
export const UNREADABLE_ANSWER = "unreadable_answer";

export class StripeHttpClient implements Stripe.HttpClient {
  readonly #transport: HttpTransport;
  readonly #origin: string;

  constructor(transport: HttpTransport, origin: string) {
    this.#transport = transport;
    this.#origin = origin;
  }

  getClientName(): string {
    return "undici";
  }

  /** One request. `timeout`: total milliseconds. Rejects with TransportError. */
  async makeRequest(
    host: string,
    port: string,
    path: string,
    method: string,
    headers: object,
    requestData: string,
    protocol: string,
    timeout: number,
  ): Promise<StripeHttpResponse> {
    if (new URL(`${protocol}://${host}${port ? `:${port}` : ""}`).origin !== this.#origin)
      throw new TransportError("origin_not_ours", false); // e.g. file uploads go to another host
    const fields: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      if (name !== "Content-Length" && value !== undefined && value !== null) fields[name] = String(value);
    const answer = await this.#transport.send({
      method: method === "GET" ? "GET" : "POST",
      path,
      headers: fields,
      body: method === "GET" ? null : requestData,
      timeoutMs: timeout,
    });
    return new StripeHttpResponse(answer);
  }
}

class StripeHttpResponse implements Stripe.HttpClientResponse {
  readonly #answer: HttpAnswer;
  readonly #headers: Record<string, string>;

  constructor(answer: HttpAnswer) {
    this.#answer = answer;
    const { "stripe-notice": _, ...headers } = answer.headers; // the SDK would print it as a process warning
    this.#headers = headers as Record<string, string>; // repeated headers are arrays: none that the SDK reads
  }

  getStatusCode(): number {
    return this.#answer.status;
  }
  getHeaders(): Record<string, string> {
    return this.#headers;
  }
  getRawResponse(): object {
    return { statusCode: this.#answer.status, headers: this.#headers };
  }
  toStream(): never {
    throw new Error("answers are read whole");
  }
  async toJSON(): Promise<Record<string, unknown>> {
    const { status } = this.#answer;
    const body = readJsonObject(this.#answer);
    if (body !== undefined && typeof body["error"] === "object" && body["error"] !== null && status >= 400) return body;
    if (body !== undefined && status >= 200 && status < 300 && !("error" in body)) return body;
    return {
      error: { type: "api_error", code: UNREADABLE_ANSWER, message: `unreadable answer with status ${status}` },
    };
  }
}
