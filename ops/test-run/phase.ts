/** One run of mocha in a process of its own, so that a crash of it is a result like any other. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestResult } from "./protocol.ts";

export interface PhaseEnd {
  readonly results: readonly TestResult[];
  /** Why the process did not end as mocha does; null: it did. */
  readonly crash: string | null;
}

const MOCHA = join(fileURLToPath(import.meta.resolve("mocha")), "../bin/mocha.js");

/**
 * Runs mocha with `args` until its end; `ending` makes it end early. Its output goes to ours: as it comes, or in one
 * piece at its end, when another run's comes meanwhile.
 */
export function runPhase(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  ending: AbortSignal,
  output: "live" | "atItsEnd",
): Promise<PhaseEnd> {
  const out = output === "live" ? "inherit" : "pipe";
  const child = spawn(
    process.execPath,
    [MOCHA, "--reporter", join(import.meta.dirname, "reporter.ts"), "--exit", ...args],
    { env: environment, stdio: ["ignore", out, out, "ipc"], detached: true },
  );
  const results: TestResult[] = [];
  const kept: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => kept.push(chunk));
  child.on("message", (message: TestResult) => results.push(message));
  const end = (): void => void child.kill("SIGKILL"); // what tests started is ended by the runner
  ending.addEventListener("abort", end, { once: true });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ results, crash: error.message }));
    child.once("close", (code, signal) => {
      ending.removeEventListener("abort", end);
      process.stdout.write(Buffer.concat(kept));
      const failed = results.filter(({ state }) => state === "failed").length;
      // mocha's exit code is the number of failures
      const regular = signal === null && (code === 0 || failed > 0);
      resolve({ results, crash: regular ? null : `the test process ended with ${signal ?? `exit code ${code}`}` });
    });
  });
}
