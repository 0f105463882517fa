/**
 * What the operating system says about processes, read from /proc. A pid alone is no name: it is given again to a
 * foreign process. So every process that we may have to end later is remembered with its start time.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** One process for ever: pid, start in clock ticks since boot, and the boot that these ticks count from. */
export interface ProcessName {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

const BOOT_ID = readText("/proc/sys/kernel/random/boot_id").trim();

/** The name of a running process; undefined when there is none, or only a zombie that waits to be reaped. */
export function nameProcess(pid: number): ProcessName | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the command before it may hold spaces
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || state === "Z" || state === "X") return undefined;
  return { pid, startTicks, bootId: BOOT_ID };
}

/** True while exactly this process runs; a later one that got its pid does not count. */
export function isRunning(name: ProcessName): boolean {
  const found = nameProcess(name.pid);
  return found !== undefined && found.startTicks === name.startTicks && found.bootId === name.bootId;
}

/** True for what was read from a file and has the shape of a process name. */
export function isProcessName(value: unknown): value is ProcessName {
  const name = value as Partial<ProcessName> | null;
  return (
    typeof name === "object" &&
    name !== null &&
    Number.isInteger(name.pid) &&
    typeof name.startTicks === "string" &&
    typeof name.bootId === "string"
  );
}

/** Running processes of the program `program` (base name of the executable) whose working folder is `folder`. */
export function findProcessesIn(folder: string, program: string): readonly ProcessName[] {
  const found: ProcessName[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    if (readLink(`/proc/${pid}/cwd`) !== folder) continue;
    const executable = readLink(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, "");
    const name = nameProcess(pid);
    if (name !== undefined && executable?.endsWith(`/${program}`) === true) found.push(name);
  }
  return found;
}

/** Sends a signal to exactly this process; false when it is gone. */
function signalProcess(name: ProcessName, signal: NodeJS.Signals): boolean {
  if (!isRunning(name)) return false;
  try {
    process.kill(name.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/**
 * Ends processes: each signal in turn, with the time that it gets to work; SIGKILL last, which a stopped process obeys
 * too. Throws when one outlives even that (it hangs in the kernel).
 */
export async function endProcesses(
  names: readonly ProcessName[],
  steps: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[],
): Promise<void> {
  for (const { signal, waitMs } of [...steps, { signal: "SIGKILL" as const, waitMs: 10_000 }]) {
    if (!names.some((name) => signalProcess(name, signal))) return;
    if (await waitFor(() => !names.some(isRunning), waitMs)) return;
  }
  throw new Error(`process ${names.find(isRunning)?.pid} cannot be ended`);
}

/** Waits until `holds`, looking every 20 ms; false when `limitMs` passed first. */
export async function waitFor(holds: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() >= end) return false;
    await sleep(20);
  }
  return true;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process ended between the look and the read
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
