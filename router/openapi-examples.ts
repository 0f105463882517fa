/**
 * The examples of the documents, in an order in which they run: tests send each to a started server and compare. A
 * later one may name the answer of an earlier one. Data only; the sandbox's tokens decide the outcomes.
 */
import type { ApiExample, PathValue } from "./openapi-example.ts";
import { COMMAND_EXAMPLES } from "./openapi-examples-commands.ts";
import { DOCUMENT_EXAMPLES } from "./openapi-examples-documents.ts";
import { READ_EXAMPLES } from "./openapi-examples-reads.ts";
import { WEBHOOK_EXAMPLES } from "./openapi-examples-webhooks.ts";

export const EXAMPLES: readonly ApiExample[] = [
  ...COMMAND_EXAMPLES,
  ...READ_EXAMPLES,
  ...WEBHOOK_EXAMPLES,
  ...DOCUMENT_EXAMPLES,
];

/** What an example shows in place of `{…}`. */
export function sampleOf(value: PathValue): string {
  if ("text" in value) return value.text;
  if ("key" in value) return value.key;
  const body = EXAMPLES.find(({ name }) => name === value.idOf)?.answer.body as { readonly id?: string } | undefined;
  if (body?.id === undefined) throw new Error(`no example called ${value.idOf} answers an id`);
  return body.id;
}
