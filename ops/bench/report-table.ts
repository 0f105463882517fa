/** Figures in columns, and the middle of several. */

/** The value in the middle, and the ends. Null of nothing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [median, min, max] = [sorted[middle], sorted[0], sorted.at(-1)];
  if (median === undefined || min === undefined || max === undefined) return null;
  const below = sorted[middle - 1];
  return { median: sorted.length % 2 === 0 && below !== undefined ? (median + below) / 2 : median, min, max };
}

/** Columns as wide as their widest cell; figures to the right. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const last = heads.length - 1;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 || i === last ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(heads), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}
