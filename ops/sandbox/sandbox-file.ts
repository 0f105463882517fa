/** `sandbox.json`: what a running sandbox tells test rigs and `payctl`. Members are only ever added. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SandboxFile {
  readonly version: 1;
  /** Of the process that holds the sandbox together. */
  readonly pid: number;
  readonly apiUrl: string;
  readonly adminUrl: string;
  readonly tokenUrl: string;
  readonly merchants: readonly SandboxMerchant[];
  readonly postgres: {
    readonly control: DatabaseAddress;
    readonly shards: readonly (DatabaseAddress & { readonly id: number })[];
    /** The first holds the control database. */
    readonly servers: readonly ServerAddress[];
  };
  readonly redisUrl: string | null;
  readonly gateways: { readonly stripe: GatewayAddress; readonly adyen: GatewayAddress };
  /** The first is the one of `apiUrl` and `adminUrl`. */
  readonly nodes: readonly NodeAddress[];
}

export interface SandboxMerchant {
  readonly id: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** In order of preference. */
  readonly gateways: readonly string[];
  readonly rateLimitPerSecond: number;
}

/** `dsn`: as the application role uses it. `ownerDsn`: direct, with all rights, for inspection. */
export interface DatabaseAddress {
  readonly dsn: string;
  readonly ownerDsn: string;
}

/** A PostgreSQL server. `ownerUrl`: with all rights. `pid`: null when it was given to the sandbox. */
export interface ServerAddress {
  readonly ownerUrl: string;
  readonly pid: number | null;
}

export interface GatewayAddress {
  /** The simulator itself, whatever stands between it and the node. */
  readonly url: string;
  /** Path of its charge log, JSON lines. */
  readonly chargeLog: string;
  readonly controlUrl: string | null;
}

export interface NodeAddress {
  readonly id: string;
  /** Of its newest process that became ready. */
  readonly pid: number;
  readonly apiUrl: string;
  readonly adminUrl: string;
  /** `host:port` of the service for operators. */
  readonly adminGrpcAddress: string;
}

/** The file of a sandbox that this process holds together. Throws when it has no node. */
export function describeSandbox(facts: {
  readonly cluster: Pick<SandboxFile, "merchants"> & Pick<SandboxFile["postgres"], "control" | "shards">;
  readonly servers: readonly ServerAddress[];
  readonly stripe: GatewayAddress;
  readonly adyen: GatewayAddress;
  readonly redisUrl: string | null;
  readonly nodes: readonly NodeAddress[];
}): SandboxFile {
  const { cluster, servers, stripe, adyen, redisUrl, nodes } = facts;
  const [first] = nodes;
  if (first === undefined) throw new Error("a sandbox has a node");
  return {
    version: 1,
    pid: process.pid,
    apiUrl: first.apiUrl,
    adminUrl: first.adminUrl,
    tokenUrl: `${first.apiUrl}/oauth/token`,
    merchants: cluster.merchants,
    postgres: { control: cluster.control, shards: cluster.shards, servers },
    redisUrl,
    gateways: { stripe, adyen },
    nodes,
  };
}

/** The file of the sandbox that runs in `dataDir`; undefined when none does. Throws when it cannot be read. */
export function readSandboxFile(dataDir: string): SandboxFile | undefined {
  const path = join(dataDir, "sandbox.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SandboxFile) : undefined;
}
