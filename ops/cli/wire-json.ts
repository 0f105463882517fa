/**
 * Stories as JSON: snake_case, amounts as integers of minor units, times as RFC 3339 in UTC. A member's name says what it
 * is: `…Minor`, `…AtMs`, `is…`. Members are only ever added.
 */
import { printed } from "./printed.ts";

export interface WireItem {
  readonly [name: string]: Json;
}
export type Json = string | number | boolean | null | readonly Json[] | WireItem;

/** Of a member that is a time. */
const IS_TIME = /(^a|A)tMs$/;

/** As it is printed. Text that came from outside is made harmless; nothing is left out. */
function toWire(value: unknown, name = ""): Json {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((one) => toWire(one, name));
  if (typeof value === "object") return toWireItem(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return IS_TIME.test(name) ? new Date(value).toISOString() : numberOf(value);
  if (typeof value === "string") return name.endsWith("Minor") ? amountOf(value) : printed(value);
  return typeof value === "boolean" ? value : null;
}

/** The same of a whole item. */
export const toWireItem = (item: object): WireItem =>
  Object.fromEntries(Object.entries(item).map(([member, one]) => [wireName(member), toWire(one, member)]));

/** JSON has no infinity: what lasts for ever is null. */
const numberOf = (value: number): number | null => (Number.isFinite(value) ? value : null);
/** No amount of a payment leaves what a number holds exactly; a sum that does stays text. */
const amountOf = (minor: string): number | string => (Number.isSafeInteger(Number(minor)) ? Number(minor) : minor);

function wireName(member: string): string {
  const bare = member
    .replace(IS_TIME, "$1t")
    .replace(/Minor$/, "")
    .replace(/^is(?=[A-Z])/, "");
  return bare.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, "");
}
