/** The person or pipe that a command speaks with: data to stdout, talk to stderr, answers from stdin. */
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";

export const COLOR_CHOICES = ["auto", "always", "never"] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];
export type Color = "green" | "yellow" | "red" | "dim";

export interface Terminal {
  /** Data, on stdout. */
  print(text: string): void;
  /** Talk, on stderr. */
  say(text: string): void;
  /** Puts `text` in place of what stdout's screen shows. */
  redraw(text: string): void;
  readonly isScreen: boolean;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  /** Puts a question to whoever sits there. */
  ask(question: string): Promise<string>;
  /** For stdout. */
  paint(color: Color, text: string, choice: ColorChoice): string;
  /** False: there is no next time. */
  pause(ms: number): Promise<boolean>;
  nowMs(): number;
  /** Runs when the person interrupts, before the process ends. */
  onInterrupt(task: () => void): void;
}

const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

/** `env`: NO_COLOR and TERM decide what `auto` means. */
export function systemTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdout, stderr, stdin } = process;
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return {
    print: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    redraw: (text) => void stdout.write(`${CLEAR}${text}\n`),
    isScreen: stdout.isTTY,
    canAsk: stdin.isTTY && stderr.isTTY,
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    paint: (color, text, choice) => {
      const colored = choice === "always" || (choice === "auto" && stdout.isTTY && !isPlain);
      return colored ? styleText(color, text, { validateStream: false }) : text;
    },
    pause: (ms) => new Promise((resolve) => setTimeout(() => resolve(true), ms)),
    nowMs: Date.now,
    onInterrupt: (task) => void process.prependOnceListener("SIGINT", task),
  };
}
