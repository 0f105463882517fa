/** Starts the naive service in its own process and database, on the server and with the tokens of a cluster. */
import { fork } from "node:child_process";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { provisionCluster } from "../../storage/index.ts";
import type { ClusterTarget } from "./cluster.ts";
import { databaseOn } from "./databases.ts";
import type { NaiveSettings } from "./naive/main.ts";
import type { Target } from "./target.ts";

const ENTRY = fileURLToPath(new URL(`./naive/main${extname(import.meta.filename)}`, import.meta.url));
const POOL_SIZE = 20;
const GATEWAY_MS = 50;

type NaiveMessage =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Starts it. `careful`: statements are prepared once per connection. Throws when it does not start.
 * The tables come from the same migrations; nothing but this service uses its database.
 */
export async function startNaive(cluster: ClusterTarget, dataDir: string, careful: boolean): Promise<Target> {
  const prefix = careful ? "bench_careful" : "bench_naive";
  const server = databaseOn(cluster.serverDsn, "postgres");
  const made = await provisionCluster({
    controlServer: server,
    shardServers: [server],
    shardCount: 1,
    slotsOf: () => Array.from({ length: 4096 }, (_, slot) => slot),
    prefix,
  });
  const dsn = made.shards[0]?.ownerDsn ?? "";
  const [token] = await cluster.tokens();
  const settings: NaiveSettings = {
    controlDsn: cluster.file.postgres.control.ownerDsn,
    keysFile: join(dataDir, "keys.json"),
    dsn,
    ...claimsOf(token ?? ""),
    gatewayMs: GATEWAY_MS,
    poolSize: POOL_SIZE,
    careful,
  };
  const child = fork(ENTRY, { serialization: "advanced" });
  const apiUrl = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the naive service ended with code ${code}`)));
    child.on("message", (message: NaiveMessage) => {
      if (message.kind === "ready") resolve(message.url);
      else reject(new Error(`the naive service: ${message.reason}`));
    });
    child.send(settings);
  });
  const postgres = cluster.roots.filter((root) => root.name === "postgres");
  return {
    name: careful ? "naive, prepared" : "naive",
    apiUrl,
    tokens: () => cluster.tokens(),
    servicePid: child.pid ?? 0,
    roots: [
      { name: "node", pid: child.pid ?? 0 },
      ...postgres,
      // The cluster idles beside it: its share belongs to nobody.
      ...cluster.roots.filter((root) => root.name === "gateways" || root.name === "redis"),
    ],
    serverDsn: cluster.serverDsn,
    shardDsns: [dsn],
    gapless: false,
    redisUrl: null,
    notices: null,
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await ended;
    },
  };
}

/** Issuer and audience as the cluster's own tokens say them. */
function claimsOf(token: string): { readonly issuer: string; readonly audience: string } {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as {
    readonly iss: string;
    readonly aud: string;
  };
  return { issuer: claims.iss, audience: claims.aud };
}
