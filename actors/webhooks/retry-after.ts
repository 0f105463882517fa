/** What a receiver asks for with `Retry-After`. */

const SECONDS = /^\d{1,9}$/;
/** The one date form that HTTP allows to be sent (RFC 9110 §5.6.7); others are not worth a guess. */
const IMF_FIXDATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds from `nowMs` (Unix), never negative; null: absent, repeated or not readable. */
export function readRetryAfterMs(value: string | readonly string[] | undefined, nowMs: number): number | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (SECONDS.test(text)) return Number(text) * 1_000;
  const atMs = IMF_FIXDATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
