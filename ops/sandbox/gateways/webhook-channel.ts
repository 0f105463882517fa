/** One gateway's way to its receiver: the queue, the signature, and what is done wrong on purpose. */
import type { Clock } from "../../../actors/index.ts";
import { type AdyenEndpoint, readAdyenEndpoint, readStripeEndpoint, type StripeEndpoint } from "./webhook-endpoint.ts";
import type { Message } from "./webhook-parcel.ts";
import { NO_FAULTS, type WebhookFaults } from "./webhook-plan.ts";
import { WebhookQueue, type QueueState } from "./webhook-queue.ts";
import { WebhookReceivers } from "./webhook-receivers.ts";
import { type Notification, type Receipt, WebhookSender } from "./webhook-sender.ts";
import { type AdyenItem, adyenSignature, stripeSignature } from "./webhook-signature.ts";

export interface ChannelTiming {
  readonly retryDelaysMs: readonly number[];
  readonly giveUpAfterMs: number;
  /** A receiver has so long, in total. */
  readonly answerLimitMs: number;
}

/** How a gateway writes messages to its receiver. */
export interface ChannelStyle<Endpoint> {
  readonly blocksBehindFailure: boolean;
  readonly sendingMax: number;
  /** Throws an Error that names the member that is wrong. */
  readonly readEndpoint: (fields: Readonly<Record<string, unknown>>) => Endpoint;
  readonly write: (messages: readonly string[], endpoint: Endpoint, nowMs: number) => Notification;
}

/** Each event by itself; no order is kept. */
export const STRIPE_STYLE: ChannelStyle<StripeEndpoint> = {
  blocksBehindFailure: false,
  sendingMax: 16,
  readEndpoint: readStripeEndpoint,
  write: ([body = ""], { secret, previousSecret }, nowMs) => {
    const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
    return { body, headers: { "stripe-signature": stripeSignature(body, secrets, Math.floor(nowMs / 1000)) } };
  },
};

/** A batch of items, each signed by itself. */
export const ADYEN_STYLE: ChannelStyle<AdyenEndpoint> = {
  blocksBehindFailure: true,
  sendingMax: 8,
  readEndpoint: readAdyenEndpoint,
  write: (bodies, endpoint) => {
    const items = bodies.map((body) => signItem(JSON.parse(body) as AdyenItem, endpoint.hmacKey));
    return adyenNotification(items, endpoint);
  },
};

export const signItem = (item: AdyenItem, hmacKey: string): AdyenItem => ({
  ...item,
  additionalData: { ...item.additionalData, hmacSignature: adyenSignature(item, hmacKey) },
});

/** Items as they are, in one request. */
export const adyenNotification = (
  items: readonly unknown[],
  { basicAuth }: Pick<AdyenEndpoint, "basicAuth">,
): Notification => ({
  body: JSON.stringify({
    live: "false",
    notificationItems: items.map((item) => ({ NotificationRequestItem: item })),
  }),
  headers: basicAuth === null ? {} : { authorization: basic(basicAuth) },
});
const basic = ({ user, password }: { readonly user: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

export interface ChannelState extends QueueState {
  readonly url: string | null;
  /** More than one when there are several. */
  readonly urls: readonly string[];
  readonly faults: WebhookFaults;
}

interface Reachable {
  readonly url: string;
  readonly urls?: readonly string[];
}
const urlsOf = (endpoint: Reachable | null): readonly string[] =>
  endpoint === null ? [] : (endpoint.urls ?? [endpoint.url]);

export class WebhookChannel<Endpoint extends Reachable = Reachable> {
  readonly #style: ChannelStyle<Endpoint>;
  readonly #clock: Clock;
  readonly #sender: WebhookSender;
  readonly #queue: WebhookQueue;
  #endpoint: Endpoint | null = null;
  #receivers: WebhookReceivers | null = null;
  #count = 0;
  faults: WebhookFaults = NO_FAULTS;

  constructor(path: string, style: ChannelStyle<Endpoint>, clock: Clock, timing: ChannelTiming) {
    const { retryDelaysMs, giveUpAfterMs, answerLimitMs } = timing;
    const { blocksBehindFailure, sendingMax } = style;
    this.#style = style;
    this.#clock = clock;
    this.#sender = new WebhookSender(answerLimitMs);
    this.#queue = new WebhookQueue({
      path,
      clock,
      blocksBehindFailure,
      sendingMax,
      retryDelaysMs,
      giveUpAfterMs,
      deliver: (messages) => this.#deliver(messages),
    });
  }

  get endpoint(): Endpoint | null {
    return this.#endpoint;
  }
  /** Null: what is kept waits, and nothing new is kept. */
  set endpoint(endpoint: Endpoint | null) {
    this.#endpoint = endpoint;
    this.#receivers = endpoint === null ? null : new WebhookReceivers(urlsOf(endpoint), this.#sender);
    this.#queue.isPaused = endpoint === null;
  }
  /** An endpoint as somebody wrote it; null: none. Throws an Error that names the member that is wrong. */
  readEndpoint(fields: Readonly<Record<string, unknown>> | null): Endpoint | null {
    return fields === null ? null : this.#style.readEndpoint(fields);
  }
  get isListening(): boolean {
    return this.#endpoint !== null;
  }
  /** Messages that one request carries, where the gateway sends batches. */
  set batchMax(count: number) {
    this.#queue.batchMax = count;
  }

  /** Counts the announcements, for faults that hit every other one. */
  nextNumber(): number {
    return this.#count++;
  }
  keep(message: Message, dueAt: number): Promise<void> {
    return this.#queue.keep(message, dueAt);
  }
  release(id: string): Promise<void> {
    return this.#queue.release(id);
  }

  /** Sends at once what is written already, past the queue. Throws when nobody listens. */
  post(notification: Notification): Promise<Receipt> {
    if (this.#receivers === null) throw new Error("no endpoint is set");
    return this.#receivers.post(notification);
  }

  state(): ChannelState {
    return {
      url: this.#endpoint?.url ?? null,
      urls: urlsOf(this.#endpoint),
      faults: this.faults,
      ...this.#queue.state(),
    };
  }

  async close(): Promise<void> {
    const closed = this.#queue.close(); // first, so that what is cut off counts as not accepted
    this.#sender.close();
    await closed;
  }

  async #deliver(messages: readonly Message[]): Promise<boolean> {
    if (this.#endpoint === null) return false;
    const bodies = messages.map(({ body }) => body);
    const { status } = await this.post(this.#style.write(bodies, this.#endpoint, this.#clock.nowMs()));
    return status >= 200 && status < 300;
  }
}
