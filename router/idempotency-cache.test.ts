import { expect } from "chai";
import fc from "fast-check";
import { mintId } from "../actors/domain/index.ts";
import { IdempotencyCache, type IdempotencyCacheMetrics } from "./idempotency-cache.ts";
import type { CacheClient } from "./idempotency-cache-redis.ts";
import type { CachedReply, CacheQuestion } from "./reply-cache.ts";

const merchantId = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));
const questionOf = (key: string): CacheQuestion => ({
  merchantId,
  key,
  route: "POST /v1/payments",
  bodyHash: Buffer.alloc(32, 7),
});
const replyOf = (text: string): CachedReply => ({ status: 201, problem: false, body: Buffer.from(text) });

/** One command that the test lets end. */
interface Command {
  readonly kind: "get" | "set";
  readonly names: readonly string[];
  /** Does what Redis would. */
  answer(): void;
  fail(message?: string): void;
}

/** A Redis in memory, a clock that the test turns, and everything that was counted. */
class World {
  readonly values = new Map<string, Buffer>();
  readonly commands: Command[] = [];
  readonly counts: Record<string, number> = {};
  readonly states: string[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  readonly lives: number[] = [];
  readonly client: { isReady: boolean };
  closed = 0;
  readonly cache: IdempotencyCache;
  #nowMs = 0;
  #soon: (() => void)[] = [];
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  constructor() {
    const count = (name: string, by: number): void => void (this.counts[name] = (this.counts[name] ?? 0) + by);
    const metrics: IdempotencyCacheMetrics = {
      looked: (outcome, by) => count(outcome, by),
      kept: (outcome, by) => count(`keep ${outcome}`, by),
      breakerChanged: (state) => this.states.push(state),
    };
    const client: CacheClient & { isReady: boolean } = {
      isReady: true,
      getMany: (names) => this.#command("get", names, () => names.map((name) => this.values.get(name) ?? null)),
      setMany: (names, values, lifeMs) =>
        this.#command("set", names, () => {
          for (const [i, name] of names.entries()) this.values.set(name, values[i] as Buffer);
          this.lives.push(lifeMs);
        }),
      close: () => void (this.closed += 1),
    };
    this.client = client;
    this.cache = new IdempotencyCache({
      client,
      macKey: Buffer.alloc(32, 1),
      clock: {
        nowMs: () => this.#nowMs,
        monotonicMs: () => this.#nowMs,
        after: (delayMs, task) => {
          const timer = { atMs: this.#nowMs + delayMs, task };
          this.#timers.push(timer);
          return () => void (this.#timers = this.#timers.filter((one) => one !== timer));
        },
      },
      log: {
        info: () => {},
        warn: (_, message) => this.warnings.push(message),
        error: (_, message) => this.errors.push(message),
      },
      metrics,
      soon: (task) => void this.#soon.push(task),
    });
  }

  #command<T>(kind: Command["kind"], names: readonly string[], result: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        const found = result();
        resolve(found);
      };
      this.commands.push({ kind, names, answer, fail: (message = "ERR no") => reject(new Error(message)) });
    });
  }

  get pending(): number {
    return this.#timers.length;
  }
  get gets(): readonly Command[] {
    return this.commands.filter(({ kind }) => kind === "get");
  }
  get sets(): readonly Command[] {
    return this.commands.filter(({ kind }) => kind === "set");
  }

  /** The end of a turn of the event loop, and what it settles. */
  async turn(): Promise<void> {
    for (const task of this.#soon.splice(0)) task();
    for (let i = 0; i < 8; i++) await Promise.resolve();
  }

  /** Time passes a millisecond at a time. */
  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      this.stall(1);
      await this.turn();
    }
  }

  /** Time passes within one turn of the event loop. */
  stall(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { task } of due) task();
  }

  /** Looks, and lists what comes back. */
  look(key: string): (CachedReply | null)[] {
    const got: (CachedReply | null)[] = [];
    this.cache.look(questionOf(key), (reply) => got.push(reply));
    return got;
  }

  async keepNow(key: string, reply: CachedReply): Promise<void> {
    this.cache.keep(questionOf(key), reply);
    await this.pass(30);
    this.sets.at(-1)?.answer();
    await this.turn();
  }

  /** Fails as often as it takes to open the breaker. */
  async openBreaker(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.look(`failing-${i}`);
      await this.pass(5);
      this.gets.at(-1)?.fail();
      await this.turn();
    }
    expect(this.states.at(-1)).to.equal("open");
  }
}

