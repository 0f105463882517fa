/**
 * Decides captures, cancels and refunds, one decision of a payment at a time: what arrives while another one is being
 * written waits for its end and is judged by what is true then (design §3.3).
 */
import type { Answers } from "./answers.ts";
import type { Cancels } from "./cancels.ts";
import { checkRequest, type GatewayName, type Refusal, refuse, request, REQUESTED_KIND } from "./domain/index.ts";
import type { PaymentFile } from "./flow.ts";
import { workOff } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GatewayGate } from "./gateway-gate.ts";
import { modificationOf, UNSPEAKABLE } from "./intent.ts";
import type { Intents } from "./intents.ts";
import type { ModifyCandidate } from "./keyed-intake.ts";
import type { Operations } from "./operations.ts";
import type { PaymentFiles } from "./payment-files.ts";
import type { GatewayCapabilities } from "./ports/gateway.ts";
import type { Clock, Random } from "./ports/world.ts";

export interface ModificationLimits {
  readonly operationDeadlineMs: number;
}

export interface ModificationParts {
  readonly flows: FlowTable;
  readonly files: PaymentFiles;
  readonly intents: Intents;
  readonly operations: Operations;
  readonly cancels: Cancels;
  readonly answers: Answers;
  readonly capabilities: (gateway: GatewayName) => GatewayCapabilities;
  readonly gate: GatewayGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ModificationLimits;
}

/** Requests that may wait for one payment: whoever sends more is told to come again. */
const WAITING_MAX = 128;
const TOO_MANY = refuse("overloaded", "too many requests wait for this payment; nothing was done");
const NOT_FOUND = refuse("not_found", "there is no such payment");
const UNREADABLE = refuse("storage_unavailable", "the payment cannot be read now; send it again with the same key");

export class Modifications {
  readonly #parts: ModificationParts;
  /** Who waits for the payment to be read, or for a decision of it to be written. */
  readonly #waiting = new Set<ModifyCandidate>();

  constructor(parts: ModificationParts) {
    this.#parts = parts;
  }

  get depth(): number {
    return this.#waiting.size;
  }

  /** The key is certainly new. */
  modify(candidate: ModifyCandidate): void {
    const { merchantId, paymentId } = candidate.request;
    this.#waiting.add(candidate);
    this.#parts.files.open({ merchantId, id: paymentId }, (file) => {
      if (!this.#waiting.has(candidate)) return; // reset() has answered it
      if (file === "missing") this.#refuse(candidate, NOT_FOUND);
      else if (file === "unreadable") this.#refuse(candidate, UNREADABLE);
      else this.#whenIdle(candidate, file);
    });
  }

  /** Forgets what waits: the actor reloads. Nothing was written of it. */
  reset(code: "storage_unavailable" | "shard_unavailable"): void {
    for (const { flow } of this.#waiting)
      this.#parts.intents.drop(flow, code, "nothing was done; send it again with the same key");
    this.#waiting.clear();
  }

  #whenIdle(candidate: ModifyCandidate, file: PaymentFile): void {
    if (!file.writing) return this.#decide(candidate, file);
    if (file.backlog.length >= WAITING_MAX) return this.#refuse(candidate, TOO_MANY);
    this.#parts.flows.keep(file);
    file.backlog.push(() => {
      if (this.#waiting.has(candidate)) this.#decide(candidate, file);
      this.#parts.flows.release(file);
    });
  }

  #decide(candidate: ModifyCandidate, file: PaymentFile): void {
    const { flows, intents, operations, cancels, capabilities, gate, clock, random, limits } = this.#parts;
    const { request: asked, command, flow } = candidate;
    const { payment } = file;
    if (payment.terms.merchantId !== asked.merchantId) return this.#refuse(candidate, NOT_FOUND);
    const allowed = checkRequest(payment, asked.kind, command.amountMinor);
    if ("code" in allowed) return this.#refuse(candidate, allowed);
    const { gateway, gatewayAccount: account, currency } = payment.terms;
    if (asked.kind !== "cancel" && !capabilities(gateway).takes(currency, allowed.amountMinor))
      return this.#refuse(candidate, UNSPEAKABLE);
    if (allowed.fact !== "cancelRequested") {
      // That one is to undo what may have happened: it waits, and is never refused.
      const line = { gateway, account, kind: REQUESTED_KIND[allowed.fact] };
      const refusal = gate.refusal(line, payment.terms.merchantId);
      if (refusal !== undefined) return this.#refuse(candidate, refusal);
    }
    const nowMs = clock.nowMs();
    const operation = modificationOf(payment.terms, allowed, asked.idempotencyKey, {
      note: command.reason,
      nowMs,
      deadlineMs: limits.operationDeadlineMs,
      random,
    });
    const transition = request(payment, allowed.fact, operation, nowMs);
    if (transition === undefined) throw new Error(`${allowed.fact} was allowed and has no row in the machine`);
    this.#waiting.delete(candidate);
    file.writing = true;
    flows.keep(file);
    intents.write({
      flow,
      transition,
      accepted: null,
      opened: (open) => {
        file.writing = false;
        flows.release(file); // the flow that is open now keeps it
        if (allowed.fact === "cancelRequested") cancels.requested(open);
        else operations.begin(open);
        workOff(file);
      },
      dropped: () => {
        file.writing = false;
        workOff(file);
        flows.release(file);
      },
    });
  }

  #refuse(candidate: ModifyCandidate, refusal: Refusal): void {
    this.#waiting.delete(candidate);
    this.#parts.flows.forget(candidate.flow);
    this.#parts.answers.refuse(candidate.request, refusal);
  }
}
