/** `npm start` with stand-ins for the node, the simulators and the databases' content; PostgreSQL is real. */
import { join } from "node:path";
import type { ClusterWish } from "../../sandbox/cluster-data.ts";
import { readOptions } from "../../sandbox/options.ts";
import { runSandbox } from "../../sandbox/run.ts";

const verdict = readOptions(process.argv.slice(2), process.cwd(), process.cwd());
if (verdict.kind !== "run") throw new Error(JSON.stringify(verdict));
process.exit(
  await runSandbox(verdict.options, {
    nodeEntry: join(import.meta.dirname, "node.ts"),
    gatewaysEntry: join(import.meta.dirname, "gateways.ts"),
    prepareCluster: async ({ servers, keysFile }: ClusterWish) => {
      const [ownerDsn = ""] = servers;
      const address = { dsn: ownerDsn, ownerDsn };
      return { control: address, shards: [{ id: 0, ...address }], merchants: [], keysFile };
    },
    environment: process.env,
    projectDir: join(import.meta.dirname, "../../.."),
    print: (text) => console.log(text),
    say: (line) => console.error(line),
  }).catch((error: unknown) => {
    console.error((error as Error).message);
    return 1;
  }),
);
