/** What `npm run bench -- …` accepts. */
import { parseArgs } from "node:util";
import type { Profile } from "./cluster.ts";

export interface BenchOptions {
  /** Everything within three minutes. */
  readonly quick: boolean;
  /** One point only: the rate, requests a second. */
  readonly rate: number | null;
  readonly seconds: number | null;
  readonly warmupS: number | null;
  readonly shards: readonly number[] | null;
  readonly workers: number | null;
  readonly merchants: number;
  readonly profile: Profile;
  readonly pgbench: boolean;
  readonly naive: boolean;
  readonly cpuProf: string | null;
  readonly postgresSettings: readonly string[];
  /** Only the generator's own cost, against a server that does nothing. */
  readonly calibrate: boolean;
}

export type OptionsVerdict =
  | { readonly kind: "run"; readonly options: BenchOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const USAGE = `npm run bench -- [options]     measures the cluster, pgbench and a naive service on this machine

  (none)             6,000/s for 60 s and the largest rate that holds, on 1, 2 and 4 shards; takes most of an hour
  --quick            the same in small, within three minutes
  --rate R           one point only, without pgbench and the naive service
  --seconds S        length of the measured window
  --warmup S         seconds sent and not measured before it
  --shards N[,N…]    numbers of shards to measure
  --workers N        actor threads of the node
  --merchants N      merchants, each with a token of its own (default 1000)
  --profile P        fixed-latency (default: the gateway answers in process after 50 ms) or sdk (both official SDKs and
                     the gateway simulators; 1,000/s unless --rate says otherwise)
  --no-pgbench, --no-naive
  --cpu-prof DIR     CPU profiles of the node's threads during the measured window
  --postgres-set N=V further settings of the database server, repeatable
  --calibrate        what a request costs the generator alone

Exit code: 0 measured; 1 a run failed, or its audit did; 2 pgbench could not be had.`;

/** What the SDKs must carry on two cores. */
const SDK_RATE = 1000;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;

/** Reads the command line. */
export function readOptions(args: readonly string[]): OptionsVerdict {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { ...flag, short: "h" },
        quick: flag,
        calibrate: flag,
        "no-pgbench": flag,
        "no-naive": flag,
        rate: text,
        seconds: text,
        warmup: text,
        shards: text,
        workers: text,
        merchants: text,
        profile: text,
        "cpu-prof": text,
        "postgres-set": { type: "string", multiple: true },
      },
    });
    if (values.help === true) return { kind: "help" };
    const profile = profileOf(values.profile);
    const options: BenchOptions = {
      quick: values.quick === true,
      calibrate: values.calibrate === true,
      pgbench: values["no-pgbench"] !== true,
      naive: values["no-naive"] !== true,
      rate: number("--rate", values.rate, 100_000) ?? (profile === "sdk" ? SDK_RATE : null),
      seconds: number("--seconds", values.seconds, 86_400),
      warmupS: number("--warmup", values.warmup, 600),
      shards: values.shards?.split(",").map((n) => number("--shards", n, 64) as number) ?? null,
      workers: number("--workers", values.workers, 256),
      merchants: number("--merchants", values.merchants, 1000) ?? 1000,
      profile,
      cpuProf: values["cpu-prof"] ?? null,
      postgresSettings: values["postgres-set"] ?? [],
    };
    return { kind: "run", options };
  } catch (error) {
    return { kind: "wrong", message: (error as Error).message };
  }
}

function number(name: string, given: string | undefined, max: number): number | null {
  if (given === undefined) return null;
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= 1 && value <= max)) throw new Error(`${name} takes a whole number from 1 to ${max}, not "${given}"`);
  return value;
}

function profileOf(given = "fixed-latency"): Profile {
  if (given === "fixed-latency" || given === "sdk") return given;
  throw new Error(`--profile is fixed-latency or sdk, not "${given}"`);
}
