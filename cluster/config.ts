/**
 * A node's configuration: declared, validated and explained here and nowhere else. The file's path stands in the
 * environment variable PAYMENT_CLUSTER_CONFIG. All faults are reported at once; a value is never printed.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { BreakersLimits, ShardLimits } from "../actors/index.ts";
import { EDGE_REQUESTS_PER_SECOND } from "../router/index.ts";

const strict = { additionalProperties: false } as const;
const Listener = Type.Object(
  { host: Type.String({ minLength: 1 }), port: Type.Integer({ minimum: 0, maximum: 65_535 }) },
  strict,
);
const access = {
  baseUrl: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
  apiKey: Type.String({ minLength: 1 }),
};
const Secrets = Type.Array(Type.String(), { minItems: 1, maxItems: 4 });
/** `webhooks` null: its notifications are not taken in. Several secrets while one is being replaced. */
const StripeAccess = Type.Object(
  {
    ...access,
    webhooks: Type.Optional(
      Type.Union([
        Type.Object(
          {
            secrets: Secrets,
            livemode: Type.Boolean(),
            /** Whose events name no account: they are of the account that the endpoint belongs to. */
            account: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Null()])),
          },
          strict,
        ),
        Type.Null(),
      ]),
    ),
  },
  strict,
);
const BasicAuth = Type.Object({ user: Type.String({ minLength: 1 }), password: Type.String({ minLength: 1 }) }, strict);
const AdyenAccess = Type.Object(
  {
    ...access,
    webhooks: Type.Optional(
      Type.Union([
        Type.Object(
          { hmacKeys: Secrets, live: Type.Boolean(), basicAuth: Type.Union([BasicAuth, Type.Null()]) },
          strict,
        ),
        Type.Null(),
      ]),
    ),
  },
  strict,
);
const ms = (minimum: number) => Type.Integer({ minimum, maximum: 86_400_000 });

