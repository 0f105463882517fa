/** What keys are derived for; two purposes never share a key. Stored signatures depend on the words: never renamed. */
export const KEY_PURPOSES = {
  /** Cursors of lists, which clients keep. */
  cursors: "list-cursors",
  /** Finished replies outside the database. */
  replies: "cached-replies",
  /** Hashes of operators' tokens. */
  operators: "operator-tokens",
} as const;
