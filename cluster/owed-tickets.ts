/** The tickets that a shard thread or another node owes an answer: what must be refused when it dies, and how many. */
import type { ShardRequest } from "../actors/index.ts";
import type { Addressed } from "./thread-batch.ts";

/** What of a request is kept until its answer: all of a small one, so that it can be sent to another owner. */
export interface Owed {
  readonly ticket: number;
  readonly requestId: string;
  /** Null: it is not kept. */
  readonly again: Addressed | null;
}

const KEPT_BODY_MAX_BYTES = 8_192;

/**
 * Whether it may be sent again: it is small, and sent twice it does what it does once. A deletion without a key would find
 * nothing the second time.
 */
export const isKept = (request: ShardRequest): boolean =>
  request.kind !== "deleteEndpoint" && (!("body" in request) || request.body.length <= KEPT_BODY_MAX_BYTES);

export class OwedTickets {
  readonly #max: number;
  readonly #owed = new Map<number, Addressed | string>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#owed.size;
  }

  /** False: the thread owes as much as it may, and this request is not taken. */
  owe(addressed: Addressed): boolean {
    if (this.#owed.size >= this.#max) return false;
    const { request } = addressed;
    this.#owed.set(request.ticket, isKept(request) ? addressed : request.requestId);
    return true;
  }

  /** It is owed no more. */
  answered(ticket: number): void {
    this.#owed.delete(ticket);
  }

  /** The same, with what was kept of it; undefined: it was not owed. */
  take(ticket: number): Owed | undefined {
    const kept = this.#owed.get(ticket);
    if (kept === undefined) return undefined;
    this.#owed.delete(ticket);
    return owedOf(ticket, kept);
  }

  /** All that are owed, oldest first; afterwards none is. */
  takeAll(): readonly Owed[] {
    const all = [...this.#owed].map(([ticket, kept]) => owedOf(ticket, kept));
    this.#owed.clear();
    return all;
  }
}

const owedOf = (ticket: number, kept: Addressed | string): Owed =>
  typeof kept === "string"
    ? { ticket, requestId: kept, again: null }
    : { ticket, requestId: kept.request.requestId, again: kept };
