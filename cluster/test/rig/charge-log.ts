/** The oracle: what took place at the gateways, read from their own logs. */
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import { type Charge, heldMinor, readChargeLogs, takenMinor } from "../../../ops/verify/charges.ts";

export { type Charge, minorOf } from "../../../ops/verify/charges.ts";

/** All effects so far, of both gateways, each gateway's in its order. */
export const readCharges = ({ gateways }: SandboxFile): readonly Charge[] =>
  readChargeLogs([gateways.stripe.chargeLog, gateways.adyen.chargeLog]);

/** The effects on one payment. */
export const chargesOf = (sandbox: SandboxFile, paymentId: string): readonly Charge[] =>
  readCharges(sandbox).filter((charge) => charge.payment_id === paymentId);

/** As tests write them: `capture 300`, in the gateway's units. */
export const effectsOf = (sandbox: SandboxFile, paymentId: string): readonly string[] =>
  chargesOf(sandbox, paymentId).map(({ kind, amount }) => `${kind} ${amount}`);

/** What the shopper still misses: reserved or charged, less what was released or given back. Our minor units. */
export const standingMinor = (charges: readonly Charge[]): bigint => takenMinor(charges) + heldMinor(charges);
