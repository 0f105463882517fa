/** What crosses between nodes, in our words; `codec.ts` turns it into bytes and back. */
import type { GatewayAnswer } from "../ports/gateway.ts";
import type { ShardReply, ShardRequest } from "../ports/requests.ts";
import type { NoticeDelivery, NoticeReceipt } from "../inbox.ts";

/**
 * The version that this build speaks. Another major is not understood at all: both ends refuse it. A minor only adds, and
 * nodes of different minors work together while they are being replaced.
 */
export const WIRE_VERSION = { major: 1, minor: 0 } as const;

/** The first message, each way. */
export interface Hello {
  readonly major: number;
  readonly minor: number;
  readonly node: string;
  /** Names the process: another one after each start. */
  readonly process: string;
}

/** A request on its way to the node that owns its shard. */
export interface PeerRequest {
  readonly shard: number;
  /** Of the assignment that the sender knows. */
  readonly generation: bigint;
  /** Owners that were asked before this one: 0 or 1. */
  readonly hops: number;
  /** When nobody waits for the answer any more, by the monotonic clock of the process that holds this object. */
  readonly deadlineAtMs: number;
  /** Its times, too, are of that clock: an arrival is younger by the time that it was under way. */
  readonly request: ShardRequest;
}

/**
 * Why a request was not taken; nothing was stored and nothing charged. `full`: the receiver owes as many answers as it may.
 * `unsupported`: it does not know such a request, for it is older, or could not read it.
 */
export const REFUSED_REASONS = ["notOwner", "moving", "full", "unsupported"] as const;
export type RefusedReason = (typeof REFUSED_REASONS)[number];

export type PeerAnswer =
  | { readonly kind: "reply"; readonly reply: ShardReply }
  | {
      readonly kind: "refused";
      readonly ticket: number;
      readonly reason: RefusedReason;
      /** What the receiver knows of the shard; 0: nothing. */
      readonly generation: bigint;
    }
  | { readonly kind: "receipt"; readonly receipt: NoticeReceipt };

/** A gateway's notice for a shard of another node. */
export interface PeerNotice {
  readonly shard: number;
  readonly generation: bigint;
  readonly delivery: NoticeDelivery;
}

/** A gateway's answer that reached a node which does not own the shard any more. Nobody answers it. */
export interface PeerFact {
  readonly shard: number;
  readonly generation: bigint;
  readonly answer: GatewayAnswer;
}

/** What goes to an owner. */
export type PeerItem =
  | { readonly kind: "request"; readonly request: PeerRequest }
  | { readonly kind: "notice"; readonly notice: PeerNotice }
  | { readonly kind: "fact"; readonly fact: PeerFact };

/** What one message held, each list in the order in which it was sent. */
export interface FrameContent {
  readonly kind: "frame";
  readonly hello: Hello | null;
  readonly requests: readonly PeerRequest[];
  readonly notices: readonly PeerNotice[];
  readonly facts: readonly PeerFact[];
  readonly answers: readonly PeerAnswer[];
  /** Tickets of requests, and of notices, that could not be understood: each is owed a refusal. */
  readonly unsupportedRequests: readonly number[];
  readonly unsupportedNotices: readonly number[];
  /** Facts and answers that could not be understood, and whatever had no ticket. */
  readonly skipped: number;
}

/** Bytes that are no message of ours. */
export interface Garbage {
  readonly kind: "garbage";
  readonly reason: string;
}
