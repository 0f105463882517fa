/** A statement of what must never be in a shard's database (faults.md §3), as one query that finds what breaks it. */
import { FACT, OPERATION_STATE, STATUS } from "./codes.ts";
import type { FactKind, GatewayName, OperationState, PaymentStatus } from "../actors/domain/index.ts";

/** From when on what is still under way counts as stuck, and of which gateways. */
export interface InvariantScope {
  /** How long a payment, an operation or a notice may be under way, milliseconds. */
  readonly graceMs: number;
  /** Gateways whose notifications reach nobody: what only they tell stays open. */
  readonly silent: readonly GatewayName[];
}

/** Gives rows (payment_id uuid or null, detail text), one for each thing that must not be. */
export type Offenders = string | ((scope: InvariantScope) => string);

const list = (codes: readonly number[]): string => `(${codes.join(", ")})`;
/** Codes of words as SQL lists. */
export const facts = (...words: readonly FactKind[]): string => list(words.map((word) => FACT.code(word)));
export const statuses = (...words: readonly PaymentStatus[]): string => list(words.map((word) => STATUS.code(word)));
export const states = (...words: readonly OperationState[]): string =>
  list(words.map((word) => OPERATION_STATE.code(word)));

/** A time longer ago than what may still be under way. */
export const isOld = (time: string, { graceMs }: InvariantScope): string =>
  `${time} <= clock_timestamp() - ${Math.max(0, Math.round(graceMs))} * interval '1 ms'`;

/** The gateway has something else than what was asked for, and people know: until they decide nothing moves. */
export const isInReview = (paymentId: string): string => `EXISTS (SELECT FROM discrepancy d
   WHERE d.payment_id = ${paymentId} AND d.state = 'open' AND d.class IN ('D04', 'D05', 'D06', 'D07'))`;

/** `gateway`: an expression with a gateway's name. */
export const isSilent = (gateway: string, { silent }: InvariantScope): string =>
  silent.length === 0 ? "false" : `${gateway} IN (${silent.map((name) => `'${name}'`).join(", ")})`;
