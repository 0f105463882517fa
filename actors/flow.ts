/**
 * What an actor remembers of one operation: from the first sight of the key that asks for it to its final answer, and for
 * a while after, for replays. The flows of one payment share its file. The database is the truth.
 */
import type { MerchantId, Operation, OperationId, Payment } from "./domain/index.ts";
import type { StoredReply } from "./ports/decisions.ts";
import type { GatewayAction } from "./ports/gateway.ts";
import type { NoticeRow } from "./ports/inbox.ts";
import type { RateState } from "./ports/requests.ts";

/** The client that waits for an answer. Monotonic milliseconds. */
export interface Waiter {
  readonly ticket: number;
  readonly requestId: string;
  readonly rate: RateState | null;
  readonly deadlineAtMs: number;
}

/** A try whose answer is still out. */
export interface Try {
  readonly number: number;
  readonly action: GatewayAction;
  readonly dueAtMs: number;
}

/** One payment in memory. */
export interface PaymentFile {
  /** As of the newest acknowledged commit. */
  payment: Payment;
  /** A decision of it is being written: whatever comes next waits in `backlog`, in the order in which it came. */
  writing: boolean;
  backlog: (() => void)[];
  /** Flows that are about it; with the last one the file is forgotten. */
  flows: number;
  /** Operations that ended otherwise after their end, while the payment is held: newer than what was read of them. */
  late: Map<OperationId, Operation> | undefined;
  /** The cancel that waits for the end of the authorize or sale. */
  cancelFlow: OpenFlow | undefined;
}

/** The request that an operation comes from, in the scope of its merchant. */
export interface FlowRequest {
  readonly merchantId: MerchantId;
  readonly key: string;
  readonly route: string;
  readonly fingerprint: Uint8Array;
}

/** Phases: accepting (T1 not acknowledged) -> open (the operation may still move money) -> done. */
export interface Flow {
  /** Null: an operation of our own making. */
  readonly request: FlowRequest | null;
  readonly keyId: string | null;
  phase: "accepting" | "open" | "done";
  /** Undefined while accepting. */
  file: PaymentFile | undefined;
  /** As of its newest acknowledged row; undefined while accepting. */
  operation: Operation | undefined;
  /** When that row was made, Unix milliseconds. */
  rowAtMs: number;
  reply: StoredReply | undefined;
  waiter: Waiter | undefined;
  /** The gateway has said that it has the operation: what happens next is its own affair, however long it takes. */
  isReceived: boolean;
  /** The token of an authorize or a sale, kept in memory only while that is open. */
  paymentMethod: string;
  /** The stored details cannot be opened: the operation is only read from now on. */
  detailsLost: boolean;
  t1Seq: bigint;
  doubt: DoubtMemory;
  /** Rows of the inbox that hint at it and are not decided yet: they are, with its last row. */
  notices: NoticeRow[];
  /** Sum of the gateway's own time. */
  gatewayMs: number;
}

/** A flow whose T1 is acknowledged. */
export interface OpenFlow extends Flow {
  file: PaymentFile;
  operation: Operation;
}

/** The course of an operation's tries. Monotonic milliseconds. */
export interface DoubtMemory {
  /** Tries of the operation, those of earlier owners with them as far as they were noted. */
  tries: number;
  /** What this owner's try numbers add to `tries`. */
  triesBefore: number;
  running: Try | undefined;
  /** No try before this activation is known to us, so their fate is not either. */
  inherited: boolean;
  /** Some try may have reached the gateway. */
  mayHaveArrived: boolean;
  /** When the first try began that may have arrived. */
  firstTryAtMs: number;
  storedErrorReplayed: boolean;
  replayRefused: boolean;
  /** Reads that showed nothing of it. */
  absences: number;
  /** Undefined until the first check is planned. */
  sinceMs: number | undefined;
  /** Tries from this number on are checks. */
  checksFromTry: number;
  nextCheckAtMs: number | undefined;
  /** A row for `operation_open` was handed over; `saved`: it is acknowledged. */
  noted: boolean;
  saved: boolean;
}

/** A flow at its beginning. */
export function newFlow(request: FlowRequest | null): Flow {
  return {
    request,
    keyId: request === null ? null : keyIdOf(request.merchantId, request.key),
    phase: "accepting",
    file: undefined,
    operation: undefined,
    rowAtMs: 0,
    reply: undefined,
    waiter: undefined,
    isReceived: false,
    paymentMethod: "",
    detailsLost: false,
    t1Seq: 0n,
    notices: [],
    gatewayMs: 0,
    doubt: {
      tries: 0,
      triesBefore: 0,
      running: undefined,
      inherited: false,
      mayHaveArrived: false,
      firstTryAtMs: 0,
      storedErrorReplayed: false,
      replayRefused: false,
      absences: 0,
      sinceMs: undefined,
      checksFromTry: Number.MAX_SAFE_INTEGER,
      nextCheckAtMs: undefined,
      noted: false,
      saved: false,
    },
  };
}

/** A payment's file at its beginning. */
export const newFile = (payment: Payment): PaymentFile => ({
  payment,
  writing: false,
  backlog: [],
  flows: 0,
  late: undefined,
  cancelFlow: undefined,
});

export const keyIdOf = (merchantId: MerchantId, key: string): string => `${merchantId}\n${key}`;

/** The payment as of its newest row, with this flow's operation: what the flow's client is shown. A refund has its own time. */
export function paymentOf({ file, operation, rowAtMs }: OpenFlow): Payment {
  const { payment } = file;
  if (payment.operation.id === operation.id) return payment;
  return { ...payment, operation, ...(operation.kind === "refund" && { updatedAtMs: rowAtMs }) };
}

/** Works off what waits for a payment until it is being written again. */
export function workOff(file: PaymentFile): void {
  while (!file.writing) {
    const next = file.backlog.shift();
    if (next === undefined) return;
    next();
  }
}
