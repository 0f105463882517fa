/**
 * Takes requests that change something: admits, reads, refuses repeats and hands what is certainly new to whoever decides
 * it (design §3 step 2, §3.2). A key that memory does not know is looked up first.
 */
import type { Admission } from "./admission.ts";
import type { Answers, Asker } from "./answers.ts";
import { type Command, type MerchantId, type Refusal, refuse } from "./domain/index.ts";
import { type Flow, keyIdOf, newFlow, type OpenFlow, paymentOf } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { KnownKeys } from "./known-keys.ts";
import type { Operations } from "./operations.ts";
import type { Ownership } from "./ownership.ts";
import type { CreatePayment, MerchantProfile, ModifyPayment, RequestReader, ShardRequest } from "./ports/requests.ts";
import type { FoundKey, ShardStore } from "./ports/shard-store.ts";
import type { Clock, Log } from "./ports/world.ts";

export type CreateRequest = Extract<ShardRequest, { kind: "createPayment" }>;
export type ModifyRequest = Extract<ShardRequest, { kind: Command }>;
type KeyedRequest = CreateRequest | ModifyRequest;

export interface IntakeLimits {
  /** From the beginning of one look-up of keys to that of the next, at least. */
  readonly lookUpPaceMs: number;
  /** The merchant's answer at the latest. */
  readonly answerWithinMs: number;
}

/** A request that was read, with the flow that is reserved for its key. */
export type Candidate =
  | (Common & { readonly request: CreateRequest; readonly command: CreatePayment })
  | (Common & { readonly request: ModifyRequest; readonly command: ModifyPayment });
interface Common {
  readonly merchant: MerchantProfile;
  readonly flow: Flow;
}
export type CreateCandidate = Extract<Candidate, { request: CreateRequest }>;
export type ModifyCandidate = Extract<Candidate, { request: ModifyRequest }>;

/** Whoever decides a request whose key is certainly new. */
export interface Deciders {
  create(candidate: CreateCandidate): void;
  modify(candidate: ModifyCandidate): void;
}

export interface IntakeParts {
  readonly flows: FlowTable;
  readonly admission: Admission;
  readonly store: ShardStore;
  readonly operations: Operations;
  readonly knownKeys: KnownKeys;
  readonly ownership: Ownership;
  readonly answers: Answers;
  readonly reader: RequestReader;
  readonly merchants: (id: MerchantId) => MerchantProfile | undefined;
  readonly deciders: Deciders;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: IntakeLimits;
}

/** The routes that idempotency keys are bound to. Stored: never renamed. */
const ROUTES: { readonly [K in KeyedRequest["kind"]]: string } = {
  createPayment: "POST /v1/payments",
  capture: "POST /v1/payments/{id}/capture",
  cancel: "POST /v1/payments/{id}/cancel",
  refund: "POST /v1/payments/{id}/refunds",
};

export class KeyedIntake {
  readonly #parts: IntakeParts;
  #waiting: Candidate[] = [];
  #lookingUp: readonly Candidate[] = [];
  #generation = 0;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #paused = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Requests whose key is being looked up, or waits for that. */
  get depth(): number {
    return this.#waiting.length + this.#lookingUp.length;
  }
  /** When the oldest of them was handed over, monotonic; undefined: none waits. */
  get oldestHandedOverAtMs(): number | undefined {
    return (this.#lookingUp[0] ?? this.#waiting[0])?.request.handedOverAtMs;
  }

  take(request: KeyedRequest): void {
    const { flows, answers, merchants, admission } = this.#parts;
    const known = flows.byKey(keyIdOf(request.merchantId, request.idempotencyKey));
    // Before the body is read: shedding must cost less than serving.
    const full = admission.judge(request, known !== undefined);
    if (full !== undefined) return answers.refuse(request, full);
    const merchant = merchants(request.merchantId);
    if (merchant === undefined)
      return answers.refuseWith(request, "shard_unavailable", "the merchant is not known here yet");
    const candidate = this.#read(request, merchant);
    if ("code" in candidate) return answers.refuse(request, candidate);
    if (known !== undefined) return this.#repeat(candidate, known);
    candidate.flow.waiter = {
      ticket: request.ticket,
      requestId: request.requestId,
      rate: request.rate,
      deadlineAtMs: request.receivedAtMs + this.#parts.limits.answerWithinMs,
    };
    flows.reserve(candidate.flow);
    if (this.#parts.knownKeys.isNew(candidate.flow.keyId as string)) this.#decide(candidate);
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
    for (const { flow } of [...this.#waiting, ...this.#lookingUp]) this.#drop(flow, code, NOT_LOOKED_UP[code]);
    this.#waiting = [];
    this.#lookingUp = [];
  }

  #read(request: KeyedRequest, merchant: MerchantProfile): Candidate | Refusal {
    const { reader } = this.#parts;
    const { merchantId, idempotencyKey: key, kind } = request;
    const flowOf = (fingerprint: Uint8Array): Flow => newFlow({ merchantId, key, route: ROUTES[kind], fingerprint });
    if (kind === "createPayment") {
      const command = reader.readCreatePayment(request.body, key);
      return "kind" in command ? command : { request, merchant, command, flow: flowOf(command.fingerprint) };
    }
    const command = reader.readModification(kind, request.paymentId, request.body, key);
    return "kind" in command ? command : { request, merchant, command, flow: flowOf(command.fingerprint) };
  }

  #decide(candidate: Candidate): void {
    const { deciders } = this.#parts;
    if (isCreate(candidate)) deciders.create(candidate);
    else deciders.modify(candidate);
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
      else if (found[i] === undefined) this.#decide(candidate);
      else this.#remembered(candidate, found[i]);
    });
    this.flush();
  }

