/** The sandbox's own programs as parts: the gateway simulators and the node, with what each is told and what it says. */
import { NODE_FLAGS } from "../../cluster/index.ts";
import type { SandboxFolder } from "./folder.ts";
import type { NodeConfigFile } from "./node-config.ts";
import { ProgramPart } from "./part.ts";

export interface NodeReady {
  readonly apiUrl: string;
  readonly adminUrl: string;
  /** `host:port` of the service for operators. */
  readonly adminGrpcAddress: string;
}
export interface GatewaysReady {
  readonly stripeUrl: string;
  readonly adyenUrl: string;
}
interface GatewaysSettings {
  readonly stripe: { readonly port: number; readonly chargeLog: string };
  readonly adyen: { readonly port: number; readonly chargeLog: string };
  readonly dataDir: string;
}

/** Where a program is and what it inherits. */
export interface Launch {
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: SandboxFolder;
}

export function gatewaysPart(launch: Launch, settings: GatewaysSettings): ProgramPart<GatewaysReady> {
  return new ProgramPart({
    ...programSpec(launch, "gateways"),
    args: [JSON.stringify(settings)],
    stopLimitMs: 10_000,
    readReady: (message) => readTexts(message, ["stripeUrl", "adyenUrl"]),
  });
}

/** Writes the node's configuration file, mode 600 for its database passwords. */
export function nodePart(launch: Launch, config: NodeConfigFile): ProgramPart<NodeReady> {
  const id = config.node.id;
  const configFile = launch.folder.file(`${id}.config.json`);
  launch.folder.write(`${id}.config.json`, config);
  return new ProgramPart({
    ...programSpec(launch, id),
    flags: NODE_FLAGS,
    args: [],
    environment: { ...launch.environment, PAYMENT_CLUSTER_CONFIG: configFile },
    stopLimitMs: 40_000, // above the node's own drain: an answer takes 10 s at most, a gateway call 20 s
    readReady: (message) => readTexts(message, ["apiUrl", "adminUrl", "adminGrpcAddress"]),
  });
}

const programSpec = ({ entry, environment, folder }: Launch, name: string) => ({
  name,
  entry,
  flags: [],
  environment,
  logFile: folder.log(name),
  readyLimitMs: 60_000,
  onSpawn: (pid: number): void => folder.record(pid),
});

/** The named members of a message when all are texts. */
function readTexts<K extends string>(message: unknown, names: readonly K[]): Record<K, string> | undefined {
  const given = message as Readonly<Record<string, unknown>>;
  const pairs = names.map((name) => [name, given[name]] as const);
  return pairs.every(([, value]) => typeof value === "string")
    ? (Object.fromEntries(pairs) as Record<K, string>)
    : undefined;
}
