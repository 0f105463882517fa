/**
 * The notifications of one gateway that are not accepted yet. They survive a restart, and each is sent until it is
 * answered 2xx or too old. Stripe's keep no order. Adyen's queue stops behind one that fails: nothing else is sent
 * until that one is accepted.
 */
import type { Clock } from "../../../actors/index.ts";
import { DueList } from "./due-list.ts";
import { PendingFile } from "./pending-file.ts";
import { dueOnly, isSame, type KeptMessage, type Message, type Parcel, parcelOf } from "./webhook-parcel.ts";

export interface QueueOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly blocksBehindFailure: boolean;
  /** Waits after the first, second… failure; the last one repeats. */
  readonly retryDelaysMs: readonly number[];
  /** After its first try a message is given up, or the queue would never empty. */
  readonly giveUpAfterMs: number;
  readonly sendingMax: number;
  /** True: the receiver has accepted them all. Never rejects. */
  readonly deliver: (messages: readonly Message[]) => Promise<boolean>;
}

export interface QueueState {
  readonly pending: number;
  /** Accepted, and not yet on file as such: a restart would send them again. */
  readonly unwritten: number;
  readonly sending: number;
  readonly accepted: number;
  readonly failedTries: number;
  readonly givenUp: number;
  /** The type of the notification that everything waits for. */
  readonly blockedBy: string | null;
}

/** Of the messages that nobody accepts, so many are kept; further ones are lost, and counted as given up. */
const PENDING_MAX = 200_000;
const MESSAGES_IN_PARCEL = 1;

export class WebhookQueue {
  readonly #options: QueueOptions;
  readonly #file: PendingFile<KeptMessage>;
  readonly #waiting = new DueList<Parcel>();
  readonly #counts = { accepted: 0, failedTries: 0, givenUp: 0 };
  /** Messages that wait or are sent: those of `keep` are not among them before `release`. */
  readonly #released = new Set<string>();
  /** By message: who waits for its first try. */
  readonly #listeners = new Map<string, () => void>();
  #sending = 0;
  #blocking: Parcel | undefined;
  #isPaused = true;
  #isClosed = false;
  #callOff: (() => void) | undefined;
  /** Messages that go in one request. */
  batchMax = MESSAGES_IN_PARCEL;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#file = new PendingFile(options.path);
    for (const kept of this.#file.items.values()) this.#enqueue(kept);
  }

  /** Keeps a message that may be sent after `release`, and not before `dueAt`. Resolves when it is on file. */
  async keep(message: Message, dueAt: number): Promise<void> {
    if (this.#file.items.size >= PENDING_MAX) {
      this.#counts.givenUp++;
      return;
    }
    await this.#file.add(message.id, { ...message, dueAt });
  }

  /** Lets a kept message go. Resolves after its first try. */
  release(id: string): Promise<void> {
    const kept = this.#file.items.get(id);
    if (kept === undefined || this.#released.has(id)) return Promise.resolve();
    this.#enqueue(kept);
    const tried = new Promise<void>((resolve) => this.#listeners.set(id, resolve));
    this.#pump();
    return tried;
  }

  /** Nothing is sent while it is paused, as it is at first. */
  set isPaused(value: boolean) {
    this.#isPaused = value;
    this.#pump();
  }

  state(): QueueState {
    return {
      pending: this.#file.items.size,
      unwritten: this.#file.size - this.#file.items.size,
      sending: this.#sending,
      ...this.#counts,
      blockedBy: this.#blocking?.messages[0]?.type ?? null,
    };
  }

  /** What is under way counts as not accepted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#callOff?.();
    for (const listener of this.#listeners.values()) listener();
    await this.#file.close();
  }

  #enqueue(kept: KeptMessage): void {
    this.#released.add(kept.id);
    this.#waiting.add(parcelOf([kept], kept.dueAt));
  }

  #pump(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const nowMs = this.#options.clock.nowMs();
    while (!this.#isClosed && !this.#isPaused && this.#sending < this.#options.sendingMax) {
      if (this.#blocking !== undefined && this.#sending > 0) return;
      const parcel = this.#blocking === undefined ? this.#takeParcel(nowMs) : dueOnly(this.#blocking, nowMs);
      if (parcel === undefined) {
        this.#wakeAt(this.#blocking?.dueAt ?? this.#waiting.first?.dueAt);
        return;
      }
      void this.#send(parcel, nowMs);
    }
  }

  #takeParcel(nowMs: number): Parcel | undefined {
    const first = this.#waiting.takeDue(nowMs);
    if (first === undefined || first.failures > 0) return first;
    const messages = [...first.messages];
    while (messages.length < this.batchMax && this.#waiting.first?.failures === 0) {
      const next = this.#waiting.takeDue(nowMs);
      if (next === undefined) break;
      messages.push(...next.messages);
    }
    return parcelOf(messages, first.dueAt);
  }

  #wakeAt(dueAt: number | undefined): void {
    if (dueAt === undefined) return;
    const { clock } = this.#options;
    this.#callOff = clock.after(Math.max(1, dueAt - clock.nowMs()), () => this.#pump());
  }

  async #send(parcel: Parcel, nowMs: number): Promise<void> {
    this.#sending++;
    const isAccepted = await this.#options.deliver(parcel.messages);
    this.#sending--;
    if (this.#isClosed) return;
    for (const { id } of parcel.messages) {
      this.#listeners.get(id)?.();
      this.#listeners.delete(id);
    }
    const tried: Parcel = { ...parcel, failures: parcel.failures + 1, firstTriedAt: parcel.firstTriedAt ?? nowMs };
    if (isAccepted) this.#accept(tried);
    else this.#retry(tried);
    this.#pump();
  }

  #accept({ messages }: Parcel): void {
    this.#counts.accepted += messages.length;
    this.#forget(messages);
  }

  #retry(parcel: Parcel): void {
    const { clock, retryDelaysMs, giveUpAfterMs, blocksBehindFailure } = this.#options;
    const nowMs = clock.nowMs();
    this.#counts.failedTries++;
    if (nowMs - (parcel.firstTriedAt ?? nowMs) >= giveUpAfterMs) {
      this.#counts.givenUp += parcel.messages.length;
      this.#forget(parcel.messages);
      return;
    }
    const delayMs = retryDelaysMs[Math.min(parcel.failures, retryDelaysMs.length) - 1] ?? 0;
    const later: Parcel = { ...parcel, dueAt: nowMs + delayMs };
    if (!blocksBehindFailure) this.#waiting.add(later);
    else if (this.#blocking === undefined || isSame(this.#blocking, parcel)) this.#blocking = later;
    else this.#waiting.add(parcel); // it failed beside the one that blocks, and waits behind it
  }

  #forget(messages: readonly KeptMessage[]): void {
    if (this.#blocking !== undefined && this.#blocking.messages[0]?.id === messages[0]?.id) this.#blocking = undefined;
    for (const { id } of messages) this.#released.delete(id);
    // A line that cannot be written lets the message come again after a restart, as duplicates do.
    for (const { id } of messages) this.#file.end(id).catch(() => undefined);
  }
}
