/**
 * Serves what other nodes ask of this node's shards. It never asks a third one: who is not the owner says so, and the
 * node that the client asked finds the next owner, so a request makes two hops at most.
 */
import type { Clock, GatewayAnswer, NoticeDelivery, ShardReply, ShardRequest } from "../actors/index.ts";
import type { PeerAnswer, PeerFact, PeerNotice, PeerRequest, RefusedReason } from "../actors/wire/index.ts";
import type { NoticeReplies } from "./notice-desk.ts";
import type { Peer, PeerHandler } from "./peers/index.ts";
import type { Addressed } from "./thread-batch.ts";

/** Tickets of this node's own clients are smaller; both count in exact doubles for as long as a process can live. */
export const PEER_TICKETS = 2 ** 45;
export const isPeerTicket = (ticket: number): boolean => ticket >= PEER_TICKETS;

/** This node's shards. */
export interface PeerDeskHost {
  generationOf(shard: number): bigint | undefined;
  submit(shard: number, request: ShardRequest): void;
  submitNotice(shard: number, delivery: NoticeDelivery): void;
  submitAnswer(shard: number, answer: GatewayAnswer): void;
}

/** How an answer finds its way back: the ticket that the asking node gave. */
interface Asked {
  readonly ticket: number;
  readonly answer: (item: PeerAnswer) => void;
}

/** Requests of peers without an answer yet; a link holds as many, and there are few peers. */
const OPEN_MAX = 65_536;
/** A thread that dies gives no receipts; whoever asked for one has long stopped waiting by then. */
const RECEIPT_WITHIN_MS = 10_000;

export class PeerDesk implements PeerHandler {
  readonly #host: PeerDeskHost;
  readonly #requests = new Map<number, Asked & { readonly shard: number }>();
  /** The oldest first. */
  readonly #notices = new Map<number, Asked & { readonly untilMs: number }>();
  readonly #clock: Clock;
  #lastTicket = PEER_TICKETS;

  constructor(host: PeerDeskHost, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
  }

  /** Requests of peers that have no answer yet. */
  get depth(): number {
    return this.#requests.size;
  }

  onRequests(_from: Peer, items: readonly PeerRequest[], answer: (item: PeerAnswer) => void): void {
    for (const { shard, request } of items) {
      const { ticket } = request;
      const own = { ...request, ticket: ++this.#lastTicket };
      if (request.kind === "count") this.#host.submit(shard, own);
      else if (this.#host.generationOf(shard) === undefined) this.#refuse({ shard, ticket, answer }, "notOwner");
      else if (this.#requests.size >= OPEN_MAX) this.#refuse({ shard, ticket, answer }, "full");
      else {
        this.#requests.set(own.ticket, { shard, ticket, answer });
        this.#host.submit(shard, own);
      }
    }
  }

  onNotices(_from: Peer, items: readonly PeerNotice[], answer: (item: PeerAnswer) => void): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [own, { untilMs }] of this.#notices) {
      if (untilMs > nowMs) break;
      this.#notices.delete(own);
    }
    for (const { shard, delivery } of items) {
      const { ticket } = delivery;
      if (this.#notices.size >= OPEN_MAX || this.#host.generationOf(shard) === undefined) {
        answer({ kind: "receipt", receipt: { ticket, taken: false } });
        continue;
      }
      const own = ++this.#lastTicket;
      this.#notices.set(own, { ticket, answer, untilMs: nowMs + RECEIPT_WITHIN_MS });
      this.#host.submitNotice(shard, { ...delivery, ticket: own });
    }
  }

  onFacts(_from: Peer, items: readonly PeerFact[]): void {
    for (const { shard, answer } of items) this.#host.submitAnswer(shard, answer);
  }

  /** Sends peers their answers; the others are returned. */
  takeReplies(replies: readonly ShardReply[]): readonly ShardReply[] {
    if (!replies.some(({ ticket }) => isPeerTicket(ticket))) return replies;
    return replies.filter((reply) => {
      if (!isPeerTicket(reply.ticket)) return true;
      const asked = this.#requests.get(reply.ticket);
      this.#requests.delete(reply.ticket);
      asked?.answer({ kind: "reply", reply: { ...reply, ticket: asked.ticket } });
      return false;
    });
  }

  /** A request of a peer was not taken by its shard. False: it is none of a peer. */
  takeUnserved({ request }: Addressed): boolean {
    const asked = this.#requests.get(request.ticket);
    if (asked === undefined) return false;
    this.#requests.delete(request.ticket);
    this.#refuse(asked, "moving");
    return true;
  }

  /** Sends peers their receipts; the others are returned. */
  takeReceipts(replies: NoticeReplies): NoticeReplies {
    const receipts = replies.receipts.filter(({ ticket, taken }) => {
      if (!isPeerTicket(ticket)) return true;
      const asked = this.#notices.get(ticket);
      this.#notices.delete(ticket);
      asked?.answer({ kind: "receipt", receipt: { ticket: asked.ticket, taken } });
      return false;
    });
    return { ...replies, receipts };
  }

  #refuse({ shard, ticket, answer }: Asked & { readonly shard: number }, reason: RefusedReason): void {
    answer({ kind: "refused", ticket, reason, generation: this.#host.generationOf(shard) ?? 0n });
  }
}
