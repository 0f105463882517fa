/** How a command fails: what failed, why, what to do, and the exit code that scripts look at. Codes are never reused. */

/** Name: exit code and its meaning. */
export const EXITS = {
  other: { code: 1, meaning: "anything else" },
  usage: { code: 2, meaning: "the command line is wrong" },
  notFound: { code: 3, meaning: "there is no such thing" },
  auth: { code: 4, meaning: "credentials were refused" },
  conflict: { code: 5, meaning: "it contradicts the present state" },
  checkFailed: { code: 6, meaning: "a check failed" },
  timeOut: { code: 7, meaning: "no answer in time" },
  notConfirmed: { code: 8, meaning: "a confirmation is missing" },
  changesPending: { code: 10, meaning: "there are changes to be made" },
  interrupted: { code: 130, meaning: "interrupted" },
} as const;
export type ExitName = keyof typeof EXITS;

/** Thrown by commands and shown by `main.ts` without a stack. */
export class CommandFailure extends Error {
  readonly exit: ExitName;
  constructor(exit: ExitName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandFailure";
    this.exit = exit;
  }
}

/** For `--help`. */
export const exitCodesHelp = (): string =>
  ["Exit codes: 0 ok", ...Object.values(EXITS).map(({ code, meaning }) => `${code} ${meaning}`)].join(" · ");
