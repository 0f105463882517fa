/** When a delivery is tried again, and when no longer (gateways.md §4). Pure: time and chance come in. */
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Cell n: the wait after n counted tries; the last one repeats. Cell 0: the first try is made at once. */
const WAITS_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  1 * HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
];
/** From the beginning of the ladder to its last try. */
export const LADDER_MS = 72 * HOUR_MS;
/** Between the end of a try and the next one, whatever the receiver asks for. */
const WAIT_MIN_MS = SECOND_MS;
/** A wait is 80 to 120 % of its cell. */
const JITTER = 0.2;
/** The statuses whose `Retry-After` is a wish about load. */
const HINTING: ReadonlySet<number> = new Set([429, 503]);
/** The receiver wants no webhook any more. */
const GONE = 410;

/** What the ladder must know of a try: every `WebhookOutcome` is one, and so is what is left of it after a thread. */
export type JudgedOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: "refused" | "failed"; readonly reason: string };

/** Where a delivery stands before a try is judged. */
export interface LadderStanding {
  /** Unix ms of the event, or of the manual resend: the 72 hours begin here. */
  readonly beganAtMs: number;
  /** Tries that counted, the judged one left out. */
  readonly tries: number;
}

/** What follows a try; `tries` counts it, unless nothing was tried. `endpoint_gone`: disable the endpoint. */
export type DeliveryVerdict =
  | { readonly kind: "delivered" | "endpoint_gone" | "given_up"; readonly tries: number }
  | { readonly kind: "retry"; readonly tries: number; readonly atMs: number };

/**
 * Judges a try that ended at `nowMs` (Unix ms). `fraction`: uniform in [0, 1).
 * `Retry-After` only ever lengthens a wait: RFC 9110 §10.2.3 makes it a minimum, and a receiver that always asks for one
 * second must not be called 250,000 times. The last try is made 72 h after the beginning, however long the wait.
 */
export function judgeTry(
  outcome: JudgedOutcome,
  standing: LadderStanding,
  nowMs: number,
  fraction: number,
): DeliveryVerdict {
  if (outcome.kind === "failed" && outcome.reason === "busy")
    return { kind: "retry", tries: standing.tries, atMs: nowMs + jittered(WAIT_MIN_MS / (1 - JITTER), fraction) };
  const tries = standing.tries + 1;
  if (outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300) return { kind: "delivered", tries };
  if (outcome.kind === "answered" && outcome.status === GONE) return { kind: "endpoint_gone", tries };
  const endsAtMs = standing.beganAtMs + LADDER_MS;
  if (endsAtMs - nowMs < WAIT_MIN_MS) return { kind: "given_up", tries };
  const waitMs = Math.max(jittered(waitAfterMs(tries), fraction), hintMs(outcome, fraction), WAIT_MIN_MS);
  return { kind: "retry", tries, atMs: Math.min(nowMs + waitMs, endsAtMs) };
}

/** The wait after `tries` counted tries, without jitter; 0 tries: 0. */
export function waitAfterMs(tries: number): number {
  return WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] as number; // the index is within the table
}

/** Spread to the late side only: never earlier than asked, and not all deliveries of an endpoint at once. */
function hintMs(outcome: JudgedOutcome, fraction: number): number {
  if (outcome.kind !== "answered" || !HINTING.has(outcome.status) || outcome.retryAfterMs === null) return 0;
  return Math.ceil(outcome.retryAfterMs * (1 + JITTER * fraction));
}

function jittered(waitMs: number, fraction: number): number {
  return Math.round(waitMs * (1 - JITTER + 2 * JITTER * fraction));
}
