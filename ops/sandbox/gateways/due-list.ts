/** Things by the time at which they are due; those of the same time in the order in which they came. */
export class DueList<Item extends { readonly dueAt: number }> {
  #items: Item[] = [];
  #from = 0;

  get size(): number {
    return this.#items.length - this.#from;
  }
  get first(): Item | undefined {
    return this.#items[this.#from];
  }

  add(item: Item): void {
    let low = this.#from;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as Item).dueAt <= item.dueAt) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, item);
  }

  /** The first one, when it is due. */
  takeDue(nowMs: number): Item | undefined {
    const { first } = this;
    if (first === undefined || first.dueAt > nowMs) return undefined;
    this.#from++;
    if (this.#from > 1_024 && this.#from * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#from);
      this.#from = 0;
    }
    return first;
  }
}
