/** The flows of a shard by key and by operation, and the files of their payments. Bounded by what is open and `doneMax`. */
import type { OperationId, Payment, PaymentId } from "./domain/index.ts";
import { type Flow, newFile, type OpenFlow, type PaymentFile } from "./flow.ts";

/** Open flows always stay; of the finished ones the newest `doneMax`. A file stays as long as a flow is about it. */
export class FlowTable {
  readonly #byKey = new Map<string, Flow>();
  readonly #byOperation = new Map<OperationId, OpenFlow>();
  readonly #files = new Map<PaymentId, PaymentFile>();
  /** Reads that are out, each with the payments that memory held and let go meanwhile: what it brings of them may be old. */
  readonly #reads = new Set<Set<PaymentId>>();
  /** Open operations in the order of their T1, less those whose row stands in `operation_open`. */
  readonly #unsaved = new Map<OperationId, OpenFlow>();
  readonly #open = new Set<OpenFlow>();
  readonly #done: OpenFlow[] = [];
  #newestUnsavedSeq = 0n;
  #receivedCount = 0;
  #doneFrom = 0;
  readonly #doneMax: number;

  constructor(doneMax: number) {
    this.#doneMax = doneMax;
  }

  get openCount(): number {
    return this.#open.size;
  }
  /** Of the open ones, those that their gateway has and works on. */
  get receivedCount(): number {
    return this.#receivedCount;
  }
  /** Payments in memory. */
  get size(): number {
    return this.#files.size;
  }
  open(): Iterable<OpenFlow> {
    return this.#open;
  }
  byKey(keyId: string): Flow | undefined {
    return this.#byKey.get(keyId);
  }
  /** The flow of an open operation. */
  byOperation(id: OperationId): OpenFlow | undefined {
    return this.#byOperation.get(id);
  }
  file(id: PaymentId): PaymentFile | undefined {
    return this.#files.get(id);
  }
  /** Seq of the oldest T1 that activation must read the journal for. */
  oldestUnsavedSeq(): bigint | undefined {
    for (const flow of this.#unsaved.values()) return flow.t1Seq;
    return undefined;
  }

  reserve(flow: Flow): void {
    if (flow.keyId !== null) this.#byKey.set(flow.keyId, flow);
  }
  /** Drops a flow whose T1 was not written. */
  forget(flow: Flow): void {
    if (flow.keyId !== null && this.#byKey.get(flow.keyId) === flow) this.#byKey.delete(flow.keyId);
  }

  /** The file of a payment that was read, until `release`; one that memory has already is the newer. */
  hold(payment: Payment): PaymentFile {
    const file = this.#files.get(payment.terms.id) ?? newFile(payment);
    this.#files.set(payment.terms.id, file);
    file.flows++;
    return file;
  }
  /** One more is about a payment that is held already. */
  keep(file: PaymentFile): void {
    file.flows++;
  }
  /** One less is about the payment. */
  release(file: PaymentFile): void {
    if (--file.flows > 0) return;
    const { id } = file.payment.terms;
    this.#files.delete(id);
    for (const released of this.#reads) released.add(id);
  }

  /** A read of payments begins. The function that ends it tells which of them memory held and let go since. */
  beginRead(): () => ReadonlySet<PaymentId> {
    const released = new Set<PaymentId>();
    this.#reads.add(released);
    return () => {
      this.#reads.delete(released);
      return released;
    };
  }

  /**
   * T1 is acknowledged; `payment.operation` is the operation. Called in the order of seq: the first of them that is not
   * saved is the floor.
   */
  opened(flow: Flow, payment: Payment, seq: bigint): OpenFlow {
    const file = this.hold(payment);
    file.payment = payment;
    flow.rowAtMs = payment.updatedAtMs;
    return this.#begin(flow, file, payment.operation, seq);
  }
  /** As `opened`, for an operation that activation found; the file's payment may be of a newer row than the operation. */
  inherited(flow: Flow, payment: Payment, operation: OpenFlow["operation"], seq: bigint): OpenFlow {
    flow.rowAtMs = payment.operation.id === operation.id ? payment.updatedAtMs : operation.submittedAtMs;
    return this.#begin(flow, this.hold(payment), operation, seq);
  }

  /** The operation's row in `operation_open` is acknowledged. */
  saved(flow: OpenFlow): void {
    flow.doubt.saved = true;
    this.#unsaved.delete(flow.operation.id);
  }

  /** What the gateway has said of an open operation is acknowledged. */
  heard(flow: OpenFlow): void {
    const isReceived = flow.operation.pendingReason === "gateway_processing";
    if (isReceived !== flow.isReceived) this.#receivedCount += isReceived ? 1 : -1;
    flow.isReceived = isReceived;
  }

  /** The operation's last row is acknowledged. */
  ended(flow: OpenFlow): void {
    this.heard(flow);
    flow.phase = "done";
    flow.paymentMethod = "";
    this.#open.delete(flow);
    this.#unsaved.delete(flow.operation.id);
    this.#byOperation.delete(flow.operation.id);
    if (flow.file.cancelFlow === flow) flow.file.cancelFlow = undefined;
    this.#done.push(flow);
    if (this.#done.length - this.#doneFrom > this.#doneMax) this.#evict();
  }

  clear(): void {
    for (const map of [this.#byKey, this.#byOperation, this.#files, this.#unsaved]) map.clear();
    this.#open.clear();
    this.#done.length = 0;
    this.#doneFrom = 0;
    this.#newestUnsavedSeq = 0n;
    this.#receivedCount = 0;
  }

  #begin(flow: Flow, file: PaymentFile, operation: OpenFlow["operation"], seq: bigint): OpenFlow {
    flow.file = file;
    flow.operation = operation;
    const open = flow as OpenFlow; // it has both now
    flow.phase = "open";
    flow.t1Seq = seq;
    this.reserve(flow);
    this.#byOperation.set(operation.id, open);
    this.#open.add(open);
    this.heard(open);
    if (flow.doubt.saved) return open;
    if (seq <= this.#newestUnsavedSeq) throw new Error(`operations are opened in the order of seq: ${seq}`);
    this.#newestUnsavedSeq = seq;
    this.#unsaved.set(operation.id, open);
    return open;
  }

  #evict(): void {
    const flow = this.#done[this.#doneFrom++] as OpenFlow;
    this.forget(flow);
    this.release(flow.file);
    if (this.#doneFrom > this.#doneMax) {
      this.#done.splice(0, this.#doneFrom);
      this.#doneFrom = 0;
    }
  }
}
