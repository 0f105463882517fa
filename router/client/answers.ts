/** From an HTTP answer to a value or an error. */
import { isErrorCode, PaymentError } from "./payment-error.ts";
import type { ErrorCode, Problem } from "./types.ts";

/** An answer whose body was read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The JSON of a success; undefined for one without a body. Throws a PaymentError for everything else. `nowMs`: for a Retry-After that is a date. */
export function readAnswer(answer: RawAnswer, idempotencyKey: string | null, nowMs: number): unknown {
  const { status, headers } = answer;
  const json = parseJson(answer.text);
  const facts = {
    status,
    requestId: headers.get("Request-Id"),
    retryAfterMs: readRetryAfterMs(headers.get("Retry-After"), nowMs),
    idempotencyKey,
  };
  if (status >= 200 && status < 300) {
    if (json !== undefined || status === 204) return json;
    throw new PaymentError("unexpected_answer", `a ${status} without JSON`, facts);
  }
  const members = typeof json === "object" && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
  if (typeof members["code"] === "string") {
    const problem = members as unknown as Problem; // the API's own shape; members that are missing read as undefined
    const code = isErrorCode(problem.code) ? problem.code : codeOfStatus(status);
    throw new PaymentError(code, `${problem.code}: ${problem.detail}`, { ...facts, problem });
  }
  if (typeof members["error"] === "string") {
    const code = isErrorCode(members["error"]) ? members["error"] : "token_refused";
    throw new PaymentError(code, `${members["error"]}: ${String(members["error_description"])}`, facts);
  }
  throw new PaymentError(codeOfStatus(status), `status ${status} without a problem`, facts);
}

/** For answers of what stands before the API, and for codes that joined later. */
const CODES_OF_STATUSES: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  404: "not_found",
  429: "rate_limited",
  500: "internal_error",
  502: "shard_unavailable",
  503: "shard_unavailable",
  504: "shard_unavailable",
};
const codeOfStatus = (status: number): ErrorCode | "unexpected_answer" =>
  CODES_OF_STATUSES[status] ?? "unexpected_answer";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a date. Null: there is no hint. */
function readRetryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
