/**
 * D2, D3, D6-D8: database servers that lose a process, stop, have no space, and give up a statement. The merchant is told
 * to come again at worst; only SQL is tried again, never a charge; writes resume by themselves.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster, isReady, queryOne, until } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { type Answer, limitRate, Merchant, payment } from "../rig/merchant.ts";

const WITHIN_MS = 90_000;
const LOAD = 60;
const SPACE_MB = 24;
const DEADLOCKS = 3;
/** Below a segment of the write-ahead log. */
const FILE_BYTES_MAX = 1_000_000;
const WRITER = `SELECT pid FROM pg_stat_activity
  WHERE usename = 'paycluster_app' AND datname = current_database() AND state IS NOT NULL`;

const WAITS = `SELECT 1 FROM pg_stat_activity
  WHERE usename = 'paycluster_app' AND datname = current_database() AND wait_event_type = 'Lock'`;

describe("database servers in trouble", function () {
  this.timeout(240_000);
  let cluster: Cluster;
  let merchant: Merchant;
  let shard = "";
  let nodePid = 0;

  before(async () => {
    cluster = await Cluster.start("--shards", "1");
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
    shard = cluster.info.postgres.shards[0]?.ownerDsn as string;
    ({ nodePid } = cluster);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  const postmaster = async (): Promise<number> =>
    Number(
      (
        await queryOne<{ pid: string }>(shard, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1) AS pid")
      )[0]?.pid,
    );
  const backends = async (): Promise<readonly number[]> =>
    (await queryOne<{ pid: number }>(shard, WRITER)).map(({ pid }) => pid);
  /** The slow ones are at the gateway when the fault comes. */
  const bodyOf = (n: number) => payment(n % 3 === 0 ? { payment_method: "tok_slow_5s" } : {});

  /** Payments under a fault: each ends charged once, and what was acknowledged before is there afterwards. */
  async function endsWell(name: string, fault: () => Promise<void>): Promise<void> {
    const acknowledged = await Promise.all(
      Array.from({ length: 10 }, (_, n) => merchant.createUntilFinal(`${name}-before-${n}`, payment(), WITHIN_MS)),
    );
    const load = Array.from({ length: LOAD }, (_, n) =>
      merchant.createUntilFinal(`${name}-${n}`, bodyOf(n), WITHIN_MS),
    );
    await fault();
    for (const { status, text } of await Promise.all(load)) expect(status, text).to.equal(201);
    for (const { body } of acknowledged)
      expect((await merchant.get(String(body["id"]))).body["status"]).to.equal("captured");
    const keys = readCharges(cluster.info).map(({ key }) => key);
    expect(new Set(keys).size, "each once").to.equal(keys.length);
    expect(cluster.nodePid, "the node lives").to.equal(nodePid);
    await until("every shard can commit", WITHIN_MS, () => isReady(cluster.info));
  }

  it("D2 one backend is killed: the server drops all sessions, and every shard recovers", () =>
    endsWell("D2", async () => {
      const [pid] = await backends();
      process.kill(pid as number, "SIGKILL");
    }));

  it("D3 the server stops at once, under load, and comes back: nothing acknowledged is lost", () =>
    endsWell("D3", async () => {
      const pid = await postmaster();
      process.kill(pid, "SIGQUIT"); // `pg_ctl stop -m immediate`
      await until("another server takes connections", WITHIN_MS, async () =>
        postmaster().then(
          (now) => now !== pid,
          () => false,
        ),
      );
    }));

  it("D7 the write-ahead log cannot be written: PANIC, crash recovery, nothing acknowledged is lost", async () => {
    await endsWell("D7", async () => {
      const before = new Set(await backends());
      for (const pid of before) {
        const { uid, gid } = statSync(`/proc/${pid}`); // only its own user may
        execFileSync("prlimit", ["--pid", String(pid), `--fsize=${FILE_BYTES_MAX}`], { uid, gid });
      }
      await until("those sessions are gone", WITHIN_MS, async () =>
        backends().then(
          (now) => now.length > 0 && now.every((pid) => !before.has(pid)),
          () => false,
        ),
      );
    });
    expect(readFileSync(join(cluster.dataDir, "postgres/postgres.log"), "utf8")).to.include("PANIC:");
  });

  it("D8 55P03: a lock that is held too long gives 503 at worst", async () => {
    const client = await connected(shard);
    await endsWell("D8-lock", async () => {
      await client.query("BEGIN; LOCK TABLE journal IN SHARE MODE");
      const codes: unknown[] = [];
      await until("a request was refused for it", WITHIN_MS, async () => {
        const { status, body } = await merchant.create(`D8-knock-${codes.length}`, payment());
        codes.push(body["code"]);
        return status === 503;
      });
      await client.query("ROLLBACK");
    });
    await client.end();
  });

  it("D8 57014: statements that are canceled", () =>
    endsWell("D8-cancel", async () => {
      for (let n = 0; n < 20; n++) {
        await queryOne(shard, `SELECT pg_cancel_backend(pid) FROM (${WRITER}) w`);
        await new Promise((resolve) => setTimeout(resolve, 50)); // the fault's rhythm
      }
    }));

  it("D8 40P01: deadlocks", async () => {
    const countOf = async (): Promise<number> =>
      Number(
        (
          await queryOne<{ n: string }>(
            shard,
            "SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()",
          )
        )[0]?.n,
      );
    await queryOne(shard, "ALTER SYSTEM SET deadlock_timeout = '500ms'"); // sooner than the commit gives up by itself
    await queryOne(shard, "SELECT pg_reload_conf()");
    await endsWell("D8-deadlock", async () => {
      const before = await countOf();
      for (let n = 0; (await countOf()) < before + DEADLOCKS; n++) {
        const client = await connected(shard);
        // Whoever looks first is given up: the commit, and not we.
        await client.query("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE journal IN SHARE MODE");
        const pushed = merchant.create(`D8-push-${n}`, payment()).catch(() => undefined);
        await until(
          "a commit waits for the table, and holds the one before it",
          WITHIN_MS,
          async () => (await queryOne(shard, WAITS)).length > 0,
        );
        await client.query("LOCK TABLE commit_anchor IN SHARE MODE").catch(() => undefined);
        await client.end();
        await pushed;
      }
    });
  });

  describe("without space (needs mount)", () => {
    const folder = mkdtempSync(join(tmpdir(), "payment-cluster-full-"));
    const space = join(folder, "space");
    let isMounted = false;

    before(async function () {
      chmodSync(folder, 0o755); // PostgreSQL's user must look into it
      mkdirSync(space);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SPACE_MB}m`, "tmpfs", space], { stdio: "ignore" });
        isMounted = true;
      } catch {
        this.skip();
      }
      const { uid, gid } = statSync(`/proc/${await postmaster()}`);
      const own = join(space, "tables");
      mkdirSync(own, { mode: 0o700 });
      chownSync(own, uid, gid);
      await queryOne(shard, `CREATE TABLESPACE small LOCATION '${own}'`);
      for (const table of ["journal", "payment"]) await queryOne(shard, `ALTER TABLE ${table} SET TABLESPACE small`);
    });
    after(async () => {
      if (isMounted) {
        for (const table of ["journal", "payment"])
          await queryOne(shard, `ALTER TABLE ${table} SET TABLESPACE pg_default`);
        await queryOne(shard, "DROP TABLESPACE small");
        execFileSync("umount", [space]);
      }
      rmSync(folder, { recursive: true, force: true });
    });

    it("D6 53100: 503 storage_unavailable, the server stays up, and writes resume when there is space", async () => {
      const pid = await postmaster();
      const filler = join(space, "filler");
      const charges = (): number => readCharges(cluster.info).length;
      let before = charges();
      fill(filler);
      let refused: Answer | undefined;
      let n = 0;
      await until("a write is refused", WITHIN_MS, async () => {
        before = charges();
        // Rows of some size: the space that is left in the tables is soon used up.
        const answer = await merchant.create(`D6-${n++}`, payment({ description: "d".repeat(200) }));
        if (answer.status === 503) refused = answer;
        else expect([201, 202], answer.text).to.include(answer.status);
        return refused !== undefined;
      });
      expect(refused?.body["code"], refused?.text).to.equal("storage_unavailable");
      expect(charges(), "no intent, no charge").to.equal(before);
      expect(await postmaster(), "the server lives").to.equal(pid);
      rmSync(filler);
      for (let i = 0; i < n; i++) await merchant.pay(`D6-${i}`, payment({ description: "d".repeat(200) }), WITHIN_MS);
      expect(cluster.nodePid, "the node lives").to.equal(nodePid);
    });
  });

  describe("afterwards", () => {
    it("leaves the books in order", () => expectInvariants(cluster));
  });
});

async function connected(dsn: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: dsn });
  client.on("error", () => {}); // it may be the one that is given up
  await client.connect();
  return client;
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const chunk = Buffer.alloc(64 * 1_024);
  try {
    for (;;) writeFileSync(path, chunk, { flag: "a" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
