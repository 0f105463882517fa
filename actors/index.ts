/** The heart: decides and orders what happens to a merchant's money. */
export * from "./ports.ts";
