/**
 * A place that remembers finished replies for a while, so that a repeat is answered without asking its shard (design
 * §3.2). Never the truth: what it does not know, or is in doubt about, the shard decides.
 */
import type { MerchantId } from "../actors/domain/index.ts";

/** Which request is meant. A reply is found only when all four are those that it was kept under. */
export interface CacheQuestion {
  readonly merchantId: MerchantId;
  /** The idempotency key. */
  readonly key: string;
  /** As the route table has it: "POST /v1/payments/{id}/capture". */
  readonly route: string;
  /** SHA-256 of the body as it came, and of the payment's id where the path names one: 32 bytes. */
  readonly bodyHash: Uint8Array;
}

/** The final answer to a key. */
export interface CachedReply {
  readonly status: number;
  /** `application/problem+json` instead of `application/json`. */
  readonly problem: boolean;
  /** May share its buffer with others: neither change nor transfer it. */
  readonly body: Uint8Array;
}

export interface ReplyCache {
  /** Calls `done` exactly once, at once or soon; null: not known. Never throws. */
  look(question: CacheQuestion, done: (reply: CachedReply | null) => void): void;
  /** Remembers a final reply, or does not. Never throws. */
  keep(question: CacheQuestion, reply: CachedReply): void;
}
