/** `npm start`: the whole cluster on one machine, from nothing but Node and npm. */
import { join } from "node:path";
import { prepareCluster } from "./cluster-data.ts";
import { FolderInUseError } from "./folder-lock.ts";
import { readOptions, USAGE } from "./options.ts";
import { runSandbox } from "./run.ts";

const projectDir = join(import.meta.dirname, "../..");
const verdict = readOptions(process.argv.slice(2), process.cwd(), projectDir);
switch (verdict.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(`${verdict.message}\n\n${USAGE}`);
    process.exitCode = 2;
    break;
  case "run":
    process.exit(
      await runSandbox(verdict.options, {
        nodeEntry: join(projectDir, "cluster/node.ts"),
        gatewaysEntry: join(import.meta.dirname, "gateways/main.ts"),
        prepareCluster,
        environment: process.env,
        projectDir,
        print: (text) => console.log(text),
        say: (line) => console.error(line),
      }).catch((error: unknown) => {
        const running =
          error instanceof FolderInUseError ? "\nIt runs already; another one needs --data-dir of its own." : "";
        console.error(`${(error as Error).message}${running}`);
        return 1;
      }),
    );
}
