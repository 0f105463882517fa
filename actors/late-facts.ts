/**
 * Writes facts about operations that have ended (gateways.md §1.6): what a notice told, or a query that confirmed it. A
 * late success is a charge that nobody wants any more: it is given back, as an operation of its own.
 */
import type { Cancels } from "./cancels.ts";
import { isUndecided, type LateFact, lateTransition, type Operation } from "./domain/index.ts";
import { isOverdue, noticeFinding, placeFound } from "./findings.ts";
import { type PaymentFile, workOff } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import { closed, parked, waiting } from "./notice-rows.ts";
import { sideFactsOf } from "./pending.ts";
import type { FindingClass, NoticeRow, SideRows } from "./ports/inbox.ts";
import type { Clock, Log } from "./ports/world.ts";
import type { ShardMeter } from "./shard-meter.ts";

export interface LateParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly cancels: Cancels;
  readonly clock: Clock;
  readonly meter: ShardMeter;
  readonly log: Log;
}

/** How a row ended up. `stored`: it is on disk as `row`; `unsettled`: nobody knows, the actor reloads; `save`: it is yet to be written so. */
export type Outcome =
  | { readonly kind: "stored"; readonly row: NoticeRow }
  | { readonly kind: "save"; readonly row: NoticeRow; readonly side?: Partial<SideRows> }
  | { readonly kind: "unsettled" };

/** What stands open because of a late fact. */
const FINDING: { readonly [F in LateFact["kind"]]?: FindingClass } = {
  lateAuthorized: "D03",
  lateCaptured: "D03",
  captureReversed: "D01",
  refundReversed: "D19",
};

export class LateFacts {
  readonly #parts: LateParts;

  constructor(parts: LateParts) {
    this.#parts = parts;
  }

  /** Nothing of the payment is being written. `operation`: one of its own that has ended, as it is now. */
  apply(
    file: PaymentFile,
    operation: Operation,
    fact: LateFact,
    row: NoticeRow,
    done: (outcome: Outcome) => void,
  ): void {
    const { clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    const { payment } = file;
    const next = lateTransition(payment, operation, fact, nowMs);
    if (next === undefined) {
      if (isUndecided(payment)) return done({ kind: "save", row: waiting(row, "operation_busy", nowMs) });
      const kind = fact.kind.startsWith("dispute") ? "D21" : "D10";
      return done(this.forbid(file, operation, row, kind));
    }
    const owesBack = next.fact === "lateAuthorized" || next.fact === "lateCaptured";
    const kind = FINDING[fact.kind];
    const after = owesBack ? waiting(row, "applied", nowMs) : closed(row, "applied");
    const side: SideRows = {
      notices: [after],
      findings: kind === undefined ? [] : [noticeFinding(kind, row, { payment, operation }, nowMs)],
      resolved: placeFound(row, nowMs),
    };
    log.warn({ payment: payment.terms.id, operation: operation.id, fact: fact.kind }, "a late fact");
    file.writing = true;
    this.#parts.flows.keep(file);
    this.#parts.commit.enqueue({
      transition: next,
      cause: "webhook",
      data: sideFactsOf(next.payment),
      reply: null,
      isIntent: false,
      accepted: null,
      keyRow: null,
      side,
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, written, _, constraint) => {
        file.writing = false;
        if (constraint === "journal_version") {
          done({ kind: "unsettled" });
          return this.#parts.commit.abandon(); // memory is not what is on disk
        }
        if (how === "committed") {
          file.payment = written;
          (file.late ??= new Map()).set(operation.id, written.operation);
          this.#parts.meter.operationEnded(written.terms.gateway, operation.kind, written.operation.state);
          if (owesBack) this.compensate(file, after, done);
          else done({ kind: "stored", row: after });
        } else if (how === "rejected") {
          log.error({ payment: payment.terms.id, fact: fact.kind }, "the database refused a late fact");
          done(this.forbid(file, operation, row, "D10"));
        } else return done({ kind: "unsettled" });
        workOff(file);
        this.#parts.flows.release(file);
      },
    });
  }

  /** The machine has no place for it: another notice may make one, so it is tried for a day, and people are told. */
  forbid({ payment }: PaymentFile, operation: Operation, row: NoticeRow, kind: "D10" | "D21"): Outcome {
    const nowMs = this.#parts.clock.nowMs();
    const kept = parked(row, "forbidden", nowMs, true);
    if (!isOverdue(row, nowMs)) return { kind: "save", row: kept };
    const { type } = row.notice;
    this.#parts.log.error({ payment: payment.terms.id, operation: operation.id, type }, "a fact is forbidden");
    return { kind: "save", row: kept, side: { findings: [noticeFinding(kind, row, { payment, operation }, nowMs)] } };
  }

  /** Begins to give a late success back, or tries again later: the row, on disk, remembers that it is owed. */
  compensate(file: PaymentFile, row: NoticeRow, done: (outcome: Outcome) => void): void {
    const { payment } = file;
    const isOver =
      payment.status === "canceled" ||
      (payment.status === "captured" && payment.capturedMinor === payment.refundedMinor);
    if (isOver) return done({ kind: "save", row: closed(row, "applied") });
    const begun = this.#parts.cancels.compensate(file, row, (written) => {
      done(written ? { kind: "stored", row: closed(row, "applied") } : { kind: "save", row });
    });
    if (!begun) done({ kind: "save", row: waiting(row, "applied", this.#parts.clock.nowMs()) });
  }
}
