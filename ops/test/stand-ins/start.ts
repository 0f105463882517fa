/**
 * `npm start` with stand-ins for the node and the simulators; PostgreSQL is real, and the databases' content too when
 * a number of shards is asked for.
 */
import { join } from "node:path";
import { type PrepareCluster, prepareCluster } from "../../sandbox/cluster-data.ts";
import { readOptions } from "../../sandbox/options.ts";
import { runSandbox } from "../../sandbox/run.ts";

const verdict = readOptions(process.argv.slice(2), process.cwd(), process.cwd());
if (verdict.kind !== "run") throw new Error(JSON.stringify(verdict));
const pretend: PrepareCluster = async ({ servers, keysFile }) => {
  const shards = servers.map((ownerDsn, id) => ({ id, dsn: ownerDsn, ownerDsn }));
  const [control = { dsn: "", ownerDsn: "" }] = shards;
  return { control, shards, merchants: [], keysFile };
};
process.exit(
  await runSandbox(verdict.options, {
    nodeEntry: join(import.meta.dirname, "node.ts"),
    gatewaysEntry: join(import.meta.dirname, "gateways.ts"),
    prepareCluster: verdict.options.shards === null ? pretend : prepareCluster,
    environment: process.env,
    projectDir: join(import.meta.dirname, "../../.."),
    print: (text) => console.log(text),
    say: (line) => console.error(line),
  }).catch((error: unknown) => {
    console.error((error as Error).message);
    return 1;
  }),
);
