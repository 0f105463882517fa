#!/usr/bin/env node
/** `payctl`: noun verb. Data goes to stdout, talk to stderr; one file per noun. */
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { addClientCommands } from "./client.ts";
import { CommandFailure, EXITS, exitCodesHelp } from "./failures.ts";
import { addMerchantCommands } from "./merchant.ts";
import { addSandboxCommands } from "./sandbox.ts";
import { addVerifyCommand } from "./verify.ts";

const program = new Command("payctl")
  .description("see, move and try things in a payment cluster")
  .addHelpText("after", `\nExample:\n  npx payctl sandbox token\n\n${exitCodesHelp()}`)
  .exitOverride()
  .showHelpAfterError("(payctl --help shows what there is)");
const dataDir = join(import.meta.dirname, "../../.sandbox");
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
addSandboxCommands(program, dataDir, print);
addMerchantCommands(program, dataDir, print, say);
addClientCommands(program, dataDir, print, say);
addVerifyCommand(program, dataDir, print, say);

process.once("SIGINT", () => process.exit(EXITS.interrupted.code));
try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Says what happened, unless commander did, and gives the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXITS.usage.code;
  if (error instanceof CommandFailure) {
    process.stderr.write(`payctl: ${error.message}\n`);
    return EXITS[error.exit].code;
  }
  process.stderr.write(`payctl: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXITS.other.code;
}
