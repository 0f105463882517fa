#!/usr/bin/env node
/** `payctl`: noun verb. Data goes to stdout, talk to stderr; one file per noun. */
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { addAdminCommands } from "./admin-commands.ts";
import { addClientCommands } from "./client.ts";
import { CommandFailure, EXITS, exitCodesHelp } from "./failures.ts";
import { addLedgerCommands } from "./ledger.ts";
import { addMerchantCommands } from "./merchant.ts";
import { addPaymentCommands } from "./payment.ts";
import { printed } from "./printed.ts";
import { addSandboxCommands } from "./sandbox.ts";
import { systemTerminal } from "./terminal.ts";
import { addVerifyCommand } from "./verify.ts";

const program = new Command("payctl")
  .description("see, move and try things in a payment cluster")
  .addHelpText("after", `\nExample:\n  npx payctl sandbox token\n\n${exitCodesHelp()}`)
  .exitOverride()
  // What was typed comes back in complaints: never as a terminal's commands.
  .configureOutput({ writeErr: (text) => void process.stderr.write(text.split("\n").map(printed).join("\n")) })
  .showHelpAfterError("(payctl --help shows what there is)");
const dataDir = join(import.meta.dirname, "../../.sandbox");
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
addSandboxCommands(program, dataDir, print);
addMerchantCommands(program, dataDir, print, say);
addClientCommands(program, dataDir, print, say);
const world = { terminal: systemTerminal(process.env), env: process.env, dataDir };
addPaymentCommands(program, world, print, say);
addLedgerCommands(program, dataDir, print);
addVerifyCommand(program, dataDir, print, say);
addAdminCommands(program, world);

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
