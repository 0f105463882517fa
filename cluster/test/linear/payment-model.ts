/**
 * One payment as one copy would answer for it: what merchants may do to it, and what they are told. Amounts in minor
 * units. Only what every answer must agree with is in it: status, amounts, and the version, which never goes back.
 */
import type { Happening, SequentialModel } from "./linearize.ts";

export type PaymentCall =
  | { readonly kind: "create"; readonly amount: number; readonly isManual: boolean }
  | { readonly kind: "capture" | "refund"; readonly amount: number }
  | { readonly kind: "cancel" | "read" };

/** What a payment shows of itself. */
export interface PaymentSight {
  readonly status: string;
  readonly captured: number;
  readonly refunded: number;
  readonly version: number;
}

/** `seen`: the payment in the answer; null where the answer holds none, as a refund's does. */
export type PaymentOutcome =
  | { readonly kind: "done"; readonly seen: PaymentSight | null }
  | { readonly kind: "refused" };

export interface PaymentState {
  readonly status: "none" | "authorized" | "captured" | "canceled" | "failed";
  /** Reserved or charged at its creation. */
  readonly amount: number;
  readonly captured: number;
  readonly refunded: number;
  /** The newest that anybody was shown. */
  readonly version: number;
  /** Whether something changed since it was shown: then it must be greater. */
  readonly isNewer: boolean;
}

export type PaymentHappening = Happening<PaymentCall, PaymentOutcome>;

type Rule<Kind extends PaymentCall["kind"]> = (
  state: PaymentState,
  call: Extract<PaymentCall, { readonly kind: Kind }>,
) => PaymentState | undefined;

/** What a call makes of a payment; undefined: it is refused, and changes nothing. */
const RULES: { readonly [K in PaymentCall["kind"]]: Rule<K> } = {
  create: (state, { amount, isManual }) =>
    state.status === "none"
      ? { ...state, status: isManual ? "authorized" : "captured", amount, captured: isManual ? 0 : amount }
      : undefined,
  capture: (state, { amount }) =>
    state.status === "authorized" && amount <= state.amount
      ? { ...state, status: "captured", captured: amount }
      : undefined,
  cancel: (state) => (state.status === "authorized" ? { ...state, status: "canceled" } : undefined),
  refund: (state, { amount }) =>
    state.status === "captured" && state.refunded + amount <= state.captured
      ? { ...state, refunded: state.refunded + amount }
      : undefined,
  read: (state) => (state.status === "none" ? undefined : state),
};

/** A card that is declined leaves a payment too. */
const decline = (state: PaymentState, call: PaymentCall): PaymentState | undefined =>
  call.kind === "create" && state.status === "none" ? { ...state, status: "failed" } : undefined;

function apply(state: PaymentState, call: PaymentCall): PaymentState | undefined {
  const rule = RULES[call.kind] as (state: PaymentState, call: PaymentCall) => PaymentState | undefined; // of its kind
  return rule(state, call);
}

/** The state that was shown; undefined: it is another one. */
function show(state: PaymentState, seen: PaymentSight): PaymentState | undefined {
  const { status, captured, refunded, version, isNewer } = state;
  if (seen.status !== status || seen.captured !== captured || seen.refunded !== refunded) return undefined;
  if (isNewer ? seen.version <= version : seen.version < version) return undefined;
  return { ...state, version: seen.version, isNewer: false };
}

export const PAYMENT_MODEL: SequentialModel<PaymentState, PaymentCall, PaymentOutcome> = {
  initial: { status: "none", amount: 0, captured: 0, refunded: 0, version: 0, isNewer: false },
  step(state, call, outcome) {
    const after = apply(state, call);
    if (outcome === null) return after === undefined ? undefined : changed(state, after);
    if (outcome.kind === "refused") {
      const declined = decline(state, call);
      if (call.kind === "create") return declined === undefined ? undefined : changed(state, declined);
      return after === undefined ? state : undefined;
    }
    if (after === undefined) return undefined;
    const next = changed(state, after);
    return outcome.seen === null ? next : show(next, outcome.seen);
  },
  textOf: ({ status, captured, refunded, version, isNewer }) =>
    `${status} ${captured} ${refunded} ${version} ${isNewer}`,
};

const changed = (before: PaymentState, after: PaymentState): PaymentState =>
  after === before ? before : { ...after, isNewer: true };
