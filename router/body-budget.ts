/**
 * How many bytes of bodies may lie in memory at once for requests whose sender is not known until the last byte came. One
 * address has a share of it only: who sends bodies that never end takes no place from others.
 */
export class BodyBudget {
  readonly #ofOneMax: number;
  #left: number;
  /** What each address holds now; addresses that hold nothing are not here. */
  readonly #held = new Map<string, number>();

  constructor(bytesMax: number, ofOneMax = bytesMax) {
    this.#left = bytesMax;
    this.#ofOneMax = ofOneMax;
  }

  get leftBytes(): number {
    return this.#left;
  }

  /** The room of one address. */
  of(address: string): BodyRoom {
    return {
      take: (bytes) => {
        const held = this.#held.get(address) ?? 0;
        if (bytes > this.#left || held + bytes > this.#ofOneMax) return false;
        this.#left -= bytes;
        this.#held.set(address, held + bytes);
        return true;
      },
      give: (bytes) => {
        this.#left += bytes;
        const held = (this.#held.get(address) ?? 0) - bytes;
        if (held > 0) this.#held.set(address, held);
        else this.#held.delete(address);
      },
    };
  }
}

/** Room for bodies. */
export interface BodyRoom {
  /** False: there is no room, and nothing was taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}
