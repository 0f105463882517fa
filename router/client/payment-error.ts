/** The one error that the client throws. */
import { ERROR_CODES, type ErrorCode, type Problem } from "./types.ts";

/** What went wrong without a problem of the API. */
export type ClientFault =
  /** No answer came. Whether the request was carried out is not known: send it again with the same key. */
  | "connection_failed"
  | "timed_out"
  /** Something that is not the API answered, or the API answered what this client does not understand. */
  | "unexpected_answer"
  /** No token was issued, for a reason that sending again does not change. */
  | "token_refused"
  /** `waitUntilFinal` waited as long as it was told. */
  | "still_pending"
  /** `verifyWebhook`: what came is not from us, was changed, or is too old. Answer 400 and take nothing from it. */
  | "webhook_not_genuine";

/** Everything that an answer may tell beside its code. Absent members are null or empty. */
export interface ErrorFacts {
  /** HTTP status; null: there was no answer. */
  readonly status: number | null;
  readonly requestId: string | null;
  /** The problem as it came. */
  readonly problem: Problem | null;
  readonly retryAfterMs: number | null;
  /** Keep it: the same request with this key finds out, or goes on, for as long as the payment exists. */
  readonly idempotencyKey: string | null;
}

export class PaymentError extends Error {
  readonly code: ErrorCode | ClientFault;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly problem: Problem | null;
  readonly retryAfterMs: number | null;
  readonly idempotencyKey: string | null;

  constructor(code: ErrorCode | ClientFault, message: string, facts: Partial<ErrorFacts> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = "PaymentError";
    this.code = code;
    this.status = facts.status ?? null;
    this.requestId = facts.requestId ?? null;
    this.problem = facts.problem ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.idempotencyKey = facts.idempotencyKey ?? null;
  }

  /** The payment that a decline is about. */
  get payment(): Problem["payment"] {
    return this.problem?.payment;
  }
  /** The refund that was declined. */
  get refund(): Problem["refund"] {
    return this.problem?.refund;
  }
  get decline(): Problem["decline"] {
    return this.problem?.decline;
  }
  /** The fields that are wrong. */
  get errors(): NonNullable<Problem["errors"]> {
    return this.problem?.errors ?? [];
  }
}

/** A code may have joined after this client was made: it counts by its status. */
export const isErrorCode = (code: unknown): code is ErrorCode => ERROR_CODES.some((known) => known === code);
