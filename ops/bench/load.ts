/** Starts the generator as a process of its own and brings its result back. */
import { fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadMessage, LoadResult, LoadSettings } from "./load-terms.ts";

const ENTRY = fileURLToPath(new URL(`./generator${extname(import.meta.filename)}`, import.meta.url));
/** Beyond the run itself: connecting, ending. */
const GRACE_MS = 60_000;

/** Told as the run goes on; `pid` is the generator's. */
export interface LoadWatcher {
  measuring(pid: number): void;
  measured(pid: number): void;
}

/** Runs one load. Rejects when the generator fails, dies or does not end in time; it is never left behind. */
export async function runLoad(settings: LoadSettings, watcher: LoadWatcher): Promise<LoadResult> {
  const child = fork(ENTRY, { serialization: "advanced", execArgv: ["--max-semi-space-size=32"] });
  const limitMs = (settings.warmupS + settings.measureS) * 1000 + settings.drainMs + GRACE_MS;
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the generator did not end in time")), limitMs);
      child.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`the generator ended with code ${code} before its result`));
      });
      child.on("message", (message: LoadMessage) => {
        if (message.kind === "measuring") watcher.measuring(child.pid as number);
        else if (message.kind === "measured") watcher.measured(child.pid as number);
        else if (message.kind === "failed") reject(new Error(`generator: ${message.reason}`));
        else if (message.kind === "result") {
          clearTimeout(timer);
          resolve(message.result);
        }
      });
      child.send(settings);
    });
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
  }
}
