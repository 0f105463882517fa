/** One run of mocha in a process of its own, so that a crash of it is a result like any other. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestResult } from "./protocol.ts";

export interface MochaEnd {
  readonly results: readonly TestResult[];
  /** Why the process did not end as mocha does; null: it did. */
  readonly crash: string | null;
  readonly tookMs: number;
}

const MOCHA = join(fileURLToPath(import.meta.resolve("mocha")), "../bin/mocha.js");

/**
 * Runs mocha with `args` until its end; `ending` makes it end early, or not begin. Its output goes to ours in one piece at
 * its end, since others run beside it.
 */
export function runMocha(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  ending: AbortSignal,
): Promise<MochaEnd> {
  if (ending.aborted) return Promise.resolve({ results: [], crash: null, tookMs: 0 });
  const child = spawn(
    process.execPath,
    [MOCHA, "--reporter", join(import.meta.dirname, "reporter.ts"), "--exit", ...args],
    { env: environment, stdio: ["ignore", "pipe", "pipe", "ipc"], detached: true },
  );
  const results: TestResult[] = [];
  const startMs = performance.now();
  const endOf = (crash: string | null): MochaEnd => ({ results, crash, tookMs: performance.now() - startMs });
  const kept: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => kept.push(chunk));
  child.on("message", (message: TestResult) => results.push(message));
  const end = (): void => void child.kill("SIGKILL"); // what tests started is ended by the runner
  ending.addEventListener("abort", end, { once: true });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(endOf(error.message)));
    child.once("close", (code, signal) => {
      ending.removeEventListener("abort", end);
      process.stdout.write(Buffer.concat(kept));
      const failed = results.filter(({ state }) => state === "failed").length;
      // mocha's exit code is the number of failures
      const regular = signal === null && (code === 0 || failed > 0);
      resolve(endOf(regular ? null : `the test process ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

const LONGEST_SHOWN = 5;

/** The processes that took longest, by the first file of each: where to look when a run takes too long. */
export function describeLongest(ends: readonly MochaEnd[]): string {
  return ends
    .toSorted((a, b) => b.tookMs - a.tookMs)
    .slice(0, LONGEST_SHOWN)
    .map(({ results, tookMs }) => `${results[0]?.file ?? "a crash"} ${Math.round(tookMs / 1_000)} s`)
    .join(", ");
}
