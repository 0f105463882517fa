/**
 * What waits for a gateway account: by priority, and within one priority a merchant at a time, so that whoever sends most
 * waits longest. A lower priority gets less, but never nothing (gateways.md §3.5).
 */
import type { MerchantId } from "./domain/index.ts";

/** `charge`: a merchant waits for it. `recovery`: the resolver's calls, of operations whose fate is open. */
export const CALL_PRIORITIES = ["charge", "recovery", "probe"] as const;
export type CallPriority = (typeof CALL_PRIORITIES)[number];

/** How many of each go while all of them wait. */
const WEIGHTS: { readonly [P in CallPriority]: number } = { charge: 16, recovery: 4, probe: 1 };

/** One priority: merchants take turns. */
class Turns<T> {
  readonly #queues = new Map<MerchantId | null, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(merchant: MerchantId | null, item: T): void {
    const queue = this.#queues.get(merchant);
    if (queue === undefined) this.#queues.set(merchant, [item]);
    else queue.push(item);
    this.#size++;
  }

  shift(): T | undefined {
    for (const [merchant, queue] of this.#queues) {
      const item = queue.shift();
      this.#queues.delete(merchant);
      if (queue.length > 0) this.#queues.set(merchant, queue); // behind the others
      this.#size--;
      return item;
    }
    return undefined;
  }

  /** How many go before one more of the merchant's. */
  ahead(merchant: MerchantId | null): number {
    const own = this.#queues.get(merchant)?.length ?? 0;
    let ahead = 0;
    for (const { length } of this.#queues.values()) ahead += Math.min(length, own + 1); // its own are `own` at most
    return ahead;
  }

  /** Takes out the first of each merchant while they are over. */
  *dropHeads(isOver: (item: T) => boolean): Iterable<T> {
    for (const [merchant, queue] of this.#queues) {
      for (let head = queue[0]; head !== undefined && isOver(head); head = queue[0]) {
        queue.shift();
        this.#size--;
        yield head;
      }
      if (queue.length === 0) this.#queues.delete(merchant);
    }
  }
}

export class FairQueue<T> {
  readonly #lanes: { readonly [P in CallPriority]: { readonly turns: Turns<T>; passes: number } } = {
    charge: { turns: new Turns(), passes: 0 },
    recovery: { turns: new Turns(), passes: 0 },
    probe: { turns: new Turns(), passes: 0 },
  };
  /** Where the priorities stand: each item that goes takes its own on by 1 / weight, and the one that is behind goes. */
  #passed = 0;

  get size(): number {
    return CALL_PRIORITIES.reduce((size, priority) => size + this.depth(priority), 0);
  }
  depth(priority: CallPriority): number {
    return this.#lanes[priority].turns.size;
  }

  push(priority: CallPriority, merchant: MerchantId | null, item: T): void {
    const lane = this.#lanes[priority];
    if (lane.turns.size === 0) lane.passes = Math.max(lane.passes, this.#passed); // nothing is saved up while idle
    lane.turns.push(merchant, item);
  }

  /** The next one, of these priorities. */
  shift(among: readonly CallPriority[] = CALL_PRIORITIES): T | undefined {
    let next: CallPriority | undefined;
    for (const priority of among) {
      if (this.depth(priority) === 0) continue;
      if (next === undefined || this.#lanes[priority].passes < this.#lanes[next].passes) next = priority;
    }
    if (next === undefined) return undefined;
    const lane = this.#lanes[next];
    this.#passed = lane.passes;
    lane.passes += 1 / WEIGHTS[next];
    return lane.turns.shift();
  }

  /** How many go before one more of this priority and merchant, those of other priorities with them. */
  ahead(priority: CallPriority, merchant: MerchantId | null): number {
    const own = this.#lanes[priority].turns.ahead(merchant);
    let ahead = own;
    for (const other of CALL_PRIORITIES)
      if (other !== priority) ahead += Math.min(this.depth(other), ((own + 1) * WEIGHTS[other]) / WEIGHTS[priority]);
    return ahead;
  }

  /** Takes out what is over, as far as it stands first of its merchant's. */
  *dropHeads(isOver: (item: T) => boolean): Iterable<T> {
    for (const priority of CALL_PRIORITIES) yield* this.#lanes[priority].turns.dropHeads(isOver);
  }
}
