/** The client of a run: asks for each step with a key of its own, and repeats it until the answer is final. */
import { gatewayKeyOf, type MerchantId } from "../../../actors/domain/index.ts";
import type { Answer, Merchant } from "../rig/merchant.ts";
import type { Lane } from "./lane.ts";
import type { Scenario, Step } from "./scenario.ts";

/** A call that is lost again and again, on a machine with much else to do, is repeated within two minutes. */
const FINAL_WITHIN_MS = 180_000;
const PACE_MS = 40;
/** Answers that say: not yet, come again with the key. */
const MAY_COME_FIRST: ReadonlySet<unknown> = new Set([
  "idempotency_key_in_use",
  "storage_unavailable",
  "shard_unavailable",
]);

/** What a client remembers of a step. */
export interface Asked {
  readonly step: Step;
  readonly key: string;
  /** Every answer that came whole; the last one is final. */
  readonly answers: readonly Answer[];
}

export class Client {
  readonly #merchant: Merchant;
  readonly #scenario: Scenario;
  readonly #prefix: string;
  readonly asked: Asked[] = [];
  /** Payments by the step that made them. */
  readonly ids = new Map<string, string>();

  /** `prefix`: of the idempotency keys, new for each run. */
  constructor(merchant: Merchant, scenario: Scenario, prefix: string) {
    this.#merchant = merchant;
    this.#scenario = scenario;
    this.#prefix = prefix;
  }

  get merchant(): Merchant {
    return this.#merchant;
  }
  get scenario(): Scenario {
    return this.#scenario;
  }

  keyOf({ name }: Step): string {
    return `${this.#prefix}-${name}`;
  }

  /** The gateway keys that the steps lead to. */
  get gatewayKeys(): readonly string[] {
    const merchant = this.#merchant.id as MerchantId; // the sandbox's own
    return this.#scenario.steps.map((step) => gatewayKeyOf(merchant, this.keyOf(step), step.kind, 1));
  }

  /** Every step until its final answer. `isUp` resolves while there is a node. Throws what is wrong with an answer. */
  async run(lane: Lane, isUp: () => Promise<void>): Promise<void> {
    for (const step of this.#scenario.steps) {
      lane.enter(step.name);
      const answer = await this.#untilFinal(step, isUp);
      if (step.of === null) this.ids.set(step.name, String(answer.body["id"]));
      await lane.quiet(); // a notification that follows belongs to this step, and the next one finds it done
    }
    lane.end();
  }

  /** The payment that a step is about; "": the step makes it. */
  paymentOf({ name, of }: Step): string {
    return this.ids.get(of ?? name) ?? "";
  }

  async #untilFinal(step: Step, isUp: () => Promise<void>): Promise<Answer> {
    const key = this.keyOf(step);
    const answers: Answer[] = [];
    this.asked.push({ step, key, answers });
    const endAtMs = Date.now() + FINAL_WITHIN_MS;
    let last = "nothing";
    while (Date.now() < endAtMs) {
      await isUp();
      const answer = await this.#merchant.send(step.call(key, this.paymentOf(step))).catch((error: Error) => error);
      if (!(answer instanceof Error)) {
        answers.push(answer);
        if (answer.status === step.status) return answer;
        last = `${answer.status} ${answer.text}`;
        if (answer.status !== 202 && !MAY_COME_FIRST.has(answer.body["code"]))
          throw new Error(`${step.name} was answered ${last}`);
      } else last = answer.message;
      await new Promise((resolve) => setTimeout(resolve, PACE_MS)); // pace of the client, decides nothing
    }
    throw new Error(`no final answer to ${step.name} within ${FINAL_WITHIN_MS} ms; the last was ${last}`);
  }
}
