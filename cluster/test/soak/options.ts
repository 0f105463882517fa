/** What `npm run chaos -- …` accepts. */
import { parseArgs } from "node:util";
import type { SimulatedGateway } from "../../../ops/sandbox/gateways/tokens.ts";
import type { SoakOptions } from "./soak.ts";

export type OptionsVerdict =
  | { readonly kind: "run"; readonly options: SoakOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const USAGE = `npm run chaos -- [options]

Pays at both gateways while nodes, databases, Redis and gateways fail, then checks everything. Exit code 0: all holds.

  --payments N                  default 2000
  --seed S                      the same seed gives the same purchases and faults (default: by the clock)
  --gateway stripe|adyen|both   default both
  --hands N                     purchases that are begun at once (default 24)
  --no-redis                    without Redis, though there is one
  --keep FOLDER                 when it fails: logs and charge logs are copied there`;

const GATEWAYS: Readonly<Record<string, readonly SimulatedGateway[]>> = {
  stripe: ["stripe"],
  adyen: ["adyen"],
  both: ["stripe", "adyen"],
};
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** `nowMs`: where a seed comes from when none is given. */
export function readOptions(args: readonly string[], nowMs: number): OptionsVerdict {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: flag,
        payments: { ...text, default: "2000" },
        seed: { ...text, default: String(nowMs % 2 ** 31) },
        gateway: { ...text, default: "both" },
        hands: { ...text, default: "24" },
        "no-redis": flag,
        keep: text,
      },
    });
    if (values.help) return { kind: "help" };
    const gateways = Object.hasOwn(GATEWAYS, values.gateway) ? GATEWAYS[values.gateway] : undefined;
    if (gateways === undefined) return { kind: "wrong", message: `--gateway: no gateway ${values.gateway}` };
    return {
      kind: "run",
      options: {
        payments: wholeNumber("--payments", values.payments, 1, 1_000_000),
        seed: wholeNumber("--seed", values.seed, 0, 2 ** 32 - 1),
        gateways,
        hands: wholeNumber("--hands", values.hands, 1, 500),
        withRedis: !values["no-redis"],
        keepIn: values.keep ?? null,
      },
    };
  } catch (error) {
    return { kind: "wrong", message: (error as Error).message };
  }
}

function wholeNumber(name: string, given: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new Error(`${name} takes a whole number from ${min} to ${max}, not "${given}"`);
  return value;
}
