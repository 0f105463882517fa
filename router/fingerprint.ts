/**
 * The canonical fingerprint of a request: what says whether two bodies ask for the same thing.
 * Frozen: it is stored for ever beside the idempotency key, and a changed rule would answer old keys with 422.
 */
import { type Command, type EndpointId, type EventId, type PaymentId, sha256 } from "../actors/domain/index.ts";
import type { CreatePayment } from "../actors/index.ts";

/**
 * SHA-256 over the validated values in a fixed order, metadata sorted by key: key order, whitespace, escapes and a
 * default that is written out make no difference. `metadata`: its pairs in any order.
 */
export function fingerprintOf(
  request: Omit<CreatePayment, "fingerprint" | "metadataJson">,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const keys = Object.keys(metadata);
  if (!isSorted(keys)) keys.sort(); // by UTF-16 code unit, the same on every machine
  const pairs = keys.map((key) => [key, metadata[key]]);
  const canonical = JSON.stringify([
    "create_payment.1",
    request.amountMinor.toString(),
    request.currency,
    request.captureMethod,
    request.gateway,
    request.paymentMethod,
    request.merchantReference,
    request.description,
    request.customer === null ? null : [request.customer.email, request.customer.name],
    pairs,
  ]);
  return sha256(canonical);
}

/**
 * The same for a capture, cancel or refund of a payment. An amount that is left out is not the same as one that is all
 * that was left: what is left changes.
 */
export const fingerprintOfModification = (
  command: Command,
  paymentId: PaymentId,
  amountMinor: bigint | null,
  reason: string | null,
): Uint8Array =>
  sha256(JSON.stringify([`${command}.1`, paymentId, amountMinor === null ? null : amountMinor.toString(), reason]));

/** The same for a new endpoint: the order of the types says nothing. */
export const fingerprintOfEndpoint = (url: string, eventTypes: readonly string[] | null): Uint8Array =>
  sha256(JSON.stringify(["create_webhook_endpoint.1", url, eventTypes === null ? null : [...eventTypes].sort()]));

export const fingerprintOfRotation = (endpointId: EndpointId): Uint8Array =>
  sha256(JSON.stringify(["rotate_webhook_secret.1", endpointId]));

export const fingerprintOfResend = (endpointId: EndpointId, eventId: EventId): Uint8Array =>
  sha256(JSON.stringify(["resend_event.1", endpointId, eventId]));

const isSorted = (keys: readonly string[]): boolean => keys.every((key, i) => i === 0 || (keys[i - 1] as string) < key);
