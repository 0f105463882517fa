/** A sandbox in a process of its own, as tests start, watch and end it. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { readSandboxFile, type SandboxFile } from "../sandbox/sandbox-file.ts";
import { waitFor } from "../sandbox/processes.ts";
import { findProcessesOf } from "../test-run/leftovers.ts";

const READY_LIMIT_MS = 60_000;

export class SandboxProcess {
  readonly dataDir: string;
  readonly child: ChildProcess;
  #stdout = "";
  #stderr = "";

  /** Starts `command` in a process group of its own; `dataDir` is where it is going to write. */
  constructor(command: readonly string[], dataDir: string, cwd = process.cwd()) {
    const [program = "", ...args] = command;
    this.dataDir = dataDir;
    const path = `${join(process.execPath, "..")}:${process.env["PATH"]}`;
    // not as an npm script of this test run: a start that npm made ends with npm
    const { npm_lifecycle_event: _event, ...inherited } = process.env;
    this.child = spawn(program, args, {
      cwd,
      env: { ...inherited, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.child.stdout?.on("data", (bytes: Buffer) => (this.#stdout += bytes.toString()));
    this.child.stderr?.on("data", (bytes: Buffer) => (this.#stderr += bytes.toString()));
  }

  get stdout(): string {
    return this.#stdout;
  }
  get stderr(): string {
    return this.#stderr;
  }
  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits for the banner, which comes after sandbox.json; throws with what was said when there is none in time. */
  async ready(): Promise<SandboxFile> {
    await waitFor(() => this.hasEnded || this.#stdout.includes(" Stop "), READY_LIMIT_MS);
    const file = this.#stdout.includes(" Stop ") ? readSandboxFile(this.dataDir) : undefined;
    if (file === undefined) throw new Error(`no sandbox: ${this.#stdout}${this.#stderr}`);
    return file;
  }

  /** Waits for the end and gives the exit code; a signal gives its name. */
  async ended(limitMs = 60_000): Promise<number | string> {
    if (!(await waitFor(() => this.hasEnded, limitMs)))
      throw new Error(`it did not end: ${this.#stdout}${this.#stderr}`);
    return this.child.exitCode ?? this.child.signalCode ?? "unknown";
  }

  /** Ends it, in whatever state it is. */
  async dispose(): Promise<void> {
    if (!this.hasEnded) {
      this.child.kill("SIGTERM");
      if (!(await waitFor(() => this.hasEnded, 45_000))) this.child.kill("SIGKILL");
    }
  }
}

/** Pids of processes that have to do with a data folder: it is in their arguments, their environment, or they work in it. */
export const processesOf = (dataDir: string): readonly number[] => findProcessesOf(dataDir).map(({ pid }) => pid);
