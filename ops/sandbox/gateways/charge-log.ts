/**
 * The truth about effects: one fsynced JSON line for each reservation, charge, capture, release and refund that took
 * place at a gateway, written before the answer. What is in it has happened; a replay never adds a line.
 */
import { AppendLog } from "./append-log.ts";

/** `amount`: the gateway's minor units. `at`: RFC 3339. `key`: of the call that moved the money, Stripe's confirm. */
export interface ChargeLine {
  readonly at: string;
  readonly gateway: "stripe" | "adyen";
  readonly account: string;
  readonly key: string;
  readonly operation_id: string;
  readonly payment_id: string;
  readonly kind: "authorize" | "sale" | "capture" | "void" | "refund";
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

  close(): Promise<void> {
    return this.#log.close();
  }
}
