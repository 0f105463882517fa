/**
 * The TypeScript client of the API: one method for each route, without a dependency. Calls that change something carry
 * one idempotency key over all their tries; an outcome that is not known yet is an object whose `pending` is set.
 */
import { everyItem } from "./pager.ts";
import { PaymentError } from "./payment-error.ts";
import { backoffMs, RETRY_TERMS, type RetryTerms } from "./retry.ts";
import { Transport, type TransportTerms } from "./transport.ts";
import type * as api from "./types.ts";
import { sleep, systemClock, systemRandom } from "./world.ts";

export interface PaymentClientOptions
  extends Pick<TransportTerms, "baseUrl" | "clientId" | "clientSecret">,
    Partial<Pick<TransportTerms, "scopes" | "fetch" | "clock" | "random" | "tryTimeoutMs" | "onTry">> {
  readonly retry?: Partial<RetryTerms>;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
}
export interface KeyedOptions extends CallOptions {
  /** One for each purchase, made before the first try and kept with the order. Left out: one is made for this call. */
  readonly idempotencyKey?: string;
}
export interface WaitOptions extends CallOptions {
  readonly timeoutMs?: number;
}

/** Longer than the API takes before it answers 202. */
const TRY_TIMEOUT_MS = 30_000;
const WAIT_TIMEOUT_MS = 120_000;

/** Every method rejects with a PaymentError, or with the reason of its aborted signal. */
export class PaymentClient {
  readonly #terms: TransportTerms;
  readonly #transport: Transport;

