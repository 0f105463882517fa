/** What the tests of faulty gateways share: payments, faults, and what each token that brings trouble must come to. */
import type { Answer } from "../rig/merchant.ts";
import { payment } from "../rig/merchant.ts";
import type { Simulated } from "../rig/simulators.ts";

export const GATEWAYS: readonly Simulated[] = ["stripe", "adyen"];
export const METHODS = ["automatic", "manual"] as const;
export type Method = (typeof METHODS)[number];
export const AMOUNT = 1_000;

/** Longer than any test waits: each fault is ended by the test. */
export const LONG_S = 300;

export const bodyOf = (gateway: Simulated, method: Method, token = "tok_visa"): ReturnType<typeof payment> =>
  payment({ amount: AMOUNT, gateway, capture_method: method, payment_method: token });
/** The line of the charge log, and the status, of a payment that went well. */
export const chargeOf = (method: Method): string => `${method === "automatic" ? "sale" : "authorize"} ${AMOUNT}`;
export const statusOf = (method: Method): string => (method === "automatic" ? "captured" : "authorized");
/** Of a payment's answer; empty when nothing is pending. */
export const pendingOf = ({ body }: Answer): Readonly<Record<string, unknown>> =>
  (body["pending"] ?? {}) as Readonly<Record<string, unknown>>;

export interface TokenCase {
  /** Of the fault matrix: tried without any notification. */
  readonly row: string;
  readonly token: string;
  /** The first answer must be 202: no other one can come in time. */
  readonly isLate?: true;
  /** Where the charge does not take place: the payment fails instead. */
  readonly uncharged?: readonly Simulated[];
}

export const TOKEN_CASES: readonly TokenCase[] = [
  { row: "G2", token: "tok_timeout_charged", isLate: true },
  { row: "G2", token: "tok_timeout_not_charged", isLate: true },
  { row: "G3", token: "tok_error_500_charged" },
  // Stripe repeats its 500 for ever: the object shows that nothing was charged. Adyen charges on the same key.
  { row: "G3", token: "tok_error_500_not_charged", uncharged: ["stripe"] },
  { row: "G4", token: "tok_rate_limited" },
  { row: "G4", token: "tok_key_in_use" },
  { row: "G5", token: "tok_garbled_charged" },
  { row: "G5", token: "tok_empty_answer" },
  { row: "G5", token: "tok_cut_json" },
  { row: "G5", token: "tok_wrong_content_type" },
  { row: "G5", token: "tok_500_no_error_member" },
  { row: "G7", token: "tok_drip", isLate: true },
  { row: "G7", token: "tok_headers_then_silence", isLate: true },
  { row: "G8", token: "tok_not_found_at_first", isLate: true },
];

/** Charged, and not what was asked for: what is found of it, and nothing is posted. */
export const MISMATCHES = [
  ["tok_amount_mismatch", "D05 open"],
  ["tok_currency_mismatch", "D06 open"],
  ["tok_reference_mismatch", "D07 open"],
] as const;
