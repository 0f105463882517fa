/**
 * A name for this process that later tells whether it certainly ended. A dead process answers no read, so its successor
 * on the same machine need not wait out its memory (design §3.2).
 */
import { readFileSync, readlinkSync } from "node:fs";

const START_TIME_FIELD = 19; // of /proc/<pid>/stat, counted behind the command's closing parenthesis

/** Boot, process namespace, pid, start time: together they name one process for ever. Null: not Linux. */
function nameOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    if (state === "Z" || state === "X") return null; // a zombie runs nothing any more
    return `${boot}/${readlinkSync("/proc/self/ns/pid")}/${pid}/${fields[START_TIME_FIELD]}`;
  } catch {
    return null;
  }
}

/** This process; a name that nobody can judge where the system does not tell. */
export const nameOfThisProcess = (): string => nameOf(process.pid) ?? `unknown/${process.pid}`;

/** True only when the process certainly runs no more. A process of another boot, machine or container is never judged. */
export function isProcessGone(name: string): boolean {
  const own = nameOf(process.pid)?.split("/");
  const other = name.split("/");
  if (own === undefined || other.length !== 4 || own[0] !== other[0] || own[1] !== other[1]) return false;
  return nameOf(Number(other[2])) !== name;
}
