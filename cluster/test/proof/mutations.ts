/** Faults built into a copy of the tree, to show that the proof can fail: each takes one safeguard away. */

export interface Mutation {
  readonly meaning: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** The invariant that breaks first. */
  readonly breaks: string;
}

export const MUTATIONS = {
  intent: {
    meaning: "the gateway is called before T1 is acknowledged",
    file: "actors/intents.ts",
    from: `      settle: (how, payment, seq, constraint) => this.#settled(intent, how, payment, seq, constraint),
    });
  }
`,
    to: `      settle: () => {},
    });
    this.#settled(intent, "committed", transition.payment, commit.lastSeq + 1n, null);
  }
`,
    breaks: "I18",
  },
  fence: {
    meaning: "a commit is not refused for its epoch",
    file: "storage/migrations/shard/0002_ownership.sql",
    from: `   WHERE epoch = p_epoch AND slots_version = p_slots_version AND NOT released
     AND last_seq = p_first_seq - 1 AND p_last_seq >= p_first_seq;`,
    to: `   WHERE slots_version = p_slots_version AND NOT released
     AND last_seq = p_first_seq - 1 AND p_last_seq >= p_first_seq;`,
    breaks: "I16",
  },
  key: {
    meaning: "every try of a gateway call has a random key",
    file: "actors/gateway-calls.ts",
    from: "    gatewayKey: operation.gatewayKey,",
    to: "    gatewayKey: crypto.randomUUID(),",
    breaks: "I19",
  },
} as const satisfies Readonly<Record<string, Mutation>>;

export type MutationName = keyof typeof MUTATIONS;
