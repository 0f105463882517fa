/**
 * Brings verified notices to the shards that own what they speak of (design §3.6). A shard that cannot commit within a
 * second must not block the gateway's queue: a healthy one then keeps a receipt, and hands it over later.
 */
import { hash } from "node:crypto";
import { type OperationId, type PaymentId, SLOT_COUNT, slotOfId } from "../actors/domain/index.ts";
import type { Clock, GatewayNotice, Log, NoticeDelivery, NoticeReceipt, NoticeRow } from "../actors/index.ts";
import { contentOf, noticeKeyOf } from "../actors/index.ts";

export interface NoticeDeskParts {
  slotToShard(slot: number): number | undefined;
  /** Shards that this node serves now. */
  shards(): readonly number[];
  submit(shard: number, delivery: NoticeDelivery): void;
  /** What became of a notice that `shard` had spooled. */
  forwarded(shard: number, key: string, taken: boolean): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A spooled notice on its way from the shard that keeps its receipt. */
export interface ForwardedNotice {
  readonly fromShard: number;
  readonly row: NoticeRow;
}
/** What a shard thread says of notices in one tick. */
export interface NoticeReplies {
  readonly receipts: readonly NoticeReceipt[];
  readonly forwards: readonly ForwardedNotice[];
}

const COMMIT_WITHIN_MS = 1_000;
/** Shards that are asked for a receipt, one after the other; a gateway waits 10 s at most. */
const SPOOLS_MAX = 3;
/** Notices that may be on their way; what comes beyond them is to be delivered again. */
const OUT_MAX = 16_384;

type Settle = (taken: boolean) => void;

export class NoticeDesk {
  readonly #parts: NoticeDeskParts;
  readonly #out = new Map<number, { readonly settle: Settle; readonly callOff: () => void }>();
  #ticket = 0;
  #nextSpool = 0;

  constructor(parts: NoticeDeskParts) {
    this.#parts = parts;
  }

  /** Takes the notices of one delivery. `done` is called once: true when each of them is on disk. */
  deliver(notices: readonly GatewayNotice[], done: (taken: boolean) => void): void {
    let left = notices.length;
    let all = true;
    if (left === 0) return done(true);
    for (const notice of notices)
      this.#bring(notice, (taken) => {
        all &&= taken;
        if (--left === 0) done(all);
      });
  }

  onReplies({ receipts, forwards }: NoticeReplies): void {
    for (const { ticket, taken } of receipts) this.#settle(ticket, taken);
    for (const { fromShard, row } of forwards) this.#forward(fromShard, row);
  }

  #bring(notice: GatewayNotice, settle: Settle): void {
    const slot = slotOfNotice(notice);
    const owner = this.#parts.slotToShard(slot);
    if (owner === undefined) return this.#spool(notice, slot, [], settle);
    this.#ask(owner, { notice, slot, spool: false }, (taken) =>
      taken ? settle(true) : this.#spool(notice, slot, [owner], settle),
    );
  }

  #spool(notice: GatewayNotice, slot: number, asked: readonly number[], settle: Settle): void {
    const { log } = this.#parts;
    const others = this.#parts.shards().filter((shard) => !asked.includes(shard));
    const shard = asked.length > SPOOLS_MAX ? undefined : others[this.#nextSpool++ % Math.max(1, others.length)];
    if (shard === undefined) {
      log.warn({ notice: notice.dedupeKey }, "no shard can commit a notice now: its gateway is to send it again");
      return settle(false);
    }
    this.#ask(shard, { notice, slot, spool: true }, (taken) =>
      taken ? settle(true) : this.#spool(notice, slot, [...asked, shard], settle),
    );
  }

  #forward(fromShard: number, { notice, slot }: NoticeRow): void {
    const told: Settle = (taken) => this.#parts.forwarded(fromShard, noticeKeyOf(notice), taken);
    const owner = this.#parts.slotToShard(slot);
    if (owner === undefined) return told(false);
    this.#ask(owner, { notice: contentOf(notice), slot, spool: false }, told);
  }

  #ask(shard: number, delivery: Omit<NoticeDelivery, "ticket">, settle: Settle): void {
    if (this.#out.size >= OUT_MAX) return settle(false);
    const ticket = ++this.#ticket;
    const callOff = this.#parts.clock.after(COMMIT_WITHIN_MS, () => this.#settle(ticket, false));
    this.#out.set(ticket, { settle, callOff });
    this.#parts.submit(shard, { ...delivery, ticket });
  }

  /** A receipt, or none in time. One that comes later changes nothing: its destination knows the notice by its name. */
  #settle(ticket: number, taken: boolean): void {
    const waiting = this.#out.get(ticket);
    if (waiting === undefined) return;
    this.#out.delete(ticket);
    waiting.callOff();
    waiting.settle(taken);
  }
}

/** The slot of what it speaks of; of one that names nothing of ours the same slot for every delivery. */
export function slotOfNotice({ operationId, paymentId, gateway, dedupeKey }: GatewayNotice): number {
  const id: OperationId | PaymentId | null = operationId ?? paymentId;
  if (id !== null) return slotOfId(id);
  return Number.parseInt(hash("sha256", `${gateway}\n${dedupeKey}`, "hex").slice(0, 8), 16) % SLOT_COUNT;
}
