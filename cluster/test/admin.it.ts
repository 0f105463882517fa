/** The admin service over real gRPC: who may ask what, who is named for a change, and what is refused. */
import { expect } from "chai";
import { createHmac, randomBytes } from "node:crypto";
import { HandClock } from "../../actors/hand-clock.ts";
import { PaymentClusterError } from "../../actors/index.ts";
import type { OperatorRecord } from "../../storage/index.ts";
import { type AdminClient, openAdminClient } from "../admin/admin-client.ts";
import { type InspectorParts, inspectShard } from "../admin/shard-inspector.ts";
import { systemClock } from "../clock.ts";
import { OperatorBook } from "../admin/operator-book.ts";
import { hashOperatorToken, mintOperatorToken } from "../admin/operator-tokens.ts";
import type { AdminAnswer, AdminFinding, AdminQuestion } from "../admin/question.ts";
import { startSilentServer } from "./rig/silent-server.ts";
import { type AdminRig, lookOf, silentLog, snapshotOf, startAdminRig, TWO_NODES } from "./rig/admin-world.ts";

const questionOf = (operation: string, args: Readonly<Record<string, unknown>> = {}, reason: string | null = null) => ({
  operation,
  arguments: args,
  reason,
  forwarded: false,
});

describe("the admin service of a node", function () {
  this.timeout(20_000);
  const closing: (() => unknown)[] = [];
  let rig: AdminRig;

  beforeEach(async () => {
    rig = await start();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function start(options: Parameters<typeof startAdminRig>[0] = {}): Promise<AdminRig> {
    const made = await startAdminRig(options);
    closing.push(() => made.server.close());
    return made;
  }
  async function clientOf(token: string, at = rig): Promise<AdminClient> {
    const client = await openAdminClient(at.server.address, token);
    closing.push(() => client.close());
    return client;
  }
  const put = async (question: AdminQuestion, token = rig.tokenOf("operate"), at = rig): Promise<AdminAnswer> =>
    (await (await clientOf(token, at)).ask(question, 5_000)).answer;
  const found = async (...asked: Parameters<typeof put>): Promise<AdminFinding> => {
    const answer = await put(...asked);
    if (!answer.ok) throw new Error(answer.message);
    return answer;
  };

  it("shows the nodes as they are, with whose view it is", async () => {
    rig.state.cluster = { ...TWO_NODES, nodes: [lookOf("node-1"), lookOf("node-2", { ageMs: 9_000 })] };
    const answer = await found(questionOf("node.list"), rig.tokenOf("read"));
    expect(answer).to.deep.include({ ok: true, kind: "Node", node: "node-1", notes: [] });
    expect(answer.items).to.have.length(2);
    expect(answer.items[0]).to.deep.include({ name: "node-1", state: "UP", leader: true, shards_assigned: [0, 2] });
    expect(answer.items[1]).to.deep.include({ name: "node-2", state: "DOWN", shards_assigned: [1] });
    const { at, items } = answer as AdminFinding & { readonly items: readonly { readonly heartbeat_at: string }[] };
    expect(Date.parse(at) - Date.parse(items[1]?.heartbeat_at ?? "")).to.be.closeTo(9_200, 50);
  });

  describe("refuses", () => {
    const wrong: readonly (readonly [
      what: string,
      token: (rig: AdminRig) => string,
      question: AdminQuestion,
      exit: string,
      words: string,
    ])[] = [
      ["nobody's token", () => "pcop_unknown", questionOf("node.list"), "auth", "refused"],
      [
        "a reader who would change something",
        (r) => r.tokenOf("read"),
        questionOf("node.drain", { node: "node-2" }, "why"),
        "auth",
        "may only look",
      ],
      [
        "an unknown operation",
        (r) => r.tokenOf("read"),
        questionOf("node.explode"),
        "usage",
        "no operation node.explode",
      ],
      ["an argument that is missing", (r) => r.tokenOf("read"), questionOf("locate"), "usage", "id"],
      ["an argument too many", (r) => r.tokenOf("read"), questionOf("node.list", { shape: "round" }), "usage", "shape"],
      [
        "an argument of the wrong type",
        (r) => r.tokenOf("read"),
        questionOf("actor.inspect", { shard: "0" }),
        "usage",
        "shard",
      ],
      ["what is no id", (r) => r.tokenOf("read"), questionOf("locate", { id: "pay_1" }), "usage", "pay_1 is no id"],
      [
        "a change without a reason",
        (r) => r.tokenOf("operate"),
        questionOf("node.drain", { node: "node-2" }, "  "),
        "usage",
        "needs a reason",
      ],
      [
        "an unknown node",
        (r) => r.tokenOf("operate"),
        questionOf("node.drain", { node: "node-9" }, "why"),
        "notFound",
        "node list",
      ],
      [
        "a shard that nobody has",
        (r) => r.tokenOf("read"),
        questionOf("actor.inspect", { shard: 9 }),
        "notFound",
        "shard 9",
      ],
    ];
    for (const [what, token, question, exit, words] of wrong)
      it(what, async () => {
        const answer = await put(question, token(rig));
        if (answer.ok) expect.fail("it was answered");
        expect(answer.exit).to.equal(exit);
        expect(answer.message).to.include(words);
        expect(rig.changes).to.deep.equal([]);
      });

    it("a question that is too long", async () => {
      const answer = await put(questionOf("locate", { id: "x".repeat(40_000) }));
      expect(answer).to.deep.include({ ok: false, exit: "usage" });
      expect((answer as { message: string }).message).to.include("too long");
      expect((await put(questionOf("node.list"))).ok, "and goes on").to.equal(true);
    });

    it("what is no question", async () => {
      const answer = await put({ operation: 7 } as unknown as AdminQuestion);
      expect(answer).to.deep.include({ ok: false, exit: "usage" });
    });
  });

  it("says so when nobody listens, so that another node may be asked", async () => {
    const client = await openAdminClient("127.0.0.1:9", "pcop_x");
    closing.push(() => client.close());
    const { answer, reached } = await client.ask(questionOf("node.list"), 5_000);
    expect(reached).to.equal(false);
    expect(answer).to.deep.include({ ok: false, exit: "other" });
  });

  it("says so when the answer does not come in time", async () => {
    const slow = await start({ world: { snapshots: () => new Promise(() => {}) } });
    const client = await clientOf(slow.tokenOf("read"), slow);
    const { answer, reached } = await client.ask(questionOf("actor.list", { local: true }), 200);
    expect(reached, "another node may be asked").to.equal(false);
    expect(answer).to.deep.include({ ok: false, exit: "timeOut" });
  });

  it("drains a node, and says who asked for it and why", async () => {
    const token = rig.tokenOf("operate");
    const answer = await found(questionOf("node.drain", { node: "node-2" }, "new kernel"), token);
    expect(answer.items).to.have.length(1);
    expect(answer.items[0]).to.deep.include({ name: "node-2", state: "DRAINING", shards_assigned: [1] });
    expect(answer.nextSteps).to.include("npx payctl node undrain node-2");
    const who = `operator:${rig.operators[0]?.name}`;
    expect(rig.changes).to.deep.equal([{ node: "node-2", draining: true, who, reason: "new kernel" }]);
    const again = await found(questionOf("node.drain", { node: "node-2" }, "again"), token);
    expect(again.notes).to.deep.equal(["node-2: it was so already"]);
    expect(rig.changes, "nothing changed").to.have.length(1);
    await found(questionOf("node.undrain", { node: "node-2" }, " done "), token);
    expect(rig.changes[1]).to.deep.equal({ node: "node-2", draining: false, who, reason: "done" });
  });

  it("goes by the database, not by its view, and says how old the view is", async () => {
    const asked: boolean[] = [];
    const old = await start({
      world: {
        setDraining: async (_, draining) => {
          asked.push(draining);
          return true;
        },
      },
    });
    old.state.cluster = { ...TWO_NODES, nodes: [lookOf("node-1"), lookOf("node-2", { draining: true })] };
    old.state.readAgoMs = 31_000; // meanwhile somebody undrained it elsewhere
    const token = old.tokenOf("operate");
    const { notes } = await found(questionOf("node.drain", { node: "node-2" }, "new kernel"), token, old);
    expect(asked).to.deep.equal([true]);
    expect(notes.join()).to.include("has not answered for 31 s").and.not.include("already");
    const unknown = await put(questionOf("node.drain", { node: "node-9" }, "why"), token, old);
    expect((unknown as { message: string }).message).to.include("has not answered for 31 s");
  });

  it("does nothing for somebody who waits no more: another node was asked meanwhile", async () => {
    const token = rig.tokenOf("operate");
    const bytes = Buffer.from(JSON.stringify(questionOf("node.drain", { node: "node-2" }, "new kernel")));
    const answer = await rig.desk.answer(bytes, `Bearer ${token}`, { leftMs: () => 0 });
    expect(answer).to.deep.include({ ok: false, exit: "timeOut" });
    expect(rig.changes).to.deep.equal([]);
    expect((await rig.desk.answer(bytes, `Bearer ${token}`, { leftMs: () => 1 })).ok).to.equal(true);
    expect(rig.changes).to.have.length(1);
  });

  it("rehearses a drain without a reason, and changes nothing", async () => {
    const answer = await found(questionOf("node.drain", { node: "node-1", dryRun: true }));
    expect(answer.notes).to.deep.equal(["dry run: node-1 would give its shards to others. It has 2: 0, 2."]);
    expect(rig.state.cluster.nodes[0]?.draining).to.equal(false);
    expect(rig.changes).to.deep.equal([]);
  });

  it("does not drain the last node that could have the shards", async () => {
    rig.state.cluster = { ...TWO_NODES, nodes: [lookOf("node-1"), lookOf("node-2", { draining: true })] };
    const answer = await put(questionOf("node.drain", { node: "node-1", dryRun: true }));
    expect(answer).to.deep.include({ ok: false, exit: "conflict" });
  });

  it("says so when a change could not be made, or was made by somebody else meanwhile", async () => {
    const fault = new PaymentClusterError("STORAGE_UNAVAILABLE", "the control database failed");
    const broken = await start({ world: { setDraining: () => Promise.reject(fault) } });
    const drain = questionOf("node.drain", { node: "node-2" }, "why");
    const answer = await put(drain, broken.tokenOf("operate"), broken);
    expect(answer).to.deep.include({ ok: false, exit: "other" });
    expect((answer as { message: string }).message).to.include("look whether it was done");
    const late = await start({ world: { setDraining: async () => false } });
    expect((await found(drain, late.tokenOf("operate"), late)).notes).to.deep.equal(["node-2: it was so already"]);
  });

  describe("and the other nodes", () => {
    let other: AdminRig;
    let both: AdminRig;
    const inspectedWithinMs: number[] = [];
    beforeEach(async () => {
      other = await start({
        node: "node-2",
        world: {
          inspect: async (shard, _, withinMs) => {
            inspectedWithinMs.push(withinMs);
            return shard === 1 ? INSPECTED : undefined;
          },
        },
      });
      both = await start({
        operators: other.operators,
        addressOf: (node) => (node === "node-2" ? other.server.address : undefined),
      });
    });

    it("lists the actors of all, by shard", async () => {
      const { items, notes } = await found(questionOf("actor.list"), both.tokenOf("read"), both);
      expect(items.map((item) => Object.values(item).slice(0, 3))).to.deep.equal([
        [0, "node-1", "serving"],
        [1, "node-2", "serving"],
        [2, "node-1", "serving"],
      ]);
      expect(notes).to.deep.equal([]);
    });

    it("lists its own alone when it is told to", async () => {
      const { items } = await found(questionOf("actor.list", { local: true }), both.tokenOf("read"), both);
      expect(items).to.have.length(2);
    });

    it("shows the rest when one does not answer, and says which", async () => {
      const token = both.tokenOf("read");
      await other.server.close();
      const { items, notes } = await found(questionOf("actor.list"), token, both);
      expect(items).to.have.length(2);
      expect(notes.join()).to.include("node-2");
      const status = await found(questionOf("cluster.status"), token, both);
      expect(status.items[0]).to.deep.include({
        healthy: false,
        problems: ["shard 1 is not served: node-2 has it and says nothing"],
      });
    });

    it("looks into an actor where it is", async () => {
      const answer = await found(questionOf("actor.inspect", { shard: 1 }), both.tokenOf("read"), both);
      expect(answer).to.deep.include({ kind: "ActorInspection", node: "node-2" });
      expect(answer.items[0]).to.deep.include({ shard: 1, node: "node-2", comparison: "none", last_seq: "4711" });
      expect(answer.notes).to.deep.equal(["not compared with the database"]);
    });

    it("tells the other how long the answer is waited for, so that what there is of it arrives", async () => {
      const client = await clientOf(both.tokenOf("read"), both);
      inspectedWithinMs.length = 0;
      const { answer } = await client.ask(questionOf("actor.inspect", { shard: 1 }), 4_000);
      expect(answer.ok).to.equal(true);
      expect(inspectedWithinMs).to.have.length(1);
      expect(inspectedWithinMs[0], "4 s less twice what the rest may take").to.be.within(1, 3_000);
      await client.ask(questionOf("actor.inspect", { shard: 1 }), 3_600_000);
      expect(inspectedWithinMs[1], "nobody waits for ever").to.be.within(1, 30_000);
    });

    it("judges one node by its own shards when it is asked about that node alone", async () => {
      const token = both.tokenOf("read");
      const statusOf = async (args: Readonly<Record<string, unknown>>): Promise<object | undefined> =>
        (await found(questionOf("cluster.status", args), token, both)).items[0];
      const own = { healthy: true, problems: [], shards: { total: 2, served: 2 } };
      expect(await statusOf({ local: true })).to.deep.include(own);
      expect(await statusOf({ node: "node-2" })).to.deep.include({ ...own, shards: { total: 1, served: 1 } });
      expect(await statusOf({})).to.deep.include({ ...own, shards: { total: 3, served: 3 } });
      both.state.snapshots = [snapshotOf(0)];
      expect(await statusOf({ local: true })).to.deep.include({
        problems: ["shard 2 is not served: node-1 has it and says nothing"],
        shards: { total: 2, served: 1 },
      });
      const unknown = await put(questionOf("cluster.status", { node: "node-9" }), token, both);
      expect(unknown).to.deep.include({ ok: false, exit: "notFound" });
    });

    it("locates an id with its owner's epoch", async () => {
      const id = "pay_01jcv1g4xpf03an8zmqd2hw7rk"; // slot 2054, so shard 2
      const mine = await found(questionOf("locate", { id }), both.tokenOf("read"), both);
      expect(mine.items[0]).to.deep.include({ id, slot: 2054, shard: 2, node: "node-1", epoch: "7", mode: "serving" });
      expect(mine.nextSteps).to.include(`npx payctl payment why ${id}`);
    });

    it("asks no third one: a question that was handed on goes no further", async () => {
      const asked = { ...questionOf("actor.list", { node: "node-2" }), forwarded: true };
      const { notes, items } = await found(asked, both.tokenOf("read"), both);
      expect(items).to.deep.equal([]);
      expect(notes.join()).to.include("the nodes disagree");
    });
  });

  it("is well when it is well, and says how old its view is", async () => {
    rig.state.snapshots = [0, 1, 2].map((shard) => snapshotOf(shard));
    rig.state.cluster = { ...TWO_NODES, assignments: TWO_NODES.assignments.map((one) => ({ ...one, node: "node-1" })) };
    const well = await found(questionOf("cluster.status", { local: true }));
    expect(well.items[0]).to.deep.include({ healthy: true, problems: [], slot_map_version: "3" });
    expect(well.items[0]).to.deep.include({ operations: { open: 6, in_doubt: 3 }, shards: { total: 3, served: 3 } });
    rig.state.readAgoMs = 31_000;
    const old = await found(questionOf("cluster.status", { local: true }));
    expect(old.items[0]).to.deep.include({
      healthy: false,
      problems: ["the control database has not answered for 31 s"],
    });
    expect(old.notes.join()).to.include("view of node node-1");
  });
});

const INSPECTED = {
  live: {
    shard: 1,
    atMs: 1_750_000_000_000,
    mode: "serving",
    epoch: "7",
    slotsVersion: "1",
    slots: 1_365,
    lastSeq: "4711",
    mailboxDepth: 0,
    commit: { inFlight: null, intents: 0, outcomes: 0, isHealthy: true, acknowledgedAgoMs: 300 },
    remembered: 1,
    notices: 0,
    openOperations: 0,
    receivedOperations: 0,
    operations: [],
  },
  disk: null,
  note: "not compared with the database",
  differences: [],
} as const;

describe("a look into an actor of this node", function () {
  this.timeout(20_000);
  const parts = (dsn: string | undefined, looks: readonly (number | null)[]): InspectorParts => {
    let at = 0;
    return {
      node: "node-2",
      inspect: async () => {
        const mailboxDepth = looks[at++] ?? null;
        return mailboxDepth === null ? undefined : { ...INSPECTED.live, mailboxDepth };
      },
      dsnOf: () => dsn,
      clock: systemClock,
      log: silentLog,
    };
  };
  const AWAY = "postgres://nobody:x@127.0.0.1:9/none";

  it("comes, as new as can be, while its database is down, and says so", async () => {
    const look = await inspectShard(parts(AWAY, [1, 2]), 1, true, 5_000);
    expect(look?.live.mailboxDepth).to.equal(2);
    expect([look?.disk, look?.differences]).to.deep.equal([null, []]);
    expect(look?.note).to.include("the database could not be read");
  });

  it("comes in time while its database takes connections and says nothing", async () => {
    const silent = await startSilentServer();
    try {
      const clock = new HandClock();
      const dsn = `postgres://nobody:x@${silent.address}/none`;
      const asked = inspectShard({ ...parts(dsn, [1, 2]), clock }, 1, true, 400);
      await clock.pass(400);
      const look = await asked;
      expect(look?.live.mailboxDepth).to.equal(2);
      expect(look?.note).to.include("did not answer in time");
    } finally {
      await silent.close();
    }
  });

  it("asks no database when it is told not to", async () => {
    const look = await inspectShard(parts(undefined, [1]), 1, false, 5_000);
    expect(look).to.deep.include({ disk: null, note: "not compared with the database" });
  });

  it("is none when there is no such actor", async () => {
    expect(await inspectShard(parts(AWAY, []), 1, true, 5_000)).to.equal(undefined);
  });
});

describe("the operators that a node knows", () => {
  const keys = { derive: (purpose: string): Uint8Array => createHmac("sha256", "key").update(purpose).digest() };
  const mint = (): string => mintOperatorToken({ bytes: (count) => randomBytes(count) });

  it("are those of the control database, and stay known while it is away", async () => {
    const clock = new HandClock();
    const [ada, eve] = [mint(), mint()];
    let rows: readonly OperatorRecord[] | undefined = [
      { name: "ada", role: "read", tokenHash: hashOperatorToken(ada, keys) },
    ];
    const list = async (): Promise<readonly OperatorRecord[]> => rows ?? Promise.reject(new Error("away"));
    const book = new OperatorBook({ list }, keys, { clock, log: silentLog });
    expect(await book.find(ada)).to.deep.include({ name: "ada" });
    expect(await book.find(eve)).to.equal(undefined);
    rows = undefined;
    await clock.pass(60_000);
    expect(await book.find(ada), "the database is away").to.deep.include({ name: "ada" });
    rows = [];
    await clock.pass(60_000);
    expect(await book.find(ada), "revoked").to.equal(undefined);
  });

  it("are those known before when the database takes the question and says nothing", async () => {
    const clock = new HandClock();
    const ada = mint();
    const rows: readonly OperatorRecord[] = [{ name: "ada", role: "read", tokenHash: hashOperatorToken(ada, keys) }];
    let reads = 0;
    const list = (): Promise<readonly OperatorRecord[]> =>
      reads++ === 0 ? Promise.resolve(rows) : new Promise(() => {});
    const book = new OperatorBook({ list }, keys, { clock, log: silentLog });
    await book.find(ada);
    await clock.pass(60_000);
    const asked = book.find(ada);
    await clock.pass(500);
    expect(await asked).to.deep.include({ name: "ada" });
    expect(reads, "it was asked").to.equal(2);
  });

  it("are nobody in particular before they were read", async () => {
    const book = new OperatorBook({ list: () => Promise.reject(new Error("away")) }, keys, {
      clock: new HandClock(),
      log: silentLog,
    });
    expect(await book.find(mint())).to.equal("unknown");
  });
});
