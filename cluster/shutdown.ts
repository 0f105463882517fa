/** How a node ends: once, cleanly, and for certain. */
import type { Log } from "../actors/index.ts";

/** A drain that hangs must not keep the process: an orchestrator would kill it without a word. */
const FORCE_AFTER_MS = 40_000;

/**
 * Runs `end` on SIGTERM, SIGINT, or when the parent that started this process is gone, then exits with 0.
 * Further signals change nothing: a terminal's Ctrl-C comes twice through npm.
 */
export function onShutdown(log: Log, end: () => Promise<void>): void {
  let ending = false;
  const begin = (why: string): void => {
    if (ending) return;
    ending = true;
    log.info({ why }, "the node drains and ends");
    setTimeout(() => process.exit(1), FORCE_AFTER_MS).unref();
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ reason: String(error) }, "the drain failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => begin("SIGTERM"));
  process.on("SIGINT", () => begin("SIGINT"));
  process.on("disconnect", () => begin("the parent is gone"));
}
