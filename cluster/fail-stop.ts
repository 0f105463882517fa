/** Ends a thread whose memory can no longer be trusted, so that its callers are answered and it is built anew. */
import type { Log } from "../actors/index.ts";

/**
 * Runs `work`. What it throws would go back to whoever sent the message, who does not wait for it, while every request
 * behind it waits for ever: so it is logged and thrown again outside of the message, which ends the thread before it
 * takes another one. `what`: for the log.
 */
export function failStop(log: Log, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    log.error({ what, reason: error instanceof Error ? error.stack : String(error) }, "a fault ends the thread");
    queueMicrotask(() => {
      throw error;
    });
  }
}
