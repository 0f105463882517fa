/**
 * The distribution's Redis, unpacked into a folder of ours: nothing is installed, no root is needed. For Debian and its
 * like, whose packages apt finds and checks.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findUnpackedRedis, type RedisProgram } from "./redis-program.ts";

/** `redis-server` alone is a link to the program, which is in `redis-tools`. */
const PACKAGES = ["redis-server", "redis-tools"] as const;
/** Of the system, always: another one under the program's feet would not fit the system's loader. */
const NEVER_UNPACKED = "libc6";
const COMMAND_LIMIT_MS = 120_000;

export interface UnpackOptions {
  /** The package ends up in its `redis/`. */
  readonly stack: string;
  /** Fetches apt's package lists into the folder first when the system's are missing: about 10 MB. */
  readonly fetchLists: boolean;
}

/** Unpacks it, or says why that cannot be done. Several at once do not disturb each other. */
export function unpackRedis({ stack, fetchLists }: UnpackOptions): RedisProgram | { readonly failed: string } {
  const folder = join(stack, "redis");
  const found = findUnpackedRedis(folder);
  if (found !== undefined) return found;
  const draft = join(stack, `redis.${process.pid}`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(join(draft, "root"), { recursive: true });
  try {
    const lists = fetchLists ? privateLists(draft) : [];
    fetchAndUnpack(draft, PACKAGES, lists);
    fetchAndUnpack(draft, missingLibraries(draft), lists);
    if (findUnpackedRedis(join(draft, "root")) === undefined)
      return { failed: "the unpacked Redis does not run on this system" };
    rmSync(folder, { recursive: true, force: true }); // one that does not run, for we looked
    renameSync(join(draft, "root"), folder);
    return findUnpackedRedis(folder) ?? { failed: `${folder} was changed by somebody else` };
  } catch (error) {
    return { failed: (error as Error).message };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Options of apt that make it use lists of our own, fetched now; none when the system's lists know the package. */
function privateLists(draft: string): readonly string[] {
  if (spawnSync("apt-cache", ["show", PACKAGES[0]], { stdio: "ignore", timeout: COMMAND_LIMIT_MS }).status === 0)
    return [];
  const [lists, cache] = [join(draft, "apt/lists"), join(draft, "apt/cache")];
  for (const folder of [lists, cache]) mkdirSync(join(folder, "partial"), { recursive: true });
  const options = ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`];
  run("apt-get", ["update", "-qq", ...options], draft);
  return options;
}

function fetchAndUnpack(draft: string, packages: readonly string[], options: readonly string[]): void {
  if (packages.length === 0) return;
  const folder = join(draft, "packages");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  run("apt-get", ["download", "-qq", ...options, ...packages], folder); // checks signatures and checksums
  for (const file of readdirSync(folder)) run("dpkg-deb", ["-x", join(folder, file), join(draft, "root")], folder);
}

/** The libraries that the package names, when the system lacks one of them. */
function missingLibraries(draft: string): readonly string[] {
  if (findUnpackedRedis(join(draft, "root")) !== undefined) return [];
  const file = readdirSync(join(draft, "packages")).find((name) => name.startsWith("redis-tools"));
  const depends = run("dpkg-deb", ["-f", join(draft, "packages", file ?? ""), "Depends"], draft);
  return depends
    .split(",")
    .map((one) => one.trim().split(/[ :(|]/)[0] ?? "")
    .filter((name) => name.startsWith("lib") && name !== NEVER_UNPACKED);
}

/** Output of a command that must succeed. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: COMMAND_LIMIT_MS,
  });
  if (status === 0) return stdout;
  const lines = (stderr ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("W: "));
  throw new Error(`${command} ${args[0]}: ${error?.message ?? lines.at(-1) ?? `exit code ${status}`}`);
}
