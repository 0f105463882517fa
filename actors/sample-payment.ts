/** For tests of the actor's parts: an accepted payment as T1 makes it. */
import { accept, gatewayKeyOf, mintId, type Transition } from "./domain/index.ts";

const AT_MS = 1_750_000_000_000;
/** Whose payments they are. */
export const sampleMerchant = mintId("mer", 0, AT_MS, new Uint8Array(8));

/** T1 of payment number `n`: its ids, and its amount, are made of the number. */
export function sampleAcceptance(n: bigint): Transition {
  const random = Buffer.from(n.toString().padStart(8, "0"));
  return accept(
    {
      id: mintId("pay", 0, AT_MS, random),
      merchantId: sampleMerchant,
      slot: 0,
      amountMinor: n,
      currency: "EUR",
      captureMethod: "automatic",
      gateway: "fixed-latency",
      gatewayAccount: "a",
      merchantReference: null,
      description: null,
      metadataJson: "{}",
      createdAtMs: AT_MS,
    },
    {
      id: mintId("op", 0, AT_MS, random),
      kind: "sale",
      state: "submitted",
      amountMinor: n,
      gatewayKey: gatewayKeyOf(sampleMerchant, n.toString(), "sale", 1),
      attempt: 1,
      submittedAtMs: AT_MS,
      deadlineAtMs: AT_MS + 1,
      reference: null,
      pendingReason: "outcome_unknown",
      needsReview: false,
      failure: null,
      note: null,
    },
  );
}
