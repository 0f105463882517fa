/** Every message of every link in one total order: the evidence of a run, and what is shown of a failure. */

export interface Message {
  /** Place in the order. */
  readonly n: number;
  readonly lane: number;
  readonly text: string;
  /** `held`: it came when nothing was passed on any more. `late`: its sender was dead when it was passed on. */
  readonly fate: "passed" | "held" | "late";
}

export class MessageLog {
  #messages: Message[] = [];
  #next = 1;

  /** Its place in the order. */
  add(lane: number, text: string, fate: Message["fate"]): number {
    const n = this.#next++;
    this.#messages.push({ n, lane, text, fate });
    return n;
  }

  /** Forgets what was; the numbers go on. */
  clear(): void {
    this.#messages = [];
  }

  of(lane: number): readonly Message[] {
    return this.#messages.filter((message) => message.lane === lane);
  }
}
