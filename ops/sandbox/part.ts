/** One part of the sandbox that runs as a process, and how a program of ours with an IPC channel is one. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines, openLog } from "./log-file.ts";

/** How a run ended. */
export interface PartEnd {
  readonly words: string;
  /** By SIGKILL, which no fault of its own sends: somebody tries what happens. */
  readonly killed: boolean;
}

/** Something that is started, may end by itself, and is stopped. */
export interface Part {
  readonly name: string;
  readonly logFile: string;
  /** 0 while it does not run. */
  readonly pid: number;
  /** Starts it and waits until it answers. Throws an Error that says why it did not. */
  start(): Promise<void>;
  /** Settles when the run that was started last has ended. */
  ended(): Promise<PartEnd>;
  /** Ends it in order, harder after a while. Harmless when it does not run. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** How a program of ours is started. Its ready message is `{ kind: "ready", … }`; it ends when the channel closes. */
export interface ProgramSpec<Ready> {
  readonly name: string;
  readonly entry: string;
  /** Node's own. */
  readonly flags: readonly string[];
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly readyLimitMs: number;
  readonly stopLimitMs: number;
  /** Takes the ready message apart; undefined when it is not one. */
  readonly readReady: (message: unknown) => Ready | undefined;
  /** Told each process as soon as it exists, so that a next start can end it. */
  readonly onSpawn: (pid: number) => void;
}

/** A Node program as a part. `Ready`: what it says when it answers. */
export class ProgramPart<Ready> implements Part {
  readonly name: string;
  readonly logFile: string;
  readonly #spec: ProgramSpec<Ready>;
  #child: ChildProcess | undefined;
  #ended: Promise<PartEnd> = Promise.resolve({ words: "never started", killed: false });
  #ready: Ready | undefined;

  constructor(spec: ProgramSpec<Ready>) {
    this.name = spec.name;
    this.logFile = spec.logFile;
    this.#spec = spec;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What the running process said. Throws before `start` settled. */
  get ready(): Ready {
    if (this.#ready === undefined) throw new Error(`${this.name} is not ready`);
    return this.#ready;
  }

  async start(): Promise<void> {
    const spec = this.#spec;
    const child = this.#spawn();
    this.#child = child;
    let lastWords = "";
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve({ words: error.message, killed: false }));
      child.once("exit", (code, signal) => {
        this.#child = undefined;
        const words = `${signal === null ? `exit code ${code}` : `signal ${signal}`}${lastWords}`;
        resolve({ words, killed: signal === "SIGKILL" });
      });
    });
    if (child.pid !== undefined) spec.onSpawn(child.pid);
    const ready = new Promise<Ready>((resolve) => {
      child.on("message", (message: { kind?: unknown; message?: unknown } | null) => {
        if (message?.kind === "fatal") lastWords = `: ${String(message.message)}`;
        const read = message?.kind === "ready" ? spec.readReady(message) : undefined;
        if (read !== undefined) resolve(read);
      });
    });
    const late = new AbortController();
    const outcome = await Promise.race([
      ready.then((value) => ({ ready: value })),
      this.#ended.then(({ words }) => ({ failed: `ended with ${words}` })),
      sleep(
        spec.readyLimitMs,
        { failed: `was not ready after ${spec.readyLimitMs / 1000} s` },
        { signal: late.signal },
      ),
    ]);
    late.abort();
    if ("ready" in outcome) {
      this.#ready = outcome.ready;
      return;
    }
    this.kill();
    await this.#ended;
    throw new Error(`${this.name} ${outcome.failed}${describeLog(this.logFile)}`);
  }

  ended(): Promise<PartEnd> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    const limit = new AbortController();
    this.#child?.kill("SIGTERM");
    const gone = await Promise.race([
      this.#ended.then(() => true),
      sleep(this.#spec.stopLimitMs, false, { signal: limit.signal }),
    ]);
    limit.abort();
    if (!gone) this.kill();
    await this.#ended;
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  #spawn(): ChildProcess {
    const { flags, entry, args, environment, logFile } = this.#spec;
    const log = openLog(logFile);
    try {
      return spawn(process.execPath, [...flags, entry, ...args], {
        env: environment,
        stdio: ["ignore", log, log, "ipc"],
        detached: true, // a process group of its own: a terminal's Ctrl-C reaches only us, who end the parts in order
      });
    } finally {
      closeSync(log);
    }
  }
}

/** The log's path and its last ten lines, for a message of failure. */
export function describeLog(logFile: string): string {
  return `. Last lines of ${logFile}:\n${lastLines(logFile, 10)
    .map((line) => `  ${line}`)
    .join("\n")}`;
}
