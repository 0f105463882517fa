/**
 * Keyed calls of one simulated gateway: who is in flight, what a replay is told, what took effect. The order is always
 * charge log (fsync), memory and records, answer; after a crash the charge log is read first.
 */
import { hash } from "node:crypto";
import { assertNever } from "../../../actors/domain/index.ts";
import { ChargeLog, type ChargeLine } from "./charge-log.ts";
import { RecordStore, type PaymentRecord } from "./records.ts";
import { type Answer, HANG, textAnswer } from "./exchange.ts";
import type { TokenRow } from "./tokens.ts";

/** A keyed call. `fingerprint`: of its parameters. */
export interface KeyedCall {
  readonly account: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** What the two gateways answer differently. */
export interface Dialect {
  readonly gateway: "stripe" | "adyen";
  readonly keyTtlMs: number;
  /** A 500 is stored and repeated for ever. */
  readonly stores500: boolean;
  /** The same key with other parameters is an error. */
  readonly checksParameters: boolean;
  inFlight(): Answer;
  otherParameters(key: string): Answer;
  locked(): Answer;
  rateLimited(): Answer;
  serverError(): Answer;
  /** The stored answer to the call that made this record. */
  render(record: PaymentRecord): Answer;
}

export interface BookkeeperOptions {
  readonly chargeLog: string;
  readonly records: string;
  readonly slowMs: number;
  readonly nowMs: () => number;
}

/** 16 hexadecimal characters for a text; the same for ever. */
export const digestOf = (text: string): string => hash("sha1", text, "hex").slice(0, 16);

export class Bookkeeper {
  readonly records: RecordStore;
  readonly #charges: ChargeLog;
  readonly #dialect: Dialect;
  readonly #options: BookkeeperOptions;
  /** Keys and payments of calls that still run. */
  readonly #running = new Set<string>();

  constructor(dialect: Dialect, options: BookkeeperOptions) {
    this.#dialect = dialect;
    this.#options = options;
    this.#charges = new ChargeLog(options.chargeLog);
    this.records = new RecordStore(options.records);
  }

  nowMs(): number {
    return this.#options.nowMs();
  }

  /** Adds to the records what the charge log knows and they do not: a crash came between the two. */
  async recover(): Promise<void> {
    const missing: ChargeLine[] = [];
    this.#charges.scan((line) => {
      if (line.gateway === this.#dialect.gateway && !this.records.hasEffect(line.account, line.key)) missing.push(line);
    });
    for (const line of missing)
      await this.records.put(recordOfLine(line, this.records.byId(line.account, line.gateway_reference)), true);
  }

