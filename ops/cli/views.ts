/** How answers are shown: one of the formats for scripts, or a table with a view of its own for each kind. */
import { renderJson } from "./answers.ts";
import type { Color } from "./terminal.ts";
import { yamlText } from "./yaml-text.ts";

export const FORMATS = ["table", "wide", "json", "yaml", "name", "jsonl"] as const;
export type Format = (typeof FORMATS)[number];

/** How a table is drawn. */
export interface Drawing {
  /** Ages are as of then: the answer's own time, so that clocks of two machines do not meet. */
  readonly nowMs: number;
  readonly isWide: boolean;
  readonly paint: (color: Color, text: string) => string;
}

/** What people and `-o name` see of items of one kind. */
export interface View {
  /** For scripts that go on with it: alone on its line. */
  readonly nameOf: (item: object) => string;
  readonly textOf: (items: readonly object[], drawing: Drawing) => string;
}

/** A column of a table of items. `isState`: its words are coloured. */
export interface Column<Item> {
  readonly title: string;
  readonly of: (item: Item, nowMs: number) => string;
  readonly isWide?: boolean;
  readonly isState?: boolean;
}

/** Words that say whether something is well. */
const COLORS: Readonly<Record<string, Color>> = {
  UP: "green",
  ENABLED: "green",
  serving: "green",
  healthy: "green",
  DRAINING: "yellow",
  LEAVING: "yellow",
  LEFT: "dim",
  draining: "yellow",
  activating: "yellow",
  settling: "yellow",
  DOWN: "red",
  DISABLED: "red",
  failed: "red",
  fenced: "red",
  lost_tail: "red",
  UNHEALTHY: "red",
};

/** The word in its colour, or as it is. `padded`: with the blanks that keep columns straight. */
export const paintState = (word: string, { paint }: Drawing, padded = word): string => {
  const color = COLORS[word];
  return color === undefined ? padded : paint(color, padded);
};

/** Columns under their titles, as wide as their longest value. */
export function drawTable<Item>(columns: readonly Column<Item>[], items: readonly Item[], drawing: Drawing): string {
  const shown = columns.filter(({ isWide }) => isWide !== true || drawing.isWide);
  const cells = items.map((item) => shown.map(({ of }) => of(item, drawing.nowMs)));
  const widths = shown.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const pad = (text: string, i: number): string => (i === shown.length - 1 ? text : text.padEnd(widths[i] ?? 0));
  const lines = cells.map((row) =>
    row.map((text, i) => (shown[i]?.isState === true ? paintState(text, drawing, pad(text, i)) : pad(text, i))),
  );
  return [shown.map(({ title }, i) => pad(title, i)), ...lines].map((line) => line.join("  ").trimEnd()).join("\n");
}

/** A view of items that are rows of one table. */
export const tableView = <Item extends object>(
  nameOf: (item: Item) => string,
  columns: readonly Column<Item>[],
): View => ({
  nameOf: (item) => nameOf(item as Item), // of the kind that the view is for
  textOf: (items, drawing) => drawTable(columns, items as readonly Item[], drawing),
});

interface Shown {
  readonly kind: string;
  readonly items: readonly object[];
  readonly nextSteps: readonly string[];
}

const RENDERERS: { readonly [F in Format]: (shown: Shown, view: View, drawing: Drawing) => string } = {
  json: ({ kind, items, nextSteps }) => renderJson(kind, items, nextSteps),
  jsonl: ({ items }) => items.map((item) => JSON.stringify(item)).join("\n"),
  yaml: ({ kind, items, nextSteps }) => yamlText(JSON.parse(renderJson(kind, items, nextSteps))),
  name: ({ items }, { nameOf }) => items.map(nameOf).join("\n"),
  table: ({ items }, { textOf }, drawing) => textOf(items, { ...drawing, isWide: false }),
  wide: ({ items }, { textOf }, drawing) => textOf(items, { ...drawing, isWide: true }),
};

/** An answer in a format. Empty: there is nothing to print. */
export const renderAnswer = (format: Format, shown: Shown, view: View, drawing: Drawing): string =>
  RENDERERS[format](shown, view, drawing);
