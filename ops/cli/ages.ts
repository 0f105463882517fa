/** How long ago, or how soon, in as few characters as a table has room for. */

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
];

/** As `3d4h`, `12m5s`, `0.4s`: the two largest units. Negative: as 0. */
export function durationText(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)}s`;
  const at = UNITS.findIndex(([unitMs]) => ms >= unitMs);
  const [ofMs, unit] = UNITS[at] ?? [1_000, "s"];
  const next = UNITS[at + 1];
  const count = Math.floor(ms / ofMs);
  const rest = next === undefined ? 0 : Math.floor((ms - count * ofMs) / next[0]);
  return rest === 0 || next === undefined ? `${count}${unit}` : `${count}${unit}${rest}${next[1]}`;
}

/** `time`: RFC 3339, or null for never. */
export const ageText = (time: string | null, nowMs: number): string =>
  time === null ? "-" : durationText(nowMs - Date.parse(time));

/** As `in 3.0s`, or `now` when it is past. */
export function untilText(time: string | null, nowMs: number): string {
  if (time === null) return "-";
  const leftMs = Date.parse(time) - nowMs;
  return leftMs <= 0 ? "now" : `in ${durationText(leftMs)}`;
}
