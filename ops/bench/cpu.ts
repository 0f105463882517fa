/**
 * CPU time by group of processes, from /proc. A group is a process and its descendants: PostgreSQL is the postmaster
 * with its backends. The time of a process that ends moves to its parent, so nothing is lost between two snapshots.
 */
import { readdirSync, readFileSync } from "node:fs";

/** /proc counts in hundredths of a second on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;
const KTHREADD = 2;

/** One line of /proc/<pid>/stat. Ticks. */
export interface ProcessTicks {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** With the pid it names the process even if the pid is used again. */
  readonly startedAt: number;
  readonly own: number;
  /** Of children that ended. */
  readonly reaped: number;
}

export interface CpuSnapshot {
  readonly atMs: number;
  /** Ticks that all processors were not idle, interrupts included, time stolen by the host not. */
  readonly busy: number;
  readonly processes: ReadonlyMap<number, ProcessTicks>;
}

/** Reads one stat line; the name may hold spaces and parentheses. */
export function parseStat(line: string): ProcessTicks {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  const fields = line.slice(close + 2).split(" ");
  const field = (n: number): number => Number(fields[n - 3]); // numbered as in proc(5)
  return {
    pid: Number(line.slice(0, open)),
    parent: field(4),
    name: line.slice(open + 1, close),
    startedAt: field(22),
    own: field(14) + field(15),
    reaped: field(16) + field(17),
  };
}

/** The busy ticks of the first line of /proc/stat. */
export function parseBusy(text: string): number {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(" ").map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields;
  return user + nice + system + irq + softirq;
}

/** All processes now. */
export function takeSnapshot(): CpuSnapshot {
  const processes = new Map<number, ProcessTicks>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const ticks = parseStat(readFileSync(`/proc/${entry}/stat`, "utf8"));
      processes.set(ticks.pid, ticks);
    } catch {
      // it ended while we looked
    }
  }
  return { atMs: performance.now(), busy: parseBusy(readFileSync("/proc/stat", "utf8")), processes };
}

/** The process that a group begins with. */
export interface GroupRoot {
  readonly name: string;
  readonly pid: number;
}

/** Seconds of CPU by group, and `foreign`: everything that is none of ours. `kernel`: kernel threads, which work for all. */
export interface CpuUse {
  readonly wallS: number;
  readonly groups: Readonly<Record<string, number>>;
  readonly foreignS: number;
  readonly kernelS: number;
}

/**
 * The CPU used between two snapshots. A process belongs to the nearest root above it. Foreign time is the smaller of two
 * counts that both err upwards: by process (a foreign tree that ended shows its past again) and by processor
 * (interrupts that belong to nobody).
 */
export function cpuBetween(before: CpuSnapshot, after: CpuSnapshot, roots: readonly GroupRoot[]): CpuUse {
  const oldOfEnded = ticksOfEnded(before, after);
  const ticks = new Map<string, number>(roots.map((root) => [root.name, 0]));
  for (const p of after.processes.values()) {
    const old = sameProcess(before, p);
    const reaped = Math.max(0, p.reaped - (old?.reaped ?? 0) - (oldOfEnded.get(p.pid) ?? 0));
    const group = groupOf(p.pid, after, roots);
    ticks.set(group, (ticks.get(group) ?? 0) + p.own - (old?.own ?? 0) + reaped);
  }
  const ticksOf = (group: string): number => ticks.get(group) ?? 0;
  const kernel = ticksOf("kernel");
  const ours = roots.reduce((sum, root) => sum + ticksOf(root.name), 0);
  const foreign = Math.max(0, Math.min(ticksOf("foreign"), after.busy - before.busy - ours - kernel));
  return {
    wallS: (after.atMs - before.atMs) / 1000,
    groups: Object.fromEntries(roots.map((root) => [root.name, ticksOf(root.name) / TICKS_PER_SECOND])),
    foreignS: foreign / TICKS_PER_SECOND,
    kernelS: kernel / TICKS_PER_SECOND,
  };
}

/** The process that `p` was at the other snapshot, if it existed. */
function sameProcess(snapshot: CpuSnapshot, p: ProcessTicks): ProcessTicks | undefined {
  const other = snapshot.processes.get(p.pid);
  return other?.startedAt === p.startedAt ? other : undefined;
}

/**
 * What processes that ended in between had used before the first snapshot, by the ancestor that lives on: it shows in
 * that one's `reaped` without being new.
 */
function ticksOfEnded(before: CpuSnapshot, after: CpuSnapshot): ReadonlyMap<number, number> {
  const old = new Map<number, number>();
  for (const p of before.processes.values()) {
    let heir: ProcessTicks | undefined = p;
    while (heir !== undefined && sameProcess(after, heir) === undefined) heir = before.processes.get(heir.parent);
    if (heir !== undefined && heir !== p) old.set(heir.pid, (old.get(heir.pid) ?? 0) + p.own + p.reaped);
  }
  return old;
}

function groupOf(pid: number, snapshot: CpuSnapshot, roots: readonly GroupRoot[]): string {
  let at = pid;
  for (let depth = 0; depth < 100 && at > 0; depth++) {
    const root = roots.find((r) => r.pid === at);
    if (root !== undefined) return root.name;
    if (at === KTHREADD) return "kernel";
    at = snapshot.processes.get(at)?.parent ?? 0;
  }
  return "foreign";
}

/** CPU seconds of each thread of a process so far, by thread id; the thread whose id is the pid is the main one. */
export function threadSeconds(pid: number): ReadonlyMap<number, { readonly name: string; readonly seconds: number }> {
  const threads = new Map<number, { name: string; seconds: number }>();
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    try {
      const { name, own } = parseStat(readFileSync(`/proc/${pid}/task/${tid}/stat`, "utf8"));
      threads.set(Number(tid), { name, seconds: own / TICKS_PER_SECOND });
    } catch {
      // it ended while we looked
    }
  }
  return threads;
}

/** Resident memory of a process, bytes; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
