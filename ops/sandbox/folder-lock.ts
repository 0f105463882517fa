/** One user at a time of a data folder: a file that names its holder, so that a dead holder's lock is taken over. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isProcessName, isRunning, nameProcess, type ProcessName } from "./processes.ts";

const FILE = "lock.json";

/** Who holds a folder; `note` is what it tells others, for example its URL. */
export interface LockHolder {
  readonly process: ProcessName;
  readonly note: string;
}

export interface FolderLock {
  /** Changes what others are told. */
  setNote(note: string): void;
  /** Gives the folder up; harmless when called again. */
  release(): void;
}

/** Thrown when a living process holds the folder. */
export class FolderInUseError extends Error {
  readonly holder: LockHolder;
  constructor(folder: string, holder: LockHolder) {
    const note = holder.note === "" ? "" : ` (${holder.note})`;
    super(`${folder} is in use by process ${holder.process.pid}${note}`);
    this.name = "FolderInUseError";
    this.holder = holder;
  }
}

/**
 * Takes `folder`, which must exist. A lock whose holder is dead is taken over. Throws FolderInUseError.
 * The file appears by link(2), which fails when it exists, so of two that try at once one gets it.
 */
export function lockFolder(folder: string, note = ""): FolderLock {
  const self = nameProcess(process.pid);
  if (self === undefined) throw new Error("/proc does not show this process: it must be mounted");
  const path = join(folder, FILE);
  const draft = join(folder, `${FILE}.${process.pid}`);
  const write = (text: string): void =>
    writeFileSync(draft, JSON.stringify({ process: self, note: text }), { mode: 0o600 });
  for (let attempt = 0; attempt < 10; attempt++) {
    write(note);
    try {
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = readHolder(path);
      if (holder !== undefined && isRunning(holder.process)) {
        rmSync(draft, { force: true });
        throw new FolderInUseError(folder, holder);
      }
      removeDead(path, `${draft}.dead`);
      continue;
    }
    rmSync(draft);
    return {
      setNote: (text) => {
        write(text);
        renameSync(draft, path);
      },
      release: () => {
        if (readHolder(path)?.process.pid === process.pid) rmSync(path, { force: true });
      },
    };
  }
  throw new Error(`${path} cannot be taken: others take it again and again`);
}

/** Removes a dead holder's lock; when a living one slipped in between the look and the move, its lock is put back. */
function removeDead(path: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else removed it
  }
  const moved = readHolder(aside);
  try {
    if (moved !== undefined && isRunning(moved.process)) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** The holder that the file names; undefined when there is none or it is not readable as one. */
function readHolder(path: string): LockHolder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<LockHolder>;
    return isProcessName(value.process) ? { process: value.process, note: value.note ?? "" } : undefined;
  } catch {
    return undefined;
  }
}
