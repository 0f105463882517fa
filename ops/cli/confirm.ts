/** Which commands ask before they act, and how (the more harm, the more to type). */
import { CommandFailure } from "./failures.ts";
import type { Terminal } from "./terminal.ts";

/** `mild` acts at once; `moderate` wants a yes; `severe` wants the name of what it is about. */
export type Danger = "mild" | "moderate" | "severe";

/** Commands that change something. What is not here only looks. */
export const DANGERS: Readonly<Record<string, Danger>> = {
  "node drain": "moderate",
  "node undrain": "mild",
  "gateway disable": "moderate",
  "gateway enable": "mild",
};

export interface ConfirmOptions {
  readonly yes?: boolean;
  readonly confirm?: string;
}

/**
 * Resolves when the person agreed, or need not. Throws CommandFailure(notConfirmed) at once when nobody can be asked and
 * no flag was given. `name`: of what it is about; `what`: as a sentence without its end.
 */
export async function confirm(
  terminal: Pick<Terminal, "canAsk" | "ask" | "say">,
  danger: Danger,
  { name, what }: { readonly name: string; readonly what: string },
  options: ConfirmOptions,
): Promise<void> {
  if (danger === "mild") return;
  const flag = danger === "moderate" ? "--yes" : `--confirm=${name}`;
  const isGiven = danger === "moderate" ? options.yes === true : options.confirm === name;
  if (isGiven) return;
  if (options.confirm !== undefined && danger === "severe")
    throw new CommandFailure("notConfirmed", `--confirm says ${options.confirm}, and it is about ${name}`);
  if (!terminal.canAsk) throw new CommandFailure("notConfirmed", `${what}: nobody can be asked here; add ${flag}`);
  const answer = await terminal.ask(
    danger === "moderate" ? `${what}. Go on? [y/N] ` : `${what}. Type ${name} to go on: `,
  );
  const agreed = danger === "moderate" ? /^y(?:es)?$/i.test(answer.trim()) : answer.trim() === name;
  if (!agreed) throw new CommandFailure("notConfirmed", "nothing was changed");
}
