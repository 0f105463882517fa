/** The oracle: what took place at the gateways, read from their own logs. */
import { readFileSync } from "node:fs";
import { fromGatewayUnits } from "../../../actors/gateways/amounts.ts";
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";

export interface Charge {
  readonly gateway: "stripe" | "adyen";
  readonly account: string;
  /** Of the call that moved the money. */
  readonly key: string;
  readonly operation_id: string;
  readonly payment_id: string;
  readonly kind: "authorize" | "sale" | "capture" | "void" | "refund";
  /** The gateway's minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly outcome: string;
  readonly gateway_reference: string;
}

/** All effects so far, of both gateways, each gateway's in its order. */
export function readCharges(sandbox: SandboxFile): readonly Charge[] {
  return [sandbox.gateways.stripe.chargeLog, sandbox.gateways.adyen.chargeLog].flatMap((path) => {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Charge);
  });
}

/** The effects on one payment. */
export const chargesOf = (sandbox: SandboxFile, paymentId: string): readonly Charge[] =>
  readCharges(sandbox).filter((charge) => charge.payment_id === paymentId);

/** As tests write them: `capture 300`, in the gateway's units. */
export const effectsOf = (sandbox: SandboxFile, paymentId: string): readonly string[] =>
  chargesOf(sandbox, paymentId).map(({ kind, amount }) => `${kind} ${amount}`);

/** In our minor units. Throws on a number that is no exact amount of its currency. */
export function minorOf({ gateway, currency, amount }: Charge): bigint {
  const minor = fromGatewayUnits(gateway, currency, amount);
  if (minor === undefined) throw new Error(`${gateway} has moved ${amount} of ${currency}, which is no amount`);
  return minor;
}

/** What the shopper still misses: reserved or charged, less what was released or given back. Our minor units. */
export function standingMinor(charges: readonly Charge[]): bigint {
  const sum = (...kinds: readonly Charge["kind"][]): bigint =>
    charges.filter(({ kind }) => kinds.includes(kind)).reduce((total, charge) => total + minorOf(charge), 0n);
  const taken = sum("sale", "capture");
  const isHeld = charges.every(({ kind }) => kind !== "capture" && kind !== "void");
  return taken - sum("refund") + (isHeld ? sum("authorize") : 0n);
}
