/** Several nodes over one control database, both in memory, by a hand clock. */
import { expect } from "chai";
import { HandClock } from "../../actors/hand-clock.ts";
import type { Log } from "../../actors/index.ts";
import { Membership } from "../membership.ts";
import { FakeControl } from "./rig/fake-control.ts";

const SHARDS = 8;
const HAND_OFF_MS = 400;

/** A node that serves what it was given, a little later, and no longer than that. */
class FakeNode {
  readonly membership: Membership;
  readonly warnings: string[] = [];
  serving: readonly number[] = [];
  isCut = false;
  awake = Promise.resolve();
  views = 0;
  /** Shards that it cannot serve, whoever gives them. */
  broken: readonly number[] = [];

  constructor(control: FakeControl, clock: HandClock, name: string, process = `${name} first`) {
    const keep: Log["warn"] = (_, message) => void this.warnings.push(message);
    const log: Log = { info: () => undefined, warn: keep, error: keep };
    const [address, apiAddress, peerAddress] = ["admin", "api", "peer"].map((what) => `${name} ${what}`) as [
      string,
      string,
      string,
    ];
    this.membership = new Membership({
      store: control.connect(
        () => this.isCut,
        () => this.awake,
      ),
      self: { name, process, address, apiAddress, peerAddress, version: "1" },
      serving: () => this.serving,
      onView: () => {
        this.views++;
        const given = this.membership.assignedTo(name).map(({ shard }) => shard);
        this.serving = this.serving.filter((shard) => given.includes(shard));
        clock.after(HAND_OFF_MS, () => {
          const still = this.membership.assignedTo(name).map(({ shard }) => shard);
          this.serving = still.filter((shard) => !this.broken.includes(shard));
        });
      },
      clock,
      log,
    });
  }
}

