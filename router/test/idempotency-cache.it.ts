/** The reply cache on a real Redis, through a link that the test cuts and blocks. */
import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Redis } from "ioredis";
import { mintId } from "../../actors/domain/index.ts";
import { IdempotencyCache, openIdempotencyCache } from "../idempotency-cache.ts";
import { nameOf } from "../idempotency-cache-entry.ts";
import { RedisCacheClient } from "../idempotency-cache-redis.ts";
import type { CachedReply, CacheQuestion } from "../reply-cache.ts";

const url = process.env["TEST_REDIS_URL"];
const macKey = randomBytes(32);
const WAIT_MS = 10_000;

/** Takes connections for Redis. Blocked: bytes stay where they are. */
class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #blocked = false;

  constructor(to: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(to.port || 6379), to.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("data", (bytes) => other.write(bytes));
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
      if (this.#blocked) for (const socket of [near, far]) socket.pause();
    });
  }
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  block(): void {
    this.#blocked = true;
    for (const socket of this.#sockets) socket.pause();
  }
  unblock(): void {
    this.#blocked = false;
    for (const socket of this.#sockets) socket.resume();
  }
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
  close(): void {
    this.#server.close();
    this.cut();
  }
}

describe("the reply cache on Redis (needs redis)", function () {
  this.timeout(30_000);
  let link: Link;
  let cache: IdempotencyCache;
  let client: RedisCacheClient;
  let redis: Redis;
  let counts: Record<string, number>;
  const logged: string[] = [];
  const log = {
    info: (_: unknown, message: string) => void logged.push(message),
    warn: (fields: unknown, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    error: (fields: unknown, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  };
  const clock = {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs: number, task: () => void) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const count = (name: string, by: number): void => void (counts[name] = (counts[name] ?? 0) + by);
  const metrics = {
    looked: (outcome: string, by: number) => count(outcome, by),
    kept: (outcome: string, by: number) => count(`keep ${outcome}`, by),
    breakerChanged: (state: string) => count(state, 1),
  };

  const ask = (key: string, more: Partial<CacheQuestion> = {}): CacheQuestion => ({
    merchantId: mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8)),
    key,
    route: "POST /v1/payments",
    bodyHash: Buffer.alloc(32, 7),
    ...more,
  });
  const replyOf = (text: string): CachedReply => ({ status: 201, problem: false, body: Buffer.from(text) });
  const look = (question: CacheQuestion): Promise<string | null> =>
    new Promise((resolve) => cache.look(question, (reply) => resolve(reply && Buffer.from(reply.body).toString())));
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    const endMs = performance.now() + WAIT_MS;
    while (!(await holds())) {
      if (performance.now() > endMs) throw new Error(`waited in vain: ${what}: ${JSON.stringify(counts)}`);
      await new Promise((resolve) => setTimeout(resolve, 10)); // between two looks
    }
  };
  /** Until it was looked up and found: a busy machine may miss the budget. */
  const hits = async (question: CacheQuestion, text: string): Promise<void> => {
    await until(`${question.key} is found`, async () => (await look(question)) === text);
  };
  /** Kept once unless that got lost: what is still on its way would undo what a test does next. */
  const keepUntilFound = async (question: CacheQuestion, text: string): Promise<void> => {
    let looks = 0;
    await until(`${question.key} is kept`, async () => {
      if (looks++ % 50 === 0) cache.keep(question, replyOf(text));
      return (await look(question)) === text;
    });
  };

  before(async function () {
    if (url === undefined || url === "") this.skip();
    redis = new Redis(url);
    link = new Link(new URL(url));
    counts = {};
    client = new RedisCacheClient(await link.listen(), log);
    cache = new IdempotencyCache({ client, macKey, clock, log, metrics });
  });
  beforeEach(async () => {
    counts = {};
    await redis.flushall();
    link.unblock();
    await keepUntilFound(ask("warm"), "up");
    counts = {};
  });
  after(async () => {
    cache?.close();
    link?.close();
    await redis?.quit();
  });

  it("gives back what was kept, byte for byte, and forgets it within a day", async () => {
    const question = ask("k1");
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    cache.keep(question, { status: 402, problem: true, body });
    await until("it is found", async () => {
      const got = await new Promise<CachedReply | null>((resolve) => cache.look(question, resolve));
      if (got !== null) expect(got).to.deep.equal({ status: 402, problem: true, body });
      return got !== null;
    });
    const lifeMs = await redis.pttl(nameOf(question));
    expect(lifeMs).to.be.within(86_300_000, 86_400_000);
  });

  it("asks for a thousand keys at once, and keeps as many", async () => {
    const questions = Array.from({ length: 1_000 }, (_, i) => ask(`many-${i}`));
    let looks = 0;
    await until("all are kept", async () => {
      if (looks++ % 50 === 0) for (const question of questions) cache.keep(question, replyOf(question.key));
      return (await redis.exists(questions.map(nameOf))) === 1_000;
    });
    await until("all are found at once", async () => {
      const got = await Promise.all(questions.map(look));
      return got.every((text, i) => text === `many-${i}`);
    });
  });

  it("misses after FLUSHALL, and finds what is kept again", async () => {
    await keepUntilFound(ask("k2"), "two");
    await redis.flushall();
    expect(await look(ask("k2"))).to.equal(null);
    await keepUntilFound(ask("k2"), "two");
  });

  const forgeries: readonly (readonly [string, (name: string, mine: Buffer) => Promise<unknown>])[] = [
    ["garbage", (name) => redis.set(name, randomBytes(300))],
    ["nothing", (name) => redis.set(name, "")],
    ["a reply in JSON", (name) => redis.set(name, '{"status":"completed","code":201,"body":"{}"}')],
    ["a changed body", (name, mine) => redis.set(name, Buffer.concat([mine.subarray(0, -40), randomBytes(40)]))],
    ["another key's reply", async (name) => redis.set(name, (await redis.getBuffer(nameOf(ask("warm")))) ?? "")],
  ];
  for (const [what, forge] of forgeries)
    it(`takes ${what} for no reply`, async () => {
      const question = ask("forged");
      await keepUntilFound(question, "genuine");
      const mine = await redis.getBuffer(nameOf(question));
      counts = {};
      await forge(nameOf(question), mine ?? Buffer.alloc(0));
      await until("it is rejected", async () => {
        expect(await look(question)).to.equal(null);
        return counts["rejected"] !== undefined;
      });
      await keepUntilFound(question, "genuine");
    });

  it("takes a list, a hash or a set under our key for no reply", async () => {
    for (const command of ["lpush", "sadd"] as const) {
      await redis.del(nameOf(ask("odd")));
      await redis[command](nameOf(ask("odd")), "x");
      expect(await look(ask("odd"))).to.equal(null);
    }
    await keepUntilFound(ask("odd"), "one");
  });

  it("is not misled by another body or route under the same key", async () => {
    await keepUntilFound(ask("k3"), "three");
    for (const other of [{ bodyHash: Buffer.alloc(32, 8) }, { route: "POST /v1/payments/{id}/refunds" }])
      await until("it is seen", async () => {
        const before = counts["mismatched"] ?? 0;
        expect(await look(ask("k3", other))).to.equal(null);
        return counts["mismatched"] === before + 1;
      });
  });

  it("E1 answers at once while Redis is frozen, and asks again when it is back", async () => {
    await keepUntilFound(ask("k4"), "four");
    link.block();
    await until("the breaker opens", async () => {
      expect(await look(ask("k4"))).to.equal(null);
      return counts["open"] !== undefined;
    });
    for (let i = 0; i < 200; i++) {
      let answered = false;
      cache.look(ask("k4"), () => (answered = true));
      if (!client.isReady || counts["closed"] === undefined) expect(answered, "at once").to.equal(true);
    }
    link.unblock();
    await hits(ask("k4"), "four");
  });

  it("E1 answers while the connection breaks again and again, and connects again", async () => {
    await keepUntilFound(ask("k5"), "five");
    for (let i = 0; i < 20; i++) {
      const asked = look(ask("k5"));
      link.cut();
      expect([null, "five"]).to.include(await asked);
    }
    await hits(ask("k5"), "five");
  });

  it("gives a frozen connection up, so that unanswered commands do not pile up", async () => {
    link.block();
    await until("it is given up", async () => {
      await look(ask("x"));
      return !client.isReady;
    });
    link.unblock();
    await keepUntilFound(ask("k6"), "six");
  });

  it("answers while nothing listens, and never writes of passwords or replies", async () => {
    const lost = openIdempotencyCache({ url: "redis://:secret@127.0.0.1:9", macKey, clock, log, metrics });
    lost.keep(ask("x"), replyOf("private"));
    expect(await new Promise((resolve) => lost.look(ask("x"), resolve))).to.equal(null);
    await until("it is told", () => logged.some((line) => line.includes("ECONNREFUSED")));
    lost.close();
    expect(logged.join("\n")).to.not.match(/secret|private/);
  });
});
