/** What `npm start -- …` accepts. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface SandboxOptions {
  /** Processes that serve; from two on there are two embedded PostgreSQL servers. */
  readonly nodes: number;
  /** Null: as many as there are, else four. */
  readonly shards: number | null;
  /** To have at least; null: as many as there are, else three. */
  readonly merchants: number | null;
  /** Preferred port of the API; null: 8080. */
  readonly port: number | null;
  readonly dataDir: string;
  /** Servers to use instead of embedded ones: the first holds control, a new shard i is on server i modulo their number. */
  readonly postgres: readonly string[];
  readonly stripeUrl: string | null;
  readonly adyenUrl: string | null;
  /** Every payment goes to the in-process gateway that answers after so many milliseconds; null: to the simulators. */
  readonly fixedLatencyMs: number | null;
  readonly workers: number | null;
  /** Where finished replies are kept for repeats; null: nowhere, shards answer every repeat. */
  readonly redisUrl: string | null;
  /** Requests a second that each new merchant may send; null: 100. */
  readonly rateLimitPerSecond: number | null;
  /** Calls a second to each gateway account, of all nodes together; null: any number. */
  readonly gatewayCallsPerSecond: number | null;
  /** Calls to each gateway account whose answer is out at once; null: any number. */
  readonly gatewayCallsInFlight: number | null;
  /** Limits of the node by their names in its configuration; what is not named keeps its default. */
  readonly limits: Readonly<Record<string, number>>;
  readonly postgresSettings: Readonly<Record<string, string>>;
}

export type OptionsVerdict =
  | { readonly kind: "run"; readonly options: SandboxOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const USAGE = `npm start -- [options]      starts the sandbox: PostgreSQL, gateway simulators, one node or more

  --nodes N           node processes (1 to 9, default 1); more than one share two PostgreSQL servers: the first holds
                      the control database and even shards, the second odd ones; shards that exist stay where they are
  --shards N          shards of a new cluster (default 4; an existing one keeps its number)
  --merchants N       merchants to have at least, on different shards (default 3; existing ones stay)
  --port P            preferred port of the API (default 8080; another one when it is taken); each further node has the
                      next free one
  --data-dir D        folder of all data (default .sandbox)
  --postgres URL      existing server on which databases and roles may be created, instead of embedded ones;
                      repeatable: the first holds the control database, new shards go round all
  --stripe-url URL    where the node reaches Stripe, for example a proxy in front of the simulator
  --adyen-url URL     the same for Adyen
  --gateway fixed-latency:MS   benchmarks: merchants use an in-process gateway that answers after MS milliseconds
  --redis URL         Redis for finished replies (default: none; redis://HOST:PORT or rediss://)
  --rate-limit R      requests a second that each new merchant may send (default 100; existing ones keep theirs)
  --gateway-calls-per-second R, --gateway-calls-in-flight N
                      budget of calls to each gateway account (default: none); each node has an equal part of it
  --limit NAME=N      a limit of the node by its name in the configuration, repeatable
  --workers N         worker threads for shard actors of each node (default: cores - 1)
  --postgres-set NAME=VALUE    setting of the embedded servers, repeatable (durability cannot be turned off)`;

const text = { type: "string" } as const;
const texts = { type: "string", multiple: true } as const;

/** Reads the command line. `cwd`: where a relative folder begins; `projectDir`: where the default one lies. */
export function readOptions(args: readonly string[], cwd: string, projectDir: string): OptionsVerdict {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        nodes: text,
        shards: text,
        merchants: text,
        "rate-limit": text,
        port: text,
        "data-dir": text,
        postgres: texts,
        redis: text,
        "stripe-url": text,
        "adyen-url": text,
        gateway: text,
        workers: text,
        "gateway-calls-per-second": text,
        "gateway-calls-in-flight": text,
        limit: texts,
        "postgres-set": texts,
      },
    });
    if (values.help === true) return { kind: "help" };
    const options: SandboxOptions = {
      nodes: wholeNumber("--nodes", values.nodes, 1, 9, 1),
      shards: values.shards === undefined ? null : wholeNumber("--shards", values.shards, 1, 64, 4),
      merchants: values.merchants === undefined ? null : wholeNumber("--merchants", values.merchants, 1, 1000, 3),
      port: values.port === undefined ? null : wholeNumber("--port", values.port, 0, 65_535, 0),
      dataDir: values["data-dir"] === undefined ? join(projectDir, ".sandbox") : resolve(cwd, values["data-dir"]),
      postgres: (values.postgres ?? []).map((url) => webAddress("--postgres", url, ["postgres:", "postgresql:"])),
      stripeUrl: optionalAddress("--stripe-url", values["stripe-url"]),
      adyenUrl: optionalAddress("--adyen-url", values["adyen-url"]),
      fixedLatencyMs: values.gateway === undefined ? null : fixedLatency(values.gateway),
      workers: values.workers === undefined ? null : wholeNumber("--workers", values.workers, 1, 256, 1),
      redisUrl: values.redis === undefined ? null : webAddress("--redis", values.redis, ["redis:", "rediss:"]),
      rateLimitPerSecond:
        values["rate-limit"] === undefined
          ? null
          : wholeNumber("--rate-limit", values["rate-limit"], 1, 1_000_000, 100),
      gatewayCallsPerSecond: optionalBudget("--gateway-calls-per-second", values["gateway-calls-per-second"]),
      gatewayCallsInFlight: optionalBudget("--gateway-calls-in-flight", values["gateway-calls-in-flight"]),
      limits: Object.fromEntries((values.limit ?? []).map(limit)),
      postgresSettings: Object.fromEntries((values["postgres-set"] ?? []).map(setting)),
    };
    return { kind: "run", options };
  } catch (error) {
    return { kind: "wrong", message: (error as Error).message };
  }
}

function wholeNumber(name: string, given: string | undefined, min: number, max: number, preset: number): number {
  if (given === undefined) return preset;
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new Error(`${name} takes a whole number from ${min} to ${max}, not "${given}"`);
  return value;
}

function webAddress(name: string, given: string, protocols: readonly string[]): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === "")
    throw new Error(`${name} takes a URL that begins with ${protocols.join("// or ")}//`);
  return given;
}

const optionalAddress = (name: string, given: string | undefined): string | null =>
  given === undefined ? null : webAddress(name, given, ["http:", "https:"]).replace(/\/$/, "");

const optionalBudget = (name: string, given: string | undefined): number | null =>
  given === undefined ? null : wholeNumber(name, given, 1, 1_000_000, 1);

/** Whether there is such a limit, and what it may be, the node says itself. */
function limit(given: string): readonly [string, number] {
  const match = /^([a-zA-Z]+)=(\d+(?:\.\d+)?)$/.exec(given);
  if (match === null) throw new Error(`--limit takes NAME=NUMBER, not "${given}"`);
  return [match[1] as string, Number(match[2])];
}

function fixedLatency(given: string): number {
  const [kind, delayMs] = given.split(":");
  if (kind !== "fixed-latency") throw new Error(`--gateway takes fixed-latency:MS, not "${given}"`);
  return wholeNumber("--gateway fixed-latency:", delayMs, 0, 10_000, 50);
}

function setting(given: string): readonly [string, string] {
  const match = /^([a-z_]+)=(.*)$/.exec(given);
  if (match === null) throw new Error(`--postgres-set takes NAME=VALUE, not "${given}"`);
  return [match[1] as string, match[2] as string];
}
