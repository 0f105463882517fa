/** Gateways' answers on the wire, on their way to the node that owns the shard now. */
import { parseId } from "../domain/index.ts";
import type { GatewayAction, GatewayAnswer, GatewayObservation } from "../ports/gateway.ts";
import type { Fact, Observation } from "./envelopes.generated.js";
import type { PeerFact } from "./envelopes.ts";
import { fromFailure, toFailure } from "./notice-envelope.ts";
import { ageOf, fromInt64, idOrNull, textOf, textOrNull, toInt64, wordOf } from "./wire-values.ts";

const ACTIONS = Object.keys({
  prepare: null,
  execute: null,
  query: null,
  abandon: null,
  probe: null,
  identify: null,
} satisfies Record<GatewayAction, null>) as GatewayAction[];

export function toFact({ shard, generation, answer }: PeerFact): Fact.$Shape {
  const { operationId, paymentId, action, observation, tookMs } = answer;
  return {
    shard,
    generation: toInt64(generation),
    operationId,
    paymentId,
    try: answer.try,
    action,
    tookMs,
    observation: toObservation(observation),
  };
}

/** Undefined: not understood; then the owner asks the gateway itself. */
export function fromFact(wire: Fact.$Shape): PeerFact | undefined {
  const operationId = parseId("op", wire.operationId ?? "");
  const paymentId = parseId("pay", wire.paymentId ?? "");
  const action = wordOf(ACTIONS, wire.action);
  const observation = fromObservation(wire.observation);
  if (operationId === undefined || paymentId === undefined || action === undefined || observation === undefined)
    return undefined;
  const answer: GatewayAnswer = {
    operationId,
    paymentId,
    try: wire.try ?? 0,
    action,
    observation,
    tookMs: ageOf(wire.tookMs),
  };
  return { shard: wire.shard ?? 0, generation: fromInt64(wire.generation), answer };
}

function toObservation(said: GatewayObservation): Observation.$Shape {
  const { kind } = said;
  switch (said.kind) {
    case "identified":
      return { kind, operationId: said.operationId, paymentId: said.paymentId };
    case "notSubmitted":
    case "unknown":
      return { kind, words: textOf(said.reason) };
    case "busy":
      return { kind, words: textOf(said.reason), retryAfterMs: said.retryAfterMs };
    case "notExecuted":
      return { kind, failure: toFailure(said.failure) };
    case "declined":
      return { kind, failure: toFailure(said.failure), reference: textOrNull(said.reference) };
    case "conflicted":
      return { kind, words: textOf(said.detail), reference: textOrNull(said.reference) };
    case "reachable":
      return { kind };
    default:
      return { kind, reference: textOrNull(said.reference) };
  }
}

function fromObservation(wire: Observation.$Shape | null | undefined): GatewayObservation | undefined {
  const kind = wire?.kind ?? "";
  return wire && Object.hasOwn(READ, kind) ? READ[kind as GatewayObservation["kind"]](wire) : undefined;
}

/** Row: what was observed. Cell: reads it, or undefined when a part that it needs is missing. */
const READ: {
  readonly [K in GatewayObservation["kind"]]: (wire: Observation.$Shape) => GatewayObservation | undefined;
} = {
  prepared: ({ reference }) => (reference ? { kind: "prepared", reference } : undefined),
  authorized: ({ reference }) => (reference ? { kind: "authorized", reference } : undefined),
  captured: ({ reference }) => ({ kind: "captured", reference: reference ?? null }),
  refunded: ({ reference }) => ({ kind: "refunded", reference: reference ?? null }),
  voided: ({ reference }) => ({ kind: "voided", reference: reference ?? null }),
  processing: ({ reference }) => ({ kind: "processing", reference: reference ?? null }),
  undecided: ({ reference }) => ({ kind: "undecided", reference: reference ?? null }),
  declined(wire) {
    const failure = fromFailure(wire.failure);
    return failure && { kind: "declined", failure, reference: wire.reference ?? null };
  },
  notExecuted(wire) {
    const failure = fromFailure(wire.failure);
    return failure && { kind: "notExecuted", failure };
  },
  conflicted: ({ words, reference }) => ({ kind: "conflicted", detail: words ?? "", reference: reference ?? null }),
  identified(wire) {
    const operationId = idOrNull("op", wire.operationId);
    const paymentId = idOrNull("pay", wire.paymentId);
    if (operationId === undefined || paymentId === undefined) return undefined;
    return { kind: "identified", operationId, paymentId };
  },
  notSubmitted: ({ words }) => ({ kind: "notSubmitted", reason: words ?? "" }),
  busy: ({ words, retryAfterMs }) => ({ kind: "busy", reason: words ?? "", retryAfterMs: retryAfterMs ?? null }),
  unknown: ({ words }) => ({ kind: "unknown", reason: words ?? "" }),
  reachable: () => ({ kind: "reachable" }),
};
