/**
 * Takes requests that create a payment: admits, reads, refuses repeats, decides and hands the intent to the group
 * commit (design §3 steps 2-3, §3.2). Nothing is charged before its intent is durable.
 */
import type { Answers, Asker } from "./answers.ts";
import { accept, refuse, type MerchantId, type Payment, type Refusal } from "./domain/index.ts";
import { type Flow, type FlowTable, keyIdOf, newFlow } from "./flow.ts";
import type { GroupCommit } from "./group-commit.ts";
import { checkTerms, operationOf, termsOf } from "./intent.ts";
import type { KnownKeys } from "./known-keys.ts";
import type { Operations } from "./operations.ts";
import type { Ownership } from "./ownership.ts";
import { StandingQueue } from "./standing-queue.ts";
import { sideFactsOf, type Settlement } from "./pending.ts";
import type { CreatePayment, MerchantProfile, RequestReader, ShardRequest } from "./ports/requests.ts";
import type { FoundKey, ShardStore, Vault } from "./ports/shard-store.ts";
import type { Clock, Log, Random } from "./ports/world.ts";

type CreateRequest = Extract<ShardRequest, { kind: "createPayment" }>;

export interface IntakeLimits {
  /** From the beginning of one look-up of keys to that of the next, at least. */
  readonly lookUpPaceMs: number;
  /** Refuse while the oldest waiting intent is older: past the knee latency jumps to seconds at once. */
  readonly queueAgeMaxMs: number;
  /** Requests that may wait before T1. */
  readonly mailboxDepthMax: number;
  /** Operations that may be open at once. */
  readonly openMax: number;
  /** The merchant's answer at the latest. */
  readonly answerWithinMs: number;
  /** From T1 on, a money-moving call may be repeated for this long. */
  readonly operationDeadlineMs: number;
}

export interface IntakeParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly operations: Operations;
  readonly knownKeys: KnownKeys;
  readonly ownership: Ownership;
  readonly answers: Answers;
  readonly reader: RequestReader;
  readonly vault: Vault;
  readonly merchants: (id: MerchantId) => MerchantProfile | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: IntakeLimits;
  /** An index refused a key that memory did not know: memory is wrong, the actor must reload. */
  readonly memoryLost: () => void;
}

/** The route that an idempotency key is bound to. */
export const CREATE_PAYMENT_ROUTE = "POST /v1/payments";

const OVERLOADED = refuse("overloaded", "the shard's queue is full; nothing was done");
const TOO_MANY_OPEN = refuse("overloaded", "too many payments wait for their gateway; nothing was done");

