/** The hash chain of a payment's journal rows (design §3.5): it travels with the slot and proves that no row was changed. */
import { hash } from "node:crypto";
import type { Payment } from "./payment.ts";
import type { Transition } from "./transition.ts";

/** What a row says beside the payment's state. */
export interface RowFacts {
  readonly cause: string;
  readonly recordedAtMs: number;
  readonly data: string | null;
  readonly reply: { readonly status: number; readonly body: Uint8Array } | null;
}

/** Everything that never changes, hashed with the first row only: later rows chain to it. */
function termsText({ terms, operation }: Payment): string {
  return [
    terms.merchantId,
    terms.slot,
    terms.amountMinor,
    terms.currency,
    terms.captureMethod,
    terms.gateway,
    terms.gatewayAccount,
    terms.merchantReference,
    terms.description,
    terms.metadataJson,
    operation.gatewayKey,
  ].join("\n");
}

/**
 * The hash of the row that `transition` writes, 32 bytes: SHA-256 over the hash before it and every column of the row.
 * Frozen: another text makes every stored chain look broken; a new form needs a new leading version number.
 */
export function hashRow(transition: Transition, row: RowFacts): Uint8Array {
  const { payment, fact, fromStatus, postings } = transition;
  const { operation } = payment;
  let text = `1\n${payment.terms.id}\n${payment.version}\n${fact}\n${fromStatus}\n${payment.status}\n${payment.authorizedMinor}\n${payment.capturedMinor}\n${payment.refundedMinor}\n${payment.disputedMinor}\n${operation.id}\n${operation.kind}\n${operation.state}\n${payment.gatewayReference ?? ""}\n${row.cause}\n${row.recordedAtMs}\n${row.data ?? ""}\n`;
  for (const posting of postings) text += `${posting.kind}:${posting.amountMinor}\n`;
  if (payment.version === 1) text += termsText(payment);
  const body = row.reply?.body ?? new Uint8Array(0);
  if (row.reply !== null) text += `${row.reply.status}\n`;
  const bytes = Buffer.allocUnsafe(32 + text.length * 3 + body.length);
  bytes.set(payment.chainHead, 0);
  const written = 32 + bytes.write(text, 32, "utf8");
  bytes.set(body, written);
  return hash("sha256", bytes.subarray(0, written + body.length), "buffer");
}