/** The file. Times of `limits` may be set one by one; see DEFAULT_LIMITS for what each is and why. */
export const ConfigFile = Type.Object(
  {
    mode: Type.Union([Type.Literal("sandbox"), Type.Literal("production")]),
    node: Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,40}$" }) }, strict),
    api: Listener,
    /** Who issues access tokens, an address: the same on all nodes, or they refuse each other's. Null: this node's own. */
    issuer: Type.Optional(Type.Union([Type.String({ pattern: "^https?://" }), Type.Null()])),
    /** `grpcPort`: of the service for operators, which is never public. */
    admin: Type.Object(
      { ...Listener.properties, grpcPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })) },
      strict,
    ),
    /** Where other nodes reach this one. */
    peers: Type.Optional(Listener),
    control: Type.Object({ dsn: Type.String({ minLength: 1 }) }, strict),
    keys: Type.Object({ file: Type.String({ minLength: 1 }) }, strict),
    gateways: Type.Object(
      {
        stripe: Type.Union([StripeAccess, Type.Null()]),
        adyen: Type.Union([AdyenAccess, Type.Null()]),
        fixedLatency: Type.Union([Type.Object({ delayMs: ms(0) }, strict), Type.Null()]),
      },
      strict,
    ),
    /** Events to merchants' endpoints. `allowLoopback`: receivers on this machine, plain HTTP, any port. */
    webhooks: Type.Optional(
      Type.Object(
        {
          allowLoopback: Type.Optional(Type.Boolean()),
          timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 60_000 })),
        },
        strict,
      ),
    ),
    /** Null: no fast path, every repeat is answered by its shard. */
    redis: Type.Optional(
      Type.Union([Type.Object({ url: Type.String({ pattern: "^rediss?://" }) }, strict), Type.Null()]),
    ),
    /** Requests of one address a second, before anything is known of who asks; null: no limit. */
    edgeRequestsPerSecond: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
    /** What each token of the simulators does, for the page of documents; null: this is no sandbox. */
    sandboxTokens: Type.Optional(
      Type.Union([Type.Array(Type.Object({ token: Type.String(), meaning: Type.String() }, strict)), Type.Null()]),
    ),
    workers: Type.Union([Type.Integer({ minimum: 1, maximum: 64 }), Type.Null()]),
    gatewayThreads: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 16 }), Type.Null()])),
    /** Calls a second to one gateway account, of the whole node; null: no limit of ours. */
    gatewayCallsPerSecond: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
    /** Calls to one gateway account whose answer is out at once, of the whole node; null: no limit of ours. */
    gatewayCallsInFlight: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
    limits: Type.Optional(
      Type.Partial(
        Type.Object(
          {
            lingerMs: Type.Integer({ minimum: 0, maximum: 50 }),
            commitPaceMs: Type.Integer({ minimum: 0, maximum: 50 }),
            lookUpPaceMs: Type.Integer({ minimum: 0, maximum: 50 }),
            batchMax: Type.Integer({ minimum: 1, maximum: 4_096 }),
            renewEveryMs: ms(100),
            retryDelayMs: ms(10),
            queueAgeMaxMs: ms(10),
            mailboxDepthMax: Type.Integer({ minimum: 1 }),
            openMax: Type.Integer({ minimum: 1 }),
            receivedMax: Type.Integer({ minimum: 1 }),
            answerWithinMs: ms(100),
            operationDeadlineMs: ms(1_000),
            riskCheckMs: ms(1),
            gatewayCallMs: ms(100),
            sameKeyGraceMs: ms(100),
            noteAfterMs: ms(100),
            checksPerSweep: Type.Integer({ minimum: 1 }),
            memoryAnswersForMs: ms(100),
            rememberedMax: Type.Integer({ minimum: 0 }),
            knownKeysMax: Type.Integer({ minimum: 0, maximum: 100_000_000 }),
            breakerWindowS: Type.Integer({ minimum: 1, maximum: 60 }),
            breakerFailuresMin: Type.Integer({ minimum: 1 }),
            breakerFailureShare: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
            breakerOpenMs: ms(10),
            breakerOpenMaxMs: ms(10),
            moveWaitMs: ms(0),
          },
          strict,
        ),
      ),
    ),
  },
  strict,
);
export type ConfigFile = Static<typeof ConfigFile>;

/** Limits of each shard, of each thread's way to the gateways, and of the way between nodes. */
export interface NodeLimits extends ShardLimits, BreakersLimits {
  /** So long a request waits for its shard's next owner, in all; never longer than `answerWithinMs`. */
  readonly moveWaitMs: number;
}

/** The table of design §5, and what measurement added. */
export const DEFAULT_LIMITS: NodeLimits = Object.freeze({
  lingerMs: 2,
  commitPaceMs: 16, // the fixed cost of a commit, about 0.7 ms of CPU, is then shared by more rows; idle shards do not wait
  lookUpPaceMs: 4,
  batchMax: 128, // rows of one kind: almost all of the gain is there, and a longer batch stalls the thread that settles it
  renewEveryMs: 1_000,
  retryDelayMs: 200,
  queueAgeMaxMs: 250, // past the knee latency jumps to seconds at once: refuse before; half of what P99 may be
  mailboxDepthMax: 8_192,
  openMax: 20_000, // of one shard: a gateway that hangs must not fill memory, nor the load of the next activation
  receivedMax: 50_000, // of one shard: modifications at Adyen, whose outcome a notification tells; 2 kB each
  answerWithinMs: 10_000, // then 202
  operationDeadlineMs: 900_000, // the shopper has long bought elsewhere
  riskCheckMs: 300, // a payment goes on without the check rather than wait longer: the gateway judges risk too
  gatewayCallMs: 20_000,
  sameKeyGraceMs: 20_000, // the first call may still run
  noteAfterMs: 3_000, // most operations end in less and never touch the table of open ones
  checksPerSweep: 50,
  memoryAnswersForMs: 3_000,
  rememberedMax: 500, // each more is an object that outlives the young generation and is copied by the collector
  knownKeysMax: 4_000_000, // 8 MB a shard; saves the look-up of every new key, about a twentieth of a payment
  breakerWindowS: 30, // longer than a gateway call: calls that all time out still meet in it
  breakerFailuresMin: 10, // some payments fail at any gateway, and a quiet line is better asked than refused
  breakerFailureShare: 0.5, // below it most payments go through, and the resolver ends the others
  breakerOpenMs: 1_000, // a gateway that was only restarted costs its merchants no more than this
  breakerOpenMaxMs: 15_000, // so long may a gateway be back before its merchants notice
  moveWaitMs: 2_000, // a hand-over takes a fraction of it; a take-over takes longer, and then a merchant should hear so
});

