/** The Redis of a cluster under test: a given one or one of our own, and what it says of itself. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { unpackRedis } from "../stack/redis-package.ts";
import { findRedis } from "../stack/redis-program.ts";
import { startRedisServer } from "../stack/redis-server.ts";

export interface BenchRedis {
  readonly url: string;
  readonly version: string;
  /** Its process, when it runs on this machine where we can see it; null: its CPU is nobody's here. */
  readonly pid: number | null;
  readonly stop: () => Promise<void>;
}

/** What a server counted since it started. */
export interface RedisCounters {
  /** Looks that found their key, and that did not. */
  readonly hits: number;
  readonly misses: number;
}

/** A replay that is thrown out costs speed only: a run must not fill the machine's memory. */
const OWN_SETTINGS = ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"];
const ANSWER_LIMIT_MS = 5_000;

/**
 * `wanted`: an address, or "own": a server of this machine, else the distribution's package in `stack`, started in
 * `folder`. Throws when there is none, or it does not answer.
 */
export async function bringRedis(wanted: string, stack: string, folder: string): Promise<BenchRedis> {
  if (wanted !== "own") return await describe(wanted, async () => undefined);
  const program = findRedis(stack) ?? unpackRedis({ stack, fetchLists: false });
  if ("failed" in program) throw new Error(`no Redis: ${program.failed}. To have one: npm run stack:redis`);
  const server = await startRedisServer({ program, folder, args: OWN_SETTINGS });
  return await describe(server.url, () => server.stop());
}

async function describe(url: string, stop: () => Promise<void>): Promise<BenchRedis> {
  try {
    const info = parseInfo(await askInfo(url));
    const pid = Number(info.get("process_id"));
    return { url, version: info.get("redis_version") ?? "unknown", pid: isRedis(pid) ? pid : null, stop };
  } catch (error) {
    await stop();
    throw new Error(`the Redis on ${new URL(url).host} does not answer: ${(error as Error).message}`, { cause: error });
  }
}

/** In a container, or on another machine, the pid is somebody else's here. */
function isRedis(pid: number): boolean {
  try {
    return /redis|valkey/.test(readFileSync(`/proc/${pid}/comm`, "utf8"));
  } catch {
    return false;
  }
}

/** Throws when it does not answer. */
export async function readRedisCounters(url: string): Promise<RedisCounters> {
  const info = parseInfo(await askInfo(url));
  return { hits: Number(info.get("keyspace_hits")), misses: Number(info.get("keyspace_misses")) };
}

/** What was counted between two looks. */
export const redisBetween = (before: RedisCounters, after: RedisCounters): RedisCounters => ({
  hits: after.hits - before.hits,
  misses: after.misses - before.misses,
});

/** The lines `name:value` of an INFO answer. */
export const parseInfo = (answer: string): ReadonlyMap<string, string> =>
  new Map(
    answer
      .split("\r\n")
      .filter((line) => /^[a-z_0-9]+:/.test(line))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );

/** One command as Redis reads it. */
const encode = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

/** The text of INFO. One short connection: the cluster's own client is not to be measured with it. */
function askInfo(url: string): Promise<string> {
  const { hostname, port, username, password, protocol } = new URL(url);
  if (protocol !== "redis:") return Promise.reject(new Error("only redis:// can be measured: its counters are read"));
  const user = username === "" ? [] : [decodeURIComponent(username)];
  const login = password === "" ? "" : encode("AUTH", ...user, decodeURIComponent(password));
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port === "" ? 6379 : port), hostname);
    const end = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    let text = "";
    socket.setTimeout(ANSWER_LIMIT_MS, () => end(new Error("no answer")));
    socket.on("error", end);
    socket.on("close", () => reject(new Error("the connection was closed")));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      const refused = /^-(.*)/m.exec(text);
      if (refused !== null) return end(new Error(refused[1]));
      const header = /\$(\d+)\r\n/.exec(text);
      if (header === null || text.length < header.index + header[0].length + Number(header[1])) return;
      socket.destroy();
      resolve(text);
    });
    socket.write(login + encode("INFO"));
  });
}
