/** Runs a sandbox from its start to its end. */
import { SandboxFolder } from "./folder.ts";
import type { SandboxOptions } from "./options.ts";
import { Sandbox, type Surroundings } from "./sandbox.ts";
import { listenForEnd } from "./signals.ts";

/**
 * Runs until it is asked to end by a signal. The exit code: 0 after a clean end, 1 when a part did not start or could
 * not be kept up. Throws FolderInUseError when the data folder is in use. A start that was cut may still wait for a
 * database: the process is then to be ended.
 */
export async function runSandbox(options: SandboxOptions, around: Surroundings): Promise<number> {
  const startedMs = performance.now();
  const folder = await SandboxFolder.open(options.dataDir);
  const sandbox = new Sandbox(options, around, folder);
  const requests = listenForEnd(
    around.environment["npm_lifecycle_event"] !== undefined,
    () => around.say("still ending in order; Ctrl-C once more ends at once"),
    () => {
      sandbox.kill();
      around.say("ended at once; the next start recovers");
      process.exit(1);
    },
  );
  const life = sandbox.boot(startedMs).then(() => sandbox.watch());
  const failure = await Promise.race([
    requests.first,
    life.then(
      () => undefined,
      (error: unknown) => error as Error,
    ),
  ]);
  const nodes = options.nodes === 1 ? "node" : `${options.nodes} nodes`;
  around.say(failure === undefined ? `ending: ${nodes}, gateways, PostgreSQL` : failure.message);
  await sandbox.end();
  requests.close();
  return failure === undefined ? 0 : 1;
}
