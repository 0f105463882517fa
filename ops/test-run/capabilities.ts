/**
 * What a test may need that a machine may lack. A test that skips itself says so in its title, as `(needs pgbench)`,
 * so that a run can count what is missing and name the command that brings it.
 */
const COMMANDS: Readonly<Record<string, string>> = {
  postgres: "npm ci --include=optional",
  pgbench: "apt-get install postgresql-contrib",
  redis: "npm run stack:redis",
  "redis-server": "npm run stack:redis", // a test that kills and freezes one of its own
};

/** The capability that a title names, or undefined. */
export const neededBy = (title: string): string | undefined => /\(needs ([a-z-]+)\)/.exec(title)?.[1];

/** One line per missing capability with its count and command; `titles` are those of pending tests. */
export function describeMissing(titles: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const title of titles) {
    const need = neededBy(title) ?? "";
    counts.set(need, (counts.get(need) ?? 0) + 1);
  }
  return [...counts].map(([need, count]) => {
    const tests = `${count} ${count === 1 ? "test" : "tests"} skipped`;
    if (need === "") return `${tests} without a named need`;
    const command = COMMANDS[need];
    return `${tests}: ${need} is missing${command === undefined ? "" : `; to have it: ${command}`}`;
  });
}
