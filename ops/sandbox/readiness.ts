/** Waits for listeners to say that they can do their work. */
import { setTimeout as sleep } from "node:timers/promises";

const ANSWER_LIMIT_MS = 5_000;

/** Asks until the answer is 200. Throws with the last answer after `limitMs`, or when `stopping` aborts. */
export const waitUntilReady = (url: string, limitMs: number, stopping: AbortSignal): Promise<void> =>
  waitUntilAllReady([url], limitMs, stopping);

/** The same of several, until all say so in one round: what one hands over to another is nobody's meanwhile. */
export async function waitUntilAllReady(
  urls: readonly string[],
  limitMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const troubles = await Promise.all(urls.map((url) => troubleOf(url, stopping)));
    const trouble = troubles.find((one) => one !== undefined);
    if (trouble === undefined) return;
    stopping.throwIfAborted();
    if (performance.now() > endMs) throw new Error(trouble);
    await sleep(50, undefined, { signal: stopping });
  }
}

/** Why it is not ready; undefined when it is. */
function troubleOf(url: string, stopping: AbortSignal): Promise<string | undefined> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
  const explain = (why: string): string => `${url} does not say that it is ready: ${why}`;
  return fetch(url, { signal })
    .then(async (answer) =>
      answer.ok ? undefined : explain(`${answer.status} ${(await answer.text()).slice(0, 300)}`),
    )
    .catch((error: unknown) => explain(String(error)));
}
