/**
 * The single writer of a shard: serializes its transitions in memory and commits them to its own database.
 *
 * Modes: activating -> serving -> (settling -> serving)* -> fenced | closed. While activating or settling every request
 * is refused with 503; a fenced actor never serves again; drain leads to closed.
 */
import { Answers } from "./answers.ts";
import type { MerchantId, Payment } from "./domain/index.ts";
import { FlowTable, newFlow } from "./flow.ts";
import { type CommitLimits, GroupCommit } from "./group-commit.ts";
import { Intake, type IntakeLimits } from "./intake.ts";
import { type OperationLimits, Operations } from "./operations.ts";
import { PaymentReads } from "./payment-reads.ts";
import type {
  Activation,
  Claim,
  Clock,
  GatewayAnswer,
  GatewayCapabilities,
  GatewayDesk,
  Log,
  MerchantProfile,
  OpenOperation,
  Presenter,
  Random,
  RequestReader,
  ShardReply,
  ShardRequest,
  ShardStore,
  Vault,
} from "./ports.ts";
import type { ShardMeter } from "./shard-meter.ts";

export interface ShardLimits extends CommitLimits, IntakeLimits, OperationLimits {
  readonly memoryAnswersForMs: number;
  /** Finished payments kept in memory for replays and reads. */
  readonly rememberedMax: number;
}

export interface ShardParts {
  readonly shard: number;
  readonly store: ShardStore;
  readonly vault: Vault;
  readonly reader: RequestReader;
  readonly presenter: Presenter;
  readonly desk: GatewayDesk;
  readonly merchants: (id: MerchantId) => MerchantProfile | undefined;
  readonly capabilities: (payment: Payment) => GatewayCapabilities;
  readonly reply: (reply: ShardReply) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: ShardMeter;
  readonly log: Log;
  readonly limits: ShardLimits;
  /** A new claim for each activation of this actor. */
  readonly claim: () => Claim;
}

export type ActorMode = "activating" | "serving" | "settling" | "draining" | "fenced" | "closed";

/** What operators and metrics see of a live actor. */
export interface ActorSnapshot {
  readonly shard: number;
  readonly mode: ActorMode;
  readonly epoch: string | null;
  readonly lastSeq: string;
  readonly mailboxDepth: number;
  readonly openOperations: number;
  readonly inDoubt: number;
  readonly oldestDoubtAgeMs: number;
  readonly remembered: number;
}

export class ShardActor {
  readonly #parts: ShardParts;
  readonly #flows: FlowTable;
  readonly #answers: Answers;
  readonly #commit: GroupCommit;
  readonly #operations: Operations;
  readonly #intake: Intake;
  readonly #reads: PaymentReads;
  readonly #ending = new AbortController();
  #mode: ActorMode = "activating";

