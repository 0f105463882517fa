/** The tickets that a shard thread owes an answer: what must be refused when it dies, and how many it may owe. */
export class OwedTickets {
  readonly #max: number;
  readonly #requestIds = new Map<number, string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** False: the thread owes as much as it may, and this ticket is not taken. */
  owe(ticket: number, requestId: string): boolean {
    if (this.#requestIds.size >= this.#max) return false;
    this.#requestIds.set(ticket, requestId);
    return true;
  }

  answered(ticket: number): void {
    this.#requestIds.delete(ticket);
  }

  /** All that are owed, with their request ids, oldest first; afterwards none is. */
  takeAll(): readonly (readonly [ticket: number, requestId: string])[] {
    const all = [...this.#requestIds];
    this.#requestIds.clear();
    return all;
  }
}
