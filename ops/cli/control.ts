/** The control database as commands reach it: of the sandbox on this machine, or of the cluster that a node belongs to. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { ControlStore, KeyProvider } from "../../storage/index.ts";
import { CommandFailure } from "./failures.ts";
import { openSandbox } from "./sandbox-access.ts";

/** Options that every command on the control database takes. */
export interface ControlOptions {
  readonly dataDir: string;
  readonly config?: string;
  readonly output: "table" | "json";
}

interface ControlAddress {
  readonly dsn: string;
  readonly keysFile: string;
  /** Where the address came from, for messages. */
  readonly source: string;
}

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** Adds the options to a command. `defaultDataDir`: where `npm start` keeps its data. */
export const addControlOptions = (command: Command, defaultDataDir: string): Command =>
  command
    .option("--data-dir <folder>", "data folder of a running sandbox", defaultDataDir)
    .option("--config <file>", "configuration file of a node, instead of the sandbox's")
    .addOption(new Option("-o, --output <format>", "output format").choices(["table", "json"]).default("table"));

/** Runs `work` on the store; whoever runs the command appears in the audit trail. Throws CommandFailure. */
export async function withControl<T>(
  options: ControlOptions,
  work: (store: ControlStore, keys: KeyProvider) => Promise<T>,
): Promise<T> {
  const { dsn, keysFile, source } = findControl(options);
  // loaded now: the first words of a command that needs no database must not wait for it
  const [{ PaymentClusterError }, { fileKeyProvider, openControlStore }] = await Promise.all([
    import("../../actors/index.ts"),
    import("../../storage/index.ts"),
  ]);
  const keys = orFail(`the key file of ${source} cannot be used`, () => fileKeyProvider(keysFile));
  const store = openControlStore({ dsn, who: `payctl:${userName()}`, log: silent, keys: null });
  try {
    return await work(store, keys);
  } catch (error) {
    if (!(error instanceof PaymentClusterError)) throw error;
    throw new CommandFailure("other", `the control database that ${source} names cannot be used: ${error.message}`, {
      cause: error,
    });
  } finally {
    await store.close();
  }
}

function findControl({ config, dataDir }: ControlOptions): ControlAddress {
  if (config !== undefined) return readNodeConfig(config);
  const dsn = openSandbox(dataDir).postgres.control.ownerDsn;
  return { dsn, keysFile: join(dataDir, "keys.json"), source: join(dataDir, "sandbox.json") };
}

/** Only what is needed here: the node itself checks the rest. Nothing of the file is ever shown. */
function readNodeConfig(path: string): ControlAddress {
  let value: { readonly control?: { readonly dsn?: unknown }; readonly keys?: { readonly file?: unknown } } | null;
  try {
    value = JSON.parse(readFileSync(path, "utf8")) as typeof value;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // the parser's own message quotes the text, secrets with it
    throw new CommandFailure(
      code === "ENOENT" ? "notFound" : "other",
      `${path} cannot be read: ${code ?? "it is not JSON"}`,
      { cause: error },
    );
  }
  const [dsn, keysFile] = [value?.control?.dsn, value?.keys?.file];
  if (typeof dsn !== "string" || typeof keysFile !== "string")
    throw new CommandFailure("other", `${path} is no node's configuration: it lacks control.dsn or keys.file`);
  return { dsn, keysFile, source: path };
}

function orFail<T>(what: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw new CommandFailure("other", `${what}: ${(error as Error).message}`, { cause: error });
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`; // a uid without an entry in /etc/passwd
  }
}
