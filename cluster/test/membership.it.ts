/** Nodes over a real control database: shards are given out, a dead node's go elsewhere, a frozen leader writes nothing. */
import { expect } from "chai";
import { openMembershipStore, type MembershipStore } from "../../storage/index.ts";
import { eventually, type TestCluster, testCluster } from "../../storage/test/cluster.ts";
import { silentLog } from "../../storage/test/fixtures.ts";
import { systemClock } from "../clock.ts";
import { Membership } from "../membership.ts";

const SHARDS = 4;

/** A leader that stops, as a process does, with its next plan in its hands, and goes on with it when it is woken. */
class Freezer {
  #wake = (): void => {};
  #awake = Promise.resolve();
  isFrozen = false;
  /** What became of each plan. */
  readonly written: boolean[] = [];

  /** From the next `assign` on. */
  freeze(): void {
    this.#awake = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
  wake(): void {
    this.#wake();
  }

  wrap(store: MembershipStore): MembershipStore {
    return {
      ...store,
      assign: async (node, term, changes) => {
        this.isFrozen = true;
        await this.#awake;
        this.isFrozen = false;
        const written = await store.assign(node, term, changes);
        this.written.push(written);
        return written;
      },
    };
  }
}

describe("membership of nodes on PostgreSQL", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  const opened: { readonly store: MembershipStore; readonly membership: Membership; readonly freezer: Freezer }[] = [];

  before(async function () {
    const made = await testCluster(SHARDS);
    if (made === undefined) this.skip();
    cluster = made;
  });
  after(async () => {
    for (const { freezer, membership, store } of opened) {
      freezer.wake();
      await membership.stop();
      await store.close();
    }
    await cluster?.drop();
  });

  async function start(name: string): Promise<(typeof opened)[number]> {
    const store = openMembershipStore({ dsn: cluster.control.dsn, who: name, clock: systemClock, log: silentLog });
    const freezer = new Freezer();
    const membership: Membership = new Membership({
      store: freezer.wrap(store),
      self: { name, process: `${name} first`, address: "", apiAddress: "", peerAddress: `${name} peer`, version: "" },
      serving: () => membership.assignedTo(name).map(({ shard }) => shard),
      onView: () => {},
      times: { joinAfterMs: 0 },
      clock: systemClock,
      log: silentLog,
    });
    const node = { store, membership, freezer };
    opened.push(node);
    await membership.start();
    return node;
  }
  const counts = ({ membership }: { readonly membership: Membership }, ...names: readonly string[]): string =>
    names.map((name) => membership.assignedTo(name).length).join(" ");
  const whenCounts = (node: (typeof opened)[number], wanted: string, ...names: readonly string[]) =>
    eventually(() => (counts(node, ...names) === wanted ? true : undefined));

  it("shares shards, and hands a frozen leader's to the others; it wakes up with its plan and writes nothing", async () => {
    const one = await start("n1");
    await whenCounts(one, "4", "n1");
    const two = await start("n2");
    await whenCounts(two, "2 2", "n1", "n2");
    expect(one.membership.isLeader).to.equal(true);
    expect(one.freezer.written).not.to.include(false);

    const [pinned] = two.membership.assignedTo("n2");
    if (pinned === undefined) throw new Error("n2 has two shards");
    one.freezer.freeze();
    await two.store.setOverride(pinned.shard, "n1", "test");
    await eventually(() => (one.freezer.isFrozen ? true : undefined));
    await eventually(() => (two.membership.isLeader ? true : undefined));
    await whenCounts(two, "0 4", "n1", "n2");
    expect(two.membership.isLive("n1")).to.equal(false);

    one.freezer.wake();
    await eventually(() => (one.freezer.written.includes(false) ? true : undefined));
    await whenCounts(two, "2 2", "n1", "n2"); // it lives again: given by the one that leads now
    await eventually(() => (two.membership.ownerOf(pinned.shard)?.node === "n1" ? true : undefined));
    expect(one.freezer.written.at(-1)).to.equal(false);
    expect([one.membership.isLeader, two.membership.isLeader]).to.deep.equal([false, true]);
  });

  it("gives the shards of a node that left to the others", async () => {
    const [one, two] = opened;
    if (one === undefined || two === undefined) throw new Error("two nodes run");
    await two.membership.stop();
    await whenCounts(one, "4 0", "n1", "n2");
    expect(one.membership.isLeader).to.equal(true);
  });
});