/** Of one try to deliver an event: what receivers are promised. */
const WEBHOOK_TIMEOUT_MS = 10_000;

/** Most a database may take to say how a commit ended; afterwards its fate is unknown. */
export const COMMIT_TIMEOUT_MS = 8_000;

/** A validated configuration with every default filled in. */
export interface NodeConfig
  extends Omit<
    ConfigFile,
    | "limits"
    | "workers"
    | "gatewayThreads"
    | "redis"
    | "edgeRequestsPerSecond"
    | "sandboxTokens"
    | "gatewayCallsPerSecond"
    | "gatewayCallsInFlight"
    | "webhooks"
    | "peers"
    | "issuer"
  > {
  readonly issuer: string | null;
  readonly peers: Static<typeof Listener>;
  readonly limits: NodeLimits;
  readonly gatewayCallsPerSecond: number | null;
  readonly gatewayCallsInFlight: number | null;
  readonly workers: number;
  /** How events are sent to merchants' endpoints; `allowLoopback` unless it says otherwise only in a sandbox. */
  readonly webhooks: { readonly allowLoopback: boolean; readonly timeoutMs: number };
  /** Threads that run the gateways' SDKs. */
  readonly gatewayThreads: number;
  readonly redis: { readonly url: string } | null;
  readonly edgeRequestsPerSecond: number | null;
  readonly sandboxTokens: readonly { readonly token: string; readonly meaning: string }[] | null;
}

/** Null stands for the gateway's own address. */
function isAddress(baseUrl: string | null | undefined): boolean {
  return baseUrl === null || baseUrl === undefined || /^https?:$/.test(URL.parse(baseUrl)?.protocol ?? "");
}

/** What the shape alone does not tell: values that contradict each other, and addresses. */
const CONTRADICTIONS: readonly (readonly [string, (config: NodeConfig) => boolean])[] = [
  [
    "limits.answerWithinMs must be under limits.gatewayCallMs",
    ({ limits }) => limits.answerWithinMs >= limits.gatewayCallMs,
  ],
  [
    "limits.riskCheckMs must be under limits.answerWithinMs",
    ({ limits }) => limits.riskCheckMs >= limits.answerWithinMs,
  ],
  [
    "limits.gatewayCallMs must be under limits.operationDeadlineMs",
    ({ limits }) => limits.gatewayCallMs >= limits.operationDeadlineMs,
  ],
  [
    "limits.sameKeyGraceMs must be at least limits.gatewayCallMs",
    ({ limits }) => limits.sameKeyGraceMs < limits.gatewayCallMs,
  ],
  [
    "limits.renewEveryMs must be under limits.memoryAnswersForMs",
    ({ limits }) => limits.renewEveryMs >= limits.memoryAnswersForMs,
  ],
  [
    "limits.memoryAnswersForMs must be under the 4 s that a take-over waits",
    ({ limits }) => limits.memoryAnswersForMs >= 4_000,
  ],
  [
    "limits.operationDeadlineMs must be under a gateway key's 23 h",
    ({ limits }) => limits.operationDeadlineMs >= 82_800_000,
  ],
  [
    "limits.breakerOpenMs must be at most limits.breakerOpenMaxMs",
    ({ limits }) => limits.breakerOpenMs > limits.breakerOpenMaxMs,
  ],
  ["gateways.stripe.baseUrl must be an http or https address", ({ gateways }) => !isAddress(gateways.stripe?.baseUrl)],
  ["gateways.adyen.baseUrl must be an http or https address", ({ gateways }) => !isAddress(gateways.adyen?.baseUrl)],
  [
    "mode production refuses gateways.fixedLatency",
    ({ mode, gateways }) => mode === "production" && gateways.fixedLatency !== null,
  ],
  [
    "mode production refuses a gateway address of one's own",
    ({ mode, gateways }) =>
      mode === "production" && (gateways.stripe?.baseUrl ?? gateways.adyen?.baseUrl ?? null) !== null,
  ],
  [
    "mode production refuses webhooks.allowLoopback",
    ({ mode, webhooks }) => mode === "production" && webhooks.allowLoopback,
  ],
  ["mode production is not built yet: links between the parts are not encrypted", ({ mode }) => mode === "production"],
];

