/**
 * Where the requests of a serving shard go: each is counted against its merchant's rate, then handed to whoever decides
 * or reads it. What waits can be refused at once when the actor stops: nothing was done for it.
 */
import { Admission, type AdmissionLimits, type Queue } from "./admission.ts";
import type { Answers } from "./answers.ts";
import type { Cancels } from "./cancels.ts";
import { refuse } from "./domain/index.ts";
import { type EndpointParts, Endpoints } from "./endpoints.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import { Intents } from "./intents.ts";
import { type IntakeLimits, type IntakeParts, KeyedIntake } from "./keyed-intake.ts";
import type { KnownKeys } from "./known-keys.ts";
import { type ModificationParts, Modifications } from "./modifications.ts";
import { type NewPaymentLimits, type NewPaymentParts, NewPayments } from "./new-payments.ts";
import { PaymentFiles } from "./payment-files.ts";
import { PaymentReads } from "./payment-reads.ts";
import type { ShardRequest } from "./ports/requests.ts";
import { RateLimits } from "./rate-limits.ts";
import { ShardReads } from "./shard-reads.ts";
import type { UnsureCode } from "./unsure.ts";

export interface MailboxLimits extends AdmissionLimits, IntakeLimits, NewPaymentLimits {}

type Own = "admission" | "deciders" | "intents" | "files";
export interface MailboxParts extends Omit<IntakeParts & NewPaymentParts & ModificationParts & EndpointParts, Own> {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly answers: Answers;
  readonly knownKeys: KnownKeys;
  readonly cancels: Cancels;
  readonly limits: MailboxLimits;
}

export class Mailbox {
  readonly #parts: MailboxParts;
  readonly #rates = new RateLimits();
  readonly #admission: Admission;
  readonly #intake: KeyedIntake;
  readonly #newPayments: NewPayments;
  readonly #modifications: Modifications;
  readonly #files: PaymentFiles;
  readonly #paymentReads: PaymentReads;
  readonly #reads: ShardReads;
  readonly #endpoints: Endpoints;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
    const { flows, commit, store, answers } = parts;
    const intents = new Intents({ ...parts, memoryLost: () => commit.abandon() });
    this.#files = new PaymentFiles(flows, commit, store);
    this.#newPayments = new NewPayments({ ...parts, intents });
    this.#modifications = new Modifications({ ...parts, intents, files: this.#files });
    const queues = (): readonly Queue[] => [this.#intake, this.#newPayments, this.#modifications];
    this.#admission = new Admission({ ...parts, queues });
    this.#intake = new KeyedIntake({
      ...parts,
      admission: this.#admission,
      deciders: {
        create: (candidate) => this.#newPayments.create(candidate),
        modify: (candidate) => this.#modifications.modify(candidate),
      },
    });
    this.#paymentReads = new PaymentReads(parts);
    this.#reads = new ShardReads(store, commit, answers);
    this.#endpoints = new Endpoints(parts);
  }

  /** Requests that wait before T1, and outcomes before T2. */
  get depth(): number {
    return this.#admission.depth;
  }

  take(request: ShardRequest): void {
    if (!this.#isWithinRate(request)) return;
    switch (request.kind) {
      case "count":
        return;
      case "getPayment":
        this.#paymentReads.take(request);
        return;
      case "read":
        this.#reads.take(request);
        return;
      case "createEndpoint":
      case "rotateEndpointSecret":
      case "resendEvent":
      case "deleteEndpoint":
        this.#endpoints.take(request);
        return;
      default:
        this.#intake.take(request);
    }
  }

  /** Sends the look-ups of a tick. */
  flush(): void {
    this.#intake.flush();
    this.#paymentReads.flush();
  }

  /** Refuses what waits before T1. Its clients may safely send again. */
  refuseWrites(code: "storage_unavailable" | "shard_unavailable"): void {
    this.#intake.reset(code);
    this.#newPayments.reset(code);
    this.#modifications.reset(code);
    this.#endpoints.reset(code);
    this.#files.reset();
  }

  /** Refuses the reads that wait: memory is about to be dropped. */
  refuseReads(code: UnsureCode): void {
    this.#paymentReads.reset(code);
    this.#reads.reset(code);
  }

  /** Counts the request, before anything else is done for it: what is refused here leaves no trace (design §3.2). */
  #isWithinRate(request: ShardRequest): boolean {
    const { merchants, answers } = this.#parts;
    const limit = merchants(request.merchantId)?.rateLimitPerSecond;
    if (limit === undefined) return true; // refused further on: the merchant is not known here yet
    const { merchantId, receivedAtMs, kind } = request;
    const { allowed, rate } = this.#rates.take(merchantId, limit, receivedAtMs, kind === "count");
    request.rate = rate;
    if (allowed) return true;
    const retryAfterS = Math.max(1, Math.ceil(rate.resetMs / 1_000));
    const detail = `This merchant may send ${limit} requests in any one second.`;
    answers.refuse(request, refuse("rate_limited", detail, { retryAfterS }));
    return false;
  }
}
