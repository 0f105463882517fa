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
  };
  readonly redisUrl: string | null;
  readonly gateways: { readonly stripe: GatewayAddress; readonly adyen: GatewayAddress };
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

export interface GatewayAddress {
  /** The simulator itself, whatever stands between it and the node. */
  readonly url: string;
  /** Path of its charge log, JSON lines. */
  readonly chargeLog: string;
  readonly controlUrl: string | null;
}

export interface NodeAddress {
  readonly id: string;
  readonly pid: number;
  readonly apiUrl: string;
  readonly adminUrl: string;
}

/** The file of a sandbox of one node that this process holds together. */
export function describeSandbox(facts: {
  readonly cluster: Pick<SandboxFile, "merchants"> & SandboxFile["postgres"];
  readonly stripe: GatewayAddress;
  readonly adyen: GatewayAddress;
  readonly redisUrl: string | null;
  readonly node: NodeAddress;
}): SandboxFile {
  const { cluster, stripe, adyen, redisUrl, node } = facts;
  return {
    version: 1,
    pid: process.pid,
    apiUrl: node.apiUrl,
    adminUrl: node.adminUrl,
    tokenUrl: `${node.apiUrl}/oauth/token`,
    merchants: cluster.merchants,
    postgres: { control: cluster.control, shards: cluster.shards },
    redisUrl,
    gateways: { stripe, adyen },
    nodes: [node],
  };
}

/** The file of the sandbox that runs in `dataDir`; undefined when none does. Throws when it cannot be read. */
export function readSandboxFile(dataDir: string): SandboxFile | undefined {
  const path = join(dataDir, "sandbox.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SandboxFile) : undefined;
}
