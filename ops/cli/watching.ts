/** Shows an answer once, or again and again: on a screen in place, in a pipe as one JSON object a line. */
import type { AdminFinding } from "../../cluster/index.ts";
import { CommandFailure } from "./failures.ts";
import type { ColorChoice, Terminal } from "./terminal.ts";
import { type Format, renderAnswer, type View } from "./views.ts";

export interface ShowOptions {
  readonly output: Format;
  readonly color: ColorChoice;
  readonly watch?: boolean;
  /** Seconds between two looks. */
  readonly interval: number;
}

/** Prints data; notes and next steps go to stderr, unless a script reads them in the data. */
export function showOnce(terminal: Terminal, answer: AdminFinding, view: View, options: ShowOptions): void {
  const text = drawn(terminal, answer, view, options);
  if (text !== "") terminal.print(text);
  for (const note of answer.notes) terminal.say(note);
  if (options.output === "table" || options.output === "wide")
    for (const step of answer.nextSteps) terminal.say(`Next: ${step}`);
}

/**
 * Looks until it is interrupted. While nobody answers it goes on trying, and says so once; what the command line or the
 * credentials are to blame for ends it. `command`: how to come back.
 */
export async function watch(
  terminal: Terminal,
  look: () => Promise<AdminFinding>,
  view: View,
  options: ShowOptions & { readonly command: string },
): Promise<void> {
  const { command, interval } = options;
  terminal.onInterrupt(() => terminal.say(`\nOnly the watching ended. To come back: ${command}`));
  let isLost = false;
  do {
    try {
      const answer = await look();
      if (isLost) terminal.say("answers again");
      isLost = false;
      draw(terminal, answer, view, options);
    } catch (error) {
      if (!(error instanceof CommandFailure) || (error.exit !== "other" && error.exit !== "timeOut")) throw error;
      if (!isLost) terminal.say(`${error.message}; trying again`);
      isLost = true;
    }
  } while (await terminal.pause(interval * 1_000));
}

function draw(
  terminal: Terminal,
  answer: AdminFinding,
  view: View,
  options: ShowOptions & { readonly command: string },
): void {
  if (!terminal.isScreen) {
    const isTable = options.output === "table" || options.output === "wide";
    const text = drawn(terminal, answer, view, isTable ? { ...options, output: "json" } : options);
    if (text !== "") terminal.print(text);
    return;
  }
  const head = `${options.command}   every ${options.interval} s   ${answer.at} by ${answer.node}`;
  terminal.redraw([head, "", drawn(terminal, answer, view, options), "", ...answer.notes].join("\n").trimEnd());
}

const drawn = (terminal: Terminal, answer: AdminFinding, view: View, { output, color }: ShowOptions): string =>
  renderAnswer(output, answer, view, {
    nowMs: Date.parse(answer.at),
    isWide: output === "wide",
    paint: (name, text) => terminal.paint(name, text, color),
  });