/** The configuration, or every fault in it. */
export function parseConfig(input: unknown): NodeConfig | { readonly faults: readonly string[] } {
  const check = Compile(ConfigFile);
  if (!check.Check(input)) {
    const faults = [...check.Errors(input)].map(({ instancePath, message, params }) => {
      const extra = "additionalProperties" in params ? `: ${String(params.additionalProperties)}` : "";
      return `${instancePath === "" ? "the file" : instancePath.slice(1).replaceAll("/", ".")} ${message}${extra}`;
    });
    return { faults };
  }
  const { limits, workers, gatewayThreads, redis, edgeRequestsPerSecond, sandboxTokens, ...rest } = input;
  const cores = availableParallelism();
  // The main thread and the database take the rest of the machine.
  const config = {
    ...rest,
    limits: { ...DEFAULT_LIMITS, ...limits },
    webhooks: {
      allowLoopback: rest.webhooks?.allowLoopback ?? rest.mode === "sandbox",
      timeoutMs: rest.webhooks?.timeoutMs ?? WEBHOOK_TIMEOUT_MS,
    },
    peers: rest.peers ?? { host: "127.0.0.1", port: 0 },
    issuer: rest.issuer ?? null,
    redis: redis ?? null,
    sandboxTokens: sandboxTokens ?? null,
    gatewayCallsPerSecond: rest.gatewayCallsPerSecond ?? null,
    gatewayCallsInFlight: rest.gatewayCallsInFlight ?? null,
    edgeRequestsPerSecond: edgeRequestsPerSecond === undefined ? EDGE_REQUESTS_PER_SECOND : edgeRequestsPerSecond,
    workers: workers ?? Math.max(1, cores - 1),
    gatewayThreads: gatewayThreads ?? (cores <= 2 ? 1 : 2), // the second keeps payments going while the first is rebuilt
  };
  const faults = CONTRADICTIONS.filter(([, holds]) => holds(config)).map(([fault]) => fault);
  return faults.length > 0 ? { faults } : Object.freeze(config);
}

/** The configuration that a file's text holds, or every fault in it. */
export function parseConfigText(text: string): ReturnType<typeof parseConfig> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return { faults: ["the file is not JSON"] }; // the parser's own message quotes the text, secrets with it
  }
  return parseConfig(input);
}

/** Reads the file that the environment names. Throws one error that lists all faults. */
export function loadConfig(): NodeConfig {
  const path = process.env["PAYMENT_CLUSTER_CONFIG"];
  if (path === undefined || path === "")
    throw new Error("PAYMENT_CLUSTER_CONFIG must name the node's configuration file");
  const parsed = parseConfigText(readFileSync(path, "utf8"));
  if ("faults" in parsed) throw new Error(`the configuration is refused:\n  ${parsed.faults.join("\n  ")}`);
  return parsed;
}
