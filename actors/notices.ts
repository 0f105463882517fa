/** Everything that a shard does with notices of gateways, as its actor holds it. */
import type { Cancels } from "./cancels.ts";
import { Confirmations, type ConfirmationParts } from "./confirmations.ts";
import { Inbox, type InboxParts, type NoticeDelivery } from "./inbox.ts";
import { LateFacts, type LateParts } from "./late-facts.ts";
import { type DeciderParts, NoticeDecider } from "./notice-decider.ts";
import { NoticeSaves, type NoticeSavesParts } from "./notice-saves.ts";
import type { GatewayAnswer } from "./ports/gateway.ts";
import type { NoticeRow } from "./ports/inbox.ts";

type Own = "decider" | "saves" | "late" | "confirmations";
export interface NoticeParts
  extends Omit<InboxParts & NoticeSavesParts & DeciderParts & LateParts & ConfirmationParts, Own> {
  readonly cancels: Cancels;
}

export class Notices {
  readonly #inbox: Inbox;
  readonly #decider: NoticeDecider;
  readonly #confirmations: Confirmations;
  readonly #saves: NoticeSaves;

  constructor(parts: NoticeParts) {
    this.#saves = new NoticeSaves(parts);
    this.#confirmations = new Confirmations(parts);
    const made = { saves: this.#saves, confirmations: this.#confirmations, late: new LateFacts(parts) };
    this.#decider = new NoticeDecider({ ...parts, ...made });
    this.#inbox = new Inbox({ ...parts, ...made, decider: this.#decider });
  }

  get depth(): number {
    return this.#inbox.depth;
  }

  /** Begins anew with what an activation found. */
  begin(rows: readonly NoticeRow[]): void {
    this.#inbox.begin(rows);
  }

  take(deliveries: readonly NoticeDelivery[]): void {
    for (const delivery of deliveries) this.#inbox.take(delivery);
    this.#inbox.flush();
  }

  forwarded(key: string, taken: boolean): void {
    this.#inbox.forwarded(key, taken);
  }

  /** True when the answer was to a question of ours. */
  onAnswer(answer: GatewayAnswer): boolean {
    return this.#confirmations.onAnswer(answer);
  }

  /** `nowMs`: monotonic. */
  sweep(nowMs: number): void {
    this.#confirmations.sweep(nowMs);
    this.#inbox.sweep(nowMs);
  }

  /** The actor drops its memory; whoever waits for a receipt is told to deliver again. */
  reset(): void {
    this.#decider.reset();
    this.#confirmations.reset();
    this.#saves.reset();
    this.#inbox.reset();
  }
}
