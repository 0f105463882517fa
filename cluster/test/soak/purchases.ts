/** Carries a plan's purchases out: some hands begin them one after the other, and leave those that are in doubt aside. */
import { cancel, capture, create, refund, type Call } from "../rig/merchant.ts";
import type { Faults } from "./faults.ts";
import type { PlannedPurchase, PlannedStep } from "./plan-purchases.ts";
import type { Manner, Reply, Shop } from "./shop.ts";

const ASKS = { capture, refund, cancel } as const;
const SURE: Manner = { isTwin: false, hangsUpAfterMs: null, inDoubt: () => false };

export class Purchases {
  readonly #shop: Shop;
  readonly #planned: readonly PlannedPurchase[];
  readonly #open = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** Ids of the payments that stay pending by plan. */
  readonly planted: string[] = [];
  readonly failures: string[] = [];
  begun = 0;
  ended = 0;

  constructor(shop: Shop, planned: readonly PlannedPurchase[]) {
    this.#shop = shop;
    this.#planned = planned;
  }

  /** Begins all of them, `hands` at a time; resolves when the last one has begun and is not being answered at once. */
  async begin(hands: number, faults: Faults): Promise<void> {
    let next = 0;
    const hand = async (): Promise<void> => {
      while (next < this.#planned.length && !this.#stop.signal.aborted) {
        const index = next++;
        await faults.reach(index);
        this.begun++;
        await this.#start(this.#planned[index] as PlannedPurchase);
      }
    };
    await Promise.all(Array.from({ length: hands }, hand));
  }

  /** How many have no end yet. */
  get openCount(): number {
    return this.#open.size;
  }
  /** Gives up what has no end; resolves when nothing is sent any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#open);
  }

  /** The requests of a purchase that were sent in any case, to be sent again. */
  static callsOf(planned: PlannedPurchase): readonly Call[] {
    return planned.isPlanted ? [] : [createOf(planned)];
  }

  /** Resolves with its end, or with its first doubt. */
  #start(planned: PlannedPurchase): Promise<void> {
    return new Promise((doubted) => {
      const life = this.#buy(planned, doubted)
        .then(() => void this.ended++)
        .catch((error: unknown) => {
          if (!this.#stop.signal.aborted) this.failures.push(`${planned.key}: ${(error as Error).message}`);
        })
        .finally(() => {
          this.#open.delete(life);
          doubted();
        });
      this.#open.add(life);
    });
  }

  async #buy(planned: PlannedPurchase, doubted: () => void): Promise<void> {
    let canceled: Promise<unknown> | undefined;
    const inDoubt = ({ body }: Reply): boolean => {
      doubted();
      const id = String(body["id"]);
      if (planned.isPlanted) this.planted.push(id);
      if (planned.cancelsInDoubt) {
        canceled = this.#send(planned, cancel(`${planned.key}-doubt`, id), SURE);
        canceled.catch(() => undefined); // awaited below
      }
      return planned.isPlanted;
    };
    const { isTwin, hangsUpAfterMs } = planned;
    const made = await this.#send(planned, createOf(planned), { isTwin, hangsUpAfterMs, inDoubt });
    await canceled;
    if (planned.isPlanted && made.status !== 202) throw new Error(`it should be in doubt: ${made.status} ${made.text}`);
    if (made.status !== 201) return;
    for (const [number, round] of planned.rounds.entries())
      await Promise.all(
        round.map((step, n) => this.#do(planned, String(made.body["id"]), step, `${number}-${n}`, doubted)),
      );
  }

  #do(planned: PlannedPurchase, id: string, step: PlannedStep, name: string, doubted: () => void): Promise<Reply> {
    const call = ASKS[step.kind](
      `${planned.key}-${name}`,
      id,
      step.amount === null ? undefined : { amount: step.amount },
    );
    const inDoubt = (): boolean => {
      doubted();
      return false;
    };
    return this.#send(planned, call, { isTwin: step.isTwin, hangsUpAfterMs: null, inDoubt });
  }

  #send({ merchant }: PlannedPurchase, call: Call, manner: Manner): Promise<Reply> {
    return this.#shop.untilEnd(merchant, call, manner, this.#stop.signal);
  }
}

const createOf = ({ key, amount, currency, token, captureMethod, gateway }: PlannedPurchase): Call =>
  create(key, { amount, currency, payment_method: token, capture_method: captureMethod, gateway });
