/**
 * Reads the body of a request once, on the thread of the shard that owns the merchant: bytes to a validated value,
 * or to a refusal that says which field and why.
 */
import { type Command, type GatewayName, parseId, type Refusal } from "../actors/domain/index.ts";
import type { CreateEndpoint, CreatePayment, ModifyPayment, RequestReader } from "../actors/index.ts";
import { Compile } from "typebox/compile";
import { Settings } from "typebox/system";
import { holdsCardNumberEscaped } from "./card-data.ts";
import * as fingerprints from "./fingerprint.ts";
import * as bodies from "./json-body.ts";
import * as schemas from "./schemas.ts";

/** What a capture, cancel or refund may say: the union of their members. */
interface ModificationBody {
  readonly reason?: string;
}

/** Compiles the schemas (milliseconds) and returns the reader. One per thread is enough. */
export function createRequestReader(): RequestReader {
  Settings.Set({ maxErrors: bodies.ERRORS_MAX });
  const creation = Compile(schemas.CREATE_PAYMENT);
  const modifications: { readonly [C in Command]: readonly [bodies.Schema, bodies.CurrencyOf] } = {
    capture: [Compile(schemas.CAPTURE_PAYMENT), bodies.widestCurrency],
    cancel: [Compile(schemas.CANCEL_PAYMENT), bodies.noAmount],
    refund: [Compile(schemas.CREATE_REFUND), bodies.widestCurrency],
  };
  const endpoint = Compile(schemas.CREATE_WEBHOOK_ENDPOINT);
  const rotation = Compile(schemas.ROTATE_WEBHOOK_SECRET);
  const resend = Compile(schemas.RESEND_EVENT);
  return {
    readCreatePayment(body, idempotencyKey) {
      const read = bodies.readBody<schemas.CreatePaymentBody>(creation, body, idempotencyKey, bodies.currencyIn);
      if (read.kind === "refusal") return read;
      if (read.amountMinor === null) throw new Error("a payment without an amount passed its schema");
      return toCreatePayment(read.value, read.amountMinor);
    },
    readModification(command, paymentId, body, idempotencyKey): ModifyPayment | Refusal {
      const [schema, currencyOf] = modifications[command];
      const read = bodies.readBody<ModificationBody>(schema, orEmpty(body), idempotencyKey, currencyOf);
      if (read.kind === "refusal") return read;
      const { amountMinor } = read;
      const reason = read.value.reason ?? null;
      const fingerprint = fingerprints.fingerprintOfModification(command, paymentId, amountMinor, reason);
      return { amountMinor, reason, fingerprint };
    },
    readCreateEndpoint(body, idempotencyKey): CreateEndpoint | Refusal {
      const read = bodies.readBody<schemas.CreateWebhookEndpointBody>(endpoint, body, idempotencyKey, bodies.noAmount);
      if (read.kind === "refusal") return read;
      const { url, event_types: eventTypes = null } = read.value;
      if (holdsCardNumberEscaped(url)) return bodies.refuseCardData("/url");
      return { url, eventTypes, fingerprint: fingerprints.fingerprintOfEndpoint(url, eventTypes) };
    },
    readRotateSecret(endpointId, body) {
      const read = bodies.readBody<object>(rotation, orEmpty(body), null, bodies.noAmount);
      return read.kind === "refusal" ? read : { fingerprint: fingerprints.fingerprintOfRotation(endpointId) };
    },
    readResendEvent(endpointId, body) {
      const read = bodies.readBody<schemas.ResendEventBody>(resend, body, null, bodies.noAmount);
      if (read.kind === "refusal") return read;
      const eventId = parseId("evt", read.value.event_id);
      if (eventId === undefined) return bodies.refuseFields([NO_EVENT_ID]);
      return { eventId, fingerprint: fingerprints.fingerprintOfResend(endpointId, eventId) };
    },
  };
}

const NO_EVENT_ID = { pointer: "/event_id", code: "invalid_id", detail: "The text is no id of an event." } as const;
const EMPTY_OBJECT = Buffer.from("{}");
/** Nothing asks for the default of everything. */
const orEmpty = (body: Uint8Array): Uint8Array => (body.length === 0 ? EMPTY_OBJECT : body);

/** From the API's names to ours, with the defaults. */
function toCreatePayment(body: schemas.CreatePaymentBody, amountMinor: bigint): CreatePayment {
  const metadata = body.metadata ?? {};
  const request = {
    amountMinor,
    currency: body.currency,
    captureMethod: body.capture_method ?? "automatic",
    gateway: readGateway(body.gateway),
    merchantReference: body.merchant_reference ?? null,
    description: body.description ?? null,
    paymentMethod: body.payment_method,
    customer:
      body.customer === undefined ? null : { email: body.customer.email ?? null, name: body.customer.name ?? null },
  };
  return {
    ...request,
    metadataJson: JSON.stringify(metadata),
    fingerprint: fingerprints.fingerprintOf(request, metadata),
  };
}

/** Null: the merchant's first. */
const readGateway = (name: schemas.CreatePaymentBody["gateway"]): GatewayName | null =>
  name === undefined || name === "auto" ? null : name;
