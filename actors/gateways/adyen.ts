/**
 * Adyen through its official SDK, Checkout v72 (gateways.md §1.2, §3.2, §10). There is no read of a payment: doubt ends
 * by the same call with the same key, a webhook, or a technical cancel.
 */
import { createRequire } from "node:module";
import type AdyenClient from "@adyen/api-library/lib/src/client.js";
import type { EnvironmentEnum } from "@adyen/api-library/lib/src/config.js";
import type { ModificationsApi } from "@adyen/api-library/lib/src/services/checkout/modificationsApi.js";
import type { PaymentsApi } from "@adyen/api-library/lib/src/services/checkout/paymentsApi.js";
import type { PaymentRequest } from "@adyen/api-library/lib/src/typings/checkout/paymentRequest.js";
import type { IRequest } from "@adyen/api-library/lib/src/typings/requestOptions.js";
import { assertNever } from "../domain/index.ts";
import type { Gateway, GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { judgeAdyenFault } from "./adyen-faults.ts";
import { AdyenHttpClient } from "./adyen-http.ts";
import { judgeAdyenModification, judgeAdyenPayment } from "./adyen-status.ts";
import { toGatewayUnits } from "./amounts.ts";
import { CallTime } from "./call-time.ts";
import { GATEWAY_CAPABILITIES } from "./capabilities.ts";
import { failureOf } from "./failures.ts";
import { createHttpTransport, type HttpTransport } from "./http-transport.ts";
import { makesPayment } from "./verdicts.ts";

export interface AdyenGatewayOptions {
  /** Origin of a simulator or proxy; null: Adyen itself. */
  readonly baseUrl: string | null;
  readonly apiKey: string;
  /** The only merchant account that this key may charge; null: the one that a call names. */
  readonly merchantAccount: string | null;
  /** Prefix of the live addresses; null: Adyen's test platform. */
  readonly liveEndpointUrlPrefix?: string | null;
  /** Required by Adyen's schema; no shopper is ever sent there, because steps of shoppers are refused. */
  readonly returnUrl?: string;
  readonly clock: Clock;
  readonly connectionsMax?: number;
  /** For tests that hold no socket. */
  readonly transport?: HttpTransport;
}

/** Creates the adapter. Loads the SDK's two services (0.4 s, 30 MB): once per gateway thread. */
export function createAdyenGateway(options: AdyenGatewayOptions): Gateway {
  return new AdyenGateway(options);
}

/** Frozen for open operations: a replay must send the same bytes. */
const RETURN_URL = "https://return.invalid/";

/** What every request for an amount says. */
interface AmountRequest {
  readonly merchantAccount: string;
  readonly reference: string;
  readonly amount: { readonly value: number; readonly currency: string };
}

interface AdyenServices {
  readonly payments: PaymentsApi;
  readonly modifications: ModificationsApi;
}

/** Deep imports, on demand: the whole library costs 1.4 s and 60 MB, and a named ESM import of it fails at start. */
function loadServices(options: AdyenGatewayOptions, transport: HttpTransport): AdyenServices {
  const require = createRequire(import.meta.url);
  const { default: Client } = require("@adyen/api-library/lib/src/client.js") as typeof AdyenClient;
  const { PaymentsApi: Payments } = require("@adyen/api-library/lib/src/services/checkout/paymentsApi.js") as {
    readonly PaymentsApi: new (client: AdyenClient.default) => PaymentsApi;
  };
  const { ModificationsApi: Modifications } =
    require("@adyen/api-library/lib/src/services/checkout/modificationsApi.js") as {
      readonly ModificationsApi: new (client: AdyenClient.default) => ModificationsApi;
    };
  const prefix = options.liveEndpointUrlPrefix ?? null;
  const client = new Client({
    apiKey: options.apiKey,
    environment: (prefix === null ? "TEST" : "LIVE") as EnvironmentEnum, // the enum's value is not importable as a type
    enable308Redirect: false,
    ...(prefix !== null && { liveEndpointUrlPrefix: prefix }),
  });
  client.httpClient = new AdyenHttpClient(transport);
  return { payments: new Payments(client), modifications: new Modifications(client) };
}

class AdyenGateway implements Gateway {
  readonly capabilities = GATEWAY_CAPABILITIES.adyen;
  readonly #options: AdyenGatewayOptions;
  readonly #transport: HttpTransport;
  readonly #services: AdyenServices;

  constructor(options: AdyenGatewayOptions) {
    const prefix = options.liveEndpointUrlPrefix ?? null;
    const platform =
      prefix === null ? "https://checkout-test.adyen.com" : `https://${prefix}-checkout-live.adyenpayments.com`;
    const { origin } = new URL(options.baseUrl ?? platform);
    this.#options = options;
    this.#transport =
      options.transport ??
      createHttpTransport({
        origin,
        clock: options.clock,
        ...(options.connectionsMax !== undefined && { connectionsMax: options.connectionsMax }),
      });
    this.#services = loadServices(options, this.#transport);
  }

  async run(call: GatewayCall): Promise<GatewayObservation> {
    const { merchantAccount, clock } = this.#options;
    if (merchantAccount !== null && merchantAccount !== call.account)
      return { kind: "notSubmitted", reason: "account_not_ours" };
    const time = new CallTime(clock, call.timeoutMs);
    try {
      switch (call.action) {
        case "prepare":
        case "identify":
        case "query":
          return { kind: "unknown", reason: `no_${call.action}_at_adyen` }; // nothing was sent
        case "execute":
          return await this.#execute(call, time);
        case "abandon":
          // What is done to a payment later is never called off, and nothing tells how it went.
          if (!makesPayment(call.kind)) return { kind: "unknown", reason: "no_query_at_adyen" };
          return await this.#cancelByReference(call, time, `${call.gatewayKey}-cancel-${call.try}`);
        case "probe":
          // Asks which methods could be offered: it needs the account's key, and nothing follows from it.
          await this.#services.payments.paymentMethods({ merchantAccount: call.account }, keyed(time, call.gatewayKey));
          return { kind: "reachable" };
        default:
          return assertNever(call.action);
      }
    } catch (error) {
      return judgeAdyenFault(error, call);
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #execute(call: GatewayCall, time: CallTime): Promise<GatewayObservation> {
    const value = toGatewayUnits("adyen", call.currency, call.amountMinor);
    if (value === undefined) return { kind: "declined", failure: failureOf("invalid_amount", null), reference: null };
    const { payments } = this.#services;
    const request: AmountRequest = {
      merchantAccount: call.account,
      reference: call.operationId,
      amount: { value, currency: call.currency },
    };
    const options = keyed(time, call.gatewayKey);
    const { kind, gatewayReference } = call;
    if (makesPayment(kind))
      return judgeAdyenPayment(await payments.payments(this.#paymentRequest(call, request), options), call);
    if (gatewayReference === null) return { kind: "notSubmitted", reason: "no_reference" };
    return judgeAdyenModification(await this.#modify(kind, gatewayReference, request, options), call);
  }

  /** `psp`: the payment's reference. A void always releases the whole amount. */
  #modify(
    kind: "capture" | "void" | "refund",
    psp: string,
    request: AmountRequest,
    options: IRequest.Options,
  ): Promise<object> {
    const { modifications } = this.#services;
    switch (kind) {
      case "capture":
        return modifications.captureAuthorisedPayment(psp, request, options);
      case "void": {
        const { merchantAccount, reference } = request;
        return modifications.cancelAuthorisedPaymentByPspReference(psp, { merchantAccount, reference }, options);
      }
      case "refund":
        return modifications.refundCapturedPayment(psp, request, options);
      default:
        return assertNever(kind);
    }
  }

  /** Built from stored members only: each try sends the same bytes. Changing it changes open operations. */
  #paymentRequest(call: GatewayCall, request: AmountRequest) {
    return {
      ...request,
      merchantOrderReference: call.paymentId,
      paymentMethod: { type: "scheme", storedPaymentMethodId: call.paymentMethod },
      returnUrl: this.#options.returnUrl ?? RETURN_URL,
      authenticationData: { attemptAuthentication: "never" },
      ...(call.kind === "authorize" ? { additionalData: { manualCapture: "true" } } : { captureDelayHours: 0 }),
    } as PaymentRequest; // the SDK's enums have no importable values: "scheme" and "never" are theirs
  }

  /** The technical cancel, by our own reference. A new key per try: a replayed `received` would cancel nothing. */
  async #cancelByReference(call: GatewayCall, time: CallTime, key: string): Promise<GatewayObservation> {
    const { modifications } = this.#services;
    return judgeAdyenModification(
      await modifications.cancelAuthorisedPayment(
        { merchantAccount: call.account, paymentReference: call.operationId, reference: call.operationId },
        keyed(time, key),
      ),
      call,
    );
  }
}

const keyed = (time: CallTime, idempotencyKey: string): IRequest.Options => ({
  idempotencyKey,
  timeout: time.leftMs(),
});
