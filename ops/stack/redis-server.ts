/** A Redis server as a process of ours: keeps nothing on disk, listens on 127.0.0.1, and is ended by its pid. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { lastLines, openLog } from "../sandbox/log-file.ts";
import { reservePort } from "../sandbox/ports.ts";
import { waitFor } from "../sandbox/processes.ts";
import type { RedisProgram } from "./redis-program.ts";

export interface RedisServerOptions {
  readonly program: RedisProgram;
  /** Working folder and log; made if missing. */
  readonly folder: string;
  /** Exactly this port; absent: any that is free. */
  readonly port?: number;
  /** More settings, as on Redis's command line. */
  readonly args?: readonly string[];
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** SIGSTOP freezes it, SIGCONT wakes it, SIGKILL ends it as a crash does. */
  signal(name: NodeJS.Signals): void;
  /** Ends it, frozen or not; settles when it is gone. Harmless when called again. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 5_000;
const ATTEMPTS = 5;

/** Starts a server and waits until it answers. Throws an Error with the end of its log. */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  mkdirSync(options.folder, { recursive: true });
  const logFile = join(options.folder, "redis.log");
  for (let attempt = 1; ; attempt++) {
    const reserved =
      options.port === undefined ? await reservePort(0) : { port: options.port, release: (): void => {} };
    const { port } = reserved;
    const child = spawnServer(options, port, logFile);
    const hasEnded = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    child.once("error", () => {}); // shows as an end without a pid
    const stop = async (): Promise<void> => {
      if (!hasEnded()) {
        child.kill("SIGTERM");
        child.kill("SIGCONT"); // a frozen one takes the first signal only when it wakes
        if (!(await waitFor(hasEnded, STOP_LIMIT_MS))) child.kill("SIGKILL");
        await waitFor(hasEnded, STOP_LIMIT_MS);
      }
      reserved.release();
    };
    const endMs = performance.now() + START_LIMIT_MS;
    while (!hasEnded() && performance.now() < endMs)
      if (await answers(port)) {
        const url = `redis://127.0.0.1:${port}`;
        return { url, port, pid: child.pid ?? 0, logFile, stop, signal: (name) => void child.kill(name) };
      }
    await stop();
    const tail = lastLines(logFile, 10);
    // between our look and its bind somebody took the port
    const portTaken = options.port === undefined && tail.some((line) => line.includes("already in use"));
    if (!portTaken || attempt === ATTEMPTS)
      throw new Error(`Redis did not start. Last lines of ${logFile}:\n${tail.join("\n")}`);
  }
}

function spawnServer({ program, folder, args = [] }: RedisServerOptions, port: number, logFile: string): ChildProcess {
  const log = openLog(logFile);
  try {
    const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    return spawn(program.path, [...settings, "--dir", folder, ...args], {
      cwd: folder,
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        LC_ALL: "C",
        ...(program.libraryPath !== null && { LD_LIBRARY_PATH: program.libraryPath }),
      },
      stdio: ["ignore", log, log],
      detached: true, // a terminal's Ctrl-C is for us, who end it in order
    });
  } finally {
    closeSync(log);
  }
}

/** Whether a Redis on this port answers a PING, with whatever words: one that wants a password is up too. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(500, () => socket.destroy(new Error("no answer")));
  try {
    socket.write("PING\r\n");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    return /^(\+PONG|-NOAUTH)/.test(bytes.toString());
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20)); // refused: between two looks
    return false;
  } finally {
    socket.destroy();
  }
}
