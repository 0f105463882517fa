/** Whether a request that would write can be taken now, judged before its body is read (design §3.1, §5). */
import { type Refusal, refuse } from "./domain/index.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Clock } from "./ports/world.ts";
import { StandingQueue } from "./standing-queue.ts";

export interface AdmissionLimits {
  /** Refuse while the oldest waiting intent is older: past the knee latency jumps to seconds at once. */
  readonly queueAgeMaxMs: number;
  /** Requests that may wait before T1. */
  readonly mailboxDepthMax: number;
  /** Operations that may be open at once, less those that their gateway has and works on. */
  readonly openMax: number;
  /** Operations that a gateway may work on at once: more of them are not begun for payments that exist. */
  readonly receivedMax: number;
  /** The merchant's answer at the latest. */
  readonly answerWithinMs: number;
}

export interface AdmissionParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly clock: Clock;
  readonly limits: AdmissionLimits;
  /** Who waits before the group commit. */
  readonly queues: () => readonly Queue[];
}

/** Who waits before the group commit. */
export interface Queue {
  readonly depth: number;
  /**
   * When the oldest that waits for the shard was handed over, monotonic. Undefined: none does, or they wait for something
   * of their own (a payment's other decisions, a risk check), which says nothing of the shard.
   */
  readonly oldestHandedOverAtMs?: number | undefined;
}

const OVERLOADED = refuse("overloaded", "the shard's queue is full; nothing was done");
const TOO_MANY_RECEIVED = refuse("overloaded", "too many operations wait for their gateway's word; nothing was done");
const TOO_MANY_OPEN = refuse("overloaded", "too many payments wait for their gateway; nothing was done");

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #queue: StandingQueue;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#queue = new StandingQueue(parts.limits.queueAgeMaxMs);
  }

  /** Requests that wait before T1, and outcomes before T2. */
  get depth(): number {
    let depth = this.#parts.commit.depth;
    for (const queue of this.#parts.queues()) depth += queue.depth;
    return depth;
  }

  /** Why the request cannot be taken now. `isRepeat`: its key is in memory, so it will neither wait nor write. */
  judge(request: { readonly handedOverAtMs: number; readonly kind: string }, isRepeat: boolean): Refusal | undefined {
    const { commit, flows, clock, limits } = this.#parts;
    const nowMs = clock.monotonicMs();
    const onItsWayMs = nowMs - request.handedOverAtMs;
    if (!isRepeat && !commit.healthy(limits.answerWithinMs / 5))
      return refuse("storage_unavailable", "the shard's database does not answer");
    const stands = this.#queue.stands(Math.max(onItsWayMs, this.#queuedMs(nowMs)), nowMs);
    if (stands && (!isRepeat || onItsWayMs > limits.queueAgeMaxMs)) return OVERLOADED;
    if (isRepeat) return undefined;
    if (this.depth >= limits.mailboxDepthMax) return OVERLOADED;
    if (flows.openCount - flows.receivedCount >= limits.openMax) return TOO_MANY_OPEN;
    const isPayment = request.kind === "createPayment"; // gateways end those in their answer, nearly always
    return !isPayment && flows.receivedCount >= limits.receivedMax ? TOO_MANY_RECEIVED : undefined;
  }

  #queuedMs(nowMs: number): number {
    let ageMs = this.#parts.commit.oldestIntentAgeMs(nowMs);
    for (const { oldestHandedOverAtMs } of this.#parts.queues())
      if (oldestHandedOverAtMs !== undefined) ageMs = Math.max(ageMs, nowMs - oldestHandedOverAtMs);
    return ageMs;
  }
}
