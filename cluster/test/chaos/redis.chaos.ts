/**
 * B4, E1-E5: Redis is killed, frozen, flushed, failed over and forged under load. It is a fast path only: whatever
 * becomes of it, each key has one charge and one answer, its own, and no merchant sees an error for it.
 */
import { expect } from "chai";
import { Redis } from "ioredis";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { canStartRedis, startOwnRedis } from "../../../ops/test/redis.ts";
import type { RedisServer } from "../../../ops/stack/redis-server.ts";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster, until } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { limitRate, Merchant, payment } from "../rig/merchant.ts";
import { seededRandom } from "../rig/seeded-random.ts";
import { expectOneAnswerEach, plan, Progress, type Purchase, send } from "./redis-purchases.ts";

/** Of each row; 10,000 in all. */
const PURCHASES = { E1: 3_000, E2: 3_000, E3: 2_000, E4: 2_000 } as const;
const SENT_TIMES = 3;
const LIMIT_PER_SECOND = 40;
const PAUSE_MS = 5_000;

describe("Redis in trouble (needs redis-server)", function () {
  this.timeout(900_000);
  const random = seededRandom();
  const servers: RedisServer[] = [];
  const all: Purchase[] = [];
  let redis: RedisServer;
  let cluster: Cluster;
  let merchants: Merchant[] = [];

  const startRedis = async (port?: number, args: readonly string[] = []): Promise<RedisServer> => {
    const server = await startOwnRedis(port, args);
    servers.push(server);
    return server;
  };
  /** Asks a server as its operator. */
  async function onRedis<T>(work: (client: Redis) => Promise<T>, server = redis): Promise<T> {
    const client = new Redis(server.url);
    client.on("error", () => {});
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }
  /** Looks of the cache by how they ended. */
  async function looks(): Promise<Readonly<Record<string, number>>> {
    const text = await (await fetch(`${cluster.info.nodes[0]?.adminUrl}/metrics`)).text();
    const lines = text.matchAll(/^reply_cache_looks_total\{outcome="(\w+)"\} (\d+)/gm);
    return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
  }
  const looked = async (outcome: string): Promise<number> => (await looks())[outcome] ?? 0;
  /** Until the node finds in Redis what it kept there. */
  const untilServed = (): Promise<void> =>
    until("a repeat is answered from Redis", 60_000, async () => {
      const before = await looked("hit");
      const key = `served-${randomBytes(6).toString("hex")}`;
      const merchant = merchants[0] as Merchant;
      for (let i = 0; i < 4; i++) await merchant.createUntilFinal(key, payment(), 30_000);
      return (await looked("hit")) > before;
    });
  const planned = (row: keyof typeof PURCHASES, part = 1): readonly Purchase[] => {
    const purchases = plan(`${row}-${all.length}`, PURCHASES[row] / part, merchants);
    all.push(...purchases);
    return purchases;
  };

  before(async function () {
    if (!canStartRedis()) this.skip();
    redis = await startRedis();
    cluster = await Cluster.start("--redis", redis.url, "--rate-limit", "1000000");
    merchants = await Merchant.signInMany(cluster.info, 3);
    await untilServed();
  });
  after(async () => {
    await Promise.all(merchants.map((merchant) => merchant.close()));
    await cluster?.dispose();
    for (const server of servers) await server.stop();
  });

  /** Each begins when the first half of its round is under way, and ends what it began before the round's end. */
  const faults: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
    "killed, and started again empty": async () => {
      redis.signal("SIGKILL");
      await redis.stop();
      return async () => {
        redis = await startRedis(redis.port);
      };
    },
    frozen: async () => {
      redis.signal("SIGSTOP");
      return async () => redis.signal("SIGCONT");
    },
    "paused by its operator": async () => {
      await onRedis((client) => client.client("PAUSE", PAUSE_MS, "ALL"));
      // nobody can end a pause of all: the connection that would is paused as well
      return () => onRedis(async (client) => void (await client.ping()));
    },
  };
  for (const [name, begin] of Object.entries(faults))
    it(`E1 ${name}: every answer comes, and from the database`, async () => {
      const purchases = planned("E1", Object.keys(faults).length);
      const progress = new Progress(purchases.length);
      const round = send(purchases, SENT_TIMES, progress);
      round.catch(() => {}); // awaited below
      await progress.reaches(0.25);
      const end = await begin();
      const skippedBefore = await looked("skipped");
      await progress.reaches(0.75);
      expect(await looked("skipped"), "looks that were not even asked").to.be.greaterThan(skippedBefore);
      await end();
      await round;
      await untilServed();
      await expectOneAnswerEach(purchases);
    });

  it("E2 flushed again and again", async () => {
    const purchases = planned("E2");
    const progress = new Progress(purchases.length);
    let goesOn = true;
    const round = send(purchases, SENT_TIMES, progress).finally(() => (goesOn = false));
    let flushes = 0;
    for (; goesOn; flushes++) {
      await onRedis((client) => client.flushall());
      await sleep(100); // the pace of the fault
    }
    await round;
    await expectOneAnswerEach(purchases);
    expect(flushes).to.be.greaterThan(10);
  });

  it("B4 after a flush every repeat gets the stored bytes", async () => {
    const purchases = all.filter((_, n) => n % 20 === 0);
    await onRedis((client) => client.flushall());
    await send(purchases);
    for (const { key, answers } of purchases)
      expect(answers.at(-1)?.headers["idempotent-replayed"], key).to.equal("true");
    await expectOneAnswerEach(purchases);
  });

  it("E3 failed over to a server that lacks acknowledged writes, and back to an empty one", async () => {
    const purchases = planned("E3");
    const heir = await startRedis(undefined, ["--replicaof", `127.0.0.1 ${redis.port}`]);
    await until("the replica follows", 30_000, () =>
      onRedis(async (client) => (await client.info("replication")).includes("master_link_status:up"), heir),
    );
    const half = purchases.length / 2;
    await send(purchases.slice(0, half));
    await onRedis((client) => client.replicaof("NO", "ONE"), heir); // the link is cut: from here on nothing is copied
    await send(purchases.slice(half));
    await until("what was kept is in Redis", 30_000, async () => (await sizeOf(redis)) > (await sizeOf(heir)));
    const lost = (await sizeOf(redis)) - (await sizeOf(heir));
    redis.signal("SIGKILL");
    await redis.stop();
    // the same address with the heir's content
    redis = await startRedis(redis.port, ["--replicaof", `127.0.0.1 ${heir.port}`]);
    await until("the new master has the heir's content", 30_000, () =>
      onRedis(async (client) => (await client.info("replication")).includes("master_link_status:up")),
    );
    await send(purchases.slice(0, 200)); // still a replica: it takes no writes
    await onRedis((client) => client.replicaof("NO", "ONE"));
    await send(purchases);
    redis.signal("SIGKILL");
    await redis.stop();
    redis = await startRedis(redis.port);
    await send(purchases);
    console.log(`      ${lost} acknowledged writes were lost`);
    expect(lost).to.be.greaterThan(0);
    await untilServed();
    await expectOneAnswerEach(purchases);
  });
  const sizeOf = (server: RedisServer): Promise<number> => onRedis((client) => client.dbsize(), server);

  it(`E4 garbage and forged replies under our keys: none is served (seed ${random.seed})`, async () => {
    const purchases = planned("E4");
    await send(purchases);
    const rejectedBefore = await looked("rejected");
    let forged = await forgeAll();
    await send(purchases);
    forged += await forgeAll();
    await send(purchases);
    await expectOneAnswerEach(purchases);
    const rejected = (await looked("rejected")) - rejectedBefore;
    console.log(`      ${forged} entries forged, ${rejected} looks rejected them`);
    expect(rejected).to.be.greaterThan(purchases.length / 2);
  });

  /** Writes something else under each of our keys. */
  const forgeAll = (): Promise<number> =>
    onRedis(async (client) => {
      const names = await client.keys("idempotency:*");
      const genuine = new Map<string, Buffer>();
      for (const name of names) genuine.set(name, (await client.getBuffer(name)) ?? Buffer.alloc(0));
      for (const name of names) {
        const mine = genuine.get(name) ?? Buffer.alloc(0);
        const other = genuine.get(names[Math.floor(random.next() * names.length)] ?? "") ?? mine;
        await client.set(name, FORGERIES[Math.floor(random.next() * FORGERIES.length)]?.(mine, other) ?? "");
      }
      return names.length;
    });
  const changed = (bytes: Buffer, from: number, to: number): Buffer => {
    const copy = Buffer.from(bytes);
    const at = from + Math.floor(random.next() * (to - from));
    copy[at] = (copy[at] ?? 0) ^ (1 + Math.floor(random.next() * 255));
    return copy;
  };
  const FORGERIES: readonly ((mine: Buffer, other: Buffer) => Buffer)[] = [
    () => randomBytes(400),
    () => Buffer.alloc(0),
    () => Buffer.from('{"status":"completed","code":201,"body":{"status":"captured"}}'),
    (_, other) => (other.length > 0 ? changed(other, 0, 6) : randomBytes(9)),
    (mine) => changed(mine, 0, 6),
    (mine) => changed(mine, mine.length - 32, mine.length - 1),
    (mine) => changed(mine, 60, mine.length - 32),
    (mine) =>
      Buffer.from(mine.toString("latin1").replace("captured", "refunded").replace("declined", "captured"), "latin1"),
    (mine) => mine.subarray(0, mine.length - 1),
    (mine) => Buffer.concat([mine, mine]),
  ];

  it("E5 a merchant's limit does not depend on Redis", async () => {
    const merchant = merchants[1] as Merchant;
    await limitRate(cluster, [merchant], LIMIT_PER_SECOND);
    try {
      const withRedis = await burst(merchant, "with");
      redis.signal("SIGKILL");
      await redis.stop();
      const without = await burst(merchant, "without");
      redis = await startRedis(redis.port);
      for (const { accepted, limited, others, seconds } of [withRedis, without]) {
        expect(others).to.deep.equal([]);
        expect(accepted).to.be.within(LIMIT_PER_SECOND, LIMIT_PER_SECOND * Math.ceil(seconds + 1));
        expect(limited).to.be.greaterThan(0);
      }
    } finally {
      await limitRate(cluster, [merchant], 1_000_000);
    }
  });

  /** Five times the limit at once. */
  async function burst(merchant: Merchant, name: string) {
    await sleep(1_100); // a full window is free again
    const startedMs = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 5 * LIMIT_PER_SECOND }, (_, n) => merchant.create(`E5-${name}-${n}`, payment())),
    );
    const count = (...statuses: readonly number[]): number =>
      answers.filter(({ status }) => statuses.includes(status)).length;
    return {
      accepted: count(201, 202),
      limited: count(429),
      others: answers.filter(({ status }) => ![201, 202, 429].includes(status)).map(({ text }) => text),
      seconds: (performance.now() - startedMs) / 1_000,
    };
  }

  it("I1 10,000 payments, three times each: one charge each, and none that no payment explains", async () => {
    expect(all.length).to.equal(10_000);
    expect(all.every(({ answers }) => answers.length >= SENT_TIMES)).to.equal(true);
    const charged = all.filter(({ body }) => body["payment_method"] === "tok_visa").length;
    const ids = new Set(
      all.map(({ answers }) => answers.map(({ body }) => body["id"] ?? body["payment_id"]).find(Boolean)),
    );
    const charges = readCharges(cluster.info).filter(({ payment_id }) => ids.has(payment_id));
    expect(charges.length).to.equal(charged);
    expect(new Set(charges.map(({ payment_id }) => payment_id)).size).to.equal(charged);
    await until("no payment is pending", 60_000, async () => {
      const rows = await cluster.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM payment_current WHERE status = 'pending'",
      );
      return rows.every(({ n }) => n === 0);
    });
    await expectInvariants(cluster);
  });
});
