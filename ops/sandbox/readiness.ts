/** Waits for a listener to say that it can do its work. */
import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is 200. Throws with the last answer after `limitMs`, or when `stopping` aborts. */
export async function waitUntilReady(url: string, limitMs: number, stopping: AbortSignal): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(5_000)]);
    const trouble = await fetch(url, { signal }).then(
      async (answer) => (answer.ok ? undefined : `${answer.status} ${(await answer.text()).slice(0, 300)}`),
      (error: unknown) => String(error),
    );
    if (trouble === undefined) return;
    stopping.throwIfAborted();
    if (performance.now() > endMs) throw new Error(`${url} does not say that it is ready: ${trouble}`);
    await sleep(50, undefined, { signal: stopping });
  }
}
