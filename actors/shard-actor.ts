/**
 * The single writer of a shard: serializes its transitions in memory and commits them to its own database.
 *
 * Modes: activating -> serving -> (settling -> serving)* -> fenced | closed. While activating or settling every request
 * is refused with 503; a fenced actor never serves again; drain leads to closed. An activation that finds a database that
 * contradicts itself leads to failed, which tries again every few seconds: the other shards of the thread go on.
 */
import { type ActorInspection, inspectOperations } from "./actor-inspection.ts";
import { Answers } from "./answers.ts";
import { Cancels } from "./cancels.ts";
import { Checkups, type PaymentCheckup } from "./checkups.ts";
import type { DispatchSnapshot } from "./dispatch-snapshot.ts";
import { type GatewayName, type MerchantId, slotOfMerchant } from "./domain/index.ts";
import type { OperationId, PaymentId } from "./domain/index.ts";
import { FlowTable } from "./flow-table.ts";
import type { GatewayGate } from "./gateway-gate.ts";
import { type CommitLimits, GroupCommit } from "./group-commit.ts";
import { inheritedFlow } from "./inherited-flow.ts";
import { KnownKeys } from "./known-keys.ts";
import type { NoticeDelivery, NoticeReceipt } from "./inbox.ts";
import { Mailbox, type MailboxLimits } from "./mailbox.ts";
import { Notices } from "./notices.ts";
import { type OperationLimits, Operations } from "./operations.ts";
import { Ownership, type OwnershipLimits } from "./ownership.ts";
import { Outbox, type WebhookParts } from "./outbox.ts";
import type { GatewayAnswer, GatewayCapabilities, GatewayDesk } from "./ports/gateway.ts";
import type { Dispatched } from "./ports/outbox.ts";
import type { RiskCheck, TokenVault } from "./ports/policies.ts";
import type { MerchantProfile, Presenter, RequestReader, ShardReply, ShardRequest } from "./ports/requests.ts";
import type { NoticeRow } from "./ports/inbox.ts";
import type { Claim, ShardStore, Vault } from "./ports/shard-store.ts";
import type { Clock, Log, Random } from "./ports/world.ts";
import type { ShardMeter } from "./shard-meter.ts";
import { Waiters } from "./waiters.ts";

export interface ShardLimits extends CommitLimits, MailboxLimits, OperationLimits, OwnershipLimits {
  /** Finished payments kept in memory for replays and reads. */
  readonly rememberedMax: number;
  /** Keys that the filter of new ones can hold: two bytes each. Of a larger shard every new key is looked up. */
  readonly knownKeysMax: number;
}

export interface ShardParts {
  readonly shard: number;
  readonly store: ShardStore;
  readonly vault: Vault;
  readonly reader: RequestReader;
  readonly presenter: Presenter;
  readonly desk: GatewayDesk;
  /** Shared by the shards of the thread: `desk` is this shard's way through it. */
  readonly gate: GatewayGate;
  readonly merchants: (id: MerchantId) => MerchantProfile | undefined;
  readonly tokens: TokenVault;
  readonly risk: RiskCheck;
  readonly capabilities: (gateway: GatewayName) => GatewayCapabilities;
  readonly reply: (reply: ShardReply) => void;
  /** What became of a delivered notice. */
  readonly receipt: (receipt: NoticeReceipt) => void;
  /** Hands a spooled notice to the shard that it is for; `forwarded` is called with the answer. */
  readonly forward: (row: NoticeRow) => void;
  readonly webhooks: WebhookParts;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: ShardMeter;
  readonly log: Log;
  readonly limits: ShardLimits;
  /** A new claim for each activation of this actor. */
  readonly claim: () => Claim;
}

export type ActorMode = "activating" | "serving" | "settling" | "draining" | "failed" | "fenced" | "closed";

/** Between two tries to take a shard whose activation failed. */
const RETRY_ACTIVATION_MS = 5_000;

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
  /** Notices of gateways that wait to be decided. */
  readonly notices: number;
  /** Events on their way to merchants' endpoints. */
  readonly webhooks: DispatchSnapshot;
}

