/** The strict reading of a run: a test that does not run is a failure, unless it is known to wait for something. */
import type { TestResult } from "./protocol.ts";

/** Full title of a test that cannot run yet: what it waits for. */
export type WaitingList = Readonly<Record<string, string>>;

/** What is wrong, one line each; empty when the run was as the list says. `whole`: no test was left out by a filter. */
export function judgeStrictly(results: readonly TestResult[], waiting: WaitingList, whole: boolean): readonly string[] {
  const unlisted = results
    .filter(({ state, title }) => state === "pending" && !Object.hasOwn(waiting, title))
    .map(({ title, file }) => `${file}: skipped, but not in waiting.json: ${title}`);
  const stateOf = new Map(results.map(({ title, state }) => [title, state]));
  const wrong = Object.keys(waiting).flatMap((title) => {
    const state = stateOf.get(title);
    if (state === "pending" || (state === undefined && !whole)) return [];
    return [
      state === undefined ? `waiting.json lists no test of ours: ${title}` : `ran, but in waiting.json: ${title}`,
    ];
  });
  return [...unlisted, ...wrong];
}
