/** How invariants are shown: what must not be, how often it is, and where. Pure. */
import type { InvariantVerdict } from "../../storage/index.ts";

/** Names begin with a number, as `I7`, and say what must not be. */
const split = (name: string): readonly [id: string, never: string] => {
  const [id = "", ...words] = name.split(" ");
  return [id, words.join(" ")];
};
const holds = ({ found, isNote }: InvariantVerdict): boolean => found === 0 || isNote;

export const allHold = (verdicts: readonly InvariantVerdict[]): boolean => verdicts.every(holds);

/** An item of JSON. */
export function verdictItem(verdict: InvariantVerdict): object {
  const { name, found, offenders, isNote } = verdict;
  const [id, never] = split(name);
  return { id, never, found, offenders, note: isNote, holds: holds(verdict) };
}

/** A line for each, with its first offenders beneath. */
export const verdictLines = (verdicts: readonly InvariantVerdict[]): string =>
  verdicts
    .flatMap(({ name, found, offenders, isNote }) => {
      const word = found === 0 ? "ok" : isNote ? "note" : "BROKEN";
      const [id, never] = split(name);
      const head = `${word.padEnd(6)}  ${id.padEnd(3)}  ${never}: ${found}`;
      return [head, ...offenders.map((offender) => `               ${offender}`)];
    })
    .join("\n");
