/**
 * The requests of one stream that have no answer yet. A ticket waits, then is sent, then ends: answered, overdue, or with
 * its stream. It ends once.
 */
export class OpenTickets {
  readonly #max: number;
  readonly #waiting = new Set<number>();
  /** Sent ones with their deadlines, in the order in which they were sent. */
  readonly #sent = new Map<number, number>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#waiting.size + this.#sent.size;
  }

  /** False: as many as may be are open, or this one is. */
  open(ticket: number): boolean {
    if (this.size >= this.#max || this.#waiting.has(ticket) || this.#sent.has(ticket)) return false;
    this.#waiting.add(ticket);
    return true;
  }

  sent(ticket: number, deadlineAtMs: number): void {
    this.#waiting.delete(ticket);
    this.#sent.set(ticket, deadlineAtMs);
  }

  /** False: it was not open, so the answer is nobody's. */
  answered(ticket: number): boolean {
    return this.#sent.delete(ticket);
  }

  /** Ends those at the front whose deadline passed before `dueMs`: their owner forgot them. */
  takeOverdue(dueMs: number): readonly number[] {
    const overdue: number[] = [];
    for (const [ticket, deadlineAtMs] of this.#sent) {
      if (deadlineAtMs >= dueMs) break; // what follows is younger, or is found when this one is gone
      overdue.push(ticket);
    }
    for (const ticket of overdue) this.#sent.delete(ticket);
    return overdue;
  }

  /** Ends all. `unknown`: the owner may have them; `unsent`: it certainly has not. */
  takeAll(): { readonly unknown: readonly number[]; readonly unsent: readonly number[] } {
    const all = { unknown: [...this.#sent.keys()], unsent: [...this.#waiting] };
    this.#sent.clear();
    this.#waiting.clear();
    return all;
  }
}
