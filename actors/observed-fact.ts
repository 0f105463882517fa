/** What a gateway's definite answer means for the kind of operation that it answers: a table, total over both. */
import type { Fact, OperationKind } from "./domain/index.ts";
import type { GatewayObservation } from "./ports/gateway.ts";

/** Observations that end an operation, one way or the other. */
type Definite = Extract<
  GatewayObservation,
  { kind: "authorized" | "captured" | "refunded" | "declined" | "voided" | "notExecuted" }
>;
/** The gateway shows something that this operation did not ask for: a person must look, and nothing is posted. */
interface Conflict {
  readonly conflict: string;
  readonly reference: string | null;
}

const FAILED: { readonly [K in OperationKind]: "declined" | "captureFailed" | "voidFailed" | "refundFailed" } = {
  authorize: "declined",
  sale: "declined",
  capture: "captureFailed",
  void: "voidFailed",
  refund: "refundFailed",
};

/** Successes that an operation may report. A sale that was only authorized is not what was asked (gateways.md §1.3, D07). */
const SUCCESSES: { readonly [K in OperationKind]: readonly Definite["kind"][] } = {
  authorize: ["authorized", "captured", "voided"],
  sale: ["captured", "voided"],
  capture: ["captured"],
  void: ["voided"],
  refund: ["refunded"],
};

/** The fact of an operation of `kind` that the gateway's answer tells. */
export function factOf(kind: OperationKind, observed: Definite): Fact | Conflict {
  switch (observed.kind) {
    case "declined":
      return { kind: FAILED[kind], failure: observed.failure, reference: observed.reference };
    case "notExecuted":
      return { kind: FAILED[kind], failure: observed.failure, reference: null };
    default:
      return SUCCESSES[kind].includes(observed.kind)
        ? observed
        : { conflict: `${kind} is ${observed.kind}`, reference: observed.reference };
  }
}
