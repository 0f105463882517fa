/**
 * What an actor remembers of one request that creates a payment: from its key's first sight to its final answer, and
 * for a while after, for replays and reads. The table of them is bounded; the database is the truth.
 */
import type { MerchantId, OperationId, Payment, PaymentId } from "./domain/index.ts";
import type { StoredReply } from "./ports/decisions.ts";
import type { GatewayAction, GatewayAnswer } from "./ports/gateway.ts";

/** The client that waits for an answer. Monotonic milliseconds. */
export interface Waiter {
  readonly ticket: number;
  readonly requestId: string;
  readonly deadlineAtMs: number;
}

/** A try whose answer is still out. */
export interface Try {
  readonly number: number;
  readonly action: GatewayAction;
  readonly dueAtMs: number;
}

/** Phases: accepting (T1 not acknowledged) -> open (the operation may still move money) -> done. */
export interface Flow {
  readonly keyId: string;
  readonly merchantId: MerchantId;
  readonly key: string;
  readonly fingerprint: Uint8Array;
  phase: "accepting" | "open" | "done";
  /** As of the newest acknowledged commit; undefined while accepting. */
  payment: Payment | undefined;
  reply: StoredReply | undefined;
  waiter: Waiter | undefined;
  /** The token, kept in memory only while the operation is open. */
  paymentMethod: string;
  /** The stored details cannot be opened: the operation is only read from now on. */
  detailsLost: boolean;
  /** A decision of this payment is being written: its later messages wait in `backlog`. */
  writing: boolean;
  backlog: GatewayAnswer[];
  t1Seq: bigint;
  doubt: DoubtMemory;
  /** Sum of the gateway's own time. */
  gatewayMs: number;
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
export function newFlow(merchantId: MerchantId, key: string, fingerprint: Uint8Array): Flow {
  return {
    keyId: keyIdOf(merchantId, key),
    merchantId,
    key,
    fingerprint,
    phase: "accepting",
    payment: undefined,
    reply: undefined,
    waiter: undefined,
    paymentMethod: "",
    detailsLost: false,
    writing: false,
    backlog: [],
    t1Seq: 0n,
    gatewayMs: 0,
    doubt: {
      tries: 0,
      triesBefore: 0,
      running: undefined,
      inherited: false,
      mayHaveArrived: false,
      firstTryAtMs: 0,
      storedErrorReplayed: false,
      sinceMs: undefined,
      checksFromTry: Number.MAX_SAFE_INTEGER,
      nextCheckAtMs: undefined,
      noted: false,
      saved: false,
    },
  };
}

export const keyIdOf = (merchantId: MerchantId, key: string): string => `${merchantId}\n${key}`;

/** Flows by key and by payment. Open ones always stay; of the finished ones the newest `doneMax`. */
export class FlowTable {
  readonly #byKey = new Map<string, Flow>();
  readonly #byPayment = new Map<PaymentId, Flow>();
  /** Open operations in the order of their T1, less those whose row stands in `operation_open`. */
  readonly #unsaved = new Map<OperationId, Flow>();
  readonly #open = new Set<Flow>();
  readonly #done: Flow[] = [];
  #newestUnsavedSeq = 0n;
  #doneFrom = 0;
  readonly #doneMax: number;

  constructor(doneMax: number) {
    this.#doneMax = doneMax;
  }

  get openCount(): number {
    return this.#open.size;
  }
  get size(): number {
    return this.#byKey.size;
  }
  open(): Iterable<Flow> {
    return this.#open;
  }
  byKey(keyId: string): Flow | undefined {
    return this.#byKey.get(keyId);
  }
  byPayment(id: PaymentId): Flow | undefined {
    return this.#byPayment.get(id);
  }
  /** Seq of the oldest T1 that activation must read the journal for. */
  oldestUnsavedSeq(): bigint | undefined {
    for (const flow of this.#unsaved.values()) return flow.t1Seq;
    return undefined;
  }

  reserve(flow: Flow): void {
    this.#byKey.set(flow.keyId, flow);
  }
  forget(flow: Flow): void {
    this.#byKey.delete(flow.keyId);
  }
  /** T1 is acknowledged. Called in the order of seq: the first of them that is not saved is the floor. */
  opened(flow: Flow, payment: Payment, seq: bigint): void {
    flow.phase = "open";
    flow.payment = payment;
    flow.t1Seq = seq;
    this.#byKey.set(flow.keyId, flow);
    this.#byPayment.set(payment.terms.id, flow);
    this.#open.add(flow);
    if (flow.doubt.saved) return;
    if (seq <= this.#newestUnsavedSeq) throw new Error(`operations are opened in the order of seq: ${seq}`);
    this.#newestUnsavedSeq = seq;
    this.#unsaved.set(payment.operation.id, flow);
  }
  /** The operation's row in `operation_open` is acknowledged. */
  saved(id: OperationId, flow: Flow): void {
    flow.doubt.saved = true;
    this.#unsaved.delete(id);
  }
  /** T2 is acknowledged. */
  ended(flow: Flow, payment: Payment): void {
    flow.phase = "done";
    flow.payment = payment;
    flow.paymentMethod = "";
    this.#open.delete(flow);
    this.#unsaved.delete(payment.operation.id);
    this.#done.push(flow);
    if (this.#done.length - this.#doneFrom > this.#doneMax) this.#evict();
  }
  clear(): void {
    for (const map of [this.#byKey, this.#byPayment, this.#unsaved]) map.clear();
    this.#open.clear();
    this.#done.length = 0;
    this.#doneFrom = 0;
    this.#newestUnsavedSeq = 0n;
  }

  #evict(): void {
    const flow = this.#done[this.#doneFrom++] as Flow;
    this.#byKey.delete(flow.keyId);
    if (flow.payment !== undefined) this.#byPayment.delete(flow.payment.terms.id);
    if (this.#doneFrom > this.#doneMax) {
      this.#done.splice(0, this.#doneFrom);
      this.#doneFrom = 0;
    }
  }
}
