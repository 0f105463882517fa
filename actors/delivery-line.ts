/**
 * What waits for one endpoint: a few deliveries that are due, and whether the database has more. The rest stays on disk,
 * so a receiver that is away for days costs no more memory than one that answers.
 */
import { isOver } from "./delivery-rows.ts";
import type { EventId } from "./domain/index.ts";
import { EndpointHealth } from "./endpoint-health.ts";
import type { WebhookEndpoint } from "./ports/outbox.ts";
import type { Delivery, DueDelivery } from "./ports/outbox.ts";

/** Deliveries in memory that wait to be sent. */
const READY_MAX = 16;
/** Loaded at once of an endpoint that is down: those whose time is over are given up together. */
const LOAD_WHILE_DOWN = 64;
const LOAD_RETRY_MS = 1_000;

export class DeliveryLine {
  readonly id: WebhookEndpoint["id"];
  readonly health = new EndpointHealth();
  /** Tries under way. */
  running = 0;
  #ready: DueDelivery[] = [];
  /** In memory: ready, under way, or ended and not written yet. What a load finds of them is old. */
  readonly #known = new Set<EventId>();
  /** Their rows were written while a load ran: what it finds of them may be old. */
  #writtenMeanwhile: Set<EventId> | null = null;
  /** The database may have more that are due. */
  #isBehind = true;
  /** When the next one on disk is due, Unix ms; null: none that we know of. */
  #nextDueMs: number | null = null;
  /** What its merchant wants sent at once, the newest such: it goes before the others. */
  #asked: EventId | null = null;
  #loadsAgainMs = Number.NEGATIVE_INFINITY;
  #oldestMs: number | null = null;

  constructor(id: WebhookEndpoint["id"]) {
    this.id = id;
  }

  get ready(): number {
    return this.#ready.length;
  }
  /** Deliveries in memory: at least so many wait. */
  get known(): number {
    return this.#known.size;
  }
  /** Time of the oldest event that waited when the database was last looked at, Unix ms; null: none did. */
  get oldestMs(): number | null {
    return this.#oldestMs;
  }

  /** Whether the database is to be asked now. `nowMs`: Unix; `monotonicMs`: of rests. */
  wantsLoad(nowMs: number, monotonicMs: number): boolean {
    if (this.#writtenMeanwhile !== null || this.#ready.length > 0 || monotonicMs < this.#loadsAgainMs) return false;
    if (this.running >= this.health.roomAt(monotonicMs)) return false;
    return this.#isBehind || (this.#nextDueMs !== null && this.#nextDueMs <= nowMs);
  }

  /** A load begins: how many rows to ask for. */
  beginLoad(): number {
    this.#writtenMeanwhile = new Set();
    this.#isBehind = false;
    this.#nextDueMs = null;
    return (this.health.isDown ? LOAD_WHILE_DOWN : READY_MAX) + this.#known.size;
  }

  /** The load ended: rows that wait, those due first. Returns those that are not sent any more, for their time is over. */
  endLoad(rows: readonly DueDelivery[], limit: number, nowMs: number): readonly Delivery[] {
    const fresh = rows.filter(({ delivery: { eventId } }) => !this.#known.has(eventId) && !this.#isOld(eventId));
    this.#writtenMeanwhile = null;
    const due = this.#askedFirst(fresh.filter(({ delivery }) => (delivery.nextAttemptAtMs ?? 0) <= nowMs));
    // One that is down is asked for the first of them, not for each.
    const over = this.health.isDown ? due.slice(1).filter(({ delivery }) => isOver(delivery, nowMs)) : [];
    const sent = due.filter((item) => !over.includes(item));
    this.#ready = sent.slice(0, this.health.isDown ? 1 : READY_MAX);
    for (const { delivery } of [...over, ...this.#ready]) this.#known.add(delivery.eventId);
    const later = fresh.find(({ delivery }) => (delivery.nextAttemptAtMs ?? 0) > nowMs)?.delivery.nextAttemptAtMs;
    if (later !== undefined && later !== null) this.#dueAt(later);
    else if (rows.length === limit) this.#isBehind = true;
    if (sent.length > this.#ready.length) this.#isBehind = true;
    this.#oldestMs = rows.length === 0 ? null : Math.min(...rows.map(({ delivery }) => delivery.createdAtMs));
    return over.map(({ delivery }) => delivery);
  }

  /** The load failed. */
  failLoad(monotonicMs: number): void {
    this.#writtenMeanwhile = null;
    this.#isBehind = true;
    this.#loadsAgainMs = monotonicMs + LOAD_RETRY_MS;
  }

  /** New ones are on disk. They are kept when nothing older waits there and there is room. */
  offer(items: readonly DueDelivery[]): void {
    const isNext = !this.#isBehind && this.#writtenMeanwhile === null && !this.health.isDown;
    if (!isNext || this.#ready.length + items.length > READY_MAX) {
      this.#isBehind = true;
      return;
    }
    for (const item of items) {
      this.#ready.push(item);
      this.#known.add(item.delivery.eventId);
      this.#oldestMs ??= item.delivery.createdAtMs;
    }
  }

  /** The next one to send, now under way. */
  take(): DueDelivery | undefined {
    const item = this.#ready.shift();
    if (item === undefined) return undefined;
    this.running++;
    this.health.began();
    if (item.delivery.eventId === this.#asked) this.#asked = null;
    return item;
  }

  /** What became of one is on disk, or it was not tried. `nextDueMs`: when it is due again; null: it waits no more. */
  written({ eventId }: Delivery, nextDueMs: number | null): void {
    this.#known.delete(eventId);
    this.#writtenMeanwhile?.add(eventId);
    if (nextDueMs !== null) this.#dueAt(nextDueMs);
    else if (this.#known.size === 0 && !this.#isBehind && this.#nextDueMs === null) this.#oldestMs = null;
  }

  /** One on disk is due now, whatever was known of it. */
  again({ eventId }: Pick<Delivery, "eventId">): void {
    this.#known.delete(eventId);
    this.#ready = this.#ready.filter(({ delivery }) => delivery.eventId !== eventId);
    this.#isBehind = true;
  }

  /** One on disk is due now, as its merchant wants: it is tried next, even if the receiver rests. */
  askedFor(eventId: EventId): void {
    this.#asked = eventId;
    this.health.asked();
    this.putBack(); // what is ready: this one goes first
  }

  /** Forgets what is ready: it stays on disk. */
  putBack(): void {
    for (const { delivery } of this.#ready.splice(0)) this.#known.delete(delivery.eventId);
    this.#isBehind = true;
  }

  #askedFirst(due: readonly DueDelivery[]): readonly DueDelivery[] {
    const asked = due.find(({ delivery }) => delivery.eventId === this.#asked);
    return asked === undefined ? due : [asked, ...due.filter((item) => item !== asked)];
  }

  #isOld(eventId: EventId): boolean {
    return this.#writtenMeanwhile?.has(eventId) === true;
  }

  #dueAt(atMs: number): void {
    this.#nextDueMs = Math.min(this.#nextDueMs ?? atMs, atMs);
  }
}
