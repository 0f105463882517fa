/**
 * What the readers of both gateways' notifications share: from values that may be anything to fields that can be stored,
 * routed and compared. Nothing here throws, whatever the value is.
 */
import { hash } from "node:crypto";
import { currencyOf, type GatewayName, type IdPrefix, parseId } from "../domain/index.ts";
import type { NoticeClaim } from "../ports/notices.ts";
import { fromGatewayUnits } from "./amounts.ts";
import type { Json } from "./verdicts.ts";

/** As long as any name that a gateway documents, and short enough for the key of an index. */
const NAME_LENGTH_MAX = 255;
const LABEL_LENGTH_MAX = 60;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** A text that a database keeps and a log shows as it is: printable ASCII, not too long. Else null. */
export const nameIn = (value: unknown): string | null =>
  typeof value === "string" && value.length <= NAME_LENGTH_MAX && PRINTABLE.test(value) ? value : null;

/** A text for people, cut and cleaned: it labels and decides nothing. */
export const labelIn = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value.slice(0, LABEL_LENGTH_MAX).replaceAll(/[^\x20-\x7e]/g, "?") : null;

/** Our id, or null for what is none of this prefix. */
export const idIn = <P extends IdPrefix>(
  prefix: P,
  value: unknown,
): NonNullable<ReturnType<typeof parseId<P>>> | null =>
  (typeof value === "string" ? parseId(prefix, value) : undefined) ?? null;

/** The code of a currency that we take, or null. `value`: upper case. */
export const currencyIn = (value: unknown): string | null =>
  typeof value === "string" && currencyOf(value) !== undefined ? value : null;

/** Our minor units as decimal text. Null: no whole, exact, unsigned amount of a currency that we take. */
export function amountIn(gateway: GatewayName, currency: string | null, units: unknown): string | null {
  if (currency === null || typeof units !== "number" || units < 0) return null;
  return fromGatewayUnits(gateway, currency, units)?.toString() ?? null;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** A JSON object, or undefined for everything else: also for an array. */
export const objectIn = (value: unknown): Json | undefined => (isObject(value) ? value : undefined);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }); // a BOM stays in the text, so it is no JSON

/** The object that the bytes write in JSON and UTF-8; undefined: they write something else. */
export function parseObject(body: Uint8Array): Json | undefined {
  try {
    return objectIn(JSON.parse(UTF8.decode(body)));
  } catch {
    return undefined;
  }
}

/** Compact JSON, in the order of the members; undefined: nested too deeply to write. */
export function compactJson(value: Json): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** SHA-256 in hex, of bytes or of a text as UTF-8. */
export const sha256Hex = (bytes: Uint8Array | string): string => hash("sha256", bytes, "hex");

export const unclear = (why: string): NoticeClaim => ({ kind: "unclear", why });
export const INFORMATIONAL: NoticeClaim = { kind: "none", why: "informational" };
export const UNKNOWN_TYPE: NoticeClaim = { kind: "none", why: "unknown_type" };

/** Kinds that say that money was held, taken, given back or moved the other way. */
const MOVES_MONEY: ReadonlySet<NoticeClaim["kind"]> = new Set<NoticeClaim["kind"]>([
  "authorized",
  "charged",
  "captured",
  "refunded",
  "captureReversed",
  "refundReversed",
]);

/** The claim, unless it moves money and does not say how much: whoever compares amounts must have one to compare. */
export function withAmount(claim: NoticeClaim, amount: string | null): NoticeClaim {
  const moves = MOVES_MONEY.has(claim.kind) || (claim.kind === "dispute" && claim.funds !== null);
  return moves && amount === null ? unclear("amount") : claim;
}
