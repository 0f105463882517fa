/** How values are printed for people. What came from outside is made harmless: no control characters, no secrets. */
import { currencyOf } from "../../actors/domain/index.ts";
import { durationText } from "./ages.ts";

/**
 * Texts that open something, wherever they stand: tokens of cards, keys and secrets of gateways and of ours. What begins
 * like a word (`card_declined`, "Basic authentication") is one only with a digit or a capital in it, and some length: why
 * a payment failed must be told.
 */
const SECRETS: readonly RegExp[] = [
  /\b(?:tok|pm|sk|rk|pk|whsec|whsk|pcsk|pcop|client_secret)_[\w=+/.-]+/,
  /\b(?:pi|seti)_\w+_secret_\w+/,
  /\b(?:card|src|ba)_(?=\w*[A-Z\d])\w{8,}/,
  /\b(?:Bearer|Basic) (?=\S*[A-Z\d=+/~]|\S*\.\w|[a-z]{20})[\w=+/.~-]{8,}/,
  /\bclient_secret["']?\s?[=:]\s?["']?[^\s"',;]+/,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/,
];
const SECRET = new RegExp(SECRETS.map(({ source }) => source).join("|"), "g");
/** Control characters, line separators and marks that turn the direction of text round. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) as number).toString(16).padStart(2, "0")}}`;

/** A text that somebody else wrote. */
export const printed = (text: string): string => text.replaceAll(SECRET, "[redacted]").replaceAll(CONTROL, escapeOf);

/** `minor`: minor units as text. Of a currency that we do not know they stay what they are. */
export function printAmount(minor: string, currency: string): string {
  const exponent = currencyOf(currency)?.exponent;
  if (exponent === undefined) return `${minor} minor units of ${printed(currency)}`;
  const isNegative = minor.startsWith("-");
  const digits = (isNegative ? minor.slice(1) : minor).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  const text = exponent === 0 ? whole : `${whole}.${digits.slice(digits.length - exponent)}`;
  return `${isNegative ? "-" : ""}${text} ${currency}`;
}

/** Where and when the reader is. `timeZone` undefined: the machine's. */
export interface Reader {
  readonly nowMs: number;
  readonly timeZone?: string | undefined;
}

/** `2026-11-23 08:20:34.120`, in the reader's time zone. */
export function printTime(atMs: number, { timeZone }: Reader): string {
  const text = new Date(Math.floor(atMs / 1_000) * 1_000).toLocaleString("sv-SE", { timeZone });
  return `${text}.${String(Math.floor(atMs) % 1_000).padStart(3, "0")}`;
}

/** `3m ago`, `in 5s`, `now`. */
export function printAge(atMs: number, { nowMs }: Reader): string {
  const spanMs = nowMs - atMs;
  if (Math.abs(spanMs) < 500) return "now";
  return spanMs > 0 ? `${durationText(spanMs)} ago` : `in ${durationText(-spanMs)}`;
}
