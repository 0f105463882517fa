/** Collects what must not be, under the names of invariants. */
import type { InvariantVerdict } from "../../storage/index.ts";

const NAMED_MAX = 5;

export class Tally<Name extends string> {
  readonly #found: Map<Name, string[]>;

  constructor(names: readonly Name[]) {
    this.#found = new Map(names.map((name) => [name, []]));
  }

  add(name: Name, offender: string): void {
    this.#found.get(name)?.push(offender);
  }

  /** One for each name, in the order of the names. */
  verdicts(): readonly InvariantVerdict[] {
    return [...this.#found].map(([name, offenders]) => ({
      name,
      found: offenders.length,
      offenders: offenders.slice(0, NAMED_MAX),
      isNote: false,
    }));
  }
}
