/** The oracle: what took place at the gateways, read from their own logs. */
import { readFileSync } from "node:fs";
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";

export interface Charge {
  readonly gateway: string;
  readonly key: string;
  readonly operation_id: string;
  readonly payment_id: string;
  readonly kind: string;
  readonly amount: number;
  readonly currency: string;
  readonly outcome: string;
  readonly gateway_reference: string;
}

/** All effects so far, of both gateways. */
export function readCharges(sandbox: SandboxFile): readonly Charge[] {
  return [sandbox.gateways.stripe.chargeLog, sandbox.gateways.adyen.chargeLog].flatMap((path) => {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Charge);
  });
}