/** One accepted-to-be request that waits for its key to be looked up. */
interface Candidate {
  readonly request: CreateRequest;
  readonly merchant: MerchantProfile;
  readonly command: CreatePayment;
  readonly flow: Flow;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #queue: StandingQueue;
  #waiting: Candidate[] = [];
  #lookingUp: readonly Candidate[] = [];
  #generation = 0;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #paused = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#queue = new StandingQueue(parts.limits.queueAgeMaxMs);
  }

  /** Requests that wait before T1. */
  get depth(): number {
    return this.#waiting.length + this.#lookingUp.length + this.#parts.commit.depth;
  }

  take(request: CreateRequest): void {
    const { flows, answers, reader, merchants } = this.#parts;
    const known = flows.byKey(keyIdOf(request.merchantId, request.idempotencyKey));
    // Before the body is read: shedding must cost less than serving.
    const full = this.#admit(request, known !== undefined);
    if (full !== undefined) return answers.refuse(request, full);
    const merchant = merchants(request.merchantId);
    if (merchant === undefined)
      return answers.refuseWith(request, "shard_unavailable", "the merchant is not known here yet");
    const command = reader.readCreatePayment(request.body, request.idempotencyKey);
    if ("kind" in command) return answers.refuse(request, command);
    if (known !== undefined) return this.#repeat(request, command, known);
    const flow = newFlow(request.merchantId, request.idempotencyKey, command.fingerprint);
    flow.waiter = {
      ticket: request.ticket,
      requestId: request.requestId,
      deadlineAtMs: request.receivedAtMs + this.#parts.limits.answerWithinMs,
    };
    flows.reserve(flow);
    const candidate: Candidate = { request, merchant, command, flow };
    if (this.#parts.knownKeys.isNew(flow.keyId)) this.#accept(candidate);
    else this.#waiting.push(candidate);
  }

  /** Looks up the keys that came since the last look-up, in one statement. Called at the end of each tick. */
  flush(): void {
    if (this.#waiting.length === 0 || this.#lookingUp.length > 0 || this.#paused) return;
    const { clock, limits } = this.#parts;
    const waitMs = this.#lookedUpAtMs + limits.lookUpPaceMs - clock.monotonicMs();
    if (waitMs <= 0) {
      void this.#lookUp(this.#waiting.splice(0), this.#generation);
      return;
    }
    this.#paused = true;
    clock.after(waitMs, () => {
      this.#paused = false;
      this.flush();
    });
  }

  /** Forgets what waits: the actor reloads. Their clients may safely send again. */
  reset(code: "storage_unavailable" | "shard_unavailable"): void {
    this.#generation++;
    for (const candidate of [...this.#waiting, ...this.#lookingUp])
      this.#drop(candidate.flow, code, NOT_LOOKED_UP[code]);
    this.#waiting = [];
    this.#lookingUp = [];
  }

  /** Why the request cannot be taken now. `repeat`: its key is in memory, so it will neither wait nor write. */
  #admit(request: CreateRequest, repeat: boolean): Refusal | undefined {
    const { commit, flows, clock, limits } = this.#parts;
    const nowMs = clock.monotonicMs();
    const onItsWayMs = nowMs - request.handedOverAtMs;
    const oldest = this.#lookingUp[0] ?? this.#waiting[0];
    const queuedMs = Math.max(
      commit.oldestIntentAgeMs(nowMs),
      oldest === undefined ? 0 : nowMs - oldest.request.handedOverAtMs,
    );
    if (!repeat && !commit.healthy(limits.answerWithinMs / 5))
      return refuse("storage_unavailable", "the shard's database does not answer");
    const stands = this.#queue.stands(Math.max(onItsWayMs, queuedMs), nowMs);
    if (stands && (!repeat || onItsWayMs > limits.queueAgeMaxMs)) return OVERLOADED;
    if (repeat) return undefined;
    if (this.depth >= limits.mailboxDepthMax) return OVERLOADED;
    return flows.openCount >= limits.openMax ? TOO_MANY_OPEN : undefined;
  }

  async #lookUp(candidates: readonly Candidate[], generation: number): Promise<void> {
    this.#lookingUp = candidates;
    this.#lookedUpAtMs = this.#parts.clock.monotonicMs();
    let found: readonly (FoundKey | undefined)[] | undefined;
    try {
      found = await this.#parts.store.findKeys(
        candidates.map(({ request }) => ({ merchantId: request.merchantId, key: request.idempotencyKey })),
      );
    } catch {
      found = undefined; // only STORAGE_UNAVAILABLE can come: the clients are told so below
    }
    if (generation !== this.#generation) return; // reset() has answered them
    this.#lookingUp = [];
    candidates.forEach((candidate, i) => {
      if (found === undefined) this.#drop(candidate.flow, "storage_unavailable", NOT_LOOKED_UP.storage_unavailable);
      else if (found[i] === undefined) this.#accept(candidate);
      else this.#remembered(candidate, found[i]);
    });
    this.flush();
  }

  /**
   * The database knows the key. Its operation is finished: open ones are all in memory. If it is not, memory is wrong,
   * and it stays open until the next activation finds it; what the database says of it is true all the same.
   */
  #remembered({ request, command, flow }: Candidate, found: FoundKey): void {
    const { flows, answers, log } = this.#parts;
    flows.forget(flow);
    if (!sameBytes(found.row.fingerprint, command.fingerprint) || found.row.route !== CREATE_PAYMENT_ROUTE)
      return this.#reuse(request);
    if (found.reply !== null) return answers.final(request, found.reply, true, null);
    log.error({ payment: found.row.paymentId }, "an open operation is in the database and not in memory");
    if (found.payment !== null) answers.pending(request, found.payment, null, null);
    else answers.refuseWith(request, "storage_unavailable", NOT_READABLE);
  }

  #repeat(request: CreateRequest, command: CreatePayment, flow: Flow): void {
    const { answers, ownership } = this.#parts;
    if (!sameBytes(flow.fingerprint, command.fingerprint)) return this.#reuse(request);
    if (flow.phase === "accepting" || flow.waiter !== undefined) {
      return answers.refuseWith(request, "idempotency_key_in_use", "the first request with this key is still running");
    }
    if (ownership.isCertain) return this.#fromMemory(request, flow);
    const asked = ownership.ask((mine) => {
      if (mine) this.#fromMemory(request, flow);
      else answers.refuseWith(request, "storage_unavailable", "the shard cannot be sure of its state now");
    });
    if (!asked) answers.refuse(request, OVERLOADED);
  }

  #fromMemory(request: CreateRequest, flow: Flow): void {
    const { answers, operations } = this.#parts;
    if (flow.phase === "done" && flow.reply !== undefined) answers.final(request, flow.reply, true, null);
    else answers.pending(request, flow.payment as Payment, operations.nextCheckAtMs(flow), null);
  }

  #reuse(asker: Asker): void {
    this.#parts.answers.refuseWith(asker, "idempotency_key_reuse", "the key was used with another body or route");
  }

  /**
   * Decides, and hands T1 to the group commit. Here the key is certainly new: only then may the merchant's profile, which
   * changes, refuse; a repeat gets its stored answer whatever the profile says by now.
   */
  #accept({ request, merchant, command, flow }: Candidate): void {
    const { flows, answers, commit, vault, clock, random, limits, knownKeys } = this.#parts;
    const refusal = checkTerms(merchant, command);
    if (refusal !== undefined) {
      flows.forget(flow);
      return answers.refuse(request, refusal);
    }
    knownKeys.add(flow.keyId);
    const terms = termsOf(merchant, command, clock.nowMs(), random);
    const operation = operationOf(terms, request.idempotencyKey, limits.operationDeadlineMs, random);
    const transition = accept(terms, operation);
    const plain = JSON.stringify({
      paymentMethod: command.paymentMethod,
      ...(command.customer !== null && { customer: command.customer }),
    });
    flow.paymentMethod = command.paymentMethod;
    flow.writing = true;
    commit.enqueue({
      transition,
      cause: `request:${request.requestId}`,
      data: sideFactsOf(transition.payment),
      reply: null,
      accepted: {
        sealed: vault.seal(terms, Buffer.from(plain, "utf8")),
        keyRow: {
          merchantId: merchant.id,
          key: request.idempotencyKey,
          route: CREATE_PAYMENT_ROUTE,
          fingerprint: command.fingerprint,
          paymentId: terms.id,
          operationId: operation.id,
        },
      },
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment, seq, constraint) => this.#settled(flow, how, payment, seq, constraint),
    });
  }

  #settled(flow: Flow, how: Settlement, payment: Payment, seq: bigint, constraint: string | null): void {
    const { flows, operations } = this.#parts;
    flow.writing = false;
    switch (how) {
      case "committed":
        flows.opened(flow, payment, seq);
        operations.begin(flow);
        return;
      case "rejected":
        if (constraint === "idempotency_pkey") {
          this.#drop(flow, "storage_unavailable", NOT_KNOWN);
          this.#parts.memoryLost();
        } else this.#drop(flow, "internal_error", NOTHING_DONE.internal_error);
        return;
      case "unavailable":
        this.#drop(flow, "storage_unavailable", NOTHING_DONE.storage_unavailable);
        return;
      case "unsettled":
        this.#drop(flow, "storage_unavailable", NOT_KNOWN);
    }
  }

  #drop(flow: Flow, code: keyof typeof NOTHING_DONE, detail: string): void {
    const { waiter } = flow;
    this.#parts.flows.forget(flow);
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.refuseWith(waiter, code, detail);
  }
}

/** No gateway is called before T1 is acknowledged. */
const NOTHING_DONE = {
  storage_unavailable: "the payment could not be stored; nothing was charged, send it again with the same key",
  shard_unavailable: "the shard is not served here now; send it again with the same key",
  internal_error: "the payment could not be stored and nothing was charged",
} as const;
/** Their keys may be old ones, whose first request was charged long ago. */
const NOT_LOOKED_UP = {
  storage_unavailable: "it cannot be looked up now whether the key was used before; send it again with the same key",
  shard_unavailable: NOTHING_DONE.shard_unavailable,
} as const;
const NOT_KNOWN = "it is not known yet whether the payment was stored; send it again with the same key";
const NOT_READABLE = "the payment of this key cannot be read now; send it again with the same key";

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
