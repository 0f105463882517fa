/**
 * Payments by id, from memory or read by key from the database: one statement at a time, for all that came while the one
 * before it ran. A payment that memory does not hold has no open operation, so what the database says of it stays true
 * until a decision of this actor.
 */
import type { MerchantId, Payment, PaymentId } from "./domain/index.ts";
import type { PaymentFile } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Lease, ShardStore } from "./ports/shard-store.ts";

interface PaymentName {
  readonly merchantId: MerchantId;
  readonly id: PaymentId;
}
/** `missing`: unknown, or another merchant's. `unreadable`: the database does not answer, or this release cannot read it. */
type Opened = PaymentFile | "missing" | "unreadable";
interface Waiting {
  readonly name: PaymentName;
  readonly opened: (file: Opened) => void;
}

export class PaymentFiles {
  readonly #flows: FlowTable;
  readonly #commit: GroupCommit;
  readonly #store: ShardStore;
  #waiting: Waiting[] = [];
  #reading = false;
  #flushes = false;

  constructor(flows: FlowTable, commit: GroupCommit, store: ShardStore) {
    this.#flows = flows;
    this.#commit = commit;
    this.#store = store;
  }

  /** Calls `opened` once, now or when the payment was read; not at all after a `reset`. */
  open(name: PaymentName, opened: (file: Opened) => void): void {
    const file = this.#flows.file(name.id);
    if (file !== undefined) return opened(file.payment.terms.merchantId === name.merchantId ? file : "missing");
    this.#waiting.push({ name, opened });
    if (this.#flushes) return;
    this.#flushes = true;
    queueMicrotask(() => {
      this.#flushes = false;
      this.#flush();
    });
  }

  /** Reads what memory does not hold, for all who asked in this turn. */
  #flush(): void {
    const { lease } = this.#commit;
    if (this.#waiting.length > 0 && !this.#reading && lease !== undefined)
      void this.#read(this.#waiting.splice(0), lease);
  }

  /** The actor drops its memory; whoever waits is answered by who asked for it. */
  reset(): void {
    this.#waiting = [];
  }

  /** What is read while a commit is being settled may not be there afterwards, so the lease must be the same throughout. */
  async #read(waiting: readonly Waiting[], lease: Lease): Promise<void> {
    this.#reading = true;
    const ended = this.#flows.beginRead();
    const found = await this.#store.findPayments(waiting.map(({ name }) => name)).catch(() => undefined);
    this.#reading = false;
    const released = ended();
    if (this.#commit.lease === lease) {
      waiting.forEach((one, i) => this.#tell(one, found === undefined ? null : found[i], released.has(one.name.id)));
    }
    this.#flush();
  }

  /** `mayBeOld`: memory held the payment and let it go while it was read, perhaps with something newer. */
  #tell(one: Waiting, payment: Payment | null | undefined, mayBeOld: boolean): void {
    const { opened, name } = one;
    if (mayBeOld && this.#flows.file(name.id) === undefined)
      this.#waiting.push(one); // read again
    else if (payment === null) opened("unreadable");
    else if (payment === undefined) opened("missing");
    else {
      const file = this.#flows.hold(payment);
      opened(file);
      this.#flows.release(file);
    }
  }
}
