/**
 * What one gateway account may be asked: so many calls a second and so many at once. What is over waits in a fair queue of
 * bounded length; a call whose time has passed while it waited is given back unsent. Of a node, for the share of one of its
 * shard threads: they split a configured budget evenly, whatever each of them needs.
 */
import { CallRate } from "./call-rate.ts";
import { CALL_PRIORITIES, type CallPriority, FairQueue } from "./fair-queue.ts";
import type { MerchantId } from "./domain/index.ts";
import { CALLS_WAIT, type GatewayCall, type GatewayDesk, WAITED_TOO_LONG } from "./ports/gateway.ts";
import type { Clock } from "./ports/world.ts";
import { SecondCounts } from "./second-counts.ts";

export interface BudgetLimits {
  /** Calls a second; null: any number. */
  readonly callsPerSecond: number | null;
  /** Calls whose answer is out at once; null: any number. */
  readonly callsInFlight: number | null;
}

/** A call that waits, with what its sender knows it by. */
export interface Waiting {
  readonly shard: number;
  readonly desk: GatewayDesk;
  readonly call: GatewayCall;
  readonly sinceMs: number;
}

export interface BudgetParts {
  readonly clock: Clock;
  readonly limits: BudgetLimits;
  /** It goes now. */
  readonly send: (waiting: Waiting, priority: CallPriority) => void;
  /** It does not go. */
  readonly giveBack: (waiting: Waiting, reason: string) => void;
  /** Nobody wants it any more: it must not go. */
  readonly isWithdrawn: (call: GatewayCall) => boolean;
  /** A call that went is taken to have no answer any more. */
  readonly lost: (id: string) => void;
}

/** Of one priority: more of them could not be sent within the time of a call. */
const WAITING_MAX = 4_096;
/** A new charge is refused rather than have it wait longer. */
const CHARGE_WAIT_MAX_MS = 1_000;
/** Recovery is not begun while so much of it waits: it stays due, and is not given back for having waited too long. */
const RECOVERY_WAIT_MAX_MS = 1_000;
/** What waits, and whose answer is out, is looked through this often. */
const LOOK_EVERY_MS = 250;
/** A call whose answer is out for longer than this many times its time was lost with its thread. */
const LOST_AFTER = 2;

const PROBES = ["probe"] as const;

/** First calls are a charge's; whatever comes after an earlier try, or only reads, looks after a doubt. */
export function priorityOf({ action, earlierTryOpen, try: number }: GatewayCall): CallPriority {
  if (action === "probe") return "probe";
  if (action === "execute") return earlierTryOpen ? "recovery" : "charge";
  return action === "prepare" && number === 1 ? "charge" : "recovery";
}

export class GatewayBudget {
  readonly #parts: BudgetParts;
  readonly #queue = new FairQueue<Waiting>();
  readonly #rate: CallRate | undefined;
  /** When each call that was sent counts as lost, in the order of sending. */
  readonly #inFlight = new Map<string, number>();
  readonly #sent = new SecondCounts();
  #looksAtMs = 0;
  #callOff: (() => void) | undefined;

  constructor(parts: BudgetParts) {
    this.#parts = parts;
    const { callsPerSecond } = parts.limits;
    this.#rate = callsPerSecond === null ? undefined : new CallRate(callsPerSecond, parts.clock.monotonicMs());
  }

  get waiting(): number {
    return this.#queue.size;
  }
  get inFlight(): number {
    return this.#inFlight.size;
  }

  submit(waiting: Waiting): void {
    const priority = priorityOf(waiting.call);
    if (this.#queue.depth(priority) >= WAITING_MAX) return this.#parts.giveBack(waiting, CALLS_WAIT);
    this.#queue.push(priority, waiting.call.merchantId, waiting);
    if (this.#callOff === undefined || priority === "probe") this.#pump(); // else it goes when something may
  }

  /** A call's answer is here. */
  answered(id: string): void {
    if (this.#inFlight.delete(id) && this.#queue.size > 0) this.#pump();
  }

  /** The gateway refused a call for coming too soon. True: the rate was cut for it. */
  slowDown(): boolean {
    return this.#rate?.cut(this.#parts.clock.monotonicMs()) === true;
  }

  /** Milliseconds that one more charge of the merchant would wait too long; undefined: it would not. */
  chargeWaitMs(merchant: MerchantId): number | undefined {
    if (this.#queue.size === 0) return undefined;
    const waitMs = (1_000 * this.#queue.ahead("charge", merchant)) / this.#perSecond();
    return waitMs > CHARGE_WAIT_MAX_MS ? waitMs : undefined;
  }

  /** Recovery has room. */
  get takesRecovery(): boolean {
    const depth = this.#queue.depth("recovery");
    return depth === 0 || (1_000 * depth) / this.#perSecond() < RECOVERY_WAIT_MAX_MS;
  }

  /** How fast the queue moves: as allowed, or while all places are taken as fast as they become free. */
  #perSecond(): number {
    const nowMs = this.#parts.clock.monotonicMs();
    const allowed = this.#rate?.perSecond(nowMs) ?? Number.POSITIVE_INFINITY;
    return this.#isFull() ? Math.min(allowed, Math.max(1, this.#sent.sum(nowMs, 2) / 2)) : allowed;
  }

  #isFull(): boolean {
    const { callsInFlight } = this.#parts.limits;
    return callsInFlight !== null && this.#inFlight.size >= callsInFlight;
  }

  /** Priorities of which something waits and has a place. A probe needs none: it tells whether places will become free. */
  #mayGo(): readonly CallPriority[] {
    const among = this.#isFull() ? PROBES : CALL_PRIORITIES;
    return among.filter((priority) => this.#queue.depth(priority) > 0);
  }

  /** Sends what may go now, and looks again when more may. */
  #pump(): void {
    const { clock, send, giveBack } = this.#parts;
    const nowMs = clock.monotonicMs();
    const isLate = ({ call }: Waiting): boolean => nowMs > call.notAfterMs || this.#parts.isWithdrawn(call);
    if (nowMs >= this.#looksAtMs) {
      this.#looksAtMs = nowMs + LOOK_EVERY_MS;
      this.#forgetLost(nowMs);
      for (const late of this.#queue.dropHeads(isLate)) giveBack(late, WAITED_TOO_LONG);
    }
    for (let among = this.#mayGo(); among.length > 0 && this.#rate?.take(nowMs) !== false; among = this.#mayGo()) {
      const next = this.#queue.shift(among) as Waiting;
      if (isLate(next)) {
        giveBack(next, WAITED_TOO_LONG);
        continue; // its token goes to nobody: there are few such, and the gateway gets less than it allows
      }
      this.#inFlight.set(idOf(next.call), nowMs + LOST_AFTER * next.call.timeoutMs);
      this.#sent.add(nowMs);
      send(next, priorityOf(next.call));
    }
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#queue.size === 0) return;
    const waitMs = this.#isFull() ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, this.#rate?.waitMs(nowMs) ?? 0);
    this.#callOff = clock.after(Math.max(1, Math.ceil(waitMs)), () => {
      this.#callOff = undefined;
      this.#pump();
    });
  }

  /** Their answers never come, and their places must not stay taken. */
  #forgetLost(nowMs: number): void {
    for (const [id, lostAtMs] of this.#inFlight) {
      if (lostAtMs > nowMs) return;
      this.#inFlight.delete(id);
      this.#parts.lost(id);
    }
  }
}

/** A try's name in the whole node: ids of operations are unlike each other whichever shard they are of. */
export const idOf = (call: Pick<GatewayCall, "operationId" | "try">): string => `${call.operationId}/${call.try}`;
