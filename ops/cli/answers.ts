/** What commands print on stdout: JSON of one shape, or a table. */

/** Kind of the items, the items, and commands to go on with. Members are only ever added. */
export function renderJson(kind: string, items: readonly unknown[], nextSteps: readonly string[] = []): string {
  return JSON.stringify({ apiVersion: "payctl/v1", kind, items, next_steps: nextSteps });
}

/** Columns under their names, as wide as their longest value. */
export function renderTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [names, ...rows];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
