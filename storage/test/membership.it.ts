/** Heartbeats, the leader's lease, assignments and their notice on a real PostgreSQL. */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { expect } from "chai";
import type pg from "pg";
import type { Clock } from "../../actors/index.ts";
import { dsnOfDatabase, withOwner } from "../databases.ts";
import { type Heartbeat, type MembershipStore, openControlStore, openMembershipStore } from "../index.ts";
import { eventually, type TestCluster, testCluster } from "./cluster.ts";
import { realClock, silentLog } from "./fixtures.ts";

const SHARDS = 3;
/** No lease ends while a test runs. */
const LONG_MS = 600_000;

const identity = (name: string, process = `${name} first`) => ({ name, process });
const heartbeat = (name: string, more: Partial<Heartbeat> = {}): Heartbeat => ({
  ...identity(name),
  address: `${name} admin`,
  apiAddress: `${name} api`,
  peerAddress: `${name} peer`,
  version: "1.2.3",
  leaving: false,
  serving: [],
  isFirst: true,
  ...more,
});

describe("membership on PostgreSQL", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  const stores: MembershipStore[] = [];

  before(async function () {
    const made = await testCluster(SHARDS);
    if (made === undefined) this.skip();
    cluster = made;
  });
  beforeEach(() =>
    asOwner(`TRUNCATE node, assignment, placement_override, audit;
             UPDATE leader SET node = '', process = '', term = 0, expires_at = '-infinity'`),
  );
  afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));
  after(() => cluster?.drop());

  const asOwner = (text: string) => withOwner(cluster.control.ownerDsn, (client) => client.query(text));
  const open = (clock: Clock = realClock, dsn = cluster.control.dsn): MembershipStore => {
    const store = openMembershipStore({ dsn, who: "test", clock, log: silentLog });
    stores.push(store);
    return store;
  };
  /** Takes the lease as soon as it is to be had. */
  const leadAtLast = (store: MembershipStore, name: string, ttlMs = LONG_MS): Promise<bigint> =>
    eventually(async () => (await store.lead(identity(name), ttlMs)) ?? undefined);

  describe("heartbeats", () => {
    it("come back in the view, with ages by the database's clock", async () => {
      const store = open({ ...realClock, nowMs: () => 0 });
      await store.beat(heartbeat("b"));
      const { nodes, ...rest } = await store.beat(heartbeat("a", { serving: [2, 0] }));
      expect(nodes.map((node) => ({ ...node, ageMs: 0, upMs: 0 }))).to.deep.equal([
        {
          name: "a",
          address: "a admin",
          apiAddress: "a api",
          peerAddress: "a peer",
          process: "a first",
          version: "1.2.3",
          draining: false,
          leaving: false,
          serving: [2, 0],
          ageMs: 0,
          upMs: 0,
        },
        {
          name: "b",
          address: "b admin",
          apiAddress: "b api",
          peerAddress: "b peer",
          process: "b first",
          version: "1.2.3",
          draining: false,
          leaving: false,
          serving: [],
          ageMs: 0,
          upMs: 0,
        },
      ]);
      const [a, b] = nodes;
      expect((a?.ageMs ?? -1) >= 0 && (a?.ageMs ?? 0) <= (b?.ageMs ?? 0)).to.equal(true);
      expect(rest).to.deep.equal({
        assignments: [],
        overrides: [],
        leader: null,
        shards: [0, 1, 2].map((id) => ({ id, state: "active" })),
        gatewayStops: [],
        slotMapVersion: 0n,
      });
    });

    it("count from the first one of a process", async () => {
      const store = open();
      const upMs = async (more: Partial<Heartbeat>) => (await store.beat(heartbeat("a", more))).nodes[0]?.upMs ?? -1;
      await upMs({});
      await asOwner("UPDATE node SET started_at = started_at - interval '1 hour'");
      expect(await upMs({ isFirst: false })).to.be.at.least(3_600_000);
      expect(await upMs({ process: "a second" })).to.be.within(0, 3_599_999);
    });

    it("of a process whose name another took over change nothing", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      await store.beat(heartbeat("a", { process: "a second", serving: [1] }));
      const { nodes } = await store.beat(heartbeat("a", { isFirst: false, serving: [2], leaving: true }));
      expect(nodes[0]).to.deep.include({ process: "a second", serving: [1], leaving: false });
    });

    it("end in order: the name is nobody's, the leadership free, an earlier process leaves nothing", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      expect(await store.lead(identity("a"), LONG_MS)).to.equal(1n);
      await store.leave(identity("a", "a earlier"));
      expect((await store.beat(heartbeat("a", { isFirst: false }))).leader).to.deep.include({ node: "a", term: 1n });
      await store.leave(identity("a"));
      const { nodes, leader } = await store.beat(heartbeat("b"));
      expect(nodes[0]).to.deep.include({ name: "a", process: "", serving: [] });
      expect(leader).to.equal(null);
      expect(await store.lead(identity("b"), LONG_MS)).to.equal(2n);
    });
  });

  describe("the lease of the leader", () => {
    it("has one winner, however many race for it", async () => {
      const racers = Array.from({ length: 6 }, () => open());
      for (let round = 1; round <= 20; round++) {
        const terms = await Promise.all(racers.map((store, i) => store.lead(identity(`n${i}`), LONG_MS)));
        expect(terms.filter((term) => term !== null)).to.deep.equal([BigInt(round)]);
        await asOwner("UPDATE leader SET expires_at = clock_timestamp()");
      }
    });

    it("is renewed under its term, and shown with what is left of it", async () => {
      const [store, other] = [open(), open()];
      expect(await store.lead(identity("a"), LONG_MS)).to.equal(1n);
      expect(await store.lead(identity("a"), LONG_MS)).to.equal(1n);
      expect(await other.lead(identity("b"), LONG_MS)).to.equal(null);
      const { leader } = await store.beat(heartbeat("a"));
      expect(leader).to.deep.include({ node: "a", term: 1n });
      expect(leader?.leftMs).to.be.within(1, LONG_MS);
    });

    it("ends by the database's clock, whatever a node's clock says", async () => {
      const hour = 3_600_000;
      const early: Clock = { ...realClock, nowMs: () => Date.now() - hour, monotonicMs: () => 0 };
      const late: Clock = { ...realClock, nowMs: () => Date.now() + hour, monotonicMs: () => 10 * hour };
      const [a, b] = [open(early), open(late)];
      expect(await a.lead(identity("a"), LONG_MS)).to.equal(1n);
      expect(await b.lead(identity("b"), LONG_MS)).to.equal(null);
      expect(await a.lead(identity("a"), 50)).to.equal(1n);
      expect(await leadAtLast(b, "b")).to.equal(2n);
      expect(await a.lead(identity("a"), LONG_MS)).to.equal(null);
    });

    it("begins a new term when it had ended, or when another process of the node holds it", async () => {
      const store = open();
      expect(await store.lead(identity("a"), 0)).to.equal(1n);
      expect(await store.lead(identity("a"), LONG_MS)).to.equal(2n);
      expect(await store.lead(identity("a", "a second"), LONG_MS)).to.equal(3n);
    });
  });

  describe("assignments", () => {
    const given = async (store: MembershipStore) =>
      (await store.beat(heartbeat("a", { isFirst: false }))).assignments.map(
        ({ shard, node, process, generation }) => ({
          shard,
          node,
          process,
          generation,
        }),
      );

    it("have generations that only grow, one for each, and the process of their node", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      await store.beat(heartbeat("b"));
      expect(await store.lead(identity("a"), LONG_MS)).to.equal(1n);
      const changes = [0, 1, 2].map((shard) => ({ shard, node: shard === 1 ? "b" : "a" }));
      expect(await store.assign("a", 1n, changes)).to.equal(true);
      const first = await given(store);
      expect(first.map(({ shard, node, process }) => [shard, node, process])).to.deep.equal([
        [0, "a", "a first"],
        [1, "b", "b first"],
        [2, "a", "a first"],
      ]);
      expect(new Set(first.map(({ generation }) => generation)).size).to.equal(SHARDS);
      expect(await store.assign("a", 1n, [{ shard: 2, node: "b" }])).to.equal(true);
      const second = await given(store);
      expect(second.slice(0, 2)).to.deep.equal(first.slice(0, 2));
      const greatest = first.reduce((most, { generation }) => (generation > most ? generation : most), 0n);
      expect((second[2]?.generation ?? 0n) > greatest).to.equal(true);
      expect(second[2]?.node).to.equal("b");
    });

    it("skip a node that never was", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      await store.lead(identity("a"), LONG_MS);
      const changes = [
        { shard: 0, node: "nobody" },
        { shard: 1, node: "a" },
      ];
      expect(await store.assign("a", 1n, changes)).to.equal(true);
      expect((await given(store)).map(({ shard }) => shard)).to.deep.equal([1]);
    });

    it("are not written by a leader that slept through the end of its lease, by nobody's term but the present one", async () => {
      const [sleeper, next] = [open(), open()];
      await sleeper.beat(heartbeat("a"));
      await next.beat(heartbeat("b"));
      const changes = [{ shard: 0, node: "a" }];
      expect(await sleeper.lead(identity("a"), 50)).to.equal(1n);
      expect(await leadAtLast(next, "b")).to.equal(2n);
      expect(await next.assign("b", 2n, [{ shard: 0, node: "b" }])).to.equal(true);
      const written = await given(next);
      for (const [node, term] of [
        ["a", 1n],
        ["a", 2n],
        ["b", 1n],
        ["b", 3n],
      ] as const)
        expect(await sleeper.assign(node, term, changes), `${node} ${term}`).to.equal(false);
      expect(await given(next)).to.deep.equal(written);
      expect(await next.assign("b", 2n, changes)).to.equal(true);
    });

    it("are not written under a lease that ended, though nobody took it", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      expect(await store.lead(identity("a"), 0)).to.equal(1n);
      expect(await store.assign("a", 1n, [{ shard: 0, node: "a" }])).to.equal(false);
      expect(await given(store)).to.deep.equal([]);
    });

    it("hold the lease until they are committed", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      expect(await store.lead(identity("a"), LONG_MS)).to.equal(1n);
      const takeLease = (client: pg.ClientBase): Promise<string> =>
        client.query("SELECT term FROM leader FOR UPDATE NOWAIT").then(
          () => "taken",
          (error: { code?: string }) => error.code ?? "",
        );
      await withOwner(cluster.control.ownerDsn, async (owner) => {
        await owner.query("BEGIN");
        await owner.query("LOCK TABLE shard IN EXCLUSIVE MODE"); // the foreign key's check comes last
        const writing = store.assign("a", 1n, [{ shard: 0, node: "a" }]).catch(() => undefined);
        const text = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'shard'::regclass";
        await eventually(async () => (await owner.query(text)).rows[0]);
        expect(await withOwner(cluster.control.ownerDsn, takeLease)).to.equal("55P03");
        await owner.query("ROLLBACK");
        await writing;
      });
      expect(await withOwner(cluster.control.ownerDsn, takeLease)).to.equal("taken");
    });
  });

  describe("what an operator sets", () => {
    const audit = () =>
      withOwner(cluster.control.ownerDsn, async (client) => {
        const text = "SELECT who, action, subject, reason, before, after FROM audit ORDER BY id";
        return (await client.query<Record<string, string | null>>(text)).rows.map((row) => Object.values(row));
      });

    it("is traced, with who and why, and only when it changes something", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      await store.beat(heartbeat("b"));
      const results = [
        await store.setDraining("a", true, "new disk"),
        await store.setDraining("a", true, "again"),
        await store.setDraining("nobody", true, "unknown"),
        await store.setOverride(1, "a", "hot", "anna"),
        await store.setOverride(1, "a", "again"),
        await store.setOverride(1, "b", "other"),
        await store.setOverride(99, "b", "unknown shard"),
        await store.setOverride(2, "nobody", "unknown node"),
        await store.setOverride(1, null, "cold"),
        await store.setOverride(1, null, "again"),
        await store.setDraining("a", false, "done"),
        await store.setGatewayStop({ gateway: "stripe", account: "acct_1" }, true, "slow", "anna"),
        await store.setGatewayStop({ gateway: "stripe", account: "acct_1" }, true, "again"),
        await store.setGatewayStop({ gateway: "stripe", account: null }, true, "outage"),
        await store.setGatewayStop({ gateway: "adyen", account: null }, false, "it is not stopped"),
        await store.setGatewayStop({ gateway: "stripe", account: "acct_1" }, false, "well again"),
      ];
      const set = [true, false, false, true, false, true, false, false, true, false, true];
      expect(results.slice(0, 11)).to.deep.equal(set);
      expect(results.slice(11)).to.deep.equal([true, false, true, false, true]);
      const { gatewayStops } = await store.beat(heartbeat("a", { isFirst: false }));
      expect(gatewayStops).to.have.length(1);
      expect(gatewayStops[0]).to.include({ gateway: "stripe", account: null, who: "test", reason: "outage" });
      expect(gatewayStops[0]?.atMs).to.be.closeTo(Date.now(), 600_000);
      expect(await audit()).to.deep.equal([
        ["test", "node.set_draining", "a", "new disk", "false", "true"],
        ["anna", "shard.set_override", "1", "hot", null, "a"],
        ["test", "shard.set_override", "1", "other", "a", "b"],
        ["test", "shard.set_override", "1", "cold", "b", null],
        ["test", "node.set_draining", "a", "done", "true", "false"],
        ["anna", "gateway.set_use", "stripe acct_1", "slow", "enabled", "disabled"],
        ["test", "gateway.set_use", "stripe", "outage", "enabled", "disabled"],
        ["test", "gateway.set_use", "stripe acct_1", "well again", "disabled", "enabled"],
      ]);
      const control = openControlStore({ dsn: cluster.control.dsn, who: "test", log: silentLog, keys: null });
      expect(await control.findBrokenAudit()).to.equal(undefined);
      await control.close();
    });

    it("shows in the view and outlives a restart of the node", async () => {
      const store = open();
      await store.beat(heartbeat("a"));
      await store.setDraining("a", true, "new disk");
      await store.setOverride(2, "a", "hot");
      const view = await store.beat(heartbeat("a", { process: "a second" }));
      expect(view.nodes[0]).to.include({ draining: true, process: "a second" });
      expect(view.overrides).to.deep.equal([{ shard: 2, node: "a" }]);
    });
  });

  describe("word of a change", () => {
    /** Counts what it hears; ready to hear when this resolves. */
    async function listen(store: MembershipStore): Promise<{ readonly count: number }> {
      const heard = { count: 0 };
      store.onChange(() => void heard.count++);
      await eventually(() => (heard.count > 0 ? true : undefined)); // the listening session is there
      return heard;
    }

    it("comes after each change, and not for heartbeats", async () => {
      const [store, other] = [open(), open()];
      await store.beat(heartbeat("a"));
      await store.beat(heartbeat("c"));
      await store.lead(identity("a"), LONG_MS);
      const heard = await listen(other);
      const control = openControlStore({ dsn: cluster.control.dsn, who: "test", log: silentLog, keys: null });
      const changes: readonly (readonly [what: string, make: () => Promise<unknown>])[] = [
        ["a node came", () => store.beat(heartbeat("b"))],
        ["another process", () => store.beat(heartbeat("b", { process: "b second" }))],
        ["about to leave", () => store.beat(heartbeat("a", { isFirst: false, leaving: true }))],
        ["serves another shard", () => store.beat(heartbeat("c", { isFirst: false, serving: [1] }))],
        ["serves it no more", () => store.beat(heartbeat("c", { isFirst: false }))],
        ["assignment", () => store.assign("a", 1n, [{ shard: 0, node: "a" }])],
        ["draining", () => store.setDraining("a", true, "test")],
        ["override", () => store.setOverride(1, "a", "test")],
        ["gateway out of use", () => store.setGatewayStop({ gateway: "adyen", account: null }, true, "test")],
        ["gateway back", () => store.setGatewayStop({ gateway: "adyen", account: null }, false, "test")],
        ["no override", () => store.setOverride(1, null, "test")],
        [
          "slot map",
          () => control.saveSlotMap({ version: 9n, shardOfSlot: Array.from({ length: 4096 }, () => 0) }, "test"),
        ],
        ["shard state", () => asOwner("UPDATE shard SET state = 'active' WHERE id = 0")],
        ["left", () => store.leave(identity("b", "b second"))],
      ];
      for (const [what, make] of changes) {
        const before = heard.count;
        await make();
        await eventually(() => (heard.count > before ? true : undefined));
        expect(heard.count - before, what).to.equal(1);
      }
      const before = heard.count;
      for (let i = 0; i < 5; i++) await store.beat(heartbeat("c", { isFirst: false, version: `${i}` }));
      await store.setDraining("a", false, "the next word");
      await eventually(() => (heard.count > before ? true : undefined));
      expect(heard.count - before, "the heartbeats were silent").to.equal(1);
      await control.close();
    });

    it("comes again after the listening session was lost, and once for what was missed", async () => {
      const [store, other] = [open(), open()];
      await store.beat(heartbeat("a"));
      const heard = await listen(other);
      await asOwner(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'paycluster:changes:test'",
      );
      const before = heard.count;
      await eventually(() => (heard.count > before ? true : undefined));
      const again = heard.count;
      await store.setDraining("a", true, "test");
      await eventually(() => (heard.count > again ? true : undefined));
    });
  });

  describe("a database that hangs", () => {
    /** A way to the server that can be closed without a word: what is sent then is lost. */
    async function gate() {
      const { hostname, port } = new URL(cluster.server);
      const sockets = new Set<Socket>();
      let isClosed = false;
      const server = createServer((client) => {
        const upstream = connect(Number(port), hostname);
        for (const [from, to] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          sockets.add(from);
          from.on("error", () => to.destroy()).on("close", () => to.destroy());
          from.on("data", (bytes) => {
            if (!isClosed) to.write(bytes);
          });
        }
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = new URL(cluster.control.dsn);
      url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      return {
        dsn: url.toString(),
        shut: () => void (isClosed = true),
        reopen: () => {
          isClosed = false;
          for (const socket of sockets) socket.destroy();
        },
        end: () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      };
    }

    it("hangs no caller, neither in a call nor in connecting, and is asked again later", async () => {
      const way = await gate();
      try {
        const store = open(realClock, way.dsn);
        await store.beat(heartbeat("a"));
        way.shut();
        for (let i = 0; i < 3; i++)
          await store.beat(heartbeat("a")).then(
            () => expect.fail("nobody answered"),
            (error: unknown) => expect(error).to.include({ code: "STORAGE_UNAVAILABLE" }),
          );
        await store.setDraining("a", true, "test").then(
          () => expect.fail("nobody answered"),
          (error: unknown) => expect(error).to.include({ code: "STORAGE_UNAVAILABLE" }),
        );
        way.reopen();
        const view = await eventually(() => store.beat(heartbeat("a")).catch(() => undefined));
        expect(view.nodes[0]).to.include({ name: "a", draining: false });
      } finally {
        way.end();
      }
    });

    it("may hold a lock: the call fails, and its session with it", async () => {
      const store = open();
      await withOwner(cluster.control.ownerDsn, async (owner) => {
        await owner.query("BEGIN");
        await owner.query("LOCK TABLE node");
        await store.beat(heartbeat("a")).then(
          () => expect.fail("it came through a lock"),
          (error: unknown) => expect(error).to.include({ code: "STORAGE_UNAVAILABLE" }),
        );
        await owner.query("ROLLBACK");
      });
      expect((await store.beat(heartbeat("a"))).nodes.length).to.equal(1);
    });

    it("that is not there is said so", () =>
      open(realClock, dsnOfDatabase(cluster.control.dsn, "no_such_database"))
        .beat(heartbeat("a"))
        .then(
          () => expect.fail("there is none"),
          (error: unknown) => expect(error).to.include({ code: "STORAGE_UNAVAILABLE" }),
        ));
  });
});
