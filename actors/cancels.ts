/**
 * Cancels of payments whose authorize or sale is still open (design §3.3, §3.4): from the request on the goal is no charge.
 * The first operation is then only read or abandoned; when it has ended, the cancel does what is left: nothing, a void, or
 * a refund of our own for a charge that came all the same.
 */
import { compensationKeyOf, mintId, type Operation, refundableMinor, request } from "./domain/index.ts";
import { newFlow, type OpenFlow, type PaymentFile, workOff } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Operations } from "./operations.ts";
import { sideFactsOf } from "./pending.ts";
import type { Clock, Log, Random } from "./ports/world.ts";

export interface CancelParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly operations: Operations;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
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
    for (const other of flows.open()) if (other.file === flow.file && other !== flow) operations.hurry(other);
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
    operations.conclude(flow, { kind: "cancelSettled" });
  }

  /** The refund that nobody's request asked for. Its key is always the same, so it is executed once. */
  #giveBack(file: PaymentFile): void {
    const { flows, commit, operations, clock, random, log } = this.#parts;
    const { payment } = file;
    const { id, slot } = payment.terms;
    const nowMs = clock.nowMs();
    const operation: Operation = {
      id: mintId("op", slot, nowMs, random.bytes(8)),
      kind: "refund",
      state: "submitted",
      amountMinor: refundableMinor(payment),
      gatewayKey: compensationKeyOf(id, "refund", 1),
      attempt: 1,
      submittedAtMs: nowMs,
      deadlineAtMs: nowMs + this.#parts.operationDeadlineMs,
      reference: null,
      pendingReason: "outcome_unknown",
      needsReview: false,
      failure: null,
      note: null,
    };
    const transition = request(payment, "refundRequested", operation, nowMs);
    if (transition === undefined) throw new Error("what is refundable can be refunded");
    log.warn({ payment: id, operation: operation.id }, "a canceled payment was charged: the charge is given back");
    file.writing = true;
    commit.enqueue({
      transition,
      cause: "compensation",
      data: sideFactsOf(transition.payment),
      reply: null,
      isIntent: false,
      accepted: null,
      keyRow: null,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, after, seq) => {
        file.writing = false;
        if (how === "committed") operations.begin(flows.opened(newFlow(null), after, seq));
        else if (how === "rejected" && file.cancelFlow !== undefined)
          operations.flagForReview(file.cancelFlow, "the database refused to give the charge back");
        else return; // unsettled: the whole actor reloads
        workOff(file);
      },
    });
  }
}
