/** What a running sandbox says of itself. */
import { readSandboxFile, type SandboxFile } from "../sandbox/sandbox-file.ts";
import { CommandFailure } from "./failures.ts";

/** The file of the sandbox that runs in `dataDir`. Throws CommandFailure when none does. */
export function openSandbox(dataDir: string): SandboxFile {
  let file: SandboxFile | undefined;
  try {
    file = readSandboxFile(dataDir);
  } catch (error) {
    throw new CommandFailure("other", `${dataDir}/sandbox.json cannot be read: ${(error as Error).message}`);
  }
  if (file === undefined) throw new CommandFailure("notFound", `no sandbox runs in ${dataDir}. Start it: npm start`);
  return file;
}
