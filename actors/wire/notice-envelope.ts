/** Gateways' notices on the wire. */
import { DISPUTE_STATES, type Failure, GATEWAY_NAMES } from "../domain/index.ts";
import type { NoticeClaim } from "../ports/notices.ts";
import type { Claim, Failure as WireFailure, Notice } from "./envelopes.generated.js";
import type { PeerNotice } from "./envelopes.ts";
import { fromInt64, idOrNull, isTicket, textOf, textOrNull, toInt64, wordOf, wordOrNull } from "./wire-values.ts";

export function toNotice({ shard, generation, delivery }: PeerNotice): Notice.$Shape {
  const { ticket, slot, spool, notice } = delivery;
  return {
    ticket,
    shard,
    generation: toInt64(generation),
    slot,
    spool,
    ...notice,
    account: textOf(notice.account),
    dedupeKey: textOf(notice.dedupeKey),
    type: textOf(notice.type),
    paymentReference: textOrNull(notice.paymentReference),
    reference: textOrNull(notice.reference),
    currency: textOrNull(notice.currency),
    claim: toClaim(notice.claim),
  };
}

/** Undefined: not understood. */
export function fromNotice(wire: Notice.$Shape): PeerNotice | undefined {
  const gateway = wordOf(GATEWAY_NAMES, wire.gateway);
  const operationId = idOrNull("op", wire.operationId);
  const paymentId = idOrNull("pay", wire.paymentId);
  const claim = fromClaim(wire.claim);
  const { ticket, dedupeKey } = wire;
  if (gateway === undefined || operationId === undefined || paymentId === undefined) return undefined;
  if (claim === undefined || !isTicket(ticket) || !dedupeKey) return undefined;
  const notice = {
    gateway,
    account: wire.account ?? "",
    dedupeKey,
    bodyHash: wire.bodyHash ?? "",
    type: wire.type ?? "",
    operationId,
    paymentId,
    paymentReference: wire.paymentReference ?? null,
    reference: wire.reference ?? null,
    amount: wire.amount ?? null,
    currency: wire.currency ?? null,
    claim,
  };
  const delivery = { ticket, notice, slot: wire.slot ?? 0, spool: wire.spool ?? false };
  return { shard: wire.shard ?? 0, generation: fromInt64(wire.generation), delivery };
}

const toClaim = (claim: NoticeClaim): Claim.$Shape => ({
  kind: claim.kind,
  failure: "failure" in claim ? toFailure(claim.failure) : null,
  ...(claim.kind === "dispute" && { ...claim, reference: textOf(claim.reference) }),
  ...("why" in claim && { why: textOf(claim.why) }),
});

const SUCCESSES = ["authorized", "charged", "captured", "voided", "expired", "refunded"] as const;
const FAILURES = [
  "declined",
  "captureFailed",
  "voidFailed",
  "refundFailed",
  "captureReversed",
  "refundReversed",
] as const;
const FUNDS = ["held", "released", "lost"] as const;

function fromClaim(wire: Claim.$Shape | null | undefined): NoticeClaim | undefined {
  if (wire === null || wire === undefined) return undefined;
  const success = wordOf(SUCCESSES, wire.kind);
  if (success !== undefined) return { kind: success };
  const kind = wordOf(FAILURES, wire.kind);
  if (kind !== undefined) {
    const failure = fromFailure(wire.failure);
    return failure && { kind, failure };
  }
  switch (wire.kind) {
    case "processing":
      return { kind: "processing" };
    case "unclear":
      return { kind: "unclear", why: wire.why ?? "" };
    case "none": {
      const why = wordOf(["unknown_type", "informational"], wire.why);
      return why && { kind: "none", why };
    }
    case "quarantined": {
      const why = wordOf(["account", "mode"], wire.why);
      return why && { kind: "quarantined", why };
    }
    case "dispute": {
      const state = wordOrNull(DISPUTE_STATES, wire.state);
      const funds = wordOrNull(FUNDS, wire.funds);
      if (state === undefined || funds === undefined) return undefined;
      return { kind: "dispute", reference: wire.reference ?? "", state, funds };
    }
    default:
      return undefined;
  }
}

/** Failures of notices and of gateways' answers. */
export const toFailure = ({ code, retryable, customerAction, gatewayCode }: Failure): WireFailure.$Shape => ({
  code: textOf(code),
  retryable,
  customerAction: textOrNull(customerAction),
  gatewayCode: textOrNull(gatewayCode),
});
export function fromFailure(wire: WireFailure.$Shape | null | undefined): Failure | undefined {
  if (!wire?.code) return undefined;
  return {
    code: wire.code,
    retryable: wire.retryable ?? false,
    customerAction: wire.customerAction ?? null,
    gatewayCode: wire.gatewayCode ?? null,
  };
}
