/**
 * The truth about effects: one fsynced JSON line for each reservation, charge, capture, release and refund that took
 * place at a gateway, written before the answer; and one for each that came undone later, before anybody is told. What
 * is in it has happened; a replay never adds a line.
 */
import { AppendLog } from "./append-log.ts";

/** What a call of ours does. */
export type CallEffect = "authorize" | "sale" | "capture" | "void" | "refund";
/**
 * What happens later without a call: `capture_failed` and `refund_failed` undo that much of a capture and of a refund;
 * `dispute` takes that much from what is captured, `dispute_won` gives it back; `expire` ends a reservation. A success
 * that comes after a decline is an ordinary line.
 */
export type LateEffect = "capture_failed" | "refund_failed" | "dispute" | "dispute_won" | "expire";

/**
 * `amount`: the gateway's minor units. `at`: RFC 3339. `key`: of the call that moved the money, Stripe's confirm; what
 * happens later has the key of the call that it follows and a word after it, `-failed`, `-dispute`, `-dispute-won`,
 * `-expire`, `-late`, and the operation of that call.
 */
export interface ChargeLine {
  readonly at: string;
  readonly gateway: "stripe" | "adyen";
  readonly account: string;
  readonly key: string;
  readonly operation_id: string;
  readonly payment_id: string;
  readonly kind: CallEffect | LateEffect;
  readonly amount: number;
  readonly currency: string;
  readonly outcome: "succeeded";
  /** Of the payment, also for what is done to it later. */
  readonly gateway_reference: string;
}

export class ChargeLog {
  readonly #log: AppendLog;

  constructor(path: string) {
    this.#log = new AppendLog(path, true);
  }

  /** Resolves when the line is on disk. */
  async append(line: ChargeLine): Promise<void> {
    await this.#log.append(JSON.stringify(line));
  }

  /** Every line of the file, in order. */
  scan(visit: (line: ChargeLine) => void): void {
    this.#log.scan((text) => visit(JSON.parse(text) as ChargeLine)); // lines that this class has written
  }

  /** Lines in which a text stands, in order. */
  linesWith(text: string): readonly ChargeLine[] {
    const found: ChargeLine[] = [];
    this.#log.scan((line) => {
      if (line.includes(text)) found.push(JSON.parse(line) as ChargeLine);
    });
    return found;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
