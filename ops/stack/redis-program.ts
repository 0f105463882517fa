/** Where a Redis server is on this machine. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface RedisProgram {
  /** A path, or a name that the PATH knows. */
  readonly path: string;
  /** Folder of libraries that came with it; null: the system has them. */
  readonly libraryPath: string | null;
  readonly version: string;
}

/** The server on the PATH, else the one that was unpacked into `redis/` of the stack folder; undefined: neither runs. */
export const findRedis = (stack: string): RedisProgram | undefined =>
  ask("redis-server", null) ?? findUnpackedRedis(join(stack, "redis"));

/** The server of a package that was unpacked into `folder`; undefined when it does not run. */
export function findUnpackedRedis(folder: string): RedisProgram | undefined {
  const path = join(folder, "usr/bin/redis-server");
  return existsSync(path) ? ask(path, libraryFolder(folder)) : undefined;
}

/** `usr/lib/<triplet>` of the package. */
function libraryFolder(folder: string): string | null {
  const lib = join(folder, "usr/lib");
  const triplet = existsSync(lib) ? readdirSync(lib).find((name) => name.includes("-linux-")) : undefined;
  return triplet === undefined ? null : join(lib, triplet);
}

/** Asks the program what it is. */
function ask(path: string, libraryPath: string | null): RedisProgram | undefined {
  const asked = spawnSync(path, ["--version"], {
    encoding: "utf8",
    timeout: 10_000,
    ...(libraryPath !== null && { env: { LD_LIBRARY_PATH: libraryPath } }),
  });
  const version = /Redis server v=(\S+)/.exec(asked.stdout ?? "")?.[1];
  return asked.status === 0 && version !== undefined ? { path, libraryPath, version } : undefined;
}
