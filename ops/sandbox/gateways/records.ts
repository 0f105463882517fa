/**
 * What a simulator remembers: one line per call that changed something, each a whole snapshot of its payment, so a
 * replay renders the snapshot that the key points to. The file survives kill -9; memory holds offsets and recent ones.
 */
import { AppendLog } from "./append-log.ts";
import { OffsetIndex } from "./offset-index.ts";

/** `failed`: the stored answer is a 500. `forgotten`: the call was lost, the same key executes later. */
export type StoredAnswer = "ok" | "declined" | "failed" | "forgotten";
export type StepKind = "create" | "charge" | "capture" | "void" | "refund";
export type PaymentState = "open" | "declined" | "authorized" | "captured" | "canceled";

/** A payment after one keyed call. Amounts: the gateway's minor units. `at`: Unix milliseconds. */
export interface PaymentRecord {
  readonly at: number;
  readonly account: string;
  readonly key: string;
  /** Of the call's parameters; "" matches every call (a record rebuilt from the charge log). */
  readonly fingerprint: string;
  readonly answer: StoredAnswer;
  readonly step: StepKind;
  /** Of this call: its amount, its operation, its own reference. */
  readonly stepAmount: number;
  readonly stepOperation: string;
  readonly stepReference: string;
  readonly id: string;
  readonly operationId: string;
  readonly paymentId: string;
  readonly amount: number;
  readonly currency: string;
  readonly manual: boolean;
  readonly token: string;
  readonly state: PaymentState;
  readonly captured: number;
  readonly refunded: number;
  /** The operation of the newest capture that was asked for; "" when none was. */
  readonly captureOperation: string;
  /** Refunds asked for up to this call, refused ones included. */
  readonly refunds: number;
  /** Our name for this call's refund, as it was sent; "" for other steps. */
  readonly stepRefundId: string;
}

/** The payment as a later call leaves it before anything has changed. */
export const stepAfter = (
  record: PaymentRecord,
  call: Pick<PaymentRecord, "account" | "key" | "fingerprint">,
  step: Pick<PaymentRecord, "at" | "step" | "stepAmount" | "stepOperation" | "stepReference">,
): PaymentRecord => ({
  ...record,
  ...call,
  ...step,
  answer: "ok",
  captureOperation: step.step === "capture" ? step.stepOperation : record.captureOperation,
  refunds: record.refunds + (step.step === "refund" ? 1 : 0),
  stepRefundId: "",
});

const keyName = (account: string, key: string): string => `key:${account}:${key}`;
const idName = (id: string): string => `id:${id}`;
const operationName = (account: string, operationId: string): string => `op:${account}:${operationId}`;
const refundName = (account: string, reference: string): string => `refund:${account}:${reference.toLowerCase()}`;
/** The payment's first refund is number 1. */
const nthRefundName = (id: string, n: number): string => `refund-of:${id}:${n}`;

/** Names under which a record is found; the newest one with a name wins. */
const namesOf = (record: PaymentRecord): readonly string[] => [
  keyName(record.account, record.key),
  idName(record.id),
  operationName(record.account, record.operationId),
  ...(record.step === "refund"
    ? [refundName(record.account, record.stepReference), nthRefundName(record.id, record.refunds)]
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
      const [record, effect] = parseLine(line);
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
      if (found?.id === payment.id && found.refunds === n && found.step === "refund") yield found;
    }
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
    const offset = await this.#log.append(formatLine(record, effect));
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
    return at === undefined ? undefined : parseLine(this.#log.readLine(at.offset))[0];
  }
}

/** Columns of a line. Their order is the file's format: new ones stand at the end. */
const COLUMNS = [
  "at",
  "account",
  "key",
  "fingerprint",
  "answer",
  "step",
  "stepAmount",
  "stepOperation",
  "stepReference",
  "id",
  "operationId",
  "paymentId",
  "amount",
  "currency",
  "manual",
  "token",
  "state",
  "captured",
  "refunded",
  "captureOperation",
  "refunds",
  "stepRefundId",
] as const satisfies readonly (keyof PaymentRecord)[];

/** What lines that were written before these columns existed mean. */
const MISSING: Partial<PaymentRecord> = { captureOperation: "", refunds: 0, stepRefundId: "" };

const formatLine = (record: PaymentRecord, effect: boolean): string =>
  JSON.stringify([effect, ...COLUMNS.map((column) => record[column])]);

function parseLine(line: string): readonly [record: PaymentRecord, effect: boolean] {
  const [effect, ...values] = JSON.parse(line) as [boolean, ...unknown[]]; // a line that this file has written
  const entries = COLUMNS.map((column, i) => [column, values[i] ?? MISSING[column]] as const);
  return [Object.fromEntries(entries) as unknown as PaymentRecord, effect];
}
