/** Pieces of HTML. A value of type Html was escaped or made here; anything else is escaped on its way in. */

export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
type Part = Html | string | number | readonly Html[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

const textOf = (part: Part): string => {
  if (part instanceof Html) return part.text;
  return typeof part === "object" ? part.map(({ text }) => text).join("") : escape(String(part));
};

/** A template: what stands in it is escaped unless it is Html. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, i) => text + (i < parts.length ? textOf(parts[i] as Part) : "")).join(""));

export const code = (text: string): Html => html`<code>${text}</code>`;
export const pre = (text: string): Html => html`<pre><code>${text}</code></pre>`;
export const paragraphs = (...texts: readonly (Html | string)[]): Html =>
  html`${texts.map((text) => html`<p>${text}</p>`)}`;
export const list = (...items: readonly (Html | string)[]): Html =>
  html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;

export interface TableRow {
  /** What a link may point at. */
  readonly anchor?: string;
  readonly cells: readonly (Html | string)[];
}

/** Empty when it has no rows. */
export function table(heads: readonly string[], rows: readonly TableRow[]): Html {
  if (rows.length === 0) return html``;
  const body = rows.map(({ anchor, cells }) => {
    const line = cells.map((cell) => html`<td>${cell}</td>`);
    return anchor === undefined ? html`<tr>${line}</tr>` : html`<tr id="${anchor}">${line}</tr>`;
  });
  return html`<table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>${body}</tbody></table>`;
}

/** A chapter with a link in the table of contents. */
export interface Chapter {
  readonly anchor: string;
  readonly title: string;
  readonly body: Html;
  /** What the table of contents lists below it. */
  readonly parts?: readonly { readonly anchor: string; readonly title: string }[];
}