  constructor(options: PaymentClientOptions) {
    this.#terms = {
      scopes: null,
      fetch: globalThis.fetch,
      clock: systemClock,
      random: systemRandom,
      tryTimeoutMs: TRY_TIMEOUT_MS,
      onTry: () => {},
      ...options,
      retry: { ...RETRY_TERMS, ...options.retry },
    };
    this.#transport = new Transport(this.#terms);
  }

  /** Authorizes or charges. `pending` is set when the gateway has not said how it ended: see waitUntilFinal. */
  createPayment(body: api.CreatePayment, options: KeyedOptions = {}): Promise<api.Payment> {
    return this.#call("create_payment", { body, ...options });
  }
  getPayment(id: string, options: CallOptions = {}): Promise<api.Payment> {
    return this.#call("get_payment", { segment: id, ...options });
  }
  /** One page. */
  listPayments(query: api.ListPaymentsQuery = {}, options: CallOptions = {}): Promise<api.PaymentList> {
    return this.#call("list_payments", { query, ...options });
  }
  /** Every payment that the query finds, newest first. */
  allPayments(query: api.ListPaymentsQuery = {}, options: CallOptions = {}): AsyncGenerator<api.Payment> {
    return everyItem(query.starting_after, (after) => this.listPayments(pageOf(query, after), options));
  }
  /** Takes `amount`, or all that is authorized; the rest is released. */
  capturePayment(id: string, body: api.CapturePayment = {}, options: KeyedOptions = {}): Promise<api.Payment> {
    return this.#call("capture_payment", { segment: id, body, ...options });
  }
  cancelPayment(id: string, body: api.CancelPayment = {}, options: KeyedOptions = {}): Promise<api.Payment> {
    return this.#call("cancel_payment", { segment: id, body, ...options });
  }
  /** Gives back `amount`, or all that is left. */
  createRefund(paymentId: string, body: api.CreateRefund = {}, options: KeyedOptions = {}): Promise<api.Refund> {
    return this.#call("create_refund", { segment: paymentId, body, ...options });
  }
  getRefund(id: string, options: CallOptions = {}): Promise<api.Refund> {
    return this.#call("get_refund", { segment: id, ...options });
  }
  /** One page. */
  listRefunds(paymentId: string, query: api.ListRefundsQuery = {}, options: CallOptions = {}): Promise<api.RefundList> {
    return this.#call("list_refunds", { segment: paymentId, query, ...options });
  }
  /** Every refund of a payment, oldest first. */
  allRefunds(
    paymentId: string,
    query: api.ListRefundsQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<api.Refund> {
    return everyItem(query.starting_after, (after) => this.listRefunds(paymentId, pageOf(query, after), options));
  }
  /** One page. */
  listPaymentEvents(
    paymentId: string,
    query: api.ListPaymentEventsQuery = {},
    options: CallOptions = {},
  ): Promise<api.EventList> {
    return this.#call("list_payment_events", { segment: paymentId, query, ...options });
  }
  /** Every event of a payment, oldest first. */
  allPaymentEvents(
    paymentId: string,
    query: api.ListPaymentEventsQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<api.Event> {
    return everyItem(query.starting_after, (after) => this.listPaymentEvents(paymentId, pageOf(query, after), options));
  }
  /** One page. Its `next_cursor` is set even on the last one: keep it to learn later what came since. */
  listEvents(query: api.ListEventsQuery = {}, options: CallOptions = {}): Promise<api.EventList> {
    return this.#call("list_events", { query, ...options });
  }
  /** Every event up to now, oldest first. */
  allEvents(query: api.ListEventsQuery = {}, options: CallOptions = {}): AsyncGenerator<api.Event> {
    return everyItem(query.starting_after, (after) => this.listEvents(pageOf(query, after), options));
  }
  getBalances(options: CallOptions = {}): Promise<api.Balances> {
    return this.#call("get_balances", options);
  }
  /** What became of a key. */
  getIdempotencyKey(key: string, options: CallOptions = {}): Promise<api.IdempotencyKey> {
    return this.#call("get_idempotency_key", { segment: key, ...options });
  }
  /** Keep `secret` of the answer: only repeats with the same key show it, for 24 hours; it is null in later ones. */
  createWebhookEndpoint(body: api.CreateWebhookEndpoint, options: KeyedOptions = {}): Promise<api.WebhookEndpoint> {
    return this.#call("create_webhook_endpoint", { body, ...options });
  }
  /** All of them. */
  listWebhookEndpoints(options: CallOptions = {}): Promise<api.WebhookEndpointList> {
    return this.#call("list_webhook_endpoints", options);
  }
  getWebhookEndpoint(id: string, options: CallOptions = {}): Promise<api.WebhookEndpoint> {
    return this.#call("get_webhook_endpoint", { segment: id, ...options });
  }
  /** A repetition rejects with `not_found`: then it is deleted too. */
  async deleteWebhookEndpoint(id: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.call("delete_webhook_endpoint", { segment: id, ...options });
  }
  /** The old secret is used beside the new one for 24 hours. */
  rotateWebhookSecret(id: string, options: KeyedOptions = {}): Promise<api.WebhookEndpoint> {
    return this.#call("rotate_webhook_secret", { segment: id, body: {}, ...options });
  }
  /** One page: what became of each event at the endpoint, newest first. */
  listDeliveries(
    endpointId: string,
    query: api.ListDeliveriesQuery = {},
    options: CallOptions = {},
  ): Promise<api.WebhookDeliveryList> {
    return this.#call("list_deliveries", { segment: endpointId, query, ...options });
  }
  /** Every delivery of an endpoint, newest event first. */
  allDeliveries(
    endpointId: string,
    query: api.ListDeliveriesQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<api.WebhookDelivery> {
    return everyItem(query.starting_after, (after) => this.listDeliveries(endpointId, pageOf(query, after), options));
  }
  /** Sends an event again, under the same webhook-id. */
  resendEvent(endpointId: string, body: api.ResendEvent, options: KeyedOptions = {}): Promise<api.WebhookDelivery> {
    return this.#call("resend_event", { segment: endpointId, body, ...options });
  }
  stateMachine(options: CallOptions = {}): Promise<api.StateMachine> {
    return this.#call("state_machine", options);
  }
  authorizationServer(options: CallOptions = {}): Promise<api.AuthorizationServer> {
    return this.#call("authorization_server", options);
  }
  jwks(options: CallOptions = {}): Promise<api.Jwks> {
    return this.#call("jwks", options);
  }
  openapi(options: CallOptions = {}): Promise<api.OpenApi> {
    return this.#call("openapi", options);
  }

  /**
   * Reads a payment or a refund until its outcome is known; at once when it is. Throws `still_pending` after
   * `timeoutMs`: nothing is lost then, and it may be called again.
   */
  async waitUntilFinal<T extends api.Payment | api.Refund>(subject: T, options: WaitOptions = {}): Promise<T> {
    const { clock, random, retry } = this.#terms;
    const { timeoutMs = WAIT_TIMEOUT_MS, ...call } = options;
    const untilMs = clock.nowMs() + timeoutMs;
    let current = subject;
    for (let looks = 1; current.pending !== null; looks++) {
      const waitMs = backoffMs(looks, retry, random.fraction());
      if (clock.nowMs() + waitMs > untilMs)
        throw new PaymentError("still_pending", `${current.id} is still pending after ${timeoutMs} ms`);
      await sleep(clock, waitMs, call.signal);
      const read = current.object === "payment" ? this.getPayment(current.id, call) : this.getRefund(current.id, call);
      current = (await read) as T; // the same object, read again
    }
    return current;
  }

  /** The document says what the route answers, and a test holds the server to it. */
  async #call<T>(route: api.RouteName, call: Parameters<Transport["call"]>[1]): Promise<T> {
    return (await this.#transport.call(route, call)) as T;
  }
}

const pageOf = <Query extends object>(query: Query, startingAfter: string | undefined): Query =>
  startingAfter === undefined ? query : { ...query, starting_after: startingAfter };
