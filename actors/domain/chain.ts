/** The hash chain of a payment's journal rows (design §3.5): it travels with the slot and proves that no row was changed. */
import { type Operation, type Payment, SUBMITTING } from "./payment.ts";
import { sha256 } from "./sha256.ts";
import type { Transition } from "./transition.ts";

/** What a row says beside the payment's state. */
export interface RowFacts {
  readonly cause: string;
  readonly recordedAtMs: number;
  readonly data: string | null;
  readonly reply: { readonly status: number; readonly body: Uint8Array } | null;
}

/** Everything that never changes, hashed with the first row only: later rows chain to it. */
function termsText({ terms }: Payment): string {
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
  ].join("\n");
}

/** What only the row that submits an operation carries. */
const submissionText = ({ amountMinor, gatewayKey, attempt, deadlineAtMs }: Operation): string =>
  `${amountMinor}\n${gatewayKey}\n${attempt}\n${deadlineAtMs}`;

/** Where the hashed bytes are put together. */
let scratch = Buffer.allocUnsafeSlow(4_096);

/**
 * The hash of the row that `transition` writes, 32 bytes: SHA-256 over the hash before it and every column of the row
 * but its place (origin, seq, epoch): the anchors of commits chain the rows of a shard in their order.
 * Frozen: another text makes every stored chain look broken; a new form needs a new leading version number.
 */
export function hashRow(transition: Transition, row: RowFacts): Uint8Array {
  const { payment, fact, fromStatus, postings } = transition;
  const { operation } = payment;
  const { terms } = payment;
  const reply = row.reply;
  // Joined at once, not added: each addition would leave a string for the collector.
  const text = [
    "1",
    terms.id,
    payment.version,
    fact,
    fromStatus,
    payment.status,
    payment.authorizedMinor,
    payment.capturedMinor,
    payment.refundedMinor,
    payment.disputedMinor,
    operation.id,
    operation.kind,
    operation.state,
    payment.gatewayReference ?? "",
    row.cause,
    row.recordedAtMs,
    row.data ?? "",
    postings.length === 0 ? "" : postings.map(({ kind, amountMinor }) => `${kind}:${amountMinor}`).join(","),
    payment.version === 1 ? termsText(payment) : "",
    SUBMITTING.has(fact) ? submissionText(operation) : "",
    reply === null ? "" : reply.status,
    ...(payment.refundingMinor === 0n ? [] : [payment.refundingMinor]), // the last line, so that rows without it hash as ever
  ].join("\n");
  const bodyLength = reply === null ? 0 : reply.body.length;
  const room = 32 + text.length * 3 + bodyLength;
  if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(2 * room);
  scratch.set(payment.chainHead, 0);
  const written = 32 + scratch.write(text, 32, "utf8");
  if (reply !== null) scratch.set(reply.body, written);
  return sha256(scratch.subarray(0, written + bodyLength));
}
