/**
 * Whether a history has an order that explains it (Wing and Gong's search, with a memo): every call takes effect at one
 * moment between its begin and its end, and what each was told is what a single copy would have said in that order.
 */

/** One call of a client and what became of it. Times of one clock, milliseconds. */
export interface Happening<Call, Outcome> {
  readonly call: Call;
  /** Null: nobody knows; it may have taken effect at any time after its begin, or never. */
  readonly outcome: Outcome | null;
  readonly beganAtMs: number;
  /** Infinity where `outcome` is null. */
  readonly endedAtMs: number;
}

/** One copy that does one thing after the other. States are values: never changed. */
export interface SequentialModel<State, Call, Outcome> {
  readonly initial: State;
  /** The state afterwards; undefined: in this state the call would not have been told this. */
  step(state: State, call: Call, outcome: Outcome | null): State | undefined;
  /** Equal for equal states only. */
  textOf(state: State): string;
}

export type OrderVerdict<H> =
  | { readonly isLinear: true; readonly order: readonly H[] }
  /** `furthest`: the longest order that explains its part; what comes next fits nowhere. */
  | { readonly isLinear: false; readonly furthest: readonly H[] };

/** A longer one is cut at the caller: the set of what is done is the bits of a number. */
export const HISTORY_MAX = 50;

/** Throws on more than HISTORY_MAX happenings: they would not be judged. */
export function findOrder<State, Call, Outcome>(
  model: SequentialModel<State, Call, Outcome>,
  history: readonly Happening<Call, Outcome>[],
): OrderVerdict<Happening<Call, Outcome>> {
  if (history.length > HISTORY_MAX) throw new Error(`a history of ${history.length} calls is too long to be judged`);
  const all = history.toSorted((a, b) => a.beganAtMs - b.beganAtMs);
  const has = (set: number, n: number): boolean => Math.floor(set / 2 ** n) % 2 === 1;
  const isEnd = (done: number): boolean => all.every(({ outcome }, n) => outcome === null || has(done, n));
  const seen = new Set<string>();
  const order: Happening<Call, Outcome>[] = [];
  let furthest: readonly Happening<Call, Outcome>[] = [];

  const search = (done: number, state: State): boolean => {
    if (order.length > furthest.length) furthest = [...order];
    if (isEnd(done)) return true;
    const mark = `${done} ${model.textOf(state)}`;
    if (seen.has(mark)) return false;
    seen.add(mark);
    // Whatever began after another's end comes after it.
    const firstEndMs = all.reduce((ms, one, n) => (has(done, n) ? ms : Math.min(ms, one.endedAtMs)), Infinity);
    for (const [n, one] of all.entries()) {
      if (one.beganAtMs > firstEndMs) break;
      if (has(done, n)) continue;
      const next = model.step(state, one.call, one.outcome);
      if (next === undefined) continue;
      order.push(one);
      if (search(done + 2 ** n, next)) return true;
      order.pop();
    }
    return false;
  };
  return search(0, model.initial) ? { isLinear: true, order: [...order] } : { isLinear: false, furthest };
}
