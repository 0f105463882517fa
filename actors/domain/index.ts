/** The pure domain: what money may do. No I/O, clock, randomness or vendor. */
export * from "./errors.ts";
export * from "./ids.ts";
export * from "./ledger.ts";
export * from "./money.ts";
export * from "./operation.ts";
export * from "./payment.ts";
