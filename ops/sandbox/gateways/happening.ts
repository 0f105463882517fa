/** What a gateway tells about: an effect, a refusal that it reports, or what came of either later. */
import type { CallEffect, LateEffect } from "./charge-log.ts";
import type { PaymentRecord } from "./payment-record.ts";

export type HappeningKind =
  | CallEffect
  | LateEffect
  /** Adyen's cancel by our reference. */
  | "technical_cancel"
  /** A refund that was pending has succeeded. */
  | "refund_settled"
  | "dispute_lost";

export interface Happening {
  readonly kind: HappeningKind;
  readonly success: boolean;
}

/** True for what tells of the charge itself. */
export const isCharge = ({ kind }: Happening): boolean => kind === "authorize" || kind === "sale";
/** What a refused or lost charge would have been. */
export const chargeKindOf = ({ manual }: PaymentRecord): "authorize" | "sale" => (manual ? "authorize" : "sale");
