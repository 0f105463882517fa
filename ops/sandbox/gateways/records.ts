/**
 * What a simulator remembers: one line per call that changed something, each a whole snapshot of its payment, so a
 * replay renders the snapshot that the key points to. The file survives kill -9; memory holds offsets and recent ones.
 */
import { AppendLog } from "./append-log.ts";
import { OffsetIndex } from "./offset-index.ts";
import type { PaymentRecord } from "./payment-record.ts";
import { formatRecord, parseRecord } from "./record-line.ts";

const keyName = (account: string, key: string): string => `key:${account}:${key}`;
const ID_PREFIX = "id:";
const idName = (id: string): string => `${ID_PREFIX}${id}`;
const operationName = (account: string, operationId: string): string => `op:${account}:${operationId}`;
const refundName = (account: string, reference: string): string => `refund:${account}:${reference.toLowerCase()}`;
const refundNumberOf = ({ refundNumber, refunds }: PaymentRecord): number => refundNumber || refunds;
const nthRefundName = (id: string, n: number): string => `refund-of:${id}:${n}`;

/** Names under which a record is found; the newest one with a name wins. */
const namesOf = (record: PaymentRecord): readonly string[] => [
  keyName(record.account, record.key),
  idName(record.id),
  operationName(record.account, record.operationId),
  ...(record.step === "refund"
    ? [refundName(record.account, record.stepReference), nthRefundName(record.id, refundNumberOf(record))]
    : []),
];

const RECENT_MAX = 16_384;

export class RecordStore {
  readonly #log: AppendLog;
  readonly #index = new OffsetIndex();
  /** Not yet on disk. */
  readonly #unwritten = new Map<string, PaymentRecord>();
  /** Newest records, by name: a confirm follows its create within milliseconds. */
  readonly #recent = new Map<string, PaymentRecord>();

  /** Opens the file and reads it once. */
  constructor(path: string) {
    this.#log = new AppendLog(path, false); // what must survive a loss of power stands in the charge log
    this.#log.scan((line, offset) => {
      const [record, effect] = parseRecord(line);
      for (const name of namesOf(record)) this.#index.set(name, offset, effect);
    });
  }

  byKey(account: string, key: string): PaymentRecord | undefined {
    const found = this.#find(keyName(account, key));
    return found?.key === key && found.account === account ? found : undefined;
  }
  byId(account: string, id: string): PaymentRecord | undefined {
    const found = this.#find(idName(id));
    return found?.id === id && found.account === account ? found : undefined;
  }
  byOperation(account: string, operationId: string): PaymentRecord | undefined {
    const found = this.#find(operationName(account, operationId));
    return found?.operationId === operationId && found.account === account ? found : undefined;
  }
  /** A refund by the reference that its call gave it. */
  byRefund(account: string, reference: string): PaymentRecord | undefined {
    const found = this.#find(refundName(account, reference));
    return found?.stepReference.toLowerCase() === reference.toLowerCase() && found.account === account
      ? found
      : undefined;
  }
  /** The refunds of a payment, newest first. */
  *refundsOf(payment: PaymentRecord): Generator<PaymentRecord> {
    for (let n = payment.refunds; n > 0; n--) {
      const found = this.#find(nthRefundName(payment.id, n));
      if (found?.id === payment.id && refundNumberOf(found) === n && found.step === "refund") yield found;
    }
  }
  /** Payments of an account, newest first; only the newest of all accounts are looked at. */
  newestOf(account: string, count: number): readonly PaymentRecord[] {
    const names = [...this.#recent.keys()].filter((name) => name.startsWith(ID_PREFIX)).reverse();
    const found: PaymentRecord[] = [];
    for (const name of names) {
      const record = this.#recent.get(name);
      if (record?.account === account && found.push(record) === count) break;
    }
    return found;
  }
  /** True when the effect of this key is remembered; else only the charge log may know of it. */
  hasEffect(account: string, key: string): boolean {
    return this.#index.get(keyName(account, key))?.flag === true;
  }

  /** Remembers at once, resolves when it is in the file. `effect`: a line of the charge log belongs to this key. */
  async put(record: PaymentRecord, effect: boolean): Promise<void> {
    const names = namesOf(record);
    for (const name of names) {
      this.#unwritten.set(name, record);
      this.#recent.delete(name);
      this.#recent.set(name, record);
    }
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= RECENT_MAX) break;
      this.#recent.delete(oldest);
    }
    const offset = await this.#log.append(formatRecord(record, effect));
    for (const name of names) {
      this.#index.set(name, offset, effect);
      if (this.#unwritten.get(name) === record) this.#unwritten.delete(name);
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #find(name: string): PaymentRecord | undefined {
    const held = this.#unwritten.get(name) ?? this.#recent.get(name);
    if (held !== undefined) return held;
    const at = this.#index.get(name);
    return at === undefined ? undefined : parseRecord(this.#log.readLine(at.offset))[0];
  }
}
