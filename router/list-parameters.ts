/** What a list is asked for: the page and the filters of its query, each judged by one row. */
import { PAYMENT_STATUSES, type PaymentStatus, type Refusal } from "../actors/domain/index.ts";
import type { PaymentsFilter } from "../actors/index.ts";
import { refuseParameter } from "./query-parameters.ts";

export const LIMIT_DEFAULT = 10;
export const LIMIT_MAX = 100;
export const PAGE_PARAMETERS = ["limit", "starting_after"] as const;
export const PAYMENTS_PARAMETERS = [
  ...PAGE_PARAMETERS,
  "status",
  "created[gte]",
  "created[lt]",
  "merchant_reference",
] as const;

type Parameters = ReadonlyMap<string, string>;

/** How many the page holds: 1 to 100. */
export function readLimit(parameters: Parameters): number | Refusal {
  const text = parameters.get("limit");
  if (text === undefined) return LIMIT_DEFAULT;
  if (!/^-?\d{1,20}$/.test(text)) return refuseParameter("limit", "not_integer", "The limit is a plain integer.");
  const limit = Number(text);
  return limit >= 1 && limit <= LIMIT_MAX
    ? limit
    : refuseParameter("limit", "out_of_range", `The limit is 1 to ${LIMIT_MAX}.`);
}

/** The filters of the list of payments. */
export function readPaymentsFilter(parameters: Parameters): PaymentsFilter | Refusal {
  const status = parameters.get("status") ?? null;
  if (status !== null && !isStatus(status))
    return refuseParameter("status", "invalid_value", `The status is one of ${PAYMENT_STATUSES.join(", ")}.`);
  const createdFromMs = readTime(parameters, "created[gte]");
  if (typeof createdFromMs === "object" && createdFromMs !== null) return createdFromMs;
  const createdBeforeMs = readTime(parameters, "created[lt]");
  if (typeof createdBeforeMs === "object" && createdBeforeMs !== null) return createdBeforeMs;
  if (createdFromMs !== null && createdBeforeMs !== null && createdFromMs > createdBeforeMs)
    return refuseParameter("created[lt]", "inverted_range", "created[lt] lies before created[gte].");
  const merchantReference = parameters.get("merchant_reference") ?? null;
  if (merchantReference !== null && !isReference(merchantReference))
    return refuseParameter(
      "merchant_reference",
      "invalid_text",
      "A reference has at most 80 characters, none of them a control character.",
    );
  return { status, createdFromMs, createdBeforeMs, merchantReference };
}

const isStatus = (text: string): text is PaymentStatus => PAYMENT_STATUSES.some((status) => status === text);

/** As the schema of a payment has it: characters are counted, not code units. */
const isReference = (text: string): boolean => /^\P{Cc}{0,80}$/u.test(text);

function readTime(parameters: Parameters, name: string): number | null | Refusal {
  const text = parameters.get(name);
  if (text === undefined) return null;
  return parseTime(text) ?? refuseParameter(name, "invalid_time", "A time is RFC 3339 or Unix seconds.");
}

const UNIX_SECONDS = /^\d{1,11}$/;
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Unix milliseconds of an RFC 3339 time or of Unix seconds; undefined: neither, or a day that no calendar has. A part of
 * a millisecond counts as a whole one: then both "from" and "before" mean what they say for times in milliseconds.
 */
export function parseTime(text: string): number | undefined {
  if (UNIX_SECONDS.test(text)) return Number(text) * 1000;
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  const [, day = "", clock = "", fraction = "", sign, hours = "0", minutes = "0"] = parts;
  const ofSecond = Date.parse(`${day}T${clock}Z`);
  // Date takes the 30th of February for the 2nd of March, and 24:00 for the next day.
  if (Number.isNaN(ofSecond) || new Date(ofSecond).toISOString() !== `${day}T${clock}.000Z`) return undefined;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  const fractionMs = Math.ceil(Number(fraction.slice(1).padEnd(9, "0")) / 1_000_000);
  return ofSecond - offsetMs + fractionMs;
}
