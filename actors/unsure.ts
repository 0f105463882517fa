/** What a read is told that an actor cannot answer: it may be sent again at once. */

/** `shard_unavailable`: the shard goes to another owner, who can. */
export type UnsureCode = "storage_unavailable" | "shard_unavailable";

export const UNSURE: { readonly [C in UnsureCode]: string } = {
  storage_unavailable: "the shard cannot be sure of its state now",
  shard_unavailable: "the shard is on its way to another owner",
};
