/**
 * Cancels of payments whose authorize or sale is still open (design §3.3, §3.4): from the request on the goal is no charge.
 * The first operation is then only read or abandoned; when it has ended, the cancel does what is left: nothing, a void, or
 * a refund of our own for a charge that came all the same.
 */
import {
  compensationKeyOf,
  isUndecided,
  mintId,
  type Operation,
  type OperationId,
  type Payment,
  refundableMinor,
  request,
  type Transition,
} from "./domain/index.ts";
import { lateSuccessKey } from "./findings.ts";
import { newFlow, type OpenFlow, type PaymentFile, workOff } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Operations } from "./operations.ts";
import { processed } from "./notice-rows.ts";
import { sideFactsOf } from "./pending.ts";
import { NO_SIDE_ROWS, type NoticeRow, type SideRows } from "./ports/inbox.ts";
import type { Clock, Log, Random } from "./ports/world.ts";

export interface CancelParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly operations: Operations;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Calls that would execute the operation, and were not sent yet, must not be. */
  readonly withdraw: (operation: OperationId) => void;
  /** How long the calls of an operation may be repeated, milliseconds. */
  readonly operationDeadlineMs: number;
}

export class Cancels {
  readonly #parts: CancelParts;

  constructor(parts: CancelParts) {
    this.#parts = parts;
  }

  /** T1 of the cancel is acknowledged: it waits, and whatever runs is looked at again at once. */
  requested(flow: OpenFlow): void {
    const { flows, operations } = this.#parts;
    flow.file.cancelFlow = flow;
    operations.park(flow);
    for (const other of flows.open()) {
      if (other.file !== flow.file || other === flow) continue;
      this.#parts.withdraw(other.operation.id);
      operations.hurry(other);
    }
  }

  /** Takes over what activation found. Called once all open operations are in memory. */
  inherit(): void {
    for (const flow of this.#parts.flows.open()) {
      const { payment } = flow.file;
      if (payment.cancel?.operationId !== flow.operation.id) continue;
      flow.file.cancelFlow = flow;
      if (payment.status === "pending") this.#parts.operations.park(flow);
      else if (payment.status !== "authorized") this.#settle(flow.file, flow); // else its void is checked like any other
    }
  }

  /** An operation has ended: a cancel may have waited for it. */
  operationEnded({ file, operation }: OpenFlow): void {
    const { cancelFlow } = file;
    if (cancelFlow === undefined) return;
    if (operation.kind === "refund" && operation.state === "failed" && file.payment.refundingMinor === 0n)
      return this.#parts.operations.flagForReview(cancelFlow, "the charge of a canceled payment was not given back");
    this.#settle(file, cancelFlow);
  }

  #settle(file: PaymentFile, flow: OpenFlow): void {
    const { operations } = this.#parts;
    const { payment } = file;
    switch (payment.status) {
      case "created":
      case "pending":
        return;
      case "authorized":
        operations.begin(flow);
        return;
      case "captured":
        if (payment.refundingMinor > 0n) return;
        if (refundableMinor(payment) === 0n) break;
        if (!flow.operation.needsReview) this.#giveBack(file); // else people see to it
        return;
      case "failed":
      case "canceled":
      case "expired":
    }
    const given = { dedupeKey: lateSuccessKey(payment), by: "compensation", atMs: this.#parts.clock.nowMs() };
    operations.conclude(flow, { kind: "cancelSettled" }, { ...NO_SIDE_ROWS, resolved: [given] });
  }

  /** The refund that nobody's request asked for. Its key is always the same, so it is executed once. */
  #giveBack(file: PaymentFile): void {
    const { flows, operations, log } = this.#parts;
    const { payment } = file;
    const operation = this.#operation(payment, "refund", refundableMinor(payment));
    const transition = request(payment, "refundRequested", operation, this.#parts.clock.nowMs());
    if (transition === undefined) throw new Error("what is refundable can be refunded");
    log.warn({ payment: payment.terms.id, operation: operation.id }, "an unwanted charge is given back");
    this.#write(file, transition, NO_SIDE_ROWS, (after, seq) => {
      if (after !== null) operations.begin(flows.opened(newFlow(null), after, seq));
      else if (file.cancelFlow !== undefined)
        operations.flagForReview(file.cancelFlow, "the database refused to give the charge back");
    });
  }

  /**
   * Begins to give back what the gateway took after the merchant had been told that nothing was (design §3.4): a void, or a
   * cancel that refunds. `row`: the notice that told of it; it is decided with the intent. False: it cannot begin now.
   * `done`: whether the intent is on disk.
   */
  compensate(file: PaymentFile, row: NoticeRow, done: (begun: boolean) => void): boolean {
    const { flows, operations, clock, log } = this.#parts;
    const { payment } = file;
    if (file.writing || isUndecided(payment)) return false;
    const isHeld = payment.status === "authorized";
    const amountMinor = isHeld ? payment.authorizedMinor : refundableMinor(payment);
    if (amountMinor === 0n) return false;
    const operation = this.#operation(payment, "void", amountMinor);
    const transition = request(payment, isHeld ? "voidRequested" : "cancelRequested", operation, clock.nowMs());
    if (transition === undefined) return false;
    log.warn({ payment: payment.terms.id, operation: operation.id }, "a late success is compensated");
    this.#write(file, transition, { ...NO_SIDE_ROWS, notices: [processed(row)] }, (after, seq) => {
      done(after !== null);
      if (after === null) return;
      const flow = flows.opened(newFlow(null), after, seq);
      if (isHeld) return operations.begin(flow);
      this.requested(flow);
      this.#settle(file, flow);
    });
    return true;
  }

  /** An operation of our own making. The same payment and kind give the same key, whoever begins it. */
  #operation({ terms }: Payment, kind: "void" | "refund", amountMinor: bigint): Operation {
    const { clock, random, operationDeadlineMs } = this.#parts;
    const nowMs = clock.nowMs();
    return {
      id: mintId("op", terms.slot, nowMs, random.bytes(8)),
      kind,
      state: "submitted",
      amountMinor,
      gatewayKey: compensationKeyOf(terms.id, kind, 1),
      attempt: 1,
      submittedAtMs: nowMs,
      deadlineAtMs: nowMs + operationDeadlineMs,
      reference: null,
      pendingReason: "outcome_unknown",
      needsReview: false,
      failure: null,
      note: null,
    };
  }

  /** Writes T1 of an operation of our own. `written`: with null when the database refused it; not when the actor reloads. */
  #write(
    file: PaymentFile,
    transition: Transition,
    side: SideRows,
    written: (after: Payment | null, seq: bigint) => void,
  ): void {
    const { commit, clock, flows } = this.#parts;
    file.writing = true;
    flows.keep(file);
    commit.enqueue({
      transition,
      cause: "compensation",
      data: sideFactsOf(transition.payment),
      reply: null,
      isIntent: false,
      accepted: null,
      keyRow: null,
      side,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, after, seq, constraint) => {
        file.writing = false;
        if (constraint === "journal_version") return commit.abandon(); // memory is not what is on disk
        if (how !== "committed" && how !== "rejected") return; // unsettled: the whole actor reloads
        written(how === "committed" ? after : null, seq);
        workOff(file);
        flows.release(file);
      },
    });
  }
}