  /**
   * Answers a keyed call: a replay gets what is stored, a twin of a running call is told so, else `perform` runs.
   * `again`: an earlier call with this key was lost, so its trouble is over.
   */
  async answer(call: KeyedCall, perform: (again: boolean) => Promise<Answer>): Promise<Answer> {
    const name = `${call.account}:${call.key}`;
    if (this.#running.has(name)) return this.#dialect.inFlight();
    const stored = this.stored(call.account, call.key);
    if (stored !== undefined) {
      const isOther = stored.fingerprint !== "" && stored.fingerprint !== call.fingerprint;
      if (isOther && this.#dialect.checksParameters) return this.#dialect.otherParameters(call.key);
      if (stored.answer !== "forgotten") return { ...this.#dialect.render(stored), replayed: true };
    }
    this.#running.add(name);
    try {
      return await perform(stored !== undefined);
    } finally {
      this.#running.delete(name);
    }
  }

  /** The record of a key whose life is not over. */
  stored(account: string, key: string): PaymentRecord | undefined {
    const record = this.records.byKey(account, key);
    return record !== undefined && record.at + this.#dialect.keyTtlMs > this.nowMs() ? record : undefined;
  }

  /** Runs `work` while no other call touches the payment. */
  async alone(id: string, work: () => Promise<Answer>): Promise<Answer> {
    if (this.#running.has(id)) return this.#dialect.locked();
    this.#running.add(id);
    try {
      return await work();
    } finally {
      this.#running.delete(id);
    }
  }

  /** Remembers a call without effect and gives its answer. */
  async note(record: PaymentRecord): Promise<Answer> {
    await this.records.put(record, false);
    return this.#dialect.render(record);
  }

  /** Money moves: one line, then the record, then the answer. */
  async effect(record: PaymentRecord, kind: ChargeLine["kind"]): Promise<Answer> {
    await this.#charges.append({
      at: new Date(record.at).toISOString(),
      gateway: this.#dialect.gateway,
      account: record.account,
      key: record.key,
      operation_id: record.stepOperation,
      payment_id: record.paymentId,
      kind,
      amount: record.stepAmount,
      currency: record.currency.toUpperCase(),
      outcome: "succeeded",
      gateway_reference: record.id,
    });
    await this.records.put(record, true);
    return this.#dialect.render(record);
  }

  /** The call that charges, with the trouble that its token asks for. `charged`, `open`: the payment after and before. */
  async charge(row: TokenRow, again: boolean, charged: PaymentRecord, open: PaymentRecord): Promise<Answer> {
    const { stores500 } = this.#dialect;
    const kind = charged.manual ? "authorize" : "sale";
    const trouble = again ? "none" : row.trouble;
    switch (trouble) {
      case "none":
        return this.effect(charged, kind);
      case "slow":
        await new Promise((done) => setTimeout(done, this.#options.slowMs));
        return this.effect(charged, kind);
      case "hangAfter":
        await this.effect(charged, kind);
        return HANG;
      case "hangBefore":
        await this.note({ ...open, answer: "forgotten" });
        return HANG;
      case "errorAfter":
        await this.effect(stores500 ? { ...charged, answer: "failed" } : charged, kind);
        return this.#dialect.serverError();
      case "errorBefore":
        await this.note({ ...open, answer: stores500 ? "failed" : "forgotten" });
        return this.#dialect.serverError();
      case "busy":
        await this.note({ ...open, answer: "forgotten" });
        return this.#dialect.rateLimited();
      case "garbled":
        await this.effect(charged, kind);
        return textAnswer(200, "text/html", "<html><body>Everything is fine</body></html>");
      default:
        return assertNever(trouble);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#charges.close(), this.records.close()]);
  }
}

/** The payment after an effect that only the charge log remembers. */
function recordOfLine(line: ChargeLine, before: PaymentRecord | undefined): PaymentRecord {
  const isCharge = line.kind === "authorize" || line.kind === "sale";
  const manual = before?.manual ?? line.kind !== "sale";
  return {
    operationId: line.operation_id,
    paymentId: line.payment_id,
    token: "",
    ...before,
    id: line.gateway_reference,
    currency: line.currency,
    manual,
    at: Date.parse(line.at),
    account: line.account,
    key: line.key,
    fingerprint: "",
    answer: "ok",
    step: isCharge ? "charge" : line.kind,
    stepAmount: line.amount,
    stepOperation: line.operation_id,
    stepReference: digestOf(`${line.account}:${line.key}`).toUpperCase(),
    ...after(line, before),
  };
}

/** The members that an effect changes. */
export function after(
  line: Pick<ChargeLine, "kind" | "amount">,
  before: PaymentRecord | undefined,
): Pick<PaymentRecord, "state" | "captured" | "refunded" | "amount"> {
  const { captured = 0, refunded = 0, amount = line.amount, state = "authorized" } = before ?? {};
  switch (line.kind) {
    case "authorize":
      return { state: "authorized", captured: 0, refunded: 0, amount: line.amount };
    case "sale":
      return { state: "captured", captured: line.amount, refunded: 0, amount: line.amount };
    case "capture":
      return { state: "captured", captured: captured + line.amount, refunded, amount };
    case "void":
      return { state: "canceled", captured, refunded, amount };
    case "refund":
      return { state, captured, refunded: refunded + line.amount, amount };
    default:
      return assertNever(line.kind);
  }
}
