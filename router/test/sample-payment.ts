/** A payment as presenters get it. */
import { mintId, type Payment } from "../../actors/domain/index.ts";

const random = new Uint8Array(8);
const atMs = Date.UTC(2026, 10, 22, 19, 36, 53, 7);

/** A sale that went through. What merchants must not see holds the word secret. */
export const CAPTURED_PAYMENT: Payment = {
  terms: {
    id: mintId("pay", 7, atMs, random),
    merchantId: mintId("mer", 7, atMs, random),
    slot: 7,
    amountMinor: 1299n,
    currency: "EUR",
    captureMethod: "automatic",
    gateway: "stripe",
    gatewayAccount: "acct_secret",
    merchantReference: "order-1",
    description: null,
    metadataJson: '{"b":"2","a":"1"}',
    createdAtMs: atMs,
  },
  status: "captured",
  version: 2,
  authorizedMinor: 1299n,
  capturedMinor: 1299n,
  refundedMinor: 0n,
  refundingMinor: 0n,
  disputedMinor: 0n,
  gatewayReference: "pi_1",
  operation: {
    id: mintId("op", 7, atMs, random),
    kind: "sale",
    state: "succeeded",
    amountMinor: 1299n,
    gatewayKey: "gateway-key-secret",
    attempt: 1,
    submittedAtMs: atMs,
    deadlineAtMs: atMs + 900_000,
    reference: null,
    pendingReason: null,
    needsReview: false,
    failure: null,
    note: null,
  },
  cancel: null,
  dispute: null,
  failure: null,
  updatedAtMs: atMs + 1_000,
  chainHead: new Uint8Array(32),
};
