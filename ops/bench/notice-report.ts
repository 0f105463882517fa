/** What is told beside the table of notifications, and of a breaker, as people read it. */
import type { PreparedResult } from "./load-terms.ts";

const ms = (us: number): string => (us / 1000).toFixed(1);

/** What the row of notices stands for. */
export const NOTICES: readonly string[] = [
  "  notices: Adyen's, signed, one each of what was done to payments made before: AUTHORISATION, which the books know, and",
  "  CAPTURE, which ends a capture. Times: until the 2xx, which comes after the commit. The simulators' own are muted; the",
  "  payments meanwhile go through both SDKs. The audit looks for one row in the inbox for each, decided.",
];

/** How fast payments were refused. */
export const breakerLine = ({ offered, answers, latency }: PreparedResult): string =>
  `open breaker: ${answers.right} of ${answers.due} payments at ${offered}/s refused with 503, ` +
  `P50 ${ms(latency.p50Us)} P99 ${ms(latency.p99Us)} worst ${ms(latency.maxUs)} ms`;
