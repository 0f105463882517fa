/** A command that asks a node something and shows it, once or again and again: what `list`, `status` and `inspect` share. */
import type { Command } from "commander";
import type { AdminFinding } from "../../cluster/index.ts";
import { addAdminOptions, addWatchOptions, type AdminOptions, type CommandWorld, openAdmin } from "./admin.ts";
import type { View } from "./views.ts";
import { showOnce, watch } from "./watching.ts";

export interface LookCommand<Options> {
  /** As commander takes it: a verb, and `<arguments>`. */
  readonly usage: string;
  readonly description: string;
  /** Two at least, without `npx payctl`. */
  readonly examples: readonly string[];
  readonly operation: string;
  readonly view: View;
  /** The arguments of the operation. May throw CommandFailure. */
  readonly argumentsOf: (words: readonly string[], options: Options) => Readonly<Record<string, unknown>>;
  readonly addOptions?: (command: Command) => Command;
  /** It looks again and again without being asked to. */
  readonly isAlwaysWatching?: boolean;
  /** After it was shown once: may throw CommandFailure, when what it shows is not well. */
  readonly judge?: (answer: AdminFinding) => void;
}

export const examplesHelp = (lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  npx payctl ${line}`).join("\n")}`;

/** Adds the command to a noun. */
export function addLookCommand<Options extends AdminOptions>(
  parent: Command,
  world: CommandWorld,
  spec: LookCommand<Options>,
): void {
  const command = addWatchOptions(
    addAdminOptions(parent.command(spec.usage).description(spec.description), world.dataDir),
  );
  (spec.addOptions?.(command) ?? command).addHelpText("after", examplesHelp(spec.examples));
  command.action(async () => {
    const options = command.opts<Options>();
    const args = spec.argumentsOf(command.args, options);
    const { terminal } = world;
    const admin = openAdmin(options, world);
    try {
      const look = (): Promise<AdminFinding> => admin.ask(spec.operation, args);
      if (options.watch === true || spec.isAlwaysWatching === true)
        return await watch(terminal, look, spec.view, { ...options, command: nameOf(command) });
      const answer = await look();
      showOnce(terminal, answer, spec.view, options);
      spec.judge?.(answer);
    } finally {
      admin.close();
    }
  });
}

/** As it was typed, less its options. */
const nameOf = (command: Command): string =>
  ["npx", "payctl", command.parent?.name(), command.name(), ...command.args]
    .filter((word) => word !== undefined)
    .join(" ");

/** A shard's number as people type it. */
export const readShard = (text: string | undefined): number =>
  text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
