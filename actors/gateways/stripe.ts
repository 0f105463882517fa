/**
 * Stripe through its official SDK: create a PaymentIntent unconfirmed, confirm it, read it by id, capture it, cancel it,
 * refund it (gateways.md §1.2, §3.1, §10). One client per account; no retry of the SDK's own; every POST carries our key.
 */
import { createRequire } from "node:module";
import type Stripe from "stripe";
import { assertNever, parseId } from "../domain/index.ts";
import type { Gateway, GatewayAction, GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { toGatewayUnits } from "./amounts.ts";
import { CallTime } from "./call-time.ts";
import { GATEWAY_CAPABILITIES } from "./capabilities.ts";
import { failureOf } from "./failures.ts";
import { createHttpTransport, type HttpTransport } from "./http-transport.ts";
import { judgeStripeFault, STORED_500 } from "./stripe-faults.ts";
import { StripeHttpClient } from "./stripe-http.ts";
import { createStripeRefund, findStripeRefund } from "./stripe-refunds.ts";
import { judgeStripeIntent } from "./stripe-status.ts";
import { asObject, makesPayment } from "./verdicts.ts";

export interface StripeGatewayOptions {
  /** Origin of a simulator or proxy; null: Stripe itself. */
  readonly baseUrl: string | null;
  readonly apiKey: string;
  /** The only account that this adapter may charge; null: the one that a call names. It travels as `Stripe-Account`. */
  readonly account: string | null;
  readonly clock: Clock;
  readonly connectionsMax?: number;
  /** For tests that hold no socket. */
  readonly transport?: HttpTransport;
}

/** Creates the adapter. Loads the SDK (0.3 s, 30 MB): once per gateway thread. */
export function createStripeGateway(options: StripeGatewayOptions): Gateway {
  return new StripeGateway(options);
}

/** Loaded on demand, so that a thread which only reads capabilities does not carry the SDK. */
const loadStripe = (): typeof Stripe => createRequire(import.meta.url)("stripe") as typeof Stripe;

class StripeGateway implements Gateway {
  readonly capabilities = GATEWAY_CAPABILITIES.stripe;
  readonly #clock: Clock;
  readonly #account: string | null;
  readonly #transport: HttpTransport;
  readonly #intents: Stripe["paymentIntents"];
  readonly #refunds: Stripe["refunds"];

  constructor(options: StripeGatewayOptions) {
    const url = new URL(options.baseUrl ?? "https://api.stripe.com");
    this.#clock = options.clock;
    this.#account = options.account;
    this.#transport =
      options.transport ??
      createHttpTransport({
        origin: url.origin,
        clock: options.clock,
        ...(options.connectionsMax !== undefined && { connectionsMax: options.connectionsMax }),
      });
    const client = new (loadStripe())(options.apiKey, {
      httpClient: new StripeHttpClient(this.#transport, url.origin),
      protocol: url.protocol === "http:" ? "http" : "https",
      host: url.hostname,
      port: url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port),
      maxNetworkRetries: 0,
      telemetry: false,
    });
    this.#intents = client.paymentIntents;
    this.#refunds = client.refunds;
  }

  async run(call: GatewayCall): Promise<GatewayObservation> {
    if (this.#account !== null && this.#account !== call.account) return notOurs("account_not_ours");
    const time = new CallTime(this.#clock, call.timeoutMs);
    try {
      return await this.#actions[call.action](call, time);
    } catch (error) {
      return judgeStripeFault(error, call);
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  readonly #actions: {
    readonly [A in GatewayAction]: (call: GatewayCall, time: CallTime) => Promise<GatewayObservation>;
  } = {
    prepare: (call, time) => this.#prepare(call, time),
    execute: (call, time) => this.#execute(call, time),
    query: (call, time) => this.#query(call, time),
    abandon: (call, time) => this.#abandon(call, time),
    probe: (call, time) => this.#probe(call, time),
    identify: (call, time) => this.#identify(call, time),
  };

  /** Which of our operations a PaymentIntent is of: its metadata say so; events of charges and disputes have none. */
  async #identify(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    const { gatewayReference: id } = call;
    if (id === null) return notOurs("no_reference");
    const metadata = asObject((await this.#intents.retrieve(id, {}, this.#options(call, time, null))).metadata);
    const { operation_id: operation, payment_id: payment } = metadata;
    return {
      kind: "identified",
      operationId: (typeof operation === "string" ? parseId("op", operation) : undefined) ?? null,
      paymentId: (typeof payment === "string" ? parseId("pay", payment) : undefined) ?? null,
    };
  }

  /** Moves no money, so it may be repeated for ever: the same key brings the same id. */
  async #prepare(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    const amount = toGatewayUnits("stripe", call.currency, call.amountMinor);
    if (amount === undefined) return UNSPEAKABLE;
    if (!makesPayment(call.kind)) return notOurs(`prepare_${call.kind}`);
    const intent = await this.#intents.create(
      {
        amount,
        currency: call.currency.toLowerCase(),
        capture_method: call.kind === "authorize" ? "manual" : "automatic",
        payment_method: call.paymentMethod,
        allowed_payment_method_types: ["card"],
        metadata: { operation_id: call.operationId, payment_id: call.paymentId },
      },
      this.#options(call, time, `${call.gatewayKey}-create`),
    );
    const judged = judgeStripeIntent(intent, call);
    if (judged.kind === "conflicted") return judged;
    return typeof intent.id === "string" && intent.id.startsWith("pi_") && judged.kind !== "unknown"
      ? { kind: "prepared", reference: intent.id }
      : { kind: "unknown", reason: "unreadable_answer" };
  }

  /** The call that moves money. Its key is the operation's own on every try. */
  async #execute(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    const { gatewayReference: id, kind } = call;
    const amount = toGatewayUnits("stripe", call.currency, call.amountMinor);
    if (id === null) return notOurs("not_prepared");
    if (amount === undefined) return UNSPEAKABLE;
    const options = this.#options(call, time, call.gatewayKey);
    if (kind === "refund") return createStripeRefund(this.#refunds, call, id, amount, options);
    try {
      return judgeStripeIntent(await this.#move(kind, id, amount, call.operationId, options), call);
    } catch (error) {
      const judged = judgeStripeFault(error, call);
      return judged.kind === "unknown" && judged.reason === STORED_500 ? this.#afterStored500(call, time) : judged;
    }
  }

  #move(
    kind: "authorize" | "sale" | "capture" | "void",
    id: string,
    amount: number,
    operationId: string,
    options: Stripe.RequestOptions,
  ): Promise<Stripe.PaymentIntent> {
    switch (kind) {
      case "authorize":
      case "sale":
        return this.#intents.confirm(id, { error_on_requires_action: true }, options);
      case "capture":
        return this.#intents.capture(
          id,
          { amount_to_capture: amount, metadata: { capture_operation_id: operationId } },
          options,
        );
      case "void":
        return this.#intents.cancel(id, {}, options);
      default:
        return assertNever(kind);
    }
  }

  /** The first run ended with a 500 that Stripe repeats for ever: only the object tells whether it moved money. */
  async #afterStored500(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    try {
      const judged = await this.#query(call, time);
      if (judged.kind !== "undecided")
        return judged.kind === "unknown" ? { kind: "unknown", reason: STORED_500 } : judged;
      return { kind: "notExecuted", failure: failureOf("processing_error", "stored_500") };
    } catch {
      return { kind: "unknown", reason: STORED_500 };
    }
  }

  async #query(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    const { gatewayReference: id } = call;
    if (id === null) return notOurs("not_prepared");
    const optionsNow = () => this.#options(call, time, null);
    if (call.kind === "refund") return findStripeRefund(this.#refunds, call, id, optionsNow);
    return judgeStripeIntent(await this.#intents.retrieve(id, {}, optionsNow()), call);
  }

  /**
   * Cancels the intent; whatever that answers, the object decides. A lost create is repeated to learn the id. What is done
   * to a payment later is only read: a cancel would end more than this operation.
   */
  async #abandon(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    if (!makesPayment(call.kind)) return this.#query(call, time);
    let id = call.gatewayReference;
    if (id === null) {
      const prepared = await this.#prepare(call, time);
      if (prepared.kind !== "prepared") return prepared;
      id = prepared.reference;
    }
    const named: GatewayCall = { ...call, gatewayReference: id };
    try {
      // A key per try: a stored refusal of an earlier cancel would come again for ever. A cancel moves no money out.
      const options = this.#options(call, time, `${call.gatewayKey}-cancel-${call.try}`);
      return judgeStripeIntent(await this.#intents.cancel(id, {}, options), named);
    } catch (error) {
      const judged = judgeStripeFault(error, named);
      if (judged.kind === "notSubmitted" || judged.kind === "busy") return judged;
      return this.#afterCancel(named, time);
    }
  }

  async #afterCancel(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    try {
      const read = await this.#query(call, time);
      // Still unconfirmed means that the cancel did not work: nothing is settled yet.
      return read.kind === "undecided" ? { kind: "unknown", reason: "not_canceled" } : read;
    } catch {
      return { kind: "unknown", reason: "cancel_unread" };
    }
  }

  /** The cheapest read that needs the account's own key. */
  async #probe(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    const { data } = await this.#intents.list({ limit: 1 }, this.#options(call, time, null));
    return Array.isArray(data) ? { kind: "reachable" } : { kind: "unknown", reason: "unreadable_answer" };
  }

  #options(call: GatewayCall, time: CallTime, idempotencyKey: string | null): Stripe.RequestOptions {
    return {
      timeout: time.leftMs(),
      stripeAccount: call.account,
      ...(idempotencyKey !== null && { idempotencyKey }),
    };
  }
}

/** An amount that Stripe has no number for: refused before anything is sent, so no try of it ever was. */
const UNSPEAKABLE: GatewayObservation = {
  kind: "declined",
  failure: failureOf("invalid_amount", null),
  reference: null,
};

/** A call that this adapter never makes; no byte was sent. */
const notOurs = (reason: string): GatewayObservation => ({ kind: "notSubmitted", reason });
