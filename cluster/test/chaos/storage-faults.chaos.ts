/** D4, D10: one row that the database refuses fails alone; a database that is away gives 503 and writes resume alone. */
import { expect } from "chai";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster, queryOne, until } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { Merchant, payment } from "../rig/merchant.ts";

const NEIGHBOURS = 40;

describe("storage faults", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;

  before(async () => {
    cluster = await Cluster.start("--shards", "1");
    merchant = await Merchant.signIn(cluster.info, 0);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  it("D10 one poisoned row in a group commit fails alone", async () => {
    const shard = cluster.info.postgres.shards[0]?.ownerDsn as string;
    await queryOne(shard, "ALTER TABLE payment ADD CONSTRAINT poison CHECK (description IS DISTINCT FROM 'poison')");
    const before = readCharges(cluster.info).length;
    const bodies = Array.from({ length: NEIGHBOURS }, (_, n) =>
      payment({ description: n === 17 ? "poison" : `row ${n}` }),
    );
    const answers = await Promise.all(bodies.map((body, n) => merchant.create(`poison-${n}`, body)));
    answers.forEach((answer, n) => expect(answer.status, `row ${n}: ${answer.text}`).to.equal(n === 17 ? 500 : 201));
    expect(readCharges(cluster.info).length - before, "the refused row was not charged").to.equal(NEIGHBOURS - 1);
    await queryOne(shard, "ALTER TABLE payment DROP CONSTRAINT poison");
    expect(
      (await merchant.createUntilFinal("poison-17", bodies[17], 30_000)).status,
      "the key was not used up",
    ).to.equal(201);
  });

  it("D4 a frozen server: 503 within the deadline, no charge, and writes resume alone", async () => {
    const { nodePid } = cluster;
    // The first is the postmaster: it would give the shard a session that is well, sooner or later.
    const rows = await cluster.query<{ pid: number }>(
      `SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int AS pid
       UNION ALL SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()`,
    );
    const pids = rows.map(({ pid }) => pid);
    const before = readCharges(cluster.info).length;
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const tries = Array.from({ length: 20 }, (_, n) => merchant.create(`away-${n}`, payment()));
      for (const answer of await Promise.all(tries)) {
        expect(answer.status, answer.text).to.equal(503);
        expect(["storage_unavailable", "overloaded"]).to.include(answer.body["code"]);
        expect(answer.headers["retry-after"]).to.be.a("string");
      }
      const codes: unknown[] = [];
      await until("the cause is named", 20_000, async () => {
        codes.push((await merchant.create("named", payment())).body["code"]);
        return codes.at(-1) === "storage_unavailable";
      }).catch((error: Error) => expect.fail(`${error.message}, but said: ${codes.join(", ")}`));
      expect(readCharges(cluster.info).length, "no intent, no charge").to.equal(before);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    for (let n = 0; n < 20; n++)
      expect((await merchant.createUntilFinal(`away-${n}`, payment(), 60_000)).status).to.equal(201);
    expect(cluster.nodePid, "the process stayed up").to.equal(nodePid);
  });

  it("D1 every session ended, again and again: nothing is lost or doubled", async () => {
    const shard = cluster.info.postgres.shards[0]?.ownerDsn as string;
    let goesOn = true;
    // Some gateway answers take seconds, so that there is work under way at every cut.
    const bodies = Array.from({ length: 60 }, (_, n) => payment(n % 3 === 0 ? { payment_method: "tok_slow_5s" } : {}));
    const load = Promise.all(bodies.map((body, n) => merchant.createUntilFinal(`cut-${n}`, body, 90_000)));
    const cutter = (async () => {
      let cuts = 0;
      for (; cuts < 12 && goesOn; cuts++) {
        await queryOne(
          shard,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'paycluster_app'",
        );
        await new Promise((resolve) => setTimeout(resolve, 250)); // the fault's rhythm
      }
      return cuts;
    })();
    for (const answer of await load) expect(answer.status).to.equal(201);
    goesOn = false;
    expect(await cutter, "cuts while work was under way").to.be.greaterThan(5);
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
