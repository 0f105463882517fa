/** What `npm run bench -- …` accepts. */
import { parseArgs } from "node:util";
import { PROFILE_NAMES, PROFILES } from "./profiles.ts";
import type { Profile, ProfileName } from "./profiles.ts";

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
  readonly profile: ProfileName;
  /** Of the profile, or what is asked for instead. */
  readonly notices: Profile["notices"];
  readonly recovery: Profile["recovery"];
  /** Of the cluster under test: an address, "own" for one that the benchmark starts, or null for none. */
  readonly redis: string | null;
  /** Measures the same cluster with and without it, in turns. */
  readonly compare: "redis" | null;
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
  --profile P        fixed-latency (default: the gateway answers in process after 50 ms; all merchants alike),
                     sdk (both official SDKs and the gateway simulators; 1,000/s),
                     zipf (the first merchant has 20 % of the load, the others by Zipf's law),
                     hot (one merchant alone at 1,000/s),
                     reads (5,000 requests/s, 70 % of them reads),
                     webhooks (500 payments/s through both SDKs and 1,000 signed notifications/s of payments made before;
                     then how fast an open breaker refuses),
                     recovery (no load: the node dies with 10,000 payments in doubt and comes back with a budget of
                     500 gateway calls/s); rates are those unless --rate says otherwise
  --notices R        notifications a second of --profile webhooks
  --in-doubt N, --budget R    payments in doubt and calls a second of --profile recovery
  --redis URL|own    the cluster uses this Redis, or one that is started for it
  --compare redis    all that the cluster can do with and without Redis, in turns on one machine, and the loss in percent;
                     with --rate the CPU that a payment costs at that rate
  --no-pgbench, --no-naive
  --cpu-prof DIR     CPU profiles of the node's threads during the measured window
  --postgres-set N=V further settings of the database server, repeatable
  --calibrate        what a request costs the generator alone

Exit code: 0 measured; 1 a run failed, or its audit did; 2 pgbench could not be had.`;

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
        redis: text,
        compare: text,
        notices: text,
        "in-doubt": text,
        budget: text,
        "cpu-prof": text,
        "postgres-set": { type: "string", multiple: true },
      },
    });
    if (values.help === true) return { kind: "help" };
    const profile = profileOf(values.profile);
    const { rate, merchants, merchantsMax, notices, recovery } = PROFILES[profile];
    const options: BenchOptions = {
      quick: values.quick === true,
      calibrate: values.calibrate === true,
      pgbench: values["no-pgbench"] !== true,
      naive: values["no-naive"] !== true,
      rate: number("--rate", values.rate, 100_000) ?? rate,
      seconds: number("--seconds", values.seconds, 86_400),
      warmupS: number("--warmup", values.warmup, 600),
      shards: values.shards?.split(",").map((n) => number("--shards", n, 64) as number) ?? null,
      workers: number("--workers", values.workers, 256),
      merchants: number("--merchants", values.merchants, merchantsMax) ?? merchants,
      profile,
      notices: number("--notices", values.notices, 100_000) ?? notices,
      recovery: recovery && {
        payments: number("--in-doubt", values["in-doubt"], 20_000) ?? recovery.payments,
        callsPerSecond: number("--budget", values.budget, 100_000) ?? recovery.callsPerSecond,
      },
      redis: redisOf(values.redis),
      compare: compareOf(values.compare),
      cpuProf: values["cpu-prof"] ?? null,
      postgresSettings: values["postgres-set"] ?? [],
    };
    const contradiction = CONTRADICTIONS.find(([, holds]) => holds(options, values));
    return contradiction === undefined ? { kind: "run", options } : { kind: "wrong", message: contradiction[0] };
  } catch (error) {
    return { kind: "wrong", message: (error as Error).message };
  }
}

type Given = { readonly [K in "profile" | "notices" | "in-doubt" | "budget"]?: string | undefined };
/** What each option alone does not tell. */
const CONTRADICTIONS: readonly (readonly [string, (options: BenchOptions, given: Given) => boolean])[] = [
  [
    "--compare redis has a load of its own: it takes no --profile",
    ({ compare }, given) => compare !== null && given.profile !== undefined,
  ],
  [
    "--profile zipf needs 6 merchants: the first of fewer has more than 20 % among equals",
    ({ profile, merchants }) => profile === "zipf" && merchants < 6,
  ],
  ["--notices is for --profile webhooks", (_, given) => given.notices !== undefined && given.profile !== "webhooks"],
  [
    "--in-doubt and --budget are for --profile recovery",
    ({ recovery }, given) => recovery === null && (given["in-doubt"] ?? given.budget) !== undefined,
  ],
];

function number(name: string, given: string | undefined, max: number): number | null {
  if (given === undefined) return null;
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= 1 && value <= max)) throw new Error(`${name} takes a whole number from 1 to ${max}, not "${given}"`);
  return value;
}

function profileOf(given = "fixed-latency"): ProfileName {
  const name = PROFILE_NAMES.find((one) => one === given);
  if (name === undefined) throw new Error(`--profile is ${PROFILE_NAMES.join(", ")}, not "${given}"`);
  return name;
}

function redisOf(given: string | undefined): string | null {
  if (given === undefined) return null;
  if (given === "own" || /^rediss?:$/.test(URL.parse(given)?.protocol ?? "")) return given;
  throw new Error(`--redis takes a redis:// or rediss:// address, or own, not "${given}"`);
}

function compareOf(given: string | undefined): "redis" | null {
  if (given === undefined || given === "redis") return given ?? null;
  throw new Error(`--compare takes redis, not "${given}"`);
}
