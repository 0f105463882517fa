/** How often we were asked to end. npm passes a terminal's Ctrl-C on a second time: both are one request. */
const ECHO_MS = 200;

export interface EndRequests {
  /** Settles at the first request. */
  readonly first: Promise<undefined>;
  /** Stops listening. */
  close(): void;
}

/**
 * Counts SIGINT, SIGTERM and SIGHUP. The first ends in order, the second is answered by `onImpatient`, a third calls
 * `onForced`. When npm started us and is killed, that counts as a request too: nobody else could end us.
 */
export function listenForEnd(startedByNpm: boolean, onImpatient: () => void, onForced: () => void): EndRequests {
  const first = Promise.withResolvers<undefined>();
  let count = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  const onSignal = (): void => {
    const isEcho = performance.now() - lastMs < ECHO_MS;
    lastMs = performance.now();
    if (isEcho) return;
    count += 1;
    if (count === 1) first.resolve(undefined);
    else if (count === 2) onImpatient();
    else onForced();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) first.resolve(undefined);
  }, 500);
  watch.unref();
  if (!startedByNpm) clearInterval(watch);
  return {
    first: first.promise,
    close: () => {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
