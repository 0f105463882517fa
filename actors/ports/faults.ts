/** Errors that cross a room: infrastructure, or a bug. */

/** Thrown errors mean infrastructure or a bug; the value says where to retry. */
export const FAULTS = {
  STORAGE_UNAVAILABLE: "later",
  WORKER_DIED: "later",
  CALL_TIMED_OUT: "later",
  INVARIANT_BROKEN: "never",
} as const;
export type FaultCode = keyof typeof FAULTS;

export class PaymentClusterError extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PaymentClusterError";
    this.code = code;
  }
}
