/**
 * Three nodes under load: one is killed, one is frozen until others have its shards and thawed again, shards are handed
 * over, all are restarted one after the other. Whoever asks anywhere gets the one true answer.
 */
import { expect } from "chai";
import { openMembershipStore, type MembershipStore } from "../../../storage/index.ts";
import { systemClock } from "../../clock.ts";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster, isNodeReady, queryOne, until } from "../rig/cluster.ts";
import { Crowd, type Try } from "../rig/crowd.ts";
import { inParallel } from "../rig/in-parallel.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { limitRate, Merchant, payment, refund } from "../rig/merchant.ts";
import { limitArgs } from "../rig/node-settings.ts";
import { seededRandom } from "../rig/seeded-random.ts";

const NODES = ["node-1", "node-2", "node-3"] as const;
const MERCHANTS = 12;
const HANDS = 8;
const PACE_MS = 60;
const WITHIN_MS = 90_000;
const HAND_OFFS = 8;
const ZOMBIES = 4;
const ZOMBIE_READS = 40;
/** On a machine that does much else nothing may fail for want of speed. */
const PATIENT = {
  moveWaitMs: 15_000,
  queueAgeMaxMs: 30_000,
  answerWithinMs: 16_000,
  gatewayCallMs: 17_000,
  sameKeyGraceMs: 17_000,
};
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

