/** Runs a cluster's node with other settings: its configuration file is what a start reads, whoever starts it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeLimits } from "../../config.ts";
import { type Cluster, isReady, until } from "./cluster.ts";

interface Settings {
  readonly limits?: Partial<NodeLimits>;
  readonly gateways: Readonly<Record<"stripe" | "adyen", { readonly baseUrl: string }>>;
}

/** A doubt ends within seconds: a call may take one, and a check may repeat it soon. */
export const QUICK: Partial<NodeLimits> = { answerWithinMs: 1_500, gatewayCallMs: 2_000, sameKeyGraceMs: 2_000 };

/** As a sandbox is told them at its start. */
export const limitArgs = (limits: Partial<NodeLimits>): readonly string[] =>
  Object.entries(limits).flatMap(([name, value]) => ["--limit", `${name}=${value}`]);

/** Kills the node, and waits until its successor can commit. `change`: of the configuration that it starts with. */
export async function restartWith(cluster: Cluster, change: (settings: Settings) => Settings): Promise<void> {
  const path = join(cluster.dataDir, `${cluster.info.nodes[0]?.id}.config.json`);
  const settings = JSON.parse(readFileSync(path, "utf8")) as Settings;
  writeFileSync(path, JSON.stringify(change(settings)));
  await killNode(cluster);
}

/** The same with these limits; those that are not named stay as they are. */
export const limitTo = (cluster: Cluster, limits: Partial<NodeLimits>): Promise<void> =>
  restartWith(cluster, (settings) => ({ ...settings, limits: { ...settings.limits, ...limits } }));

/** SIGKILL, and then a node that can commit. */
export async function killNode(cluster: Cluster): Promise<void> {
  const pid = cluster.nodePid;
  process.kill(pid, "SIGKILL");
  await until(
    "the node is started again",
    60_000,
    async () => cluster.nodePid !== pid && (await isReady(cluster.info)),
  );
}
