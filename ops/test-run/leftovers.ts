/** Ends what tests left running: every process that has to do with the run's temporary folder. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { endProcesses, nameProcess, type ProcessName } from "../sandbox/processes.ts";

/** Processes with `folder` in their arguments or environment, or that work in it; never ourselves. */
export function findProcessesOf(folder: string): readonly ProcessName[] {
  const looks = [
    (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8"),
    (pid: number) => readFileSync(`/proc/${pid}/environ`, "utf8"),
    (pid: number) => readlinkSync(`/proc/${pid}/cwd`),
  ];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => looks.some((look) => includes(() => look(pid), folder)))
    .map(nameProcess)
    .filter((name) => name !== undefined);
}

/** Ends them; returns how many there were. */
export async function endLeftOversOf(folder: string): Promise<number> {
  const found = findProcessesOf(folder);
  await endProcesses(found, [{ signal: "SIGTERM", waitMs: 15_000 }]);
  await endProcesses(findProcessesOf(folder), []);
  return found.length;
}

function includes(look: () => string, folder: string): boolean {
  try {
    return look().includes(folder);
  } catch {
    return false; // it ended, or it is another user's
  }
}
