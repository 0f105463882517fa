/**
 * `GET /docs` (and /docs/errors, where problems point): the manual as one page that loads nothing, and the document it
 * is made from. Built once, when the server starts; only the server's thread loads this.
 */
import { createHash } from "node:crypto";
import { CURRENCIES } from "../actors/domain/index.ts";
import { JSON_TYPE, type ServedDocument } from "./answers.ts";
import * as chapters from "./docs-chapters.ts";
import { type Chapter, code, Html, html, paragraphs, table } from "./docs-html.ts";
import { errorsChapter, eventsChapter, objectsChapter, routesChapter } from "./docs-reference.ts";
import { DOCS_STYLE } from "./docs-style.ts";
import { webhooksChapter } from "./docs-webhooks.ts";
import { type OpenApiDocument, openApiDocument } from "./openapi.ts";

export interface DocumentsOptions {
  /** URL of the service as clients see it, without a trailing slash. */
  readonly serverUrl: string;
  /** What each token does in the sandbox; null: this is no sandbox. */
  readonly sandboxTokens: readonly chapters.SandboxToken[] | null;
}

/** Ours, so it goes in unescaped, byte for byte as it is hashed. */
const STYLE = new Html(DOCS_STYLE);
const STYLE_HASH = createHash("sha256").update(DOCS_STYLE).digest("base64");
/** The page may style itself and nothing else. */
const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** What the server answers at its paths. Takes tens of milliseconds. */
export function createDocuments(options: DocumentsOptions): {
  readonly openapi: ServedDocument;
  readonly docs: ServedDocument;
} {
  const document = openApiDocument(options);
  return {
    openapi: { contentType: JSON_TYPE, body: JSON.stringify(document), csp: null },
    docs: { contentType: "text/html; charset=utf-8", body: docsPage(document, options), csp: DOCS_POLICY },
  };
}

function docsPage(document: OpenApiDocument, { serverUrl, sandboxTokens }: DocumentsOptions): string {
  const sandbox = chapters.sandboxChapter(sandboxTokens);
  const all: readonly Chapter[] = [
    chapters.beginChapter(serverUrl),
    chapters.OUTCOMES,
    chapters.IDEMPOTENCY,
    chapters.RETRIES,
    ...(sandbox === null ? [] : [sandbox]),
    routesChapter(document),
    errorsChapter(),
    eventsChapter(),
    webhooksChapter(),
    chapters.PAGES,
    chapters.LIMITS,
    currenciesChapter(),
    chapters.VERSIONS,
    objectsChapter(document),
  ];
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><title>Payments API</title><style>${STYLE}</style></head>
<body><div class="page"><nav aria-label="Contents">${contents(all)}</nav>
<main><h1>Payments API</h1><p class="soft">Version 1 · <a href="/openapi.json">OpenAPI 3.1</a></p>
${all.map(({ anchor, title, body }) => html`<section><h2 id="${anchor}">${title}</h2>${body}</section>`)}
</main></div></body></html>`;
  return page.text;
}

const contents = (all: readonly Chapter[]): Html =>
  html`<ul>${all.map(
    ({ anchor, title, parts = [] }) =>
      html`<li><a href="#${anchor}">${title}</a>${
        parts.length === 0
          ? ""
          : html`<ul>${parts.map((part) => html`<li>&nbsp; <a href="#${part.anchor}">${part.title}</a></li>`)}</ul>`
      }</li>`,
  )}</ul>`;

function currenciesChapter(): Chapter {
  const rows = Object.entries(CURRENCIES).map(([name, { exponent, maxMinor }]) => ({
    cells: [code(name), String(exponent), String(maxMinor)],
  }));
  return {
    anchor: "currencies",
    title: "Currencies",
    body: html`${paragraphs("Digits after the point, and the largest amount of one payment in minor units.")}${table(
      ["currency", "digits", "largest amount"],
      rows,
    )}`,
  };
}
