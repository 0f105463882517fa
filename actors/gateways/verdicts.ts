/** Words that the status tables of both gateways share: reading what may be anything, and saying what it means. */
import type { GatewayName, OperationKind } from "../domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import { fromGatewayUnits } from "./amounts.ts";

export type Json = Readonly<Record<string, unknown>>;
/** What a status is judged by: the stored operation. */
export type Call = Pick<
  GatewayCall,
  "kind" | "operationId" | "paymentId" | "amountMinor" | "currency" | "gatewayReference"
>;
/** `reference`: the gateway's name for the call's operation; null: it has none of its own. */
export type Verdict = (object: Json, reference: string | null, call: Call) => GatewayObservation;

/** A value's members; none when it is no object. */
export const asObject = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
/** A text that says something, or null. */
export const asText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
/** A text that is safe to put into a reason. */
export const word = (value: unknown): string =>
  typeof value === "string" ? value.slice(0, 40).replaceAll(/[^\w.-]/g, "?") : value === null ? "null" : typeof value;

/** The row of a table; undefined for what is not in it, be it a name that every object has. */
export const rowOf = <Row>(table: Readonly<Record<string, Row>>, name: string): Row | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

export const unknown = (reason: string): GatewayObservation => ({ kind: "unknown", reason });
export const conflict = (detail: string, reference: string | null): GatewayObservation => ({
  kind: "conflicted",
  detail,
  reference,
});
export const processing: Verdict = (_, reference) => ({ kind: "processing", reference });
export const undecided: Verdict = (_, reference) => ({ kind: "undecided", reference });
export const voided: Verdict = (_, reference) => ({ kind: "voided", reference });

/** True when the gateway's number is exactly the call's amount. */
export const isAmount = (gateway: GatewayName, units: unknown, call: Call): boolean =>
  typeof units === "number" && fromGatewayUnits(gateway, call.currency, units) === call.amountMinor;

/** An authorize or a sale makes the payment; what comes later is done to it. */
export const makesPayment = (kind: OperationKind): kind is "authorize" | "sale" =>
  kind === "authorize" || kind === "sale";

/** The reference that the call's operation is known to have: a later operation does not bear the payment's. */
export const knownReference = (call: Pick<GatewayCall, "kind" | "gatewayReference">): string | null =>
  makesPayment(call.kind) ? call.gatewayReference : null;
