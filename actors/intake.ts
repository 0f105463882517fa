/**
 * Takes requests that create a payment: admits, reads, refuses repeats, decides and hands the intent to the group
 * commit (design §3 steps 2-3, §3.2). Nothing is charged before its intent is durable.
 */
import type { Answers, Asker } from "./answers.ts";
import {
  accept,
  gatewayKeyOf,
  mintId,
  type Operation,
  type Payment,
  type PaymentTerms,
  refuse,
  type MerchantId,
} from "./domain/index.ts";
import { type Flow, type FlowTable, keyIdOf, newFlow } from "./flow.ts";
import type { GroupCommit, Settlement } from "./group-commit.ts";
import { dataOf, type Operations } from "./operations.ts";
import type {
  Clock,
  CreatePayment,
  FoundKey,
  MerchantProfile,
  Random,
  RequestReader,
  ShardRequest,
  ShardStore,
  Vault,
} from "./ports.ts";

type CreateRequest = Extract<ShardRequest, { kind: "createPayment" }>;

export interface IntakeLimits {
  /** From the beginning of one look-up of keys to that of the next, at least. */
  readonly lookUpPaceMs: number;
  /** Refuse when the oldest waiting intent is older: past the knee latency jumps to seconds at once. */
  readonly queueAgeMaxMs: number;
  /** Requests that may wait before T1. */
  readonly mailboxDepthMax: number;
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
  readonly answers: Answers;
  readonly reader: RequestReader;
  readonly vault: Vault;
  readonly merchants: (id: MerchantId) => MerchantProfile | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: IntakeLimits;
  /** An index refused a key that memory did not know: memory is wrong, the actor must reload. */
  readonly memoryLost: () => void;
}

/** The route that an idempotency key is bound to. */
export const CREATE_PAYMENT_ROUTE = "POST /v1/payments";

const OVERLOADED = refuse("overloaded", "the shard's queue is full; nothing was done");

/** One accepted-to-be request that waits for its key to be looked up. */
interface Candidate {
  readonly request: CreateRequest;
  readonly merchant: MerchantProfile;
  readonly command: CreatePayment;
  readonly flow: Flow;
}

export class Intake {
  readonly #parts: IntakeParts;
  #waiting: Candidate[] = [];
  #lookingUp: readonly Candidate[] = [];
  #generation = 0;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #paused = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Requests that wait before T1. */
  get depth(): number {
    return this.#waiting.length + this.#lookingUp.length + this.#parts.commit.depth;
  }