  /**
   * The database knows the key. Its operation is finished: open ones are all in memory. If it is not, memory is wrong,
   * and it stays open until the next activation finds it; what the database says of it is true all the same.
   */
  #remembered({ request, flow }: Candidate, found: FoundKey): void {
    const { flows, answers, log } = this.#parts;
    flows.forget(flow);
    if (!isSame(flow, found.row)) return this.#reuse(request);
    if (found.reply !== null) return answers.final(request, found.reply, true, null);
    log.error({ payment: found.row.paymentId }, "an open operation is in the database and not in memory");
    if (found.payment !== null) answers.pending(request, found.payment, null, null);
    else answers.refuseWith(request, "storage_unavailable", NOT_READABLE);
  }

  #repeat({ request, flow }: Candidate, known: Flow): void {
    const { answers, ownership } = this.#parts;
    if (known.request === null || !isSame(flow, known.request)) return this.#reuse(request);
    if (known.phase === "accepting" || known.waiter !== undefined) {
      return answers.refuseWith(request, "idempotency_key_in_use", "the first request with this key is still running");
    }
    const open = known as OpenFlow; // its T1 is acknowledged
    if (ownership.isCertain) return this.#fromMemory(request, open);
    const asked = ownership.ask((mine) => {
      if (mine) this.#fromMemory(request, open);
      else answers.refuseWith(request, "storage_unavailable", "the shard cannot be sure of its state now");
    });
    if (!asked) answers.refuse(request, TOO_MANY_WAIT);
  }

  #fromMemory(request: KeyedRequest, flow: OpenFlow): void {
    const { answers, operations } = this.#parts;
    if (flow.phase === "done" && flow.reply !== undefined) answers.final(request, flow.reply, true, null);
    else answers.pending(request, paymentOf(flow), operations.nextCheckAtMs(flow), null);
  }

  #reuse(asker: Asker): void {
    this.#parts.answers.refuseWith(asker, "idempotency_key_reuse", "the key was used with another body or route");
  }

  #drop(flow: Flow, code: "storage_unavailable" | "shard_unavailable", detail: string): void {
    const { waiter } = flow;
    this.#parts.flows.forget(flow);
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.refuseWith(waiter, code, detail);
  }
}

const isCreate = (candidate: Candidate): candidate is CreateCandidate => candidate.request.kind === "createPayment";

/** The same request as the one that the key was first used for. */
const isSame = (flow: Flow, first: { readonly route: string; readonly fingerprint: Uint8Array }): boolean =>
  flow.request?.route === first.route && Buffer.compare(flow.request.fingerprint, first.fingerprint) === 0;

/** Their keys may be old ones, whose first request was charged long ago. */
const NOT_LOOKED_UP = {
  storage_unavailable: "it cannot be looked up now whether the key was used before; send it again with the same key",
  shard_unavailable: "the shard is not served here now; send it again with the same key",
} as const;
const NOT_READABLE = "the payment of this key cannot be read now; send it again with the same key";
const TOO_MANY_WAIT = refuse("overloaded", "too many requests wait for the shard's database");