  constructor(parts: ShardParts) {
    this.#parts = parts;
    const { store, clock, random, meter, log, limits, desk, vault, reader, merchants, capabilities } = parts;
    const flows = new FlowTable(limits.rememberedMax);
    const answers = new Answers(parts.presenter, parts.reply, meter);
    const commit = new GroupCommit(store, clock, limits, meter, {
      openFloorSeq: () => flows.oldestUnsavedSeq(),
      doubtsSaved: (rows) => {
        for (const row of rows) {
          const flow = flows.byPayment(row.paymentId);
          if (flow?.phase === "open") flows.saved(row.operationId, flow);
          else commit.noteDoubt(row.operationId, null); // it ended while its row was being written
        }
      },
      stopped: (why) => this.#stopped(why),
    });
    const operations = new Operations({
      flows,
      commit,
      desk,
      answers,
      capabilities,
      clock,
      random,
      meter,
      log,
      limits,
    });
    const memoryLost = () => commit.abandon();
    this.#intake = new Intake({
      flows,
      commit,
      store,
      operations,
      answers,
      reader,
      vault,
      merchants,
      clock,
      random,
      limits,
      memoryLost,
    });
    this.#reads = new PaymentReads({
      flows,
      commit,
      store,
      operations,
      answers,
      clock,
      memoryAnswersForMs: limits.memoryAnswersForMs,
    });
    this.#flows = flows;
    this.#answers = answers;
    this.#commit = commit;
    this.#operations = operations;
  }

  get mode(): ActorMode {
    return this.#mode;
  }

  /** Takes the shard and serves it. Resolves when it serves, or is fenced. */
  async start(): Promise<ActorMode> {
    await this.#activate();
    return this.#mode;
  }

  /** The requests of one tick. Each gets exactly one answer. */
  submit(requests: readonly ShardRequest[]): void {
    for (const request of requests) {
      if (this.#mode !== "serving") this.#refuseNow(request);
      else if (request.kind === "createPayment") this.#intake.take(request);
      else this.#reads.take(request);
    }
    this.#intake.flush();
    this.#reads.flush();
  }

  onAnswers(answers: readonly GatewayAnswer[]): void {
    if (this.#mode === "serving" || this.#mode === "draining") this.#operations.onAnswers(answers);
  }

  /** Called every few ten milliseconds: deadlines, checks, lease. */
  sweep(): void {
    if (this.#mode !== "serving" && this.#mode !== "draining") return;
    const nowMs = this.#parts.clock.monotonicMs();
    for (const flow of this.#flows.open()) {
      const { waiter } = flow;
      if (waiter === undefined || nowMs < waiter.deadlineAtMs) continue;
      flow.waiter = undefined;
      this.#answers.pending(waiter, flow.payment as Payment, this.#operations.nextCheckAtMs(flow), null);
    }
    this.#operations.sweep(nowMs);
    this.#commit.keepAlive();
  }

  snapshot(): ActorSnapshot {
    const doubts = [...this.#flows.open()].filter((flow) => flow.doubt.sinceMs !== undefined);
    const nowMs = this.#parts.clock.nowMs();
    const ages = doubts.map((flow) => nowMs - (flow.payment as Payment).operation.submittedAtMs);
    return {
      shard: this.#parts.shard,
      mode: this.#mode,
      epoch: this.#commit.lease?.epoch.toString() ?? null,
      lastSeq: this.#commit.lastSeq.toString(),
      mailboxDepth: this.#intake.depth,
      openOperations: this.#flows.openCount,
      inDoubt: doubts.length,
      oldestDoubtAgeMs: Math.max(0, ...ages),
      remembered: this.#flows.size,
    };
  }

  /** True when the shard can commit now: proved by a commit (faults.md P30). */
  async probe(withinMs: number): Promise<boolean> {
    return this.#mode === "serving" && (await this.#commit.probe(withinMs));
  }

  /** Stops taking work, waits until every client has its answer or `withinMs` have passed, gives the lease up. */
  async drain(withinMs: number): Promise<void> {
    if (this.#mode === "closed") return;
    const serving = this.#mode === "serving";
    if (serving) this.#mode = "draining";
    this.#intake.reset("shard_unavailable");
    const endAtMs = this.#parts.clock.monotonicMs() + withinMs;
    while (serving && this.#hasWaiters() && this.#parts.clock.monotonicMs() < endAtMs) await this.#pause(20);
    this.#answerOpenFlows();
    await Promise.race([
      this.#commit.settled(),
      this.#pause(Math.max(1_000, endAtMs - this.#parts.clock.monotonicMs())),
    ]);
    const { lease } = this.#commit;
    this.#mode = "closed";
    this.#ending.abort();
    if (lease !== undefined) await this.#parts.store.release(lease).catch(() => undefined); // a successor then waits 4 s
    await this.#parts.store.close();
  }

  #hasWaiters(): boolean {
    for (const flow of this.#flows.open()) if (flow.waiter !== undefined) return true;
    return this.#commit.depth > 0;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(ms, resolve);
    });
  }

  #refuseNow(request: ShardRequest): void {
    const settling = this.#mode === "settling";
    const detail = settling ? "the shard settles with its database" : "the shard is not served here now";
    this.#answers.refuseWith(request, settling ? "storage_unavailable" : "shard_unavailable", detail);
  }

  async #activate(): Promise<void> {
    const { store, log, shard, clock } = this.#parts;
    const takenAtMs = clock.monotonicMs();
    let activation: Activation | "fenced";
    try {
      activation = await store.activate(this.#parts.claim(), this.#ending.signal);
    } catch (error) {
      if (this.#mode === "closed") return;
      throw error;
    }
    if (this.#mode === "closed" || this.#mode === "draining") return;
    if (activation === "fenced") {
      this.#mode = "fenced";
      log.warn({ shard }, "another owner has the shard; this actor ends");
      return;
    }
    this.#commit.begin(activation, takenAtMs);
    for (const open of activation.open) this.#inherit(open);
    this.#mode = "serving";
    log.info(
      {
        shard,
        epoch: activation.lease.epoch.toString(),
        lastSeq: activation.lastSeq.toString(),
        open: activation.open.length,
      },
      "shard is served",
    );
  }

  #inherit(open: OpenOperation): void {
    const { terms } = open.payment;
    const flow = newFlow(terms.merchantId, open.idempotencyKey, open.fingerprint);
    flow.paymentMethod = paymentMethodOf(this.#parts.vault.open(terms, open.sealed));
    this.#flows.opened(flow, open.payment, open.t1Seq);
    this.#operations.inherit(flow, open.tries);
  }

  /** Drops all memory. Unknown: take the shard over from oneself, then go on. Fenced: end. */
  #stopped(why: "fenced" | "unknown"): void {
    if (this.#mode === "closed" || this.#mode === "fenced") return;
    this.#parts.log.warn({ shard: this.#parts.shard, why }, "the shard's memory is dropped");
    const draining = this.#mode === "draining";
    this.#mode = why === "unknown" ? "settling" : "fenced";
    this.#intake.reset(why === "unknown" ? "storage_unavailable" : "shard_unavailable");
    this.#answerOpenFlows();
    this.#flows.clear();
    if (why === "unknown" && !draining) void this.#activate();
  }

  /** 202 as of the last acknowledged commit: whoever asks again gets the truth. */
  #answerOpenFlows(): void {
    for (const flow of this.#flows.open()) {
      const { waiter } = flow;
      flow.waiter = undefined;
      if (waiter !== undefined) this.#answers.pending(waiter, flow.payment as Payment, null, null);
    }
  }
}

/** The token in a payment's opened details. */
function paymentMethodOf(plain: Uint8Array): string {
  const details: unknown = JSON.parse(Buffer.from(plain).toString("utf8"));
  if (
    typeof details === "object" &&
    details !== null &&
    "paymentMethod" in details &&
    typeof details.paymentMethod === "string"
  ) {
    return details.paymentMethod;
  }
  throw new Error("the opened details hold no payment method");
}