describe("membership", () => {
  let clock: HandClock;
  let control: FakeControl;
  beforeEach(() => {
    clock = new HandClock();
    control = new FakeControl(clock, SHARDS);
  });

  async function start(name: string, process?: string): Promise<FakeNode> {
    const node = new FakeNode(control, clock, name, process);
    await node.membership.start();
    return node;
  }
  /** All start at once and have come to rest: loads are even, everything is served. */
  async function startAll(count: number): Promise<readonly FakeNode[]> {
    const nodes = await Promise.all(Array.from({ length: count }, (_, i) => start(`n${i + 1}`)));
    await clock.pass(15_000);
    expect(loads()).to.deep.equal(count === 2 ? [4, 4] : [2, 3, 3]);
    expect(nodes.flatMap(({ serving }) => serving).toSorted((a, b) => a - b)).to.deep.equal(control.shards);
    return nodes;
  }
  const loads = (): readonly number[] =>
    Object.values(control.given())
      .map(({ length }) => length)
      .toSorted((a, b) => a - b);
  const terms = (): readonly bigint[] => [...new Set([...control.assignments.values()].map(({ term }) => term))];
  const freeze = (node: FakeNode): void => void (node.isCut = true);

  it("gives a lonely node every shard without waiting", async () => {
    const node = await start("n1");
    await clock.pass(100);
    expect(control.given()).to.deep.equal({ n1: control.shards });
    expect(node.membership.isLeader).to.equal(true);
    expect(node.membership.assignedTo("n1").length).to.equal(SHARDS);
    expect(node.membership.ownerOf(3)).to.include({ node: "n1", peerAddress: "n1 peer" });
    expect(node.membership.ownerOf(99)).to.equal(undefined);
  });

  it("rejects the start without a control database, and knows nothing before it", async () => {
    control.isAway = true;
    const { membership } = new FakeNode(control, clock, "n1");
    await membership.start().then(
      () => expect.fail("it started"),
      (error: unknown) => expect(String(error)).to.match(/away/),
    );
    expect(() => membership.view).to.throw();
    control.isAway = false;
    await clock.pass(5_000);
    expect(control.nodes.size, "nothing goes on").to.equal(0);
  });

  it("has one leader, and lets a newcomer join after a while, two shards at a time", async () => {
    await start("n1");
    await clock.pass(2_000);
    const second = await start("n2");
    await clock.pass(900);
    expect(loads(), "it is up for less than a second").to.deep.equal([SHARDS]);
    expect(second.membership.isLeader).to.equal(false);
    let most = 0;
    for (let step = 0; step < 400; step++) {
      await clock.pass(20);
      const given = control.given()["n2"] ?? [];
      most = Math.max(most, given.filter((shard) => !second.serving.includes(shard)).length);
    }
    expect(most).to.equal(2);
    expect(loads()).to.deep.equal([4, 4]);
    expect(terms()).to.deep.equal([1n]);
  });

  it("gives the shards of a dead node away at once, by the node that leads then, under a new term", async () => {
    const [leader, ...others] = await startAll(3);
    expect(leader?.membership.isLeader).to.equal(true);
    freeze(leader as FakeNode);
    await clock.pass(1_900);
    expect(others.map(({ membership }) => membership.isLive("n1"))).to.deep.equal([true, true]);
    await clock.pass(2_300);
    expect(others.map(({ membership }) => membership.isLive("n1"))).to.deep.equal([false, false]);
    expect(Object.keys(control.given())).to.deep.equal(["n2", "n3"]);
    expect(loads()).to.deep.equal([4, 4]);
    expect(others.filter(({ membership }) => membership.isLeader).length).to.equal(1);
    expect(control.leader.term).to.equal(2n);
  });

  it("keeps what it knows while the control database is away, says so once, and kills nobody afterwards", async () => {
    const nodes = await startAll(3);
    const before = control.given();
    control.isAway = true;
    await clock.pass(60_000);
    for (const { membership, warnings, serving } of nodes) {
      expect(warnings).to.deep.equal(["the control database does not answer: the last view stays"]);
      expect(membership.isLive("n1") && membership.isLive("n2") && membership.isLive("n3")).to.equal(true);
      expect(membership.assignedTo("n1").length + membership.assignedTo("n2").length).to.be.above(3);
      expect(serving.length).to.be.above(1);
      expect(membership.isLeader).to.equal(false);
    }
    const [, , last] = nodes;
    control.isAway = false;
    for (const node of nodes) node.isCut = node !== last; // it is the first to come back: all others look dead to it
    await clock.pass(2_000);
    expect(last?.membership.isLeader).to.equal(true);
    expect(last?.membership.isLive("n1"), "it has not listened for long").to.equal(true);
    expect(control.given()).to.deep.equal(before);
    for (const node of nodes) node.isCut = false;
    await clock.pass(20_000);
    expect(control.given()).to.deep.equal(before);
    control.isAway = true;
    await clock.pass(5_000);
    expect(last?.warnings.length, "another outage, another word").to.equal(2);
  });

  it("buries the dead after it has listened for long enough", async () => {
    const [one, two] = (await startAll(2)) as [FakeNode, FakeNode];
    freeze(one);
    freeze(two);
    await clock.pass(60_000);
    two.isCut = false;
    await clock.pass(2_900);
    expect(Object.keys(control.given())).to.deep.equal(["n1", "n2"]);
    await clock.pass(3_000);
    expect(control.given()).to.deep.equal({ n2: control.shards });
    expect(two.membership.isLive("n1")).to.equal(false);
  });

  it("kills nobody after an outage so short that only the others look dead", async () => {
    const [one, two] = (await startAll(2)) as [FakeNode, FakeNode];
    const before = control.given();
    const next = async (call: string): Promise<void> => {
      const from = control.calls.length;
      while (!control.calls.includes(call, from)) await clock.pass(10);
    };
    await next("beat n1");
    await clock.pass(500);
    two.membership.beatSoon(); // half a second after n1 from now on
    await next("beat n2");
    await next("beat n2");
    freeze(two);
    await next("beat n1");
    freeze(one);
    await clock.pass(2_500);
    one.isCut = false;
    await next("beat n1"); // three seconds after its last one; n2's is older
    await clock.pass(200);
    expect(one.membership.isLeader).to.equal(true);
    expect(control.given()).to.deep.equal(before);
    two.isCut = false;
    await clock.pass(10_000);
    expect(control.given()).to.deep.equal(before);
  });

  it("kills nobody when it wakes up first after all have slept", async () => {
    const nodes = await startAll(2);
    const before = control.given();
    const wakes: (() => void)[] = [];
    for (const node of nodes)
      node.awake = new Promise((resolve) => {
        wakes.push(resolve);
      });
    await clock.pass(60_000);
    wakes[1]?.();
    await clock.pass(2_000);
    expect(nodes.map(({ membership }) => membership.isLeader)).to.deep.equal([false, true]);
    expect(control.given()).to.deep.equal(before);
    wakes[0]?.();
    await clock.pass(10_000);
    expect(control.given()).to.deep.equal(before);
    expect(nodes.flatMap(({ warnings }) => warnings)).to.deep.equal([]);
  });

  it("looks again when it has become the leader: the one before may have written since", async () => {
    const [one] = (await startAll(2)) as [FakeNode, FakeNode];
    control.calls.length = 0;
    freeze(one);
    control.leader = { ...control.leader, expiresAtMs: clock.monotonicMs() + 5_000 }; // until n1 is dead
    await clock.pass(7_000);
    const plan = control.calls.indexOf("assign n2");
    const term = control.calls.indexOf("lead n2");
    expect(term).to.be.within(0, plan);
    expect(control.calls.slice(term, plan)).to.include("beat n2");
  });

  it("writes nothing when its lease ended between plan and write", async () => {
    const node = await start("n1");
    control.beforeAssign = () => {
      control.leader = { node: "n2", process: "n2 first", term: 7n, expiresAtMs: clock.monotonicMs() + 1_000 };
      control.beforeAssign = () => {};
    };
    await clock.pass(900);
    expect(control.assignments.size).to.equal(0);
    expect(node.membership.isLeader).to.equal(false);
    await clock.pass(2_000); // the other one did not renew
    expect(terms()).to.deep.equal([8n]);
  });

  it("plans nothing while it is not sure of its lease, and something as soon as it is", async () => {
    const node = await start("n1");
    let asked = 0;
    control.beforeAssign = () => void asked++;
    control.leadAnswersAfterMs = 3_100;
    await clock.pass(20_000);
    expect([asked, node.membership.isLeader]).to.deep.equal([0, false]);
    control.leadAnswersAfterMs = 0;
    await clock.pass(10_000);
    expect([asked, node.membership.isLeader]).to.deep.equal([1, true]);
    freeze(node);
    await clock.pass(3_100);
    expect(node.membership.isLeader).to.equal(false);
  });

  it("empties a draining node by two, gives it nothing, and brings shards back when it drains no more", async () => {
    const [, two] = (await startAll(2)) as [FakeNode, FakeNode];
    control.setDraining("n2", true);
    await clock.pass(100);
    expect(control.given()["n2"]?.length).to.equal(2);
    await clock.pass(10_000);
    expect(control.given()).to.deep.equal({ n1: control.shards });
    expect(two.membership.isLive("n2")).to.equal(true);
    expect(two.serving).to.deep.equal([]);
    control.setDraining("n2", false);
    await clock.pass(10_000);
    expect(loads()).to.deep.equal([4, 4]);
  });

  it("lets a node that is about to end hand its shards over, and leave", async () => {
    const [one, two] = (await startAll(2)) as [FakeNode, FakeNode];
    one.membership.leaving();
    await clock.pass(10_000);
    expect(one.serving).to.deep.equal([]);
    expect(control.given()).to.deep.equal({ n2: control.shards });
    await one.membership.stop();
    await clock.pass(100);
    expect(two.membership.isLeader, "at once, not when the lease ends").to.equal(true);
    expect(two.membership.isLive("n1")).to.equal(false);
    const { views } = one;
    await clock.pass(5_000);
    expect(one.views, "it is quiet").to.equal(views);
  });

  it("gives the shards of a node that left away at once", async () => {
    const [one, two] = (await startAll(2)) as [FakeNode, FakeNode];
    await one.membership.stop();
    await clock.pass(100);
    expect(control.given()).to.deep.equal({ n2: control.shards });
    expect(two.membership.ownerOf(0)?.node).to.equal("n2");
  });

  it("leaves quietly without a control database", async () => {
    const node = await start("n1");
    control.isAway = true;
    await node.membership.stop();
    expect(node.warnings).to.deep.equal(["the node left without saying so"]);
  });

  it("gives a restarted node its own shards again, each with a new generation", async () => {
    const [one, two] = (await startAll(2)) as [FakeNode, FakeNode];
    const before = two.membership.assignedTo("n2");
    const others = one.membership.assignedTo("n1");
    freeze(two);
    const again = await start("n2", "n2 second");
    expect(again.membership.assignedTo("n2"), "those are the dead process's").to.deep.equal([]);
    await clock.pass(200);
    const after = again.membership.assignedTo("n2");
    expect(after.map(({ shard }) => shard)).to.deep.equal(before.map(({ shard }) => shard));
    for (const [i, { generation }] of after.entries())
      expect(generation > (before[i]?.generation ?? 0n)).to.equal(true);
    expect(again.membership.assignedTo("n1")).to.deep.equal(others);

    two.isCut = false; // the frozen one wakes up: its name is another's now
    await clock.pass(3_000);
    expect(two.membership.assignedTo("n2")).to.deep.equal([]);
    expect(two.warnings).to.include("another process has taken this node's name");
    expect(again.membership.assignedTo("n2")).to.deep.equal(after);
    expect(again.warnings).to.deep.equal([]);
  });

  it("does not let a shard that nobody can serve stand in the way of all others", async () => {
    const one = await start("n1");
    one.broken = [0, 1, 2];
    await clock.pass(2_000);
    const two = await start("n2");
    two.broken = [0, 1, 2];
    await clock.pass(60_000);
    expect(loads()).to.deep.equal([4, 4]);
  });

  it("looks at once when something changes, and else every second", async () => {
    const node = await start("n1");
    await clock.pass(500);
    const { views } = node;
    await clock.pass(5_000);
    expect(node.views - views).to.equal(5);
    control.overrides.set(0, "nobody");
    for (let i = 0; i < 5; i++) control.tell(); // looked at together
    await clock.pass(50);
    expect(node.views - views).to.equal(6);
  });
});