  take(request: CreateRequest): void {
    const { flows, answers, reader, merchants, clock, limits } = this.#parts;
    // What already waited too long on its way here is not read any more: shedding must cost less than serving.
    if (clock.monotonicMs() - request.receivedAtMs > limits.queueAgeMaxMs) return answers.refuse(request, OVERLOADED);
    const merchant = merchants(request.merchantId);
    if (merchant === undefined)
      return answers.refuseWith(request, "shard_unavailable", "the merchant is not known here yet");
    const command = reader.readCreatePayment(request.body, request.idempotencyKey);
    if ("kind" in command) return answers.refuse(request, command);
    const known = flows.byKey(keyIdOf(request.merchantId, request.idempotencyKey));
    if (known !== undefined) return this.#repeat(request, command, known);
    const refusal = this.#admit() ?? checkTerms(merchant, command);
    if (refusal !== undefined) return answers.refuse(request, refusal);
    const flow = newFlow(request.merchantId, request.idempotencyKey, command.fingerprint);
    flow.waiter = {
      ticket: request.ticket,
      requestId: request.requestId,
      deadlineAtMs: request.receivedAtMs + this.#parts.limits.answerWithinMs,
    };
    flows.reserve(flow);
    this.#waiting.push({ request, merchant, command, flow });
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
    for (const candidate of [...this.#waiting, ...this.#lookingUp]) this.#drop(candidate.flow, code);
    this.#waiting = [];
    this.#lookingUp = [];
  }

  #admit(): ReturnType<typeof refuse> | undefined {
    const { commit, clock, limits } = this.#parts;
    if (!commit.healthy(limits.answerWithinMs / 5))
      return refuse("storage_unavailable", "the shard's database does not answer");
    const nowMs = clock.monotonicMs();
    const oldest = this.#lookingUp[0] ?? this.#waiting[0];
    const ageMs = Math.max(
      commit.oldestIntentAgeMs(nowMs),
      oldest === undefined ? 0 : nowMs - oldest.request.receivedAtMs,
    );
    if (ageMs > limits.queueAgeMaxMs || this.depth >= limits.mailboxDepthMax) {
      return OVERLOADED;
    }
    return undefined;
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
      if (found === undefined) this.#drop(candidate.flow, "storage_unavailable");
      else if (found[i] === undefined) this.#accept(candidate);
      else this.#remembered(candidate, found[i]);
    });
    this.flush();
  }

  /** The database knows the key: the operation is finished, for open ones are all in memory. */
  #remembered({ request, command, flow }: Candidate, found: FoundKey): void {
    const { flows, answers } = this.#parts;
    flows.forget(flow);
    if (!sameBytes(found.row.fingerprint, command.fingerprint) || found.row.route !== CREATE_PAYMENT_ROUTE)
      return this.#reuse(request);
    if (found.reply !== null) answers.final(request, found.reply, true, null);
    else answers.pending(request, found.payment, null, null);
  }

  #repeat(request: CreateRequest, command: CreatePayment, flow: Flow): void {
    const { answers, operations } = this.#parts;
    if (!sameBytes(flow.fingerprint, command.fingerprint)) return this.#reuse(request);
    if (flow.phase === "done" && flow.reply !== undefined) return answers.final(request, flow.reply, true, null);
    if (flow.phase === "accepting" || flow.waiter !== undefined) {
      return answers.refuseWith(request, "idempotency_key_in_use", "the first request with this key is still running");
    }
    answers.pending(request, flow.payment as Payment, operations.nextCheckAtMs(flow), null);
  }

  #reuse(asker: Asker): void {
    this.#parts.answers.refuseWith(asker, "idempotency_key_reuse", "the key was used with another body or route");
  }

  /** Decides, and hands T1 to the group commit. */
  #accept({ request, merchant, command, flow }: Candidate): void {
    const { commit, vault, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const terms = this.#terms(merchant, command, nowMs);
    const operation = this.#operation(request, terms, nowMs);
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
      data: dataOf(transition.payment),
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

  #terms(merchant: MerchantProfile, command: CreatePayment, nowMs: number): PaymentTerms {
    const { slot } = merchant;
    const route = merchant.gateways.find((gateway) => command.gateway === null || gateway.name === command.gateway);
    if (route === undefined) throw new Error("checkTerms let a payment without a gateway pass");
    return {
      id: mintId("pay", slot, nowMs, this.#parts.random.bytes(8)),
      merchantId: merchant.id,
      slot,
      amountMinor: command.amountMinor,
      currency: command.currency,
      captureMethod: command.captureMethod,
      gateway: route.name,
      gatewayAccount: route.account,
      merchantReference: command.merchantReference,
      description: command.description,
      metadataJson: command.metadataJson,
      createdAtMs: nowMs,
    };
  }

  #operation(request: CreateRequest, terms: PaymentTerms, nowMs: number): Operation {
    const kind = terms.captureMethod === "automatic" ? "sale" : "authorize";
    return {
      id: mintId("op", terms.slot, nowMs, this.#parts.random.bytes(8)),
      kind,
      state: "submitted",
      amountMinor: terms.amountMinor,
      gatewayKey: gatewayKeyOf(terms.merchantId, request.idempotencyKey, kind, 1),
      attempt: 1,
      submittedAtMs: nowMs,
      deadlineAtMs: nowMs + this.#parts.limits.operationDeadlineMs,
    };
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
          this.#drop(flow, "storage_unavailable");
          this.#parts.memoryLost();
        } else this.#drop(flow, "internal_error");
        return;
      case "unavailable":
      case "unsettled":
        this.#drop(flow, "storage_unavailable");
    }
  }

  #drop(flow: Flow, code: "storage_unavailable" | "shard_unavailable" | "internal_error"): void {
    const { waiter } = flow;
    this.#parts.flows.forget(flow);
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.refuseWith(waiter, code, DROPPED[code]);
  }
}

const DROPPED = {
  storage_unavailable: "the payment could not be stored; nothing was charged, send it again with the same key",
  shard_unavailable: "the shard is not served here now; send it again with the same key",
  internal_error: "the payment could not be stored and nothing was charged",
} as const;

/** What only the merchant's profile can refuse. */
function checkTerms(merchant: MerchantProfile, command: CreatePayment): ReturnType<typeof refuse> | undefined {
  if (merchant.currencies !== null && !merchant.currencies.includes(command.currency)) {
    return refuse("currency_not_enabled", `${command.currency} is not enabled for this merchant`);
  }
  const has = merchant.gateways.some(({ name }) => command.gateway === null || name === command.gateway);
  if (has) return undefined;
  const errors = [
    { pointer: "/gateway", code: "gateway_not_enabled", detail: "the merchant has no account at this gateway" },
  ];
  return refuse("validation_failed", "the gateway is not enabled for this merchant", { errors });
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
