/** One money movement asked of a gateway: its kinds, its states and what may follow what (design §3.3). */

export const OPERATION_KINDS = ["authorize", "sale", "capture", "void", "refund"] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_STATES = ["submitted", "unknown", "succeeded", "failed"] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/**
 * Row: where the operation is. Member: where a definite or an unknown answer may take it. Empty row: an end.
 * `unknown` may become `submitted` again when the gateway says that it has the operation and works on it.
 */
export const NEXT_OPERATION_STATES: { readonly [S in OperationState]: readonly OperationState[] } = {
  submitted: ["submitted", "unknown", "succeeded", "failed"],
  unknown: ["unknown", "submitted", "succeeded", "failed"],
  succeeded: [],
  failed: [],
};

/** An open operation may still move money: it is watched until a fact ends it. */
export const isOpen = (state: OperationState): boolean => NEXT_OPERATION_STATES[state].length > 0;
