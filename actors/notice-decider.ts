/**
 * Decides one notice: finds the operation that it speaks of, and applies, confirms, parks or closes it (gateways.md §2.3).
 * It goes through the same file as every other message of the payment, so nothing of it is decided twice at once.
 */
import type { Confirmations } from "./confirmations.ts";
import {
  firstOperationOf,
  type GatewayName,
  isOpen,
  isUndecided,
  slotOfId,
  type Operation,
  type OperationId,
  type PaymentId,
} from "./domain/index.ts";
import type { OperationKind } from "./domain/index.ts";
import { conflictFinding, isOverdue, noticeFinding, placeFound } from "./findings.ts";
import type { OpenFlow, PaymentFile } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { LateFacts, Outcome } from "./late-facts.ts";
import { type Claimed, type Meaning, meaningForEnded, meaningForOpen } from "./notice-meaning.ts";
import { closed, parked, processed, spooled, waiting } from "./notice-rows.ts";
import type { NoticeSaves } from "./notice-saves.ts";
import type { Operations } from "./operations.ts";
import type { GatewayCapabilities, GatewayObservation } from "./ports/gateway.ts";
import { NO_SIDE_ROWS, type NoticeRow, type SideRows } from "./ports/inbox.ts";
import type { NoticeClaim } from "./ports/notices.ts";
import type { OperationView } from "./ports/reads.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";

export interface DeciderParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly operations: Operations;
  readonly confirmations: Confirmations;
  readonly late: LateFacts;
  readonly saves: NoticeSaves;
  readonly capabilities: (gateway: GatewayName) => GatewayCapabilities;
  readonly clock: Clock;
  /** The slot is this shard's. */
  readonly owns: (slot: number) => boolean;
}

/** A notice on its way. `isStored`: its row is on disk as it stands here. */
export interface Undecided {
  row: NoticeRow;
  isStored: boolean;
}
/** Who is told. `stored`: the row is on disk, and is still being decided; `conclude`: once, at the end. */
export interface Deciding {
  readonly stored: (row: NoticeRow) => void;
  readonly conclude: (outcome: Outcome) => void;
}

interface Case extends Deciding {
  readonly entry: Undecided;
}

/** Messages that may wait for one payment. */
const BACKLOG_MAX = 128;

export class NoticeDecider {
  readonly #parts: DeciderParts;
  #unloaded: { readonly it: Case; readonly id: OperationId }[] = [];
  #loading = false;

  constructor(parts: DeciderParts) {
    this.#parts = parts;
  }

  /** The actor drops its memory. */
  reset(): void {
    this.#unloaded = [];
  }

  decide(entry: Undecided, { stored, conclude }: Deciding): void {
    this.#decide({ entry, stored, conclude });
  }

  #decide(it: Case): void {
    const { row } = it.entry;
    const { claim, operationId, paymentId } = row.notice;
    if (claim.kind === "quarantined") return it.conclude({ kind: "save", row: closed(row, "not_ours") });
    if (claim.kind === "none")
      return it.conclude({
        kind: "save",
        row: closed(row, claim.why === "unknown_type" ? "unknown_type" : "no_change"),
      });
    const id = operationId ?? (paymentId === null ? null : firstOperationOf(paymentId));
    if (id === null) return this.#identify(it);
    const slot = slotOfId(id);
    if (!this.#parts.owns(slot))
      return it.conclude({ kind: "save", row: spooled({ ...row, slot }, this.#parts.clock.nowMs()) });
    const flow = this.#parts.flows.byOperation(id);
    if (flow !== undefined) this.#whenIdle(it, flow.file, () => this.#decideOpen(it, flow));
    else this.#load(it, id);
  }

  /** It names nothing of ours, but an object at the gateway that may (gateways.md §2.1). */
  #identify(it: Case): void {
    const { confirmations, capabilities, clock } = this.#parts;
    const { gateway, paymentReference, reference, claim } = it.entry.row.notice;
    // A refund or a capture without our name is not ours, though its payment may be.
    const speaksOfPayment = reference === null && !OF_ITS_OWN.has(claim.kind);
    if (paymentReference === null || !speaksOfPayment || !capabilities(gateway).queryById) return this.#orphan(it);
    this.#keep(it, () =>
      confirmations.identify(it.entry.row, (observed) => {
        const { row } = it.entry;
        const later = waiting(row, "confirming", clock.nowMs());
        if (observed.kind !== "identified") return it.conclude({ kind: "stored", row: later });
        const { operationId, paymentId } = observed;
        const id = operationId ?? paymentId;
        if (id === null) return this.#orphan(it);
        it.entry.row = { ...row, notice: { ...row.notice, operationId, paymentId }, paymentId };
        this.#decide(it);
      }),
    );
  }

  /** The row is on disk before the gateway is asked, which may take long. */
  #keep(it: Case, ask: () => void, failed: () => void = () => {}): void {
    const { saves, clock } = this.#parts;
    if (it.entry.isStored) return ask();
    const kept = waiting(it.entry.row, "confirming", clock.nowMs());
    saves.save(kept, {}, (how) => {
      if (how !== "stored") {
        failed();
        return it.conclude({ kind: "unsettled" });
      }
      it.stored(kept);
      ask();
    });
  }

