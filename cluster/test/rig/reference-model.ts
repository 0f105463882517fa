/** A payment as a merchant thinks of it: the reference that the actor is compared with. Amounts: minor units. */
import type { Command, FactKind } from "../../../actors/domain/index.ts";

const NOTHING = {
  status: "pending",
  authorized: 0n,
  captured: 0n,
  refunded: 0n,
  refunding: 0n, // asked for, and neither done nor refused
  busy: false, // a capture or a void runs
  canceling: false, // a cancel came while nobody knew how the first operation went
};
export type Reference = Readonly<typeof NOTHING & { amount: bigint }>;
export const pending = (amount: bigint): Reference => ({ ...NOTHING, amount });

/** The code of the refusal that a merchant gets now; undefined: it is taken. */
export function refusalOf(p: Reference, command: Command, amount: bigint): string | undefined {
  if (p.status === "pending") return command === "cancel" && !p.canceling ? undefined : "operation_in_doubt";
  if (p.status !== (command === "refund" ? "captured" : "authorized")) return "invalid_transition";
  if (p.busy || p.canceling) return "operation_in_doubt";
  if (command === "capture" && amount > p.authorized) return "amount_exceeds_capturable";
  if (command === "refund" && amount > p.captured - p.refunded - p.refunding) return "amount_exceeds_refundable";
  return undefined;
}

/** The payment after a row of the journal, `amount` being its operation's. Undefined: that could not happen. */
export function after(p: Reference, fact: FactKind, amount: bigint): Reference | undefined {
  const { status, captured, refunded, refunding } = p;
  const isFirst = status === "pending";
  const unless = (refusal: string | undefined, next: Partial<Reference>) => (refusal ? undefined : { ...p, ...next });
  const when = (allowed: boolean, next: Partial<Reference>) => (allowed ? { ...p, busy: false, ...next } : undefined);
  if (fact === "cancelRequested") return unless(refusalOf(p, "cancel", amount), { canceling: true });
  if (fact === "captureRequested") return unless(refusalOf(p, "capture", amount), { busy: true });
  if (fact === "voidRequested") return unless(refusalOf(p, "cancel", amount), { busy: true });
  const given = { ...p, canceling: false }; // while a cancel waits the refund is our own
  if (fact === "refundRequested") return unless(refusalOf(given, "refund", amount), { refunding: refunding + amount });
  if (fact === "authorized") return when(isFirst, { status: fact, authorized: amount });
  if (fact === "captured" && isFirst) return when(true, { status: fact, authorized: amount, captured: amount });
  if (fact === "captured") return when(p.busy && status === "authorized", { status: fact, captured: amount });
  if (fact === "declined" || fact === "notSubmitted") return when(isFirst, { status: "failed" });
  if (fact === "voided")
    return when(isFirst || p.busy || p.canceling, { status: "canceled", canceling: isFirst && p.canceling });
  if (fact === "captureFailed" || fact === "voidFailed") return when(!isFirst, { canceling: false });
  if (fact === "refunded") return when(true, { refunded: refunded + amount, refunding: refunding - amount });
  if (fact === "refundFailed") return when(true, { refunding: refunding - amount });
  if (fact !== "cancelSettled") return p; // the fate is open: nothing has happened that a merchant counts
  return when(p.canceling && captured === refunded, { status: captured > 0n ? "canceled" : status, canceling: false });
}
