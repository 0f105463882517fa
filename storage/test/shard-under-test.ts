/** The shard of a test as the parts of the contract see it. */
import type { Activation, Decision, ShardStore } from "../../actors/index.ts";
import type { FindingRow } from "../side-rows.ts";

export interface ShardUnderTest {
  readonly store: ShardStore;
  readonly head: Activation;
  /** Commits from where the journal stands, and moves on. */
  commit(...decisions: Decision[]): Promise<void>;
  /** The same owner takes the shard again: what does it load? */
  reactivate(): Promise<Activation>;
  /** Everything that was found, in the order of its keys. */
  findings(): Promise<readonly FindingRow[]>;
}
