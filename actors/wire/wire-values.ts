/** Single values between our types and protobuf's: 64-bit integers, words, tickets, ids. */
import { type IdPrefix, parseId } from "../domain/index.ts";
import type { Request } from "./envelopes.generated.js";

/** A 64-bit integer as protobufjs gives and takes it: a number, or the two halves. */
type WireInt64 = NonNullable<Request.$Shape["generation"]>;

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

export function toInt64(value: bigint): WireInt64 {
  if (value >= -SAFE && value <= SAFE) return Number(value);
  const halves = { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)) };
  return { ...halves, unsigned: false };
}

export function fromInt64(value: WireInt64 | null | undefined): bigint {
  if (value === null || value === undefined) return 0n;
  if (typeof value === "number") return BigInt(value);
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}

/** The text as one of `words`, or undefined. */
export const wordOf = <Word extends string>(
  words: readonly Word[],
  text: string | null | undefined,
): Word | undefined => ((words as readonly (string | null | undefined)[]).includes(text) ? (text as Word) : undefined);

/** Null for what is absent, undefined for what is not one of them. */
export const wordOrNull = <Word extends string>(
  words: readonly Word[],
  text: string | null | undefined,
): Word | null | undefined => (text === null || text === undefined ? null : wordOf(words, text));

/** Null for what is absent, undefined for what is no such id. */
export const idOrNull = <P extends IdPrefix>(prefix: P, text: string | null | undefined) =>
  text === null || text === undefined ? null : parseId(prefix, text);

export const isTicket = (value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** A duration: finite, and never in the future. */
export const ageOf = (value: number | null | undefined): number =>
  typeof value === "number" && value > 0 && Number.isFinite(value) ? value : 0;

/** Half a surrogate pair has no bytes in UTF-8, and would end the stream at its reader. */
export const textOf = (text: string): string => text.toWellFormed();
export const textOrNull = (text: string | null): string | null => text?.toWellFormed() ?? null;
