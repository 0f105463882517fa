/** What a token may allow (design §7). */
export const SCOPES = [
  "payments:read",
  "payments:write",
  "refunds:write",
  "balances:read",
  "events:read",
  "webhooks:write",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Reads the `scope` parameter or claim: words divided by single spaces. Unknown words are kept: the caller judges. */
export const splitScope = (text: string): readonly string[] => text.split(" ").filter((word) => word !== "");
