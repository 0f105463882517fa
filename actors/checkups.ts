/**
 * Checks that an operator asks for: each open operation of a payment is looked at now instead of later, by the resolver's
 * own rules and by nothing else, and what came of it is told. Safe to ask again and again: looks at one operation are a
 * moment apart, lest several at once are taken for observations over time.
 */
import type { OperationId, OperationKind, OperationState, PaymentId, PaymentStatus } from "./domain/index.ts";
import type { PendingReason } from "./domain/index.ts";
import type { Step } from "./doubt-rules.ts";
import type { OpenFlow } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { Operations } from "./operations.ts";
import type { GatewayAction, GatewayAnswer, GatewayObservation } from "./ports/gateway.ts";
import type { Clock } from "./ports/world.ts";

/** An answer that came meanwhile. `detail`: a reason or a code, never what identifies a card. */
export interface HeardAnswer {
  readonly try: number;
  readonly action: GatewayAction;
  readonly said: GatewayObservation["kind"];
  readonly detail: string | null;
  readonly tookMs: number;
}
/** An operation as it stands. */
export interface Standing {
  readonly state: OperationState;
  readonly pendingReason: PendingReason | null;
  readonly needsReview: boolean;
}
export interface OperationCheckup {
  readonly operationId: OperationId;
  readonly kind: OperationKind;
  /** What the table said when it was asked for; `rule` null: another operation of the payment must end first. */
  readonly rule: string | null;
  readonly step: Step | null;
  readonly why: string | null;
  readonly before: Standing;
  readonly after: Standing;
  /** In the order in which they came. */
  readonly heard: readonly HeardAnswer[];
  /** The time was over before the check was: it goes on. */
  readonly isUnderWay: boolean;
  /** Unix milliseconds; null: none is planned. */
  readonly nextCheckAtMs: number | null;
}
export interface PaymentCheckup {
  /** Null: the actor does not have the payment in its memory, so nothing of it is open. */
  readonly paymentId: PaymentId | null;
  readonly status: PaymentStatus | null;
  /** Those that were open when it was asked for. */
  readonly operations: readonly OperationCheckup[];
}

interface Watched {
  readonly flow: OpenFlow;
  readonly rule: string | null;
  readonly step: Step | null;
  readonly why: string | null;
  readonly before: Standing;
  readonly heard: HeardAnswer[];
  /** When it is to be looked at, monotonic; undefined: a call of it runs already, or it waits for another operation. */
  readonly dueAtMs: number | undefined;
}

export interface CheckupParts {
  readonly flows: FlowTable;
  readonly operations: Pick<Operations, "explain" | "hurry" | "nextCheckAtMs">;
  readonly clock: Clock;
}

/** Between two looks that operators ask for. */
const APART_MS = 1_000;
const LOOK_EVERY_MS = 20;

export class Checkups {
  readonly #parts: CheckupParts;
  readonly #watched = new Set<Watched>();
  /** When each was last asked for, monotonic. */
  readonly #askedAtMs = new WeakMap<OpenFlow, number>();

  constructor(parts: CheckupParts) {
    this.#parts = parts;
  }

  /** Has the open operations behind the id looked at; resolves when that is done, or `withinMs` have passed. */
  async check(id: PaymentId | OperationId, withinMs: number): Promise<PaymentCheckup> {
    const { flows, clock } = this.#parts;
    const flow = flows.byOperation(id as OperationId);
    const paymentId = flow?.file.payment.terms.id ?? (id as PaymentId);
    const file = flow?.file ?? flows.file(paymentId);
    const mine = file === undefined ? [] : [...flows.open()].filter((one) => one.file === file);
    const watched = mine.map((one) => this.#begin(one));
    try {
      const endAtMs = clock.monotonicMs() + withinMs;
      while (watched.some(isBusy(clock.monotonicMs())) && clock.monotonicMs() < endAtMs)
        await new Promise<void>((resolve) => void clock.after(LOOK_EVERY_MS, resolve));
      const payment = file?.payment;
      return {
        paymentId: payment?.terms.id ?? null,
        status: payment?.status ?? null,
        operations: watched.map((one) => this.#told(one)),
      };
    } finally {
      for (const one of watched) this.#watched.delete(one);
    }
  }

  /** Every answer of a gateway about an open operation. */
  heard(flow: OpenFlow, { try: number, action, observation, tookMs }: GatewayAnswer): void {
    for (const one of this.#watched)
      if (one.flow === flow)
        one.heard.push({ try: number, action, said: observation.kind, detail: detailOf(observation), tookMs });
  }

  #begin(flow: OpenFlow): Watched {
    const { operations, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const waits = flow.file.cancelFlow === flow && flow.file.payment.status !== "authorized";
    const { rule, step, why } = operations.explain(flow);
    const dueAtMs = Math.max(nowMs, (this.#askedAtMs.get(flow) ?? Number.NEGATIVE_INFINITY) + APART_MS);
    const isLooked = !waits && flow.doubt.running === undefined;
    if (isLooked) {
      operations.hurry(flow, dueAtMs);
      this.#askedAtMs.set(flow, dueAtMs);
    }
    const said = waits ? { rule: null, step: null, why: null } : { rule, step, why };
    const own = { flow, ...said, before: standingOf(flow), heard: [], dueAtMs: isLooked ? dueAtMs : undefined };
    this.#watched.add(own);
    return own;
  }

  #told({ flow, rule, step, why, before, heard, dueAtMs }: Watched): OperationCheckup {
    const { operations, clock } = this.#parts;
    const isOpen = flow.phase === "open";
    return {
      operationId: flow.operation.id,
      kind: flow.operation.kind,
      rule,
      step,
      why,
      before,
      after: standingOf(flow),
      heard,
      isUnderWay: isBusy(clock.monotonicMs())({ flow, dueAtMs }),
      nextCheckAtMs: isOpen ? operations.nextCheckAtMs(flow) : null,
    };
  }
}

/** It was not looked at yet, a call of it runs, or what follows from an answer is being written. */
const isBusy =
  (nowMs: number) =>
  ({ flow, dueAtMs }: Pick<Watched, "flow" | "dueAtMs">): boolean => {
    if (flow.phase !== "open") return false;
    const { running, nextCheckAtMs } = flow.doubt;
    const isDue = nextCheckAtMs !== undefined && (nextCheckAtMs <= nowMs || nextCheckAtMs === dueAtMs);
    return isDue || running !== undefined || flow.file.writing || flow.file.backlog.length > 0;
  };

const standingOf = ({ operation: { state, pendingReason, needsReview } }: OpenFlow): Standing => ({
  state,
  pendingReason,
  needsReview,
});

function detailOf(observation: GatewayObservation): string | null {
  if ("reason" in observation) return observation.reason;
  if ("failure" in observation) return observation.failure.code;
  return "detail" in observation ? observation.detail : null;
}