describe("the reply cache", () => {
  it("gives back what was kept, and nothing else", async () => {
    const world = new World();
    await world.keepNow("a", replyOf("one"));
    const [a, b] = [world.look("a"), world.look("b")];
    await world.pass(10);
    world.gets.at(-1)?.answer();
    await world.turn();
    expect(a).to.deep.equal([replyOf("one")]);
    expect(b).to.deep.equal([null]);
    expect(world.counts).to.deep.equal({ "keep kept": 1, hit: 1, miss: 1 });
    expect(world.lives, "a day").to.deep.equal([86_400_000]);
  });

  it("asks once for all looks of a turn, and once for all replies", async () => {
    const world = new World();
    const looks = Array.from({ length: 100 }, (_, i) => world.look(`k${i}`));
    for (let i = 0; i < 50; i++) world.cache.keep(questionOf(`k${i}`), replyOf("x"));
    await world.turn();
    expect(world.commands.map(({ kind, names }) => [kind, names.length])).to.deep.equal([
      ["get", 100],
      ["set", 50],
    ]);
    for (const command of world.commands) command.answer();
    await world.turn();
    expect(looks.every((got) => got.length === 1)).to.equal(true);
  });

  it("under load lets looks wait for each other, well within the budget", async () => {
    const world = new World();
    for (let ms = 0; ms < 40; ms++) {
      for (let i = 0; i < 5; i++) world.look(`k${ms}-${i}`);
      await world.pass(1);
      for (const command of world.commands) command.answer();
    }
    await world.pass(10);
    expect(world.gets.length).to.be.within(5, 10);
    expect(world.gets.reduce((sum, { names }) => sum + names.length, 0)).to.equal(200);
  });

  it("answers after 20 ms at most when nothing comes, and takes no notice of what comes then", async () => {
    const world = new World();
    await world.keepNow("a", replyOf("one"));
    const got = world.look("a");
    await world.pass(20);
    expect(got).to.deep.equal([null]);
    world.gets.at(-1)?.answer();
    await world.turn();
    expect(got).to.deep.equal([null]);
    expect(world.counts).to.deep.include({ late: 1 }).and.not.to.have.property("hit");
  });

  it("reads what is here before it says that nothing came: the loop may have been busy", async () => {
    const world = new World();
    await world.keepNow("a", replyOf("one"));
    const got = world.look("a");
    await world.turn();
    world.stall(100);
    world.gets.at(-1)?.answer();
    await Promise.resolve(); // as the bytes are read, before the turn ends
    await world.turn();
    expect(got).to.deep.equal([replyOf("one")]);
  });

  it("opens after three failures in a row, answers at once, and closes when a probe succeeds", async () => {
    const world = new World();
    await world.openBreaker();
    const asked = world.commands.length;
    expect(world.look("x"), "at once").to.deep.equal([null]);
    world.cache.keep(questionOf("x"), replyOf("x"));
    await world.pass(100);
    expect(world.commands.length, "nothing is asked").to.equal(asked);
    expect(world.counts).to.deep.include({ skipped: 1, "keep skipped": 1 });
    await world.pass(400);
    expect(world.states.at(-1)).to.equal("half_open");
    expect(world.gets.at(-1)?.names).to.deep.equal(["idempotency:probe"]);
    expect(world.look("y"), "the probe is nobody's request").to.deep.equal([null]);
    world.gets.at(-1)?.answer();
    await world.turn();
    expect(world.states).to.deep.equal(["open", "half_open", "closed"]);
    const got = world.look("z");
    await world.pass(5);
    world.gets.at(-1)?.answer();
    await world.turn();
    expect(got).to.deep.equal([null]);
    expect(world.counts["miss"]).to.equal(1);
  });

  for (const [name, end] of [
    ["fails", (world: World) => world.gets.at(-1)?.fail()],
    ["does not come back", () => {}],
  ] as const)
    it(`stays open when the probe ${name}`, async () => {
      const world = new World();
      await world.openBreaker();
      await world.pass(501);
      end(world);
      await world.pass(101);
      expect(world.states).to.deep.equal(["open", "half_open", "open"]);
      await world.pass(501);
      expect(world.states.slice(3), "and tries again").to.include("half_open");
    });

  it("counts failures in a row only", async () => {
    const world = new World();
    for (let i = 0; i < 10; i++) {
      world.look(`k${i}`);
      await world.pass(5);
      if (i % 3 === 2) world.gets.at(-1)?.answer();
      else world.gets.at(-1)?.fail();
      await world.turn();
    }
    expect(world.states).to.deep.equal([]);
    expect(world.warnings.length, "and says so once").to.equal(1);
  });

  it("asks nothing while there is no connection", async () => {
    const world = new World();
    world.client.isReady = false;
    expect(world.look("a")).to.deep.equal([null]);
    world.cache.keep(questionOf("a"), replyOf("x"));
    await world.pass(50);
    expect(world.commands).to.deep.equal([]);
  });

  it("never holds more than so many unanswered commands", async () => {
    const world = new World();
    const looks: (CachedReply | null)[][] = [];
    for (let i = 0; i < 40 * 512; i++) looks.push(world.look(`k${i}`));
    for (let i = 0; i < 20 * 256; i++) world.cache.keep(questionOf(`k${i}`), replyOf("x"));
    await world.turn();
    expect(world.gets.length).to.equal(32);
    expect(world.sets.length).to.equal(8);
    expect(looks.filter((got) => got.length === 1).length, "the others were answered at once").to.equal(8 * 512);
  });

  it("never keeps what is not final", async () => {
    const world = new World();
    for (const status of [202, 409, 422, 500, 503]) world.cache.keep(questionOf("a"), { ...replyOf("x"), status });
    await world.pass(50);
    expect(world.commands).to.deep.equal([]);
    expect(world.counts).to.deep.equal({ "keep skipped": 5 });
  });

  it("counts replies that it did not write, and says so", async () => {
    const world = new World();
    await world.keepNow("a", replyOf("one"));
    for (const [name, entry] of world.values) world.values.set(name, Buffer.from(entry).fill(0x39, 60, 61));
    const got = world.look("a");
    await world.pass(5);
    world.gets.at(-1)?.answer();
    await world.turn();
    expect(got).to.deep.equal([null]);
    expect(world.counts["rejected"]).to.equal(1);
    expect(world.warnings).to.deep.equal(["Redis holds replies that we did not write"]);
  });

  it("answers the others when one answer cannot be used", async () => {
    const world = new World();
    world.cache.look(questionOf("a"), () => {
      throw new Error("the client is gone");
    });
    const got = world.look("b");
    await world.turn();
    world.gets.at(-1)?.answer();
    await world.turn();
    expect(got).to.deep.equal([null]);
    expect(world.errors.length).to.equal(1);
  });

  it("answers what waits when it is closed, and leaves no timer", async () => {
    const world = new World();
    const [asked, waiting] = [world.look("a"), (await world.turn(), world.look("b"))];
    world.cache.keep(questionOf("c"), replyOf("x"));
    world.cache.close();
    expect(waiting).to.deep.equal([null]);
    expect(world.closed).to.equal(1);
    world.gets.at(-1)?.fail("Connection is closed.");
    await world.turn();
    expect(asked).to.deep.equal([null]);
    expect(world.look("d")).to.deep.equal([null]);
    await world.pass(1_000);
    expect(world.commands.length).to.equal(1);
    expect(world.pending).to.equal(0);
  });

  it("whatever Redis does, answers each look exactly once and only with what was kept for it", async () => {
    const step = fc.record({
      act: fc.constantFrom("look", "look", "look", "keep", "answer", "answer", "fail", "away", "back", "forge", "wait"),
      key: fc.integer({ min: 0, max: 5 }),
      ms: fc.integer({ min: 0, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const world = new World();
        const looks: { readonly key: number; readonly got: readonly (CachedReply | null)[] }[] = [];
        const open: Command[] = [];
        let seen = 0;
        for (const { act, key, ms } of steps) {
          open.push(...world.commands.slice(seen));
          seen = world.commands.length;
          if (act === "look") looks.push({ key, got: world.look(`k${key}`) });
          else if (act === "keep") world.cache.keep(questionOf(`k${key}`), replyOf(`reply ${key}`));
          else if (act === "answer") open.splice(key % (open.length || 1), 1)[0]?.answer();
          else if (act === "fail") open.splice(key % (open.length || 1), 1)[0]?.fail();
          else if (act === "away") world.client.isReady = false;
          else if (act === "back") world.client.isReady = true;
          else if (act === "forge") {
            const entries = [...world.values];
            const [from, to] = [entries[key % (entries.length || 1)], entries[ms % (entries.length || 1)]];
            if (from !== undefined && to !== undefined) world.values.set(to[0], from[1]); // another key's reply
          }
          await world.pass(ms);
        }
        await world.pass(50);
        for (const { key, got } of looks) {
          expect(got.length).to.equal(1);
          if (got[0] !== null) expect(Buffer.from(got[0]?.body ?? []).toString()).to.equal(`reply ${key}`);
        }
      }),
      { numRuns: 60 },
    );
  });
});
