/** What `npm run chaos:messages -- …` accepts. */
import { parseArgs } from "node:util";
import { MUTATIONS, type MutationName } from "./mutations.ts";
import type { ProvenGateway } from "./scenario.ts";

export interface ProofOptions {
  readonly gateways: readonly ProvenGateway[];
  /** The first and the last message to try, from 1. */
  readonly from: number;
  readonly to: number;
  /** Orders the runs: which share a kill. */
  readonly seed: number;
  readonly lanes: number;
  /** Only the messages that change durable or outside state. */
  readonly essentialOnly: boolean;
  /** Ends with the first failure. */
  readonly stopEarly: boolean;
  /** Prints every message of the undisturbed run. */
  readonly list: boolean;
  readonly mutation: MutationName | null;
}

export type OptionsVerdict =
  | { readonly kind: "run"; readonly options: ProofOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const USAGE = `npm run chaos:messages -- [options]

Counts the messages of create, capture and partial refund, then kills the node behind each of them.

  --gateway stripe|adyen|both   default both
  --from K --to K               only these messages
  --essential                   only those that change durable or outside state
  --seed S                      order of the runs (default: by the clock)
  --lanes N                     runs that share a kill (default 12)
  --stop                        end with the first failure
  --list                        print the messages too
  --mutation ${Object.keys(MUTATIONS).join("|")}   on a copy of the tree with this fault built in: must fail`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const GATEWAYS: Readonly<Record<string, readonly ProvenGateway[]>> = {
  stripe: ["stripe"],
  adyen: ["adyen"],
  both: ["stripe", "adyen"],
};

/** `nowMs`: where a seed comes from when none is given. */
export function readOptions(args: readonly string[], nowMs: number): OptionsVerdict {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: flag,
        gateway: { ...text, default: "both" },
        from: { ...text, default: "1" },
        to: { ...text, default: "100000" },
        seed: { ...text, default: String(nowMs % 2 ** 31) },
        lanes: { ...text, default: "12" },
        essential: flag,
        stop: flag,
        list: flag,
        mutation: text,
      },
    });
    if (values.help) return { kind: "help" };
    const gateways = GATEWAYS[values.gateway];
    if (gateways === undefined) return { kind: "wrong", message: `--gateway: no gateway ${values.gateway}` };
    const { mutation } = values;
    if (mutation !== undefined && !isMutation(mutation))
      return { kind: "wrong", message: `--mutation: no mutation ${mutation}` };
    return {
      kind: "run",
      options: {
        gateways,
        from: wholeNumber("--from", values.from),
        to: wholeNumber("--to", values.to),
        seed: wholeNumber("--seed", values.seed),
        lanes: Math.max(1, wholeNumber("--lanes", values.lanes)),
        essentialOnly: values.essential,
        stopEarly: values.stop,
        list: values.list,
        mutation: mutation ?? null,
      },
    };
  } catch (error) {
    return { kind: "wrong", message: (error as Error).message };
  }
}

const isMutation = (name: string): name is MutationName => Object.hasOwn(MUTATIONS, name);

function wholeNumber(name: string, given: string): number {
  if (!/^\d{1,10}$/.test(given)) throw new Error(`${name} takes a whole number, not "${given}"`);
  return Number(given);
}
