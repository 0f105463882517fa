/** For tests of the adapters without a socket: the official SDKs over a transport that answers by heart. */
import type { OperationId, PaymentId } from "../domain/index.ts";
import type { Gateway, GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import type { Clock } from "../ports/world.ts";
import { createAdyenGateway } from "./adyen.ts";
import type { HttpAnswer, HttpRequest, HttpTransport } from "./http-transport.ts";
import { createStripeGateway } from "./stripe.ts";

export const KEY = "5c0b6a54-6f0c-5d0e-9a55-0d6f0a1b2c3d";
export const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };

export interface Sent extends HttpRequest {
  /** Who called: the proof that the request came out of the SDK. */
  readonly stack: string;
}

/** Answers in turn; the last answer stays. */
export class StubTransport implements HttpTransport {
  readonly sent: Sent[] = [];
  readonly #answers: (HttpAnswer | Error)[];
  constructor(...answers: (HttpAnswer | Error)[]) {
    this.#answers = answers;
  }
  send(request: HttpRequest): Promise<HttpAnswer> {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 50;
    this.sent.push({ ...request, stack: new Error("stack").stack ?? "" });
    Error.stackTraceLimit = limit;
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as HttpAnswer);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  text: typeof body === "string" ? body : JSON.stringify(body),
});
export const html = (status: number): HttpAnswer => ({
  status,
  headers: { "content-type": "text/html" },
  text: "<html>",
});

export const call = (more: Partial<GatewayCall> = {}): GatewayCall => ({
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  merchantId: null,
  kind: "authorize",
  action: "execute",
  try: 1,
  earlierTryOpen: false,
  gateway: "stripe",
  account: "acct_1",
  gatewayKey: KEY,
  gatewayReference: "pi_1",
  amountMinor: 1000n,
  currency: "EUR",
  paymentMethod: "tok_visa",
  timeoutMs: 10_000,
  notAfterMs: Number.POSITIVE_INFINITY,
  ...more,
});
export const intent = (status: string, more: object = {}) => ({
  id: "pi_1",
  object: "payment_intent",
  status,
  amount: 1000,
  amount_capturable: 1000,
  amount_received: status === "succeeded" ? 1000 : 0,
  currency: "eur",
  metadata: { operation_id: "op_1", payment_id: "pay_1" },
  ...more,
});
/** An intent of which the call's operation captured this much. */
export const captured = (received: number) =>
  intent("succeeded", {
    amount_capturable: 0,
    amount_received: received,
    metadata: { operation_id: "op_0", payment_id: "pay_1", capture_operation_id: "op_1" },
  });
export const refund = (status: string | null, more: object = {}) => ({
  id: "re_1",
  object: "refund",
  status,
  amount: 1000,
  currency: "eur",
  payment_intent: "pi_1",
  metadata: { operation_id: "op_1", payment_id: "pay_1" },
  ...more,
});
export const listOf = (data: readonly object[], hasMore = false) => ({ object: "list", data, has_more: hasMore });
export const authorised = {
  resultCode: "Authorised",
  pspReference: "PSP1",
  merchantReference: "op_1",
  amount: { value: 1000, currency: "EUR" },
};

export const stripe = (transport: HttpTransport): Gateway =>
  createStripeGateway({ baseUrl: "http://127.0.0.1:9", apiKey: "sk_test_x", account: null, clock, transport });
export const adyen = (transport: HttpTransport): Gateway =>
  createAdyenGateway({ baseUrl: "http://127.0.0.1:9", apiKey: "key", merchantAccount: null, clock, transport });

export const stripeError = (status: number, error: object, headers: Record<string, string> = {}): HttpAnswer =>
  json(status, { error }, headers);
export const replayed = { "idempotent-replayed": "true" };
export const adyenError = (status: number, errorCode: string, headers: Record<string, string> = {}): HttpAnswer =>
  json(status, { status: 200, errorCode, message: "m", errorType: "validation" }, headers);

/** Kind and the one word that matters. */
export function summary(observed: GatewayObservation): string {
  switch (observed.kind) {
    case "declined":
    case "notExecuted":
      return `${observed.kind} ${observed.failure.code}`;
    case "conflicted":
      return `conflicted ${observed.detail}`;
    case "notSubmitted":
    case "busy":
    case "unknown":
      return `${observed.kind} ${observed.reason}`;
    case "reachable":
      return observed.kind;
    case "identified":
      return `identified ${observed.operationId}`;
    default:
      return `${observed.kind} ${observed.reference}`;
  }
}