describe("three nodes", function () {
  this.timeout(300_000);
  const random = seededRandom();
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  let crowd: Crowd;
  let store: MembershipStore;

  before(async () => {
    cluster = await Cluster.start("--nodes", "3", "--merchants", String(MERCHANTS), ...limitArgs(PATIENT));
    merchants = await Merchant.signInMany(cluster.info, MERCHANTS);
    await limitRate(cluster, merchants, 100_000);
    crowd = new Crowd(cluster, merchants, random);
    store = openMembershipStore({
      dsn: cluster.info.postgres.control.ownerDsn,
      who: "test",
      clock: systemClock,
      log: quiet,
    });
    await settled();
  });
  after(async () => {
    await store?.close();
    await crowd?.close();
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
  });

  /** Shard to the node that says that it serves it. */
  async function owners(): Promise<ReadonlyMap<number, string>> {
    const rows = await onControl<{ shard: number; node: string }>(
      "SELECT unnest(serving) AS shard, name AS node FROM node WHERE heartbeat_at > now() - interval '3 s'",
    );
    return new Map(rows.map(({ shard, node }) => [shard, node]));
  }
  const onControl = async <Row extends object>(sql: string): Promise<readonly Row[]> => {
    return (await queryOne(cluster.info.postgres.control.ownerDsn, sql)) as unknown as readonly Row[];
  };
  const shardCount = (): number => cluster.info.postgres.shards.length;
  /** Every shard is served, and where its assignment says. */
  const settled = (): Promise<void> =>
    until("every shard is where it belongs", WITHIN_MS, async () => {
      const rows = await onControl(
        "SELECT FROM assignment a JOIN node n ON n.name = a.node AND n.process = a.process AND a.shard = ANY (n.serving)",
      );
      return rows.length === shardCount() && (await owners()).size === shardCount();
    });

  /** Lets the crowd pay while `act` runs, and a little longer; its tries. */
  async function underLoad(
    act: () => Promise<void>,
    nodes: () => readonly string[] = () => NODES,
  ): Promise<readonly Try[]> {
    const from = crowd.tries.length;
    let goesOn = true;
    const load = crowd.pay(HANDS, () => goesOn, PACE_MS, nodes);
    await until("the crowd pays", WITHIN_MS, async () => crowd.tries.length > from + HANDS);
    try {
      await act();
    } finally {
      goesOn = false;
    }
    await load;
    return crowd.tries.slice(from);
  }
  /** 202 is no failure: its gateway call was under way when the shard was handed over. */
  const failed = (tries: readonly Try[]): readonly string[] =>
    tries
      .filter(({ status }) => status !== 201 && status !== 202)
      .map(({ node, shard, status, text }) => `${node} ${shard} ${status} ${text}`);
  /** Each of these shards has served a payment that was sent after now. */
  async function serve(shards: readonly number[]): Promise<void> {
    const sinceMs = performance.now();
    await until(`the shards ${shards.join(", ")} serve`, WITHIN_MS, async () =>
      shards.every((shard) =>
        crowd.tries.some((one) => one.shard === shard && one.sentAtMs > sinceMs && one.status === 201),
      ),
    );
  }

  it(`every node answers for every merchant (seed ${random.seed})`, async () => {
    const one = await merchants[0]!.create("everywhere", payment());
    expect(one.status).to.equal(201);
    await inParallel(NODES, 3, async (id) => {
      const { apiUrl } = cluster.nodeOf(id);
      for (const merchant of merchants) {
        const response = await fetch(`${apiUrl}/v1/balances`, {
          headers: { authorization: `Bearer ${merchant.token}` },
        });
        expect(response.status, `${id} ${merchant.id}`).to.equal(200);
      }
      const again = await fetch(`${apiUrl}/v1/payments`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${merchants[0]!.token}`,
          "content-type": "application/json",
          "x-idempotency-key": "everywhere",
        },
        body: JSON.stringify(payment()),
      });
      expect([again.status, await again.text(), again.headers.get("idempotent-replayed")]).to.deep.equal([
        201,
        one.text,
        "true",
      ]);
    });
  });

  it(`${HAND_OFFS} hand-overs of shards under load: no request fails`, async () => {
    const tries = await underLoad(async () => {
      for (let n = 0; n < HAND_OFFS; n++) {
        const shard = n % shardCount();
        const from = (await owners()).get(shard);
        const to = NODES.filter((id) => id !== from)[n % 2] as string;
        expect(await store.setOverride(shard, to, "test"), `${shard} to ${to}`).to.equal(true);
        await until(`shard ${shard} is at ${to}`, WITHIN_MS, async () => (await owners()).get(shard) === to);
        await settled();
      }
    });
    for (let shard = 0; shard < shardCount(); shard++) await store.setOverride(shard, null, "test");
    expect(failed(tries)).to.deep.equal([]);
    await settled();
  });

  it("kill -9 of a node: its shards come back, the others' notice nothing, no key is charged twice", async () => {
    const lost = [...(await owners())].filter(([, node]) => node === "node-2").map(([shard]) => shard);
    const tries = await underLoad(async () => {
      const pid = cluster.killNode("node-2");
      await serve(lost);
      await until("it is started again", WITHIN_MS, () => cluster.isBack("node-2", pid));
    });
    // Of the others only who was connected to the dead node itself may have lost an answer.
    const others = tries.filter(({ shard, node }) => !lost.includes(shard) && node !== "node-2");
    expect(others.length).to.be.greaterThan(0);
    expect(failed(others)).to.deep.equal([]);
    await settled();
  });

  it("B10 a frozen node loses its shards to others, and thawed it says nothing that is not so", async () => {
    const victim = "node-3";
    const lost = [...(await owners())].filter(([, node]) => node === victim).map(([shard]) => shard);
    expect(lost.length).to.be.greaterThan(0);
    const rest = NODES.filter((id) => id !== victim);
    let takenAtMs = Number.POSITIVE_INFINITY;
    // Asked of the victim itself: a payment that is changed while it is frozen, and some that it may have begun.
    const owner = merchants.find((merchant) => lost.includes(crowd.shardOf(merchant))) as Merchant;
    const changed = await owner.pay("changed-meanwhile", payment());
    const waiting: Promise<readonly [key: string, status: number, text: string]>[] = [];
    const headers = { authorization: `Bearer ${owner.token}`, "content-type": "application/json" };
    const atVictim = (path: string, init: RequestInit = { headers }): Promise<Response> =>
      fetch(`${cluster.nodeOf(victim).apiUrl}${path}`, init);
    const ask = async (key: string): Promise<readonly [string, number, string]> => {
      const init = {
        method: "POST",
        headers: { ...headers, "x-idempotency-key": key },
        body: JSON.stringify(payment()),
      };
      const response = await atVictim("/v1/payments", init).catch(() => undefined);
      return response === undefined ? [key, 0, ""] : [key, response.status, await response.text()];
    };
    const tries = await underLoad(
      async () => {
        for (let n = 0; n < ZOMBIES; n++) waiting.push(ask(`zombie-${n}`));
        cluster.freezeNode(victim);
        for (let n = ZOMBIES; n < 2 * ZOMBIES; n++) waiting.push(ask(`zombie-${n}`));
        await until("others have its shards", WITHIN_MS, async () => {
          const now = await owners();
          return lost.every((shard) => rest.some((id) => id === now.get(shard)));
        });
        await serve(lost);
        takenAtMs = performance.now();
        const { body: given } = await owner.untilFinal(refund("given-back", changed), WITHIN_MS);
        expect(given["status"]).to.equal("succeeded");
        const version = Number((await owner.get(changed)).body["version"]);
        cluster.thawNode(victim);
        for (let n = 0; n < ZOMBIE_READS; n++) {
          const read = await atVictim(`/v1/payments/${changed}`);
          const seen = (await read.json()) as { readonly version?: number };
          if (read.status === 200) expect(seen.version, "of the heir, or newer").to.be.at.least(version);
          else expect(read.status).to.equal(503);
        }
        await until("it is back", WITHIN_MS, () => isNodeReady(cluster.nodeOf(victim)));
        await settled();
      },
      () => rest,
    );
    expect(tries.some(({ sentAtMs }) => sentAtMs > takenAtMs)).to.equal(true);
    const others = tries.filter(({ shard }) => !lost.includes(shard));
    expect(failed(others), "a fault of one node is none of another's shards").to.deep.equal([]);
    for (const [key, status, text] of await Promise.all(waiting)) {
      const final = await owner.createUntilFinal(key, payment(), WITHIN_MS);
      expect(final.status).to.equal(201);
      if (status === 201) expect(text, `${key}: what the zombie said is so`).to.equal(final.text);
      else expect([0, 202, 409, 503], `${key}: ${text}`).to.include(status);
    }
  });

  it("a restart of all nodes, one after the other, under load: no request fails", async () => {
    const ready = new Set<string>(NODES);
    const tries = await underLoad(
      async () => {
        for (const id of NODES) {
          const pid = cluster.nodePidOf(id);
          ready.delete(id); // as its load balancer sees it a moment later
          process.kill(pid, "SIGTERM");
          await until(`${id} is back`, WITHIN_MS, () => cluster.isBack(id, pid));
          await settled();
          ready.add(id);
        }
      },
      () => [...ready],
    );
    expect(failed(tries)).to.deep.equal([]);
  });

  it("every key has one final answer, byte-equal wherever it was given, and one charge", async () => {
    const finals = Map.groupBy(
      crowd.tries.filter(({ status }) => status === 201),
      ({ key }) => key,
    );
    await inParallel(finals, 16, async ([key, [one]]) => {
      const again = await one!.merchant.create(key, payment());
      expect([again.status, again.text]).to.deep.equal([201, one!.text]);
    });
    const keys = readCharges(cluster.info).map(({ key }) => key);
    expect(new Set(keys).size, "each gateway key once").to.equal(keys.length);
    console.log(`      ${crowd.tries.length} tries, ${finals.size} payments`);
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
