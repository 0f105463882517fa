/** What the comparison of two clusters says, for people. */
import { renderTable, spreadOf } from "./report-table.ts";
import type { Spread } from "./report-table.ts";

/** One window of one cluster. */
export interface CompareSide {
  /** Payments a second. */
  readonly achieved: number;
  /** Microseconds a payment, by group of processes. */
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly wrong: number;
  /** Why the window says nothing: faults of the audit, foreign load. */
  readonly faults: readonly string[];
}

export interface CompareRound {
  readonly off: CompareSide;
  readonly on: CompareSide;
}

export interface CompareReport {
  readonly shards: number;
  /** Offered to both, payments a second; null: as many as each can do. */
  readonly rate: number | null;
  /** Version. */
  readonly redis: string;
  /** Null: it is not a process of this machine, so its CPU is not in the figures. */
  readonly redisPid: number | null;
  readonly rounds: readonly CompareRound[];
}

/** What a payment costs on the server's side: the generator is not part of the product. */
const SERVER_GROUPS = ["node", "postgres", "redis", "kernel"] as const;

export const serverCpuUs = ({ cpuUs }: CompareSide): number =>
  SERVER_GROUPS.reduce((sum, group) => sum + (cpuUs[group] ?? 0), 0);

/** How much less the second is than the first, percent; negative: it is more. */
export const lossPercent = (off: number, on: number): number => (1 - on / off) * 100;

/** Rounds whose two windows both count. */
export const soundRounds = (rounds: readonly CompareRound[]): readonly CompareRound[] =>
  rounds.filter(({ off, on }) => [off, on].every(({ faults, wrong }) => faults.length === 0 && wrong === 0));

/** The loss of rate in percent, round by round; null: no round counts. */
export const lossOf = (rounds: readonly CompareRound[]): Spread | null =>
  spreadOf(soundRounds(rounds).map(({ off, on }) => lossPercent(off.achieved, on.achieved)));

const describe = (spread: Spread | null, digits: number, unit: string): string =>
  spread === null
    ? "no round counts"
    : `${spread.median.toFixed(digits)}${unit} (${spread.min.toFixed(digits)} to ${spread.max.toFixed(digits)})`;

/** The lines of the comparison. */
export function renderCompare({ shards, rate, redis, redisPid, rounds }: CompareReport): readonly string[] {
  const sound = soundRounds(rounds);
  const rows = rounds.map((round, i) => [
    String(i + 1),
    round.off.achieved.toFixed(0),
    round.on.achieved.toFixed(0),
    lossPercent(round.off.achieved, round.on.achieved).toFixed(1),
    serverCpuUs(round.off).toFixed(0),
    serverCpuUs(round.on).toFixed(0),
    sound.includes(round) ? "yes" : `no: ${[...new Set([...reasonsOf(round.off), ...reasonsOf(round.on)])].join("; ")}`,
  ]);
  const cpu = (side: "off" | "on"): Spread | null => spreadOf(sound.map((round) => serverCpuUs(round[side])));
  const more = spreadOf(sound.map(({ off, on }) => -lossPercent(serverCpuUs(off), serverCpuUs(on))));
  const heads = ["round", "off /s", "on /s", "loss %", "off CPU us", "on CPU us", "counts"];
  return [
    "",
    `== Redis ${redis} off and on, ${shards} ${shards === 1 ? "shard" : "shards"}, ` +
      (rate === null ? "as many payments as each can do" : `${rate}/s offered to both`),
    "",
    ...renderTable(heads, rows),
    "",
    `payments/s without Redis  ${describe(spreadOf(sound.map(({ off }) => off.achieved)), 0, "")}`,
    `payments/s with Redis     ${describe(spreadOf(sound.map(({ on }) => on.achieved)), 0, "")}`,
    `loss of rate              ${describe(lossOf(rounds), 1, " %")}`,
    `server CPU a payment      ${describe(cpu("off"), 0, " us")} without, ${describe(cpu("on"), 0, " us")} with`,
    `more CPU a payment        ${describe(more, 1, " %")}`,
    ...(redisPid === null ? ["the CPU of Redis itself is not in it: it is no process that can be seen here"] : []),
  ];
}

const reasonsOf = ({ faults, wrong }: CompareSide): readonly string[] => [
  ...faults,
  ...(wrong > 0 ? [`${wrong} wrong answers`] : []),
];
