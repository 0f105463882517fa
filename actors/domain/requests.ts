/** Which later operation a payment allows now, and for how much (design §3.3). Pure; a refusal is a value. */
import { type Refusal, refuse } from "./errors.ts";
import { isOpen } from "./operation.ts";
import type { Payment } from "./payment.ts";
import type { RequestedFact } from "./transition.ts";

/** What a merchant may ask of an accepted payment. */
export const COMMANDS = ["capture", "cancel", "refund"] as const;
export type Command = (typeof COMMANDS)[number];

/** What T1 of the operation says, and its amount in minor units. */
export interface AllowedRequest {
  readonly fact: RequestedFact;
  readonly amountMinor: bigint;
}

const IN_DOUBT = refuse("operation_in_doubt", "Another operation of this payment is still open; send it again later.");
const wrongStatus = (payment: Payment, what: string): Refusal =>
  refuse("invalid_transition", `A payment that is ${payment.status} cannot be ${what}.`);

/** A capture or a void runs, or a cancel waits for the end of what runs. */
const isBusy = (payment: Payment): boolean => isOpen(payment.operation.state) || payment.cancel !== null;

/** What may still be given back: captured, less what was refunded, is on its way, or was taken by a dispute. Minor units. */
export function refundableMinor({ capturedMinor, refundedMinor, refundingMinor, disputedMinor }: Payment): bigint {
  const left = capturedMinor - refundedMinor - refundingMinor - disputedMinor;
  return left > 0n ? left : 0n;
}

/** `amountMinor`: null for all that is left. */
export function checkRequest(payment: Payment, command: Command, amountMinor: bigint | null): AllowedRequest | Refusal {
  return RULES[command](payment, amountMinor);
}

const RULES: { readonly [C in Command]: (payment: Payment, amountMinor: bigint | null) => AllowedRequest | Refusal } = {
  capture(payment, asked) {
    if (payment.status === "pending") return IN_DOUBT;
    if (payment.status !== "authorized") return wrongStatus(payment, "captured");
    if (isBusy(payment)) return IN_DOUBT;
    const amountMinor = asked ?? payment.authorizedMinor;
    if (amountMinor > payment.authorizedMinor)
      return refuse("amount_exceeds_capturable", `At most ${payment.authorizedMinor} can be captured.`);
    return { fact: "captureRequested", amountMinor };
  },
  cancel(payment) {
    if (payment.status === "pending" && payment.cancel === null)
      return { fact: "cancelRequested", amountMinor: payment.terms.amountMinor };
    if (payment.status === "pending") return IN_DOUBT;
    if (payment.status !== "authorized") return wrongStatus(payment, "canceled");
    return isBusy(payment) ? IN_DOUBT : { fact: "voidRequested", amountMinor: payment.authorizedMinor };
  },
  refund(payment, asked) {
    if (payment.status === "pending") return IN_DOUBT;
    if (payment.status !== "captured") return wrongStatus(payment, "refunded");
    // It is being given back; when that could not be done, people may.
    if (payment.cancel !== null && payment.cancel.needsReview !== true) return IN_DOUBT;
    const left = refundableMinor(payment);
    const amountMinor = asked ?? left;
    if (amountMinor > left || amountMinor === 0n)
      return refuse("amount_exceeds_refundable", `At most ${left} can be refunded.`);
    return { fact: "refundRequested", amountMinor };
  },
};
