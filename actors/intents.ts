/** Has T1 of a request's operation written, and tells the client when that failed. Nothing is charged before T1 is durable. */
import type { Answers } from "./answers.ts";
import type { Payment, Transition } from "./domain/index.ts";
import type { Flow, FlowRequest, OpenFlow } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { KnownKeys } from "./known-keys.ts";
import { type Settlement, sideFactsOf } from "./pending.ts";
import type { Decision } from "./ports/decisions.ts";
import type { Clock } from "./ports/world.ts";

export interface IntentParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly knownKeys: KnownKeys;
  readonly answers: Answers;
  readonly clock: Clock;
  /** An index refused a key that memory did not know: memory is wrong, the actor must reload. */
  readonly memoryLost: () => void;
}

/** A decided request. `accepted`: the private details of a new payment. */
export interface Intent {
  readonly flow: Flow;
  readonly transition: Transition;
  readonly accepted: Decision["accepted"];
  /** T1 is on disk. */
  opened(flow: OpenFlow): void;
  /** T1 was not written, and the client knows it. Not called when the actor reloads. */
  dropped(): void;
}

export class Intents {
  readonly #parts: IntentParts;

  constructor(parts: IntentParts) {
    this.#parts = parts;
  }

  /** The flow's key must be certainly new. */
  write(intent: Intent): void {
    const { commit, knownKeys, clock } = this.#parts;
    const { flow, transition, accepted } = intent;
    const { merchantId, key, route, fingerprint } = flow.request as FlowRequest; // only requests have intents
    const { terms, operation } = transition.payment;
    knownKeys.add(flow.keyId as string);
    commit.enqueue({
      transition,
      cause: `request:${flow.waiter?.requestId ?? ""}`,
      data: sideFactsOf(transition.payment, accepted === null ? key : null),
      reply: null,
      isIntent: true,
      accepted,
      keyRow: { merchantId, key, route, fingerprint, paymentId: terms.id, operationId: operation.id },
      enqueuedAtMs: clock.monotonicMs(),
      settle: (how, payment, seq, constraint) => this.#settled(intent, how, payment, seq, constraint),
    });
  }

  /** Forgets a flow whose T1 will not be written, and tells its client why. */
  drop(flow: Flow, code: "storage_unavailable" | "shard_unavailable" | "internal_error", detail: string): void {
    const { waiter } = flow;
    this.#parts.flows.forget(flow);
    flow.waiter = undefined;
    if (waiter !== undefined) this.#parts.answers.refuseWith(waiter, code, detail);
  }

  #settled(intent: Intent, how: Settlement, payment: Payment, seq: bigint, constraint: string | null): void {
    const { flows, memoryLost } = this.#parts;
    const { flow } = intent;
    switch (how) {
      case "committed":
        intent.opened(flows.opened(flow, payment, seq));
        return;
      case "rejected":
        if (constraint !== null && LOST_MEMORY.has(constraint)) {
          this.drop(flow, "storage_unavailable", NOT_KNOWN);
          memoryLost();
          return;
        }
        this.drop(flow, "internal_error", "the request could not be stored and nothing was done");
        intent.dropped();
        return;
      case "unavailable":
        this.drop(flow, "storage_unavailable", NOTHING_DONE);
        intent.dropped();
        return;
      case "unsettled":
        this.drop(flow, "storage_unavailable", NOT_KNOWN);
    }
  }
}

/** Indexes that refuse only what memory should have known. */
const LOST_MEMORY: ReadonlySet<string> = new Set(["idempotency_pkey", "journal_version"]);
/** No gateway is called before T1 is acknowledged. */
const NOTHING_DONE = "the request could not be stored; nothing was charged, send it again with the same key";
const NOT_KNOWN = "it is not known yet whether the request was stored; send it again with the same key";