  /** Decisions of a payment come one after the other; after a wait the case is looked at anew. */
  #whenIdle(it: Case, file: PaymentFile, work: () => void): void {
    if (!file.writing) return work();
    if (file.backlog.length >= BACKLOG_MAX) return this.#later(it, "operation_busy");
    this.#parts.flows.keep(file);
    file.backlog.push(() => {
      this.#decide(it);
      this.#parts.flows.release(file);
    });
  }

  #decideOpen(it: Case, flow: OpenFlow): void {
    const { row } = it.entry;
    const { payment } = flow.file;
    if (!isItsOwn(row, payment.terms)) return it.conclude({ kind: "save", row: closed(row, "not_ours") });
    const { claim } = row.notice;
    if (this.#parts.capabilities(payment.terms.gateway).queryById)
      return claim.kind === "dispute" ? this.#later(it, "operation_busy") : this.#hint(it, flow);
    const meaning = meaningForOpen(payment, flow.operation, row.notice);
    switch (meaning.kind) {
      case "fact":
        this.#parts.operations.tell(flow, meaning.fact, this.#applied(row), (how) => {
          if (how === "committed") it.conclude({ kind: "stored", row: processed(row) });
          else if (how === "nothing") this.#close(it);
          else if (how === "forbidden") this.#later(it, "operation_busy");
          else if (how === "rejected") this.#forbid(it, flow.file, flow.operation);
          else it.conclude({ kind: "unsettled" });
        });
        return;
      case "conflict":
        return this.#conflict(it, flow, meaning.detail);
      case "same":
        return this.#close(it);
      default: // it speaks of what comes after the operation's end, or of another one
        this.#later(it, "operation_busy");
    }
  }

  /** The gateway can be asked, and its answer decides; the row is decided with it. */
  #hint(it: Case, flow: OpenFlow): void {
    const { operations, saves, clock } = this.#parts;
    const { row } = it.entry;
    const kept = waiting(row, "confirming", clock.nowMs());
    operations.hurry(flow);
    saves.save(kept, {}, (how) => {
      if (how !== "stored") return it.conclude({ kind: "unsettled" });
      if (flow.phase === "open" && !flow.notices.some(({ notice }) => notice.dedupeKey === row.notice.dedupeKey))
        flow.notices.push(kept);
      it.conclude({ kind: "stored", row: kept });
    });
    if (flow.doubt.running !== undefined) this.#lookBeside(flow);
  }

  /** The call that is out may hang for long: a read beside it says at once what it did. It proves no absence. */
  #lookBeside({ file: { payment }, operation }: OpenFlow): void {
    const { confirmations, operations } = this.#parts;
    confirmations.ask({ payment, operation, updatedAtMs: payment.updatedAtMs }, (observation) => {
      if (NOT_DEFINITE.has(observation.kind)) return;
      const { id: operationId } = operation;
      const answer = {
        operationId,
        paymentId: payment.terms.id,
        try: BESIDE,
        action: "query",
        observation,
        tookMs: 0,
      } as const;
      operations.onAnswers([answer]);
    });
  }

  #conflict(it: Case, flow: OpenFlow, detail: string): void {
    const { row } = it.entry;
    const kept = closed(row, "conflicted");
    const finding = conflictFinding(flow.file.payment, flow.operation, detail, this.#parts.clock.nowMs());
    const side = { ...NO_SIDE_ROWS, notices: [kept], findings: [finding] };
    this.#parts.operations.tell(flow, { kind: "conflicted", reference: null }, side, (how) => {
      if (how === "committed") it.conclude({ kind: "stored", row: kept });
      else if (how === "nothing" || how === "forbidden" || how === "rejected")
        it.conclude({ kind: "save", row: kept, side: { findings: [finding] } });
      else it.conclude({ kind: "unsettled" });
    });
  }

  /** Reads operations that memory does not hold, for all that asked while the read before ran. */
  #load(it: Case, id: OperationId): void {
    this.#unloaded.push({ it, id });
    if (this.#loading) return;
    this.#loading = true;
    queueMicrotask(() => void this.#loadAll());
  }

  async #loadAll(): Promise<void> {
    const { store, commit } = this.#parts;
    while (this.#unloaded.length > 0) {
      const batch = this.#unloaded.splice(0);
      const { lease } = commit;
      const ended = this.#parts.flows.beginRead();
      const found = await store.findOperations(batch.map(({ id }) => id)).catch(() => undefined);
      const released = ended();
      if (lease === undefined || commit.lease !== lease) continue; // the actor reloads: nobody waits any more
      batch.forEach(({ it, id }, i) => {
        const view = found?.[i];
        if (found === undefined) it.conclude({ kind: "unsettled" });
        else if (view === null) this.#later(it, "operation_busy");
        else if (view === undefined) this.#orphan(it);
        else if (isOld(view, released, this.#parts.flows)) this.#unloaded.push({ it, id });
        else this.#loaded(it, id, view);
      });
    }
    this.#loading = false;
  }

  #loaded(it: Case, id: OperationId, view: OperationView): void {
    const { flows } = this.#parts;
    const open = flows.byOperation(id);
    if (open !== undefined) return this.#whenIdle(it, open.file, () => this.#decideOpen(it, open));
    if (isOpen(view.operation.state)) return this.#later(it, "operation_busy"); // its T1 is being told just now
    const file = flows.hold(view.payment);
    this.#whenIdle(it, file, () => this.#decideEnded(it, file, newest(file, view.operation)));
    flows.release(file);
  }

  #decideEnded(it: Case, file: PaymentFile, operation: Operation): void {
    const { row } = it.entry;
    const { payment } = file;
    if (!isItsOwn(row, payment.terms)) return it.conclude({ kind: "save", row: closed(row, "not_ours") });
    const { claim } = row.notice;
    if (row.verdict === "applied" && row.state === "received")
      return this.#parts.late.compensate(file, row, it.conclude);
    const asks = this.#parts.capabilities(payment.terms.gateway).queryById && claim.kind !== "dispute";
    const busy = asks && isUndecided(payment) ? this.#parts.flows.byOperation(payment.operation.id) : undefined;
    const meaning = meaningForEnded(payment, operation, row.notice, asks);
    if (meaning.kind === "same") return this.#close(it);
    if (busy !== undefined) return this.#hint(it, busy); // of the same object at the gateway
    const { cancelFlow } = file;
    // A technical cancel bears the payment's own reference, and was sent for the cancel that waits.
    const isCancels = claim.kind === "voided" && isFirst(operation) && payment.status === "authorized";
    if (isCancels && cancelFlow?.phase === "open") return this.#decideOpen(it, cancelFlow);
    if (asks) this.#confirm(it, file, operation);
    else this.#apply(it, file, operation, meaning);
  }

  #apply(it: Case, file: PaymentFile, operation: Operation, meaning: Meaning): void {
    const { row } = it.entry;
    const nowMs = this.#parts.clock.nowMs();
    switch (meaning.kind) {
      case "late":
        return this.#parts.late.apply(file, operation, meaning.fact, row, it.conclude);
      case "conflict": {
        const findings = [conflictFinding(file.payment, operation, meaning.detail, nowMs)];
        return it.conclude({ kind: "save", row: closed(row, "conflicted"), side: { findings } });
      }
      case "same":
        return this.#close(it);
      default:
        this.#forbid(it, file, operation);
    }
  }

  /** What the gateway says of the operation is judged as its own claim. The file stays in memory, as new as it is, till then. */
  #confirm(it: Case, file: PaymentFile, operation: Operation): void {
    const { flows, confirmations, clock } = this.#parts;
    flows.keep(file);
    const release = (): void => flows.release(file);
    const ask = (): void =>
      confirmations.ask({ payment: file.payment, operation, updatedAtMs: file.payment.updatedAtMs }, (observed) => {
        const { row } = it.entry;
        const claim = claimOf(operation.kind, observed, row.notice.claim);
        if (claim === null) it.conclude({ kind: "stored", row: waiting(row, "confirming", clock.nowMs()) });
        else this.#whenIdle(it, file, () => this.#confirmed(it, file, newest(file, operation), claim, observed));
        release();
      });
    this.#keep(it, ask, release);
  }

  #confirmed(
    it: Case,
    file: PaymentFile,
    operation: Operation,
    claim: NoticeClaim,
    observed: GatewayObservation,
  ): void {
    if (observed.kind === "conflicted")
      return this.#apply(it, file, operation, { kind: "conflict", detail: observed.detail });
    const { reference, paymentReference } = it.entry.row.notice;
    const told: Claimed = {
      claim,
      amount: null, // the adapter has compared it
      currency: null,
      reference,
      paymentReference: paymentReference ?? file.payment.gatewayReference,
    };
    this.#apply(it, file, operation, meaningForEnded(file.payment, operation, told, true));
  }

  #forbid(it: Case, file: PaymentFile, operation: Operation): void {
    it.conclude(this.#parts.late.forbid(file, operation, it.entry.row, "D10"));
  }

  /** Nobody here knows what it speaks of: kept, and tried again for a day. */
  #orphan(it: Case): void {
    const { row } = it.entry;
    const nowMs = this.#parts.clock.nowMs();
    const findings = isOverdue(row, nowMs) ? [noticeFinding("D02", row, null, nowMs)] : [];
    it.conclude({ kind: "save", row: parked(row, "unknown_payment", nowMs, true), side: { findings } });
  }

  #applied(row: NoticeRow): SideRows {
    return { notices: [processed(row)], findings: [], resolved: placeFound(row, this.#parts.clock.nowMs()) };
  }

  /** Our books say so already. */
  #close(it: Case): void {
    const { row } = it.entry;
    const resolved = placeFound(row, this.#parts.clock.nowMs());
    it.conclude({ kind: "save", row: closed(row, "no_change"), side: { resolved } });
  }

  #later(it: Case, verdict: "operation_busy"): void {
    it.conclude({ kind: "save", row: waiting(it.entry.row, verdict, this.#parts.clock.nowMs()) });
  }
}

/** Memory held the payment and let it go while it was read, perhaps with something newer. */
const isOld = ({ payment }: OperationView, released: ReadonlySet<PaymentId>, flows: FlowTable): boolean =>
  released.has(payment.terms.id) && flows.file(payment.terms.id) === undefined;

/** An ended operation as it is now: only rows of the inbox change it, and they come through its file. */
const newest = ({ payment, late }: PaymentFile, operation: Operation): Operation =>
  payment.operation.id === operation.id ? payment.operation : (late?.get(operation.id) ?? operation);

const isFirst = ({ kind }: Operation): boolean => kind === "authorize" || kind === "sale";

/** The notice names the gateway and the account that the payment went through. */
const isItsOwn = (
  { notice }: NoticeRow,
  terms: { readonly gateway: GatewayName; readonly gatewayAccount: string },
): boolean => notice.gateway === terms.gateway && notice.account === terms.gatewayAccount;

/** Claims about an operation with a name of its own. */
const OF_ITS_OWN: ReadonlySet<NoticeClaim["kind"]> = new Set([
  "captured",
  "captureFailed",
  "refunded",
  "refundFailed",
  "refundReversed",
]);
/** Of a read beside a call that is out: they say nothing of how that will end. */
const NOT_DEFINITE: ReadonlySet<GatewayObservation["kind"]> = new Set([
  "undecided",
  "notSubmitted",
  "busy",
  "unknown",
  "notExecuted",
  "processing",
]);
/** No try bears this number. */
const BESIDE = -1;

const FAILED: { readonly [K in OperationKind]: "declined" | "captureFailed" | "voidFailed" | "refundFailed" } = {
  authorize: "declined",
  sale: "declined",
  capture: "captureFailed",
  void: "voidFailed",
  refund: "refundFailed",
};

/** What a query says, in the words of a claim; null: it says nothing for certain. `hinted`: what the notice claimed. */
function claimOf(kind: OperationKind, observed: GatewayObservation, hinted: NoticeClaim): NoticeClaim | null {
  switch (observed.kind) {
    case "authorized":
      return { kind: "authorized" };
    case "captured":
      return { kind: kind === "capture" ? "captured" : "charged" };
    case "refunded":
      return { kind: "refunded" };
    case "voided":
      return { kind: hinted.kind === "expired" ? "expired" : "voided" };
    case "declined":
      return { kind: FAILED[kind], failure: observed.failure };
    case "undecided":
    case "processing":
    case "conflicted":
      return { kind: "processing" };
    default:
      return null;
  }
}
