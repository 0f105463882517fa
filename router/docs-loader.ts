/** The way to the documents for whoever starts the server: shard threads import this room and never load them. */
import type { ServedDocument } from "./answers.ts";
import type { SandboxToken } from "./docs-chapters.ts";

/**
 * Loads what makes the OpenAPI document and the manual; the result is the server's option `documents`. `sandboxTokens`:
 * what each token does, for the manual; null: this is no sandbox.
 */
export async function loadDocuments(
  sandboxTokens: readonly SandboxToken[] | null,
): Promise<(url: string) => { readonly openapi: ServedDocument; readonly docs: ServedDocument }> {
  const { createDocuments } = await import("./docs.ts");
  return (url) => createDocuments({ serverUrl: url, sandboxTokens });
}
