/** The files of an embedded PostgreSQL: its password, its data, and the processes that a killed starter left in it. */
import { spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { PostgresPlace } from "./postgres-place.ts";
import { endProcesses, findProcessesIn } from "./processes.ts";

export const POSTGRES_USER = "postgres";

/** What a start leaves for the next one, mode 600. `home`: null while the data is inside the data folder. */
export interface PostgresMemo {
  readonly version: 1;
  readonly password: string;
  readonly home: string | null;
}

/** What an earlier start left; undefined when there was none. Throws an Error that says what to do. */
export function readMemo(dataDir: string): PostgresMemo | undefined {
  const path = join(dataDir, "postgres.json");
  if (!existsSync(path)) {
    if (existsSync(join(dataDir, "home", "data"))) throw new Error(unreadable(dataDir, "its password file is missing"));
    return undefined;
  }
  try {
    const memo = JSON.parse(readFileSync(path, "utf8")) as Partial<PostgresMemo>;
    if (memo.version === 1 && typeof memo.password === "string" && memo.home !== undefined) return memo as PostgresMemo;
  } catch {
    // said below
  }
  throw new Error(unreadable(dataDir, `${path} is not readable`));
}

const unreadable = (dataDir: string, why: string): string =>
  `the database in ${dataDir} cannot be used: ${why}. To begin anew without its data: rm -rf ${dataDir}`;

/** Remembers it, readable by us only. */
export function writeMemo(dataDir: string, memo: PostgresMemo): void {
  const path = join(dataDir, "postgres.json");
  writeFileSync(`${path}.new`, JSON.stringify(memo), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Ends every server process that works in this data: it belongs to a starter that died (the folder is locked by us). */
export async function endLeftOvers(data: string): Promise<void> {
  if (!existsSync(data)) return;
  const found = findProcessesIn(realpathSync(data), "postgres");
  // a quick end: the next start recovers as after a crash, which loses nothing
  await endProcesses(found, [{ signal: "SIGQUIT", waitMs: 5_000 }]);
  rmSync(join(data, "postmaster.pid"), { force: true }); // its pid may be a foreign process by now
}

/** Removes data whose password nobody knows any more. */
export async function discardData(data: string): Promise<void> {
  await endLeftOvers(data);
  rmSync(data, { recursive: true, force: true });
}

/** Whom to spawn PostgreSQL's programs as. */
export const idsOf = ({ runAs }: PostgresPlace): { uid?: number; gid?: number } =>
  runAs.uid === undefined || runAs.gid === undefined ? {} : { uid: runAs.uid, gid: runAs.gid };

/** Nothing of our environment (PGDATA, PGPORT, locale) reaches the server. */
export const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/** initdb into a draft that is renamed when complete, so that an interrupted one is never taken for data. */
export function makeData(place: PostgresPlace, password: string): void {
  const data = join(place.home, "data");
  if (existsSync(join(data, "PG_VERSION"))) {
    const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
    if (version !== "18") throw new Error(unreadable(data, `it was made by PostgreSQL ${version}, this is 18`));
    const owner = statSync(data).uid;
    if (owner !== (place.runAs.uid ?? process.getuid?.()))
      throw new Error(unreadable(data, `it belongs to uid ${owner}; start as that user`));
    return;
  }
  const draft = `${data}.new`;
  const secret = join(place.home, "password");
  rmSync(draft, { recursive: true, force: true });
  rmSync(secret, { force: true });
  try {
    writeFileSync(secret, password, { mode: 0o600, flag: "wx" });
    const { uid, gid } = idsOf(place);
    if (uid !== undefined && gid !== undefined) chownSync(secret, uid, gid);
    const args = [
      "-D",
      draft,
      "-U",
      POSTGRES_USER,
      "--encoding=UTF8",
      "--locale=C",
      "--data-checksums",
      "--auth=scram-sha-256",
    ];
    const made = spawnSync(join(place.native, "bin/initdb"), [...args, `--pwfile=${secret}`], {
      ...idsOf(place),
      cwd: "/",
      env: ENVIRONMENT,
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr.trim()}`);
  } finally {
    rmSync(secret, { force: true });
  }
  renameSync(draft, data);
}
