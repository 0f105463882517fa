/**
 * Sends what waits for endpoints: takes turns between them, so that none waits behind another's receiver, hands each try to
 * another thread and writes down what became of it. On disk stands what is to be sent; memory holds what is under way.
 * Whoever takes the shard over sends again what was under way: a webhook-id may come twice, never not at all.
 */
import { DeliveryLine } from "./delivery-line.ts";
import { DeliveryLoads } from "./delivery-loads.ts";
import { afterTry, givenUp } from "./delivery-rows.ts";
import { type DispatchSnapshot, snapshotOf } from "./dispatch-snapshot.ts";
import type { EndpointId, EventId } from "./domain/index.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import { openSecret, secretsAt } from "./endpoint-secrets.ts";
import type { OutboxWriter } from "./outbox-writer.ts";
import type { Ownership } from "./ownership.ts";
import type {
  Delivery,
  Dispatch,
  DispatchDesk,
  Dispatched,
  DueDelivery,
  EndpointVault,
  WebhookEndpoint,
} from "./ports/outbox.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock, Log, Random } from "./ports/world.ts";
import { RunningTries } from "./running-tries.ts";
import { TryResults } from "./try-results.ts";
import type { WebhookMeter } from "./webhook-meter.ts";

export interface DispatcherParts {
  readonly book: EndpointBook;
  readonly writer: OutboxWriter;
  readonly store: ShardStore;
  readonly ownership: Ownership;
  readonly desk: DispatchDesk;
  readonly vault: EndpointVault;
  readonly meter: WebhookMeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A try that is not answered by then was lost with its thread. */
  readonly unansweredAfterMs: number;
  /** Nothing is sent to this endpoint any more: what waits for it is to be given up. */
  readonly disabled: (id: EndpointId) => void;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #results: TryResults;
  readonly #loads: DeliveryLoads;
  readonly #running = new RunningTries();
  /** Of all enabled endpoints. */
  readonly #lines = new Map<EndpointId, DeliveryLine>();
  /** Lines that may have something to send, in the order of their turns. */
  readonly #turns = new Set<DeliveryLine>();
  #stops = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#results = new TryResults({
      ...parts,
      written: (delivery) => this.#lines.get(delivery.endpointId)?.written(delivery, delivery.nextAttemptAtMs),
      refused: (delivery) => this.#refused(delivery),
      disabled: (id) => {
        this.ended(id);
        parts.disabled(id);
      },
    });
    this.#loads = new DeliveryLoads({ ...parts, loaded: (line, over) => this.#loaded(line, over) });
  }

  /** Begins anew, after each activation: what waits is read from the database. */
  begin(): void {
    for (const { id, status } of this.#parts.book.all()) if (status === "enabled") this.#lookAt(this.#lineOf(id));
    this.#go();
  }

  /** Sends nothing more; what is under way may still end. */
  stop(): void {
    this.#stops = true;
  }

  /** The actor drops its memory. Answers to what is under way are passed over. */
  reset(): void {
    this.#results.reset();
    this.#loads.reset();
    this.#running.clear();
    this.#lines.clear();
    this.#turns.clear();
  }

  /** Deliveries of an endpoint are on disk. */
  arrived({ id }: WebhookEndpoint, due: readonly DueDelivery[]): void {
    const line = this.#lineOf(id);
    line.offer(due);
    this.#lookAt(line);
    this.#go();
  }

  /** A delivery was put back on disk to be sent again, by hand. */
  again(endpointId: EndpointId, eventId: EventId): void {
    const line = this.#lineOf(endpointId);
    this.#results.drop({ endpointId, eventId });
    if (!this.#running.markAgain(line, eventId)) line.again({ eventId });
    line.askedFor(eventId);
    this.#lookAt(line);
    this.#go();
  }

  /** The endpoint is disabled or removed, on disk too. */
  ended(id: EndpointId): void {
    const line = this.#lines.get(id);
    if (line === undefined) return;
    this.#lines.delete(id);
    this.#turns.delete(line);
    this.#loads.forget(line);
  }

  /** What became of tries. Those that are not known any more are passed over. */
  onDispatched(answers: readonly Dispatched[]): void {
    for (const answer of answers) this.#answered(answer);
    this.#go();
  }

  /** Called every few ten milliseconds. `nowMs`: monotonic. */
  sweep(nowMs: number): void {
    if (this.#lines.size === 0 && this.#running.size === 0 && this.#results.isEmpty) return;
    const { unansweredAfterMs } = this.#parts;
    const outcome = { kind: "failed", reason: "unanswered" } as const;
    for (const deliveryKey of this.#running.overdue(nowMs - unansweredAfterMs))
      this.#answered({ deliveryKey, outcome, tookMs: unansweredAfterMs });
    this.#results.flush();
    for (const line of this.#lines.values()) this.#lookAt(line);
    this.#go();
  }

  snapshot(): DispatchSnapshot {
    return snapshotOf([...this.#lines.values()], this.#running.size, this.#parts.clock.nowMs());
  }

  #lineOf(id: EndpointId): DeliveryLine {
    const line = this.#lines.get(id) ?? new DeliveryLine(id);
    this.#lines.set(id, line);
    return line;
  }

  /** Gives a line its turn, or has the database asked for it. */
  #lookAt(line: DeliveryLine): void {
    const { clock } = this.#parts;
    if (line.ready > 0) this.#turns.add(line);
    else if (line.wantsLoad(clock.nowMs(), clock.monotonicMs())) this.#loads.want(line);
  }

  /** Sends what may be sent, and asks the database for more. */
  #go(): void {
    if (this.#stops || this.#results.isFull) return;
    if (this.#parts.ownership.isCertain) this.#send(this.#parts.clock.monotonicMs()); // else another owner may be sending
    this.#loads.go();
  }

  #loaded(line: DeliveryLine, over: readonly Delivery[]): void {
    for (const delivery of over) this.#results.add(givenUp(delivery, delivery.lastFailure ?? "endpoint_down"));
    if (this.#lines.get(line.id) === line) this.#lookAt(line);
    this.#go();
  }

  /** One of each line in turn, as long as there is room. */
  #send(nowMs: number): void {
    const tries: Dispatch[] = [];
    for (const line of this.#turns) {
      if (!this.#running.hasRoom) break;
      if (line.ready === 0 || line.running >= line.health.roomAt(nowMs)) {
        this.#turns.delete(line); // until it is looked at again: after an answer, a load or a rest
        if (line.ready === 0) this.#lookAt(line);
      } else if (this.#running.hasRoomFor(line)) {
        this.#turns.delete(line);
        const dispatch = this.#begin(line, nowMs);
        if (dispatch === undefined) continue;
        tries.push(dispatch);
        this.#turns.add(line); // behind the others: its next turn comes after theirs
      }
    }
    if (tries.length > 0) this.#parts.desk.submit(tries);
  }

  /** Undefined: it cannot be sent now. */
  #begin(line: DeliveryLine, nowMs: number): Dispatch | undefined {
    const endpoint = this.#parts.book.get(line.id);
    const secrets = endpoint?.status === "enabled" ? this.#secretsOf(endpoint) : undefined;
    if (endpoint === undefined || secrets === undefined) {
      line.putBack();
      line.health.stuck(nowMs);
      return undefined;
    }
    const begun = this.#running.begin(line, nowMs);
    if (begun === undefined) return undefined;
    const { id: eventId, body } = begun.item.event;
    return { deliveryKey: begun.key, isQuick: line.health.isQuick, url: endpoint.url, eventId, body, secrets };
  }

  /** In clear, the newest first; undefined: there is none that we can read. */
  #secretsOf(endpoint: WebhookEndpoint): readonly string[] | undefined {
    const { vault, clock, log } = this.#parts;
    try {
      return secretsAt(endpoint, clock.nowMs()).map((one) => openSecret(endpoint, one, vault));
    } catch {
      log.error({ endpoint: endpoint.id }, "the secrets of an endpoint cannot be opened: nothing is sent to it");
      return undefined;
    }
  }

  #answered({ deliveryKey, outcome, tookMs }: Dispatched): void {
    const running = this.#running.end(deliveryKey);
    if (running === undefined) return;
    const { clock, random, meter } = this.#parts;
    const { line, item, begunWhileDown } = running;
    const { verdict, delivery } = afterTry(item.delivery, outcome, clock.nowMs(), random.fraction());
    const delivered = verdict.kind === "delivered";
    meter.tried(delivered ? "delivered" : wordOf(outcome), tookMs);
    if (delivered) line.health.succeeded(tookMs);
    else line.health.failed(outcome, clock.monotonicMs(), begunWhileDown, random.fraction());
    if (line.health.isDown) line.putBack();
    const wasTried = verdict.kind !== "retry" || verdict.tries > item.delivery.attempts;
    if (running.again) line.again(delivery);
    else if (!wasTried) line.written(delivery, clock.nowMs());
    else this.#results.add(delivery, verdict.kind === "endpoint_gone");
    if (this.#lines.get(line.id) === line) this.#lookAt(line);
  }

  #refused(delivery: Delivery): void {
    const line = this.#lines.get(delivery.endpointId);
    line?.health.stuck(this.#parts.clock.monotonicMs());
    line?.again(delivery);
  }
}

/** For counters: few words. */
function wordOf(outcome: Dispatched["outcome"]): string {
  return outcome.kind === "answered" ? `status_${Math.floor(outcome.status / 100)}xx` : outcome.reason;
}
