/**
 * Keyed calls of one simulated gateway: who is in flight, what a replay is told, what took effect. The order is always
 * charge log (fsync), memory and records, answer; after a crash the charge log is read first.
 */
import { assertNever } from "../../../actors/domain/index.ts";
import { ChargeLog, type ChargeLine } from "./charge-log.ts";
import { after, recordOfLine } from "./effects.ts";
import { type Answer, HANG, textAnswer } from "./exchange.ts";
import { PaymentQueue } from "./payment-queue.ts";
import { type PaymentRecord, RecordStore } from "./records.ts";
import type { LaterTrouble, TokenRow } from "./tokens.ts";

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

export class Bookkeeper {
  readonly records: RecordStore;
  readonly #charges: ChargeLog;
  readonly #dialect: Dialect;
  readonly #options: BookkeeperOptions;
  /** Keys of calls that still run. */
  readonly #running = new Set<string>();
  readonly #queue = new PaymentQueue();

  constructor(dialect: Dialect, options: BookkeeperOptions) {
    this.#dialect = dialect;
    this.#options = options;
    this.#charges = new ChargeLog(options.chargeLog);
    this.records = new RecordStore(options.records);
  }

  nowMs(): number {
    return this.#options.nowMs();
  }

  /** True when what takes a while has ended for the call that made this record. */
  isSettled(record: PaymentRecord): boolean {
    return this.nowMs() - record.at >= this.#options.slowMs;
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
    return (await this.#queue.run(id, work)) ?? this.#dialect.locked();
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

  /** A capture or a refund with what its payment's token asks for. `open`: before it. A replay is told that it is done. */
  async modify(trouble: LaterTrouble | undefined, open: PaymentRecord, kind: "capture" | "refund"): Promise<Answer> {
    if (trouble === "refused") return this.note({ ...open, answer: "declined" });
    const answer = await this.effect({ ...open, ...after({ kind, amount: open.stepAmount }, open) }, kind);
    return trouble === "hangAfter" ? HANG : answer;
  }

  async close(): Promise<void> {
    await Promise.all([this.#charges.close(), this.records.close()]);
  }
}
