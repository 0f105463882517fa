/**
 * Keyed calls of one simulated gateway: who is in flight, what a replay is told, what took effect. The order is always
 * charge log (fsync), webhooks on file, memory and records, answer; after a crash the charge log is read first.
 */
import { ChargeLog, type ChargeLine } from "./charge-log.ts";
import type { Announcer } from "./announcer.ts";
import { causeKeyOf, recordOfLine } from "./effects.ts";
import type { Answer } from "./exchange.ts";
import type { Happening, HappeningKind } from "./happening.ts";
import { PaymentQueue } from "./payment-queue.ts";
import type { PaymentRecord } from "./payment-record.ts";
import { RecordStore } from "./records.ts";

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
  readonly announcer: Announcer;
}

export class Bookkeeper {
  readonly dialect: Dialect;
  readonly records: RecordStore;
  readonly #charges: ChargeLog;
  readonly #options: BookkeeperOptions;
  /** Keys of calls that still run. */
  readonly #running = new Set<string>();
  readonly #queue = new PaymentQueue();
  readonly #announcer: Announcer;
  readonly #hidden = new Set<string>();

  constructor(dialect: Dialect, options: BookkeeperOptions) {
    this.dialect = dialect;
    this.#options = options;
    this.#announcer = options.announcer;
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
      if (line.gateway === this.dialect.gateway && !this.records.hasEffect(line.account, line.key)) missing.push(line);
    });
    for (const line of missing) {
      const before = this.records.byId(line.account, line.gateway_reference);
      const causeKey = causeKeyOf(line.key);
      const record = recordOfLine(line, before, this.records.byKey(line.account, causeKey));
      await this.#remember(record, { kind: line.kind, success: true }, causeKey, true);
    }
  }

  /**
   * Answers a keyed call: a replay gets what is stored, a twin of a running call is told so, else `perform` runs.
   * `again`: an earlier call with this key was lost, so its trouble is over.
   */
  async answer(call: KeyedCall, perform: (again: boolean) => Promise<Answer>): Promise<Answer> {
    const name = `${call.account}:${call.key}`;
    if (this.#running.has(name)) return this.dialect.inFlight();
    const stored = this.stored(call.account, call.key);
    if (stored !== undefined) {
      const isOther = stored.fingerprint !== "" && stored.fingerprint !== call.fingerprint;
      if (isOther && this.dialect.checksParameters) return this.dialect.otherParameters(call.key);
      if (stored.answer !== "forgotten") return { ...this.dialect.render(stored), replayed: true };
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
    return record !== undefined && record.at + this.dialect.keyTtlMs > this.nowMs() ? record : undefined;
  }

  /** Runs `work` while no other call touches the payment. */
  async alone(id: string, work: () => Promise<Answer>): Promise<Answer> {
    return (await this.exclusively(id, work)) ?? this.dialect.locked();
  }
  /** The same for work that answers nobody; undefined: others took too long, and it was not done. */
  exclusively<Result>(id: string, work: () => Promise<Result>): Promise<Result | undefined> {
    return this.#queue.run(id, work);
  }

  /** Remembers a call without effect and gives its answer. `happening`: what the gateway tells of it. */
  async note(record: PaymentRecord, happening?: Happening): Promise<Answer> {
    await this.#remember(record, happening, record.key, false);
    return this.dialect.render(record);
  }

  /** Money moves: one line, then the webhooks on file, then the record, then the answer. */
  async effect(record: PaymentRecord, kind: ChargeLine["kind"], told: HappeningKind = kind): Promise<Answer> {
    await this.#charges.append({
      at: new Date(this.nowMs()).toISOString(),
      gateway: this.dialect.gateway,
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
    await this.#remember(record, { kind: told, success: true }, causeKeyOf(record.key), true);
    return this.dialect.render(record);
  }

  /** Tells of what moved no money and changed nothing. `causeKey`: of the call that it follows. */
  async tell(record: PaymentRecord, happening: Happening, causeKey: string): Promise<void> {
    const told = this.#announcer.announce(record, happening, causeKey);
    await told.kept;
    await told.release();
  }

  /** Lines of the charge log in which a text stands; a walk through the whole file. */
  linesWith(text: string): readonly ChargeLine[] {
    return this.#charges.linesWith(text);
  }

  /** As long as what is slow takes. */
  async pauseSlow(): Promise<void> {
    await new Promise((done) => setTimeout(done, this.#options.slowMs));
  }

  /** Reads do not find the payment for as long as what is slow takes. */
  hide(id: string): void {
    this.#hidden.add(id);
    setTimeout(() => this.#hidden.delete(id), this.#options.slowMs).unref();
  }
  isHidden(id: string): boolean {
    return this.#hidden.has(id);
  }

  /** A record that is missing after a crash has not told its webhooks either. */
  async #remember(
    record: PaymentRecord,
    happening: Happening | undefined,
    causeKey: string,
    effect: boolean,
  ): Promise<void> {
    const told = happening === undefined ? undefined : this.#announcer.announce(record, happening, causeKey);
    await told?.kept;
    await this.records.put(record, effect);
    await told?.release();
  }

  async close(): Promise<void> {
    await Promise.all([this.#charges.close(), this.records.close()]);
  }
}
