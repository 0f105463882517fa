/**
 * C1-C4 on a whole node: a thread of shards throws, runs out of memory or spins, and the node runs out of files. Only the
 * thread's own shards are away, for a while, and nothing is lost or charged twice.
 */
import { execFileSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { slotOfMerchant } from "../../../actors/domain/index.ts";
import { planSlotMap } from "../../../router/index.ts";
import { Cluster, isReady, until } from "../rig/cluster.ts";
import { DEBUGGABLE, Inspector } from "../rig/inspector.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { limitRate, Merchant, payment } from "../rig/merchant.ts";

const WITHIN_MS = 60_000;
const SHARDS = [0, 1] as const;
/** Of each thread's heap: to fill it must not take the whole machine. */
const HEAP_MB = 256;
const OPEN_FILES = 256;

const FAULTS = [
  ["C1", "throws out of a message", 'setTimeout(() => { throw new Error("poison"); })'],
  ["C1", "leaves a rejection unhandled", 'void Promise.reject(new Error("poison"))'],
  ["C3", "spins", "for (;;);"],
  [
    "C2",
    "exhausts its heap",
    "globalThis.hog = []; for (;;) globalThis.hog.push(new Array(65536).fill(Math.random()))",
  ],
] as const;

describe("a node's threads", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let inspector: Inspector;
  /** One of each shard, and so of each thread. */
  let merchants: readonly Merchant[] = [];
  let serial = 0;

  before(async () => {
    const inherited = process.env["NODE_OPTIONS"];
    process.env["NODE_OPTIONS"] = `${inherited ?? ""} ${DEBUGGABLE} --max-old-space-size=${HEAP_MB}`;
    try {
      cluster = await Cluster.start("--shards", "2", "--workers", "2", "--merchants", "6");
    } finally {
      if (inherited === undefined) delete process.env["NODE_OPTIONS"];
      else process.env["NODE_OPTIONS"] = inherited;
    }
    const slots = planSlotMap([...SHARDS]);
    const all = await Merchant.signInMany(cluster.info, 6);
    merchants = SHARDS.map((shard) => {
      const one = all.find(
        ({ id }) => slots.shardOf(slotOfMerchant(id as Parameters<typeof slotOfMerchant>[0])) === shard,
      );
      if (one === undefined) throw new Error(`no merchant is on shard ${shard}`);
      return one;
    });
    await Promise.all(all.filter((one) => !merchants.includes(one)).map((one) => one.close()));
    await limitRate(cluster, merchants, 100_000);
    inspector = await Inspector.attach(cluster);
  });
  after(async () => {
    inspector?.close();
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
  });

  interface Paid {
    readonly key: string;
    readonly answered: string;
  }
  /** Pays on and on; what each answer was. */
  async function payWhile(merchant: Merchant, goesOn: () => boolean): Promise<readonly Paid[]> {
    const paid: Paid[] = [];
    while (goesOn()) {
      const key = `threads-${serial++}`;
      const answer = await merchant.create(key, payment()).catch((error: Error) => error);
      paid.push({ key, answered: answer instanceof Error ? "reset" : String(answer.status) });
      await new Promise((resolve) => setTimeout(resolve, 20)); // a shopper's pace
    }
    return paid;
  }

  for (const [row, what, expression] of FAULTS)
    it(`${row} a thread of shards ${what}: its shards are back unaided, the other thread's notice nothing`, async () => {
      const { nodePid } = cluster;
      const threads = await inspector.threadsOf("shard-thread", SHARDS.length);
      let goesOn = true;
      const loads = merchants.map((merchant) => payWhile(merchant, () => goesOn));
      inspector.run(threads[0]!, expression);
      await until(
        "its shards are away",
        WITHIN_MS,
        async () => cluster.nodePid !== nodePid || !(await isReady(cluster.info)),
      );
      await until("they are back", WITHIN_MS, async () => isReady(cluster.info));
      goesOn = false;
      const paid = await Promise.all(loads);
      if (row === "C2" && cluster.nodePid !== nodePid) console.log("      it took the whole node with it");
      else {
        expect(cluster.nodePid, "the node lives").to.equal(nodePid);
        const troubled = paid.filter((ones) => ones.some(({ answered }) => answered !== "201"));
        expect(troubled.length, JSON.stringify(paid)).to.be.at.most(1);
      }
      const odd = paid.flat().filter(({ answered }) => !["201", "202", "503", "reset"].includes(answered));
      expect(odd).to.deep.equal([]);
      for (const [n, ones] of paid.entries())
        for (const { key } of ones.filter(({ answered }) => answered !== "201"))
          await (merchants[n] as Merchant).pay(key, payment(), WITHIN_MS);
    });

  it("C4 no files are left: nobody is served wrongly, and it goes on when there are some again", async () => {
    const { nodePid } = cluster;
    const [merchant] = merchants as readonly [Merchant];
    execFileSync("prlimit", ["--pid", String(nodePid), `--nofile=${OPEN_FILES}:${OPEN_FILES}`]);
    const { hostname, port } = new URL(cluster.info.apiUrl);
    const sockets: Socket[] = Array.from({ length: 2 * OPEN_FILES }, () =>
      connect(Number(port), hostname).on("error", () => {}),
    );
    const tries = Array.from({ length: 30 }, (_, n) => merchant.create(`files-${n}`, payment()).catch(() => undefined));
    const answers = (await Promise.all(tries)).filter((answer) => answer !== undefined);
    for (const { status, text } of answers) expect([201, 202, 503], text).to.include(status);
    for (const socket of sockets) socket.destroy();
    for (let n = 0; n < tries.length; n++) await merchant.pay(`files-${n}`, payment(), WITHIN_MS);
    expect(cluster.nodePid, "the node lives").to.equal(nodePid);
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
