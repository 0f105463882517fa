/**
 * A look into a live actor for people: what it works on, and what it waits for. It is taken between two turns of the
 * mailbox and passes at most OPERATIONS_SHOWN_MAX operations, so that it costs the actor well under a millisecond.
 */
import type { GatewayName, MerchantId, OperationId, OperationKind, OperationState } from "./domain/index.ts";
import type { PaymentId, PendingReason } from "./domain/index.ts";
import type { OpenFlow } from "./flow.ts";
import type { CommitLook } from "./group-commit.ts";
import type { GatewayAction } from "./ports/gateway.ts";

/** The oldest ones are what people look for; of the others only the number is told. */
export const OPERATIONS_SHOWN_MAX = 200;

/** An operation that may still move money. Times: Unix milliseconds; durations are as of the look. */
export interface OperationInspection {
  readonly operationId: OperationId;
  readonly paymentId: PaymentId;
  readonly merchantId: MerchantId;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly gateway: GatewayName;
  /** Of the journal row that submitted it. */
  readonly t1Seq: string;
  readonly submittedAtMs: number;
  readonly deadlineAtMs: number;
  readonly tries: number;
  /** The call whose answer is out; null: none. `leftMs`: negative when it is overdue. */
  readonly running: { readonly number: number; readonly action: GatewayAction; readonly leftMs: number } | null;
  /** Null: no check was ever planned. */
  readonly inDoubtForMs: number | null;
  readonly nextCheckAtMs: number | null;
  readonly pendingReason: PendingReason | null;
  readonly needsReview: boolean;
  /** Its row stands in the table of operations in doubt. */
  readonly isNoted: boolean;
  /** A decision about its payment is being written: the database may be one row ahead. */
  readonly isWriting: boolean;
  /** What waits behind that decision. */
  readonly backlog: number;
  /** A client waits for the answer. */
  readonly hasWaiter: boolean;
}

/** What only the actor itself knows of one shard. */
export interface ActorInspection {
  readonly shard: number;
  /** When it was taken, Unix milliseconds. */
  readonly atMs: number;
  readonly mode: string;
  readonly epoch: string | null;
  readonly slotsVersion: string | null;
  readonly slots: number;
  readonly lastSeq: string;
  readonly mailboxDepth: number;
  readonly commit: CommitLook;
  /** Payments in memory. */
  readonly remembered: number;
  /** Notices of gateways that wait to be decided. */
  readonly notices: number;
  readonly openOperations: number;
  /** Of these, those that their gateway has said it works on. */
  readonly receivedOperations: number;
  /** The oldest, at most OPERATIONS_SHOWN_MAX, in the order of their submission. */
  readonly operations: readonly OperationInspection[];
}

/** The first OPERATIONS_SHOWN_MAX of `open`, which is in the order of submission; no further one is touched. */
export function inspectOperations(
  open: Iterable<OpenFlow>,
  nextCheckAtMs: (flow: OpenFlow) => number | null,
  monotonicMs: number,
): readonly OperationInspection[] {
  const shown: OperationInspection[] = [];
  for (const flow of open) {
    shown.push(inspectFlow(flow, nextCheckAtMs(flow), monotonicMs));
    if (shown.length === OPERATIONS_SHOWN_MAX) break;
  }
  return shown;
}

function inspectFlow(flow: OpenFlow, nextCheckAtMs: number | null, monotonicMs: number): OperationInspection {
  const { operation, doubt, file, t1Seq, waiter } = flow;
  const { terms } = file.payment;
  const { running, sinceMs } = doubt;
  return {
    operationId: operation.id,
    paymentId: terms.id,
    merchantId: terms.merchantId,
    kind: operation.kind,
    state: operation.state,
    gateway: terms.gateway,
    t1Seq: t1Seq.toString(),
    submittedAtMs: operation.submittedAtMs,
    deadlineAtMs: operation.deadlineAtMs,
    tries: doubt.tries,
    running:
      running === undefined
        ? null
        : { number: running.number, action: running.action, leftMs: Math.round(running.dueAtMs - monotonicMs) },
    inDoubtForMs: sinceMs === undefined ? null : Math.round(monotonicMs - sinceMs),
    nextCheckAtMs,
    pendingReason: operation.pendingReason,
    needsReview: operation.needsReview,
    isNoted: doubt.saved,
    isWriting: file.writing,
    backlog: file.backlog.length,
    hasWaiter: waiter !== undefined,
  };
}
