/**
 * Brings requests to the actors that own their shards, here or on another node, and lets those wait for a moment whose
 * shard is on its way from one owner to the next (design §5). What is sent again has begun nothing, or goes on under its
 * key; what an owner had when it fell silent is answered 503, because its client should not wait for a take-over.
 */
import { type Refusal, refuse } from "../actors/domain/index.ts";
import type { Clock, ShardReply, ShardRequest } from "../actors/index.ts";
import { isKept, OwedTickets } from "./owed-tickets.ts";
import type { Addressed } from "./thread-batch.ts";

/** Who should own a shard, as far as this node knows. */
export interface Owner {
  readonly node: string;
  readonly generation: bigint;
}

/** The way to one other node. */
export interface ForwardLink {
  /** False: it did not leave, and nothing will be heard of it. */
  sendRequest(addressed: Addressed, generation: bigint): boolean;
}

export interface ForwarderParts {
  readonly self: string;
  ownerOf(shard: number): Owner | undefined;
  /** Undefined: there is no such node, or none that can be reached. */
  linkTo(node: string): ForwardLink | undefined;
  /** Hands it to the shard here; `unserved` is called when it is not taken. */
  submitHere(shard: number, request: ShardRequest): void;
  /** Renders a refusal. */
  refused(refusal: Refusal, request: Pick<ShardRequest, "ticket" | "requestId">): ShardReply;
  readonly onReplies: (replies: readonly ShardReply[]) => void;
  /** So long a request waits for its shard's next owner, in all. */
  readonly moveWaitMs: number;
  readonly clock: Clock;
}

/** Requests that wait; what comes beyond them is refused. */
const WAITING_MAX = 8_192;
/** Beside each word of a new owner, for what nobody tells: a link that opens, an actor that gives up. */
const TRY_EVERY_MS = 100;

/** Requests that other nodes have: of each a little is kept, of small ones all. */
const AWAY_MAX = 65_536;

const OWED_TOO_MUCH = refuse("overloaded", "too many requests wait for other nodes; send it again later");
const NO_OWNER = refuse(
  "shard_unavailable",
  "the shard has no owner that can be reached just now; send it again with the same key",
);
/** To callers of a node that fell silent: their payment may be stored, and charged. */
const SILENT = refuse(
  "shard_unavailable",
  "the shard's node fell silent; it is not known yet whether the payment was stored or charged, send it again with the same key",
);

interface Waiting {
  readonly addressed: Addressed;
  /** What it is told in the end. */
  readonly refused: ShardReply;
}

export class Forwarder {
  readonly #parts: ForwarderParts;
  /** What another node has. */
  readonly #away = new OwedTickets(AWAY_MAX);
  /** In the order in which they came. */
  #waiting: Waiting[] = [];
  /** Until when a request that has waited once may wait again. */
  readonly #patience = new Map<number, number>();
  #callOff: (() => void) | undefined;
  #isClosing = false;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /** Requests that another node has, and those that wait for an owner. */
  get depth(): { readonly away: number; readonly waiting: number } {
    return { away: this.#away.size, waiting: this.#waiting.length };
  }

  /** Exactly one answer follows, unless the request is a count. */
  submit(shard: number, request: ShardRequest): void {
    const owner = this.#parts.ownerOf(shard);
    if (owner?.node === this.#parts.self) return this.#parts.submitHere(shard, request);
    const addressed = { shard, request };
    const link = owner === undefined ? undefined : this.#parts.linkTo(owner.node);
    if (request.kind === "count") return void link?.sendRequest(addressed, owner?.generation ?? 0n); // nobody waits for it
    if (link !== undefined && !this.#away.owe(addressed))
      return this.onReplies([this.#parts.refused(OWED_TOO_MUCH, request)]);
    if (link?.sendRequest(addressed, owner?.generation ?? 0n) === true) return;
    this.#away.answered(request.ticket);
    this.unserved(addressed, this.#parts.refused(NO_OWNER, request));
  }

  /** Nothing came of the request where it was: it waits for the next owner, or is told so. */
  unserved(addressed: Addressed, refused: ShardReply): void {
    const { clock, onReplies, moveWaitMs } = this.#parts;
    const { ticket } = addressed.request;
    const nowMs = clock.monotonicMs();
    const untilMs = this.#patience.get(ticket) ?? nowMs + moveWaitMs;
    const mayWait = isKept(addressed.request) && this.#waiting.length < WAITING_MAX;
    if (this.#isClosing || untilMs <= nowMs || !mayWait) {
      this.#patience.delete(ticket);
      return onReplies([refused]);
    }
    this.#patience.set(ticket, untilMs);
    this.#waiting.push({ addressed, refused });
    this.#callOff ??= clock.after(TRY_EVERY_MS, () => this.tryAgain());
  }

  /** Answers of this node's shards. */
  onReplies(replies: readonly ShardReply[]): void {
    if (this.#patience.size > 0) for (const { ticket } of replies) this.#patience.delete(ticket);
    this.#parts.onReplies(replies);
  }

  /**
   * Answers of another node's shards. One that did not take the request, or does not know what came of it, says so by its
   * code; either way it is sent again, for its key makes it the same request.
   */
  onAnswers(replies: readonly ShardReply[]): void {
    const told = replies.filter((reply) => {
      const owed = this.#away.take(reply.ticket);
      if (owed === undefined) return false; // it was given up
      if (reply.code !== "shard_unavailable" || owed.again === null) return true;
      this.unserved(owed.again, reply);
      return false;
    });
    if (told.length > 0) this.onReplies(told);
  }

  /** A node did not take these. */
  onRefused(tickets: readonly number[]): void {
    for (const ticket of tickets) {
      const owed = this.#away.take(ticket);
      if (owed === undefined) continue;
      const refused = this.#parts.refused(NO_OWNER, owed);
      if (owed.again === null) this.onReplies([refused]);
      else this.unserved(owed.again, refused);
    }
  }

  /** A node fell silent while it had these. */
  onLost(tickets: readonly number[]): void {
    const lost = tickets.flatMap((ticket) => {
      const owed = this.#away.take(ticket);
      return owed === undefined ? [] : [this.#parts.refused(SILENT, owed)];
    });
    if (lost.length > 0) this.onReplies(lost);
  }

  /** Nothing waits any more: a request without an owner is refused at once. */
  close(): void {
    this.#isClosing = true;
    this.tryAgain();
  }

  /**
   * Owners may have changed: what waits is sent again, in its order. What has waited long enough is refused. For the
   * owner its age counts from now: it waited for somebody to ask, not in the owner's queue.
   */
  tryAgain(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    for (const { addressed, refused } of this.#waiting.splice(0)) {
      const { request, shard } = addressed;
      const owner = this.#parts.ownerOf(shard);
      if (owner === undefined || (this.#patience.get(request.ticket) ?? 0) <= nowMs) this.unserved(addressed, refused);
      else this.submit(shard, "handedOverAtMs" in request ? { ...request, handedOverAtMs: nowMs } : request);
    }
  }
}
