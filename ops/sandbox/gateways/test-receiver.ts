/** A receiver of webhooks for tests: it keeps what came, and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AdyenItem } from "./webhook-signature.ts";

export interface Delivery {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** What it was answered. */
  readonly status: number;
}
export interface StripeEvent {
  readonly id: string;
  readonly type: string;
  readonly account?: string;
  readonly livemode: boolean;
  readonly request: { readonly idempotency_key: string | null };
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
}

/** How long a test waits for what has to come; nothing is decided by it but a failure. */
const COMES_WITHIN_MS = 20_000;

/** Waits until `find` finds. */
export async function until<Found>(
  find: () => Found | undefined | false | Promise<Found | undefined | false>,
  what: string,
): Promise<Found> {
  const endMs = Date.now() + COMES_WITHIN_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`never came: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** The status of the next answer; by default all are 200. */
  answer: (body: string) => number = () => 200;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const status = this.answer(body);
        this.deliveries.push({ body, headers: request.headers, status });
        response.writeHead(status).end("[accepted]");
      });
    });
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(port, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/hook`;
  }
  async stop(): Promise<void> {
    await new Promise((done) => {
      this.#server.close(done);
      this.#server.closeAllConnections();
    });
  }

  /** Stripe's events in which a text stands, in the order of arrival. */
  events(text: string): readonly StripeEvent[] {
    return this.#bodiesWith(text).map((body) => JSON.parse(body) as StripeEvent);
  }
  /** Adyen's items in which a text stands, in the order of arrival. */
  items(text: string): readonly AdyenItem[] {
    return this.#bodiesWith(text)
      .flatMap((body) => (JSON.parse(body) as { notificationItems: readonly object[] }).notificationItems)
      .map((wrapped) => (wrapped as { NotificationRequestItem: AdyenItem }).NotificationRequestItem)
      .filter((item) => JSON.stringify(item).includes(text));
  }

  #bodiesWith(text: string): readonly string[] {
    return this.deliveries.map(({ body }) => body).filter((body) => body.includes(text));
  }
}
