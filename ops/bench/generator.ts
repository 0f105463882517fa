/**
 * The load generator's process: takes its settings as the first message, runs once, sends the result, ends.
 * Alone in its process so that its CPU can be told apart and no other work makes it late.
 */
import { LoadRun } from "./load-run.ts";
import type { LoadMessage, LoadSettings } from "./load-terms.ts";

const say = (message: LoadMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) throw new Error("the generator is started by the bench, over an IPC channel");
    process.send(message, () => resolve());
  });

async function runOnce(settings: LoadSettings): Promise<void> {
  try {
    const run = new LoadRun(settings);
    await run.connect();
    await say({ kind: "connected" });
    const result = await run.run((edge) => void say({ kind: edge === "begin" ? "measuring" : "measured" }));
    await say({ kind: "result", result });
  } catch (error) {
    await say({ kind: "failed", reason: String(error) });
  }
  process.disconnect();
}

process.once("message", (settings: LoadSettings) => void runOnce(settings));
process.once("disconnect", () => process.exit(0));