export class ShardActor {
  readonly #parts: ShardParts;
  readonly #flows: FlowTable;
  readonly #answers: Answers;
  readonly #waiters: Waiters;
  readonly #ownership: Ownership;
  readonly #commit: GroupCommit;
  readonly #operations: Operations;
  readonly #mailbox: Mailbox;
  readonly #cancels: Cancels;
  readonly #checkups: Checkups;
  readonly #notices: Notices;
  readonly #outbox: Outbox;
  readonly #knownKeys: KnownKeys;
  readonly #ending = new AbortController();
  #mode: ActorMode = "activating";
  #slots: ReadonlySet<number> = new Set();
  /** Answers of gateways that came while settling, for the operations that were open then. */
  #late: GatewayAnswer[] = [];
  #lateMax = 0;
  #callOffRetry: (() => void) | undefined;

  constructor(parts: ShardParts) {
    this.#parts = parts;
    const { store, clock, random, meter, log, limits, desk, gate, capabilities } = parts;
    const flows = new FlowTable(limits.rememberedMax);
    const answers = new Answers(parts.presenter, parts.reply, meter);
    const commit = new GroupCommit(store, clock, limits, meter, {
      openFloorSeq: () => flows.oldestUnsavedSeq(),
      doubtsSaved: (rows) => {
        for (const row of rows) {
          const flow = flows.byOperation(row.operationId);
          if (flow !== undefined) flows.saved(flow); // else it ended while its row was being written
        }
      },
      doubtRefused: (operation, sqlState) => log.error({ operation, sqlState }, "the database refused a doubt's row"),
      rowCommitted: (merchant) => outbox.rowCommitted(merchant),
      stopped: (why) => this.#stopped(why),
    });
    const ownership = new Ownership(commit, store, clock, limits);
    const outbox = new Outbox({ ...parts, commit, ownership });
    const operations = new Operations({
      shard: parts.shard,
      flows,
      commit,
      ownership,
      desk,
      gate,
      answers,
      capabilities,
      clock,
      random,
      meter,
      log,
      limits,
      onEnded: (flow) => this.#cancels.operationEnded(flow),
      onHeard: (flow, answer) => this.#checkups.heard(flow, answer),
    });
    const knownKeys = new KnownKeys(store, clock, limits.knownKeysMax);
    const { operationDeadlineMs } = limits;
    const cancels = new Cancels({
      flows,
      commit,
      operations,
      clock,
      random,
      log,
      operationDeadlineMs,
      withdraw: (operation) => gate.withdraw(operation),
    });
    this.#mailbox = new Mailbox({
      ...parts,
      flows,
      commit,
      ownership,
      operations,
      answers,
      knownKeys,
      cancels,
      outbox,
    });
    this.#notices = new Notices({
      ...parts,
      flows,
      commit,
      operations,
      ownership,
      cancels,
      owns: (slot) => this.#slots.has(slot),
    });
    this.#outbox = outbox;
    this.#cancels = cancels;
    this.#checkups = new Checkups({ flows, operations, clock });
    this.#flows = flows;
    this.#answers = answers;
    this.#waiters = new Waiters(flows, answers, operations, { ownership, clock });
    this.#ownership = ownership;
    this.#commit = commit;
    this.#operations = operations;
    this.#knownKeys = knownKeys;
  }

  get mode(): ActorMode {
    return this.#mode;
  }

  /** Takes the shard and serves it. Resolves when it serves, is fenced, or the first try failed; it never rejects. */
  async start(): Promise<ActorMode> {
    await this.#activate();
    return this.#mode;
  }

  /** The requests of one tick. Each gets exactly one answer (of status 0: none, see ShardReply). */
  submit(requests: readonly ShardRequest[]): void {
    for (const request of requests) {
      if (this.#mode === "serving" && this.#owns(request.merchantId)) this.#mailbox.take(request);
      else if (request.kind !== "count") this.#refuseNow(request);
    }
    this.#mailbox.flush();
    this.#ownership.flush();
  }

  /** What gateways said. While settling it waits for the memory that it belongs to. */
  onAnswers(answers: readonly GatewayAnswer[]): void {
    if (this.#mode === "serving" || this.#mode === "draining")
      this.#operations.onAnswers(answers.filter((answer) => !this.#notices.onAnswer(answer)));
    else if (this.#mode === "settling") this.#late.push(...answers.slice(0, this.#lateMax - this.#late.length));
  }

  /** What became of webhooks that were handed to the desk. */
  onDispatched(answers: readonly Dispatched[]): void {
    if (this.#mode === "serving" || this.#mode === "draining") this.#outbox.onDispatched(answers);
  }

  /** Notices of gateways. Each gets exactly one receipt, and is on disk when that says so. */
  onNotices(deliveries: readonly NoticeDelivery[]): void {
    const mine = deliveries.filter(({ slot, spool }) => this.#mode === "serving" && (spool || this.#slots.has(slot)));
    for (const { ticket } of deliveries.filter((one) => !mine.includes(one)))
      this.#parts.receipt({ ticket, taken: false });
    this.#notices.take(mine);
  }

  /** What became of a notice that `forward` was given. `key`: of its row. */
  onForwarded(key: string, taken: boolean): void {
    this.#notices.forwarded(key, taken);
  }

  /** Called every few ten milliseconds: deadlines, checks, lease. */
  sweep(): void {
    if (this.#mode !== "serving" && this.#mode !== "draining") return;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#waiters.expire(nowMs);
    this.#operations.sweep(nowMs);
    if (this.#mode === "serving") this.#notices.sweep(nowMs);
    this.#outbox.sweep(nowMs);
    this.#commit.keepAlive();
    this.#ownership.flush();
  }

  snapshot(): ActorSnapshot {
    const nowMs = this.#parts.clock.nowMs();
    let inDoubt = 0;
    let oldestDoubtAgeMs = 0;
    for (const flow of this.#flows.open()) {
      if (flow.doubt.sinceMs === undefined) continue;
      inDoubt++;
      oldestDoubtAgeMs = Math.max(oldestDoubtAgeMs, nowMs - flow.operation.submittedAtMs);
    }
    return {
      shard: this.#parts.shard,
      mode: this.#mode,
      epoch: this.#commit.lease?.epoch.toString() ?? null,
      lastSeq: this.#commit.lastSeq.toString(),
      mailboxDepth: this.#mailbox.depth,
      openOperations: this.#flows.openCount,
      inDoubt,
      oldestDoubtAgeMs,
      remembered: this.#flows.size,
      notices: this.#notices.depth,
      webhooks: this.#outbox.snapshot(),
    };
  }

  /** What the actor works on now, for people; bounded, however much that is. */
  inspect(): ActorInspection {
    const { clock, shard } = this.#parts;
    const monotonicMs = clock.monotonicMs();
    const { lease, lastSeq } = this.#commit;
    return {
      shard,
      atMs: clock.nowMs(),
      mode: this.#mode,
      epoch: lease?.epoch.toString() ?? null,
      slotsVersion: lease?.slotsVersion.toString() ?? null,
      slots: this.#slots.size,
      lastSeq: lastSeq.toString(),
      mailboxDepth: this.#mailbox.depth,
      commit: this.#commit.look(monotonicMs),
      remembered: this.#flows.size,
      notices: this.#notices.depth,
      openOperations: this.#flows.openCount,
      receivedOperations: this.#flows.receivedCount,
      operations: inspectOperations(this.#flows.open(), (flow) => this.#operations.nextCheckAtMs(flow), monotonicMs),
    };
  }

  /** Has a payment's open operations looked at now, for an operator; undefined: the actor does not serve. */
  async checkNow(id: PaymentId | OperationId, withinMs: number): Promise<PaymentCheckup | undefined> {
    return this.#mode === "serving" ? await this.#checkups.check(id, withinMs) : undefined;
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
    this.#mailbox.refuseWrites("shard_unavailable");
    this.#notices.reset();
    this.#outbox.stop();
    const endAtMs = this.#parts.clock.monotonicMs() + withinMs;
    const busy = (): boolean => this.#commit.busy || this.#waiters.exist();
    while (serving && busy() && this.#parts.clock.monotonicMs() < endAtMs) await this.#pause(20);
    this.#mailbox.refuseReads("shard_unavailable");
    this.#ownership.reset();
    this.#operations.end(); // the successor inherits what is open, so no new call; a T1 acknowledged from now on is answered at once
    this.#waiters.end(this.#ownership.isCertain);
    await Promise.race([
      this.#commit.flushed(),
      this.#pause(Math.max(1_000, endAtMs - this.#parts.clock.monotonicMs())),
    ]);
    const { lease } = this.#commit;
    this.#mode = "closed";
    this.#knownKeys.reset();
    this.#ending.abort();
    this.#callOffRetry?.();
    if (lease !== undefined) await this.#parts.store.release(lease).catch(() => undefined); // a successor then waits 4 s
    await this.#parts.store.close();
  }

  /** The merchant's slot is this shard's: another shard that has it may know the same key (design §3.2). */
  #owns(merchant: MerchantId): boolean {
    return this.#slots.has(this.#parts.merchants(merchant)?.slot ?? slotOfMerchant(merchant));
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

  /** Takes the shard. Whatever fails is this shard's trouble alone: it is tried again. */
  async #activate(): Promise<void> {
    try {
      await this.#take();
    } catch (error) {
      if (this.#mode === "closed" || this.#mode === "draining") return;
      const { log, shard, clock } = this.#parts;
      this.#mode = "failed";
      this.#commit.close();
      this.#flows.clear();
      log.error({ shard, reason: error instanceof Error ? error.message : "unknown" }, "the shard cannot be served");
      this.#callOffRetry = clock.after(RETRY_ACTIVATION_MS, () => {
        if (this.#mode !== "failed") return;
        this.#mode = "activating";
        void this.#activate();
      });
    }
  }

  async #take(): Promise<void> {
    const { store, vault, log, shard, clock } = this.#parts;
    const takenAtMs = clock.monotonicMs();
    const activation = await store.activate(this.#parts.claim(), this.#ending.signal);
    if (this.#mode === "closed" || this.#mode === "draining") return;
    if (activation === "fenced") {
      this.#mode = "fenced";
      log.warn({ shard }, "another owner has the shard; this actor ends");
      return;
    }
    const { lease, lastSeq, slots, open, waiting } = activation;
    this.#commit.begin(activation, takenAtMs);
    this.#notices.begin(waiting);
    // In the order of seq: the first that is not noted is the floor from which the next activation reads.
    for (const operation of open.toSorted((a, b) => (a.t1Seq < b.t1Seq ? -1 : 1))) {
      const { payment, t1Seq } = operation;
      const flow = this.#flows.inherited(inheritedFlow(operation, vault, log), payment, operation.operation, t1Seq);
      this.#operations.inherit(flow, operation.tries, lease.epoch);
    }
    this.#cancels.inherit();
    this.#slots = slots;
    this.#mode = "serving";
    this.#outbox.begin(activation);
    void this.#knownKeys.load(); // until it is done keys are looked up
    log.info(
      { shard, epoch: lease.epoch.toString(), lastSeq: lastSeq.toString(), open: open.length },
      "shard is served",
    );
    this.#operations.onAnswers(this.#late.splice(0));
  }

  /** Drops all memory. Unknown: take the shard over from oneself, then go on. Fenced: end. */
  #stopped(why: "fenced" | "unknown"): void {
    if (this.#mode === "closed" || this.#mode === "fenced") return;
    this.#parts.log.warn({ shard: this.#parts.shard, why }, "the shard's memory is dropped");
    const draining = this.#mode === "draining";
    this.#mode = why === "unknown" ? "settling" : "fenced";
    const code = why === "unknown" ? "storage_unavailable" : "shard_unavailable";
    this.#mailbox.refuseWrites(code);
    this.#mailbox.refuseReads(code);
    this.#notices.reset();
    this.#outbox.reset();
    this.#ownership.reset();
    // As of the last acknowledged commit, if that is certainly the newest; who asks again with the key gets the truth.
    this.#waiters.end(why === "unknown" && this.#ownership.isCertain);
    this.#knownKeys.reset();
    this.#late = [];
    this.#lateMax = this.#flows.openCount;
    this.#flows.clear();
    if (why === "unknown" && !draining) void this.#activate();
  }
}
