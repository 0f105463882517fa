/**
 * A name for this process that later tells whether it certainly ended. A dead process answers no read, so its successor
 * on the same machine need not wait out its memory (design §3.2).
 */
import { readFileSync, readlinkSync } from "node:fs";

/** Of /proc/<pid>/stat, counted behind the command's closing parenthesis. */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;
/** Zombie, dead: they run nothing any more. */
const ENDED: ReadonlySet<string> = new Set(["Z", "X"]);

/** What the system says of processes; a thrown error carries its `code`. */
export interface ProcessTable {
  /** Content of /proc/<pid>/stat. */
  stat(pid: number): string;
  /** Asks for a signal's permission without sending one. */
  signal0(pid: number): void;
  /** Boot and process namespace, `boot/namespace`. */
  home(): string;
}

const systemTable: ProcessTable = {
  stat: (pid) => readFileSync(`/proc/${pid}/stat`, "utf8"),
  signal0: (pid) => void process.kill(pid, 0),
  home: () =>
    `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${readlinkSync("/proc/self/ns/pid").trim()}`,
};

interface Life {
  readonly state: string;
  readonly startTime: string;
}

/** Throws when the line is not whole: then nothing is known. */
function parseStat(stat: string): Life {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[STATE_FIELD] ?? "";
  const startTime = fields[START_TIME_FIELD] ?? "";
  if (!stat.includes(")") || !/^[A-Za-z]$/.test(state) || !/^\d+$/.test(startTime)) throw new Error("not a stat line");
  return { state, startTime };
}

/** This process: boot, process namespace, pid, start time name it for ever. A name that nobody can judge off Linux. */
export function nameOfThisProcess(): string {
  try {
    return `${systemTable.home()}/${process.pid}/${parseStat(systemTable.stat(process.pid)).startTime}`;
  } catch {
    return `unknown/${process.pid}`;
  }
}

/** The pid in such a name; null: there is none. */
export function pidOfName(name: string): number | null {
  const fields = name.split("/");
  const pid = fields.length === 4 ? fields[2] : fields[0] === "unknown" ? fields[1] : undefined;
  return pid !== undefined && /^[1-9]\d*$/.test(pid) ? Number(pid) : null;
}

/**
 * True only when the process certainly runs no more: the system knows no such pid, the pid is another process now, or
 * it is a zombie. Whatever cannot be read leaves it alive, and another boot, machine or container is never judged.
 */
export function isProcessGone(name: string, table: ProcessTable = systemTable): boolean {
  const [boot, space, pid, startTime] = name.split("/");
  if (name.split("/").length !== 4 || !/^[1-9]\d*$/.test(pid ?? "")) return false;
  if (!isHome(`${boot}/${space}`, table)) return false;
  try {
    const life = parseStat(table.stat(Number(pid)));
    return ENDED.has(life.state) || life.startTime !== startTime;
  } catch (error) {
    return codeOf(error) === "ENOENT" && isUnknownToSignals(Number(pid), table);
  }
}

function isHome(home: string, table: ProcessTable): boolean {
  try {
    return table.home() === home;
  } catch {
    return false;
  }
}

/** A /proc that hides other users' processes (hidepid) says ENOENT too; a signal is then refused with EPERM. */
function isUnknownToSignals(pid: number, table: ProcessTable): boolean {
  try {
    table.signal0(pid);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
