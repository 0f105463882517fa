/** A reply cache in memory that says what it was asked, and may be slow. */
import type { CachedReply, CacheQuestion, ReplyCache } from "../index.ts";

const nameOf = ({ merchantId, key, route, bodyHash }: CacheQuestion): string =>
  JSON.stringify([merchantId, key, route, [...bodyHash]]);

export class FakeReplyCache implements ReplyCache {
  readonly #replies = new Map<string, CachedReply>();
  #held: (() => void)[] | null = null;
  readonly asked: CacheQuestion[] = [];
  readonly kept: CachedReply[] = [];

  look(question: CacheQuestion, done: (reply: CachedReply | null) => void): void {
    this.asked.push(question);
    const answer = () => done(this.#replies.get(nameOf(question)) ?? null);
    if (this.#held === null) setImmediate(answer);
    else this.#held.push(answer);
  }

  keep(question: CacheQuestion, reply: CachedReply): void {
    this.kept.push(reply);
    this.#replies.set(nameOf(question), { ...reply, body: Uint8Array.from(reply.body) });
  }

  /** From now on nobody is answered. */
  holdLooks(): void {
    this.#held = [];
  }

  releaseLooks(): void {
    for (const answer of this.#held ?? []) answer();
    this.#held = null;
  }

  /** Forgets everything. */
  reset(): void {
    this.#replies.clear();
    this.asked.length = 0;
    this.kept.length = 0;
  }
}
