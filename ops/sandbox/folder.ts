/** The data folder of a sandbox: one holder, a version, and the processes that a killed holder left behind. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import { endProcesses, isProcessName, isRunning, nameProcess, type ProcessName } from "./processes.ts";

/** Raised when what lies in the folder is laid out anew. */
const VERSION = 1;

export class SandboxFolder {
  readonly path: string;
  readonly #lock: FolderLock;
  #processes: readonly ProcessName[];

  private constructor(path: string, lock: FolderLock, processes: readonly ProcessName[]) {
    this.path = path;
    this.#lock = lock;
    this.#processes = processes;
  }

  /**
   * Takes the folder, made if missing, and ends what a dead holder left running in it.
   * Throws FolderInUseError when it is in use, else an Error that names what to do.
   */
  static async open(path: string): Promise<SandboxFolder> {
    for (const inner of ["logs", "gateways"]) mkdirSync(join(path, inner), { recursive: true });
    const lock = lockFolder(path);
    try {
      checkVersion(path);
      rmSync(join(path, "sandbox.json"), { force: true }); // a killed holder's: none of it answers any more
      const left = readProcesses(join(path, "processes.json")).filter(isRunning);
      // by now they have seen their holder's channel close and end by themselves, unless they hang
      await endProcesses(left, [{ signal: "SIGTERM", waitMs: 2_000 }]);
      return new SandboxFolder(path, lock, []);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes JSON for our eyes only; readers see the old file or the new one, never a part. */
  write(name: string, value: unknown): void {
    writeWhole(this.file(name), value);
  }

  log(part: string): string {
    return join(this.path, "logs", `${part}.log`);
  }

  /** Others who want the folder are told this URL. */
  announce(url: string): void {
    this.#lock.setNote(url);
  }

  /** Remembers a process for the case that we are killed. */
  record(pid: number): void {
    const name = nameProcess(pid);
    if (name === undefined) return;
    this.#processes = [...this.#processes.filter(isRunning), name];
    this.write("processes.json", this.#processes);
  }

  /** Gives the folder up after a clean end. */
  close(): void {
    rmSync(this.file("sandbox.json"), { force: true });
    rmSync(this.file("processes.json"), { force: true });
    this.#lock.release();
  }
}

function writeWhole(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(draft, path);
}

function checkVersion(path: string): void {
  const file = join(path, "version.json");
  if (existsSync(file)) {
    let found: unknown;
    try {
      found = (JSON.parse(readFileSync(file, "utf8")) as { version?: unknown } | null)?.version;
    } catch {
      // not JSON: as unknown as another version
    }
    if (found === VERSION) return;
    throw new Error(
      `the data in ${path} was made by another version of the sandbox (${file} says ${JSON.stringify(found)}, ` +
        `this one reads ${VERSION}). To begin anew without its data: rm -rf ${path}`,
    );
  }
  writeWhole(file, { version: VERSION });
}

function readProcesses(path: string): readonly ProcessName[] {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Array.isArray(value) ? value.filter(isProcessName) : [];
  } catch {
    return []; // none, or the holder was killed before its first write
  }
}
