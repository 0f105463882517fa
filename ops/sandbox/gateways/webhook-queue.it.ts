/** The queue of webhooks on a real file, with a clock and a receiver of the test's own. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Clock } from "../../../actors/index.ts";
import { PendingFile } from "./pending-file.ts";
import type { Message } from "./webhook-parcel.ts";
import { WebhookQueue, type QueueOptions } from "./webhook-queue.ts";

class StoppedClock implements Clock {
  #now = 1_000_000;
  #tasks: { readonly at: number; readonly task: () => void }[] = [];
  readonly nowMs = (): number => this.#now;
  readonly monotonicMs = (): number => this.#now;
  readonly after = (delayMs: number, task: () => void): (() => void) => {
    const entry = { at: this.#now + delayMs, task };
    this.#tasks.push(entry);
    return () => (this.#tasks = this.#tasks.filter((one) => one !== entry));
  };
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#tasks.filter(({ at }) => at <= this.#now);
    this.#tasks = this.#tasks.filter(({ at }) => at > this.#now);
    for (const { task } of due) task();
    await settle();
  }
}
/** Lets what was answered take its course. */
const settle = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await new Promise((done) => setImmediate(done));
};

describe("the queue of webhooks", () => {
  const folder = mkdtempSync(join(tmpdir(), "webhook-queue-"));
  let count = 0;
  let path = "";
  let clock = new StoppedClock();
  const open: WebhookQueue[] = [];
  /** Types in the order of their tries, a batch as one. */
  let tried: string[] = [];
  let refuses = new Set<string>();
  beforeEach(() => {
    path = join(folder, `${++count}.jsonl`);
    clock = new StoppedClock();
    tried = [];
    refuses = new Set();
  });
  afterEach(() => Promise.all(open.splice(0).map((queue) => queue.close())));
  after(() => rmSync(folder, { recursive: true }));

  const queueOf = (more: Partial<QueueOptions> = {}): WebhookQueue => {
    const queue = new WebhookQueue({
      path,
      clock,
      blocksBehindFailure: false,
      retryDelaysMs: [1_000, 2_000],
      giveUpAfterMs: 10_000,
      sendingMax: 4,
      deliver: async (messages) => {
        tried.push(messages.map(({ type }) => type).join("+"));
        return messages.every(({ type }) => !refuses.has(type));
      },
      ...more,
    });
    open.push(queue);
    queue.isPaused = false;
    return queue;
  };
  const message = (type: string): Message => ({ id: `id-${type}`, type, body: `{"type":"${type}"}` });
  const add = async (queue: WebhookQueue, type: string, afterMs = 0): Promise<void> => {
    await queue.keep(message(type), clock.nowMs() + afterMs);
    void queue.release(`id-${type}`);
    await settle();
  };

  it("sends nothing before it is released, nor before it is due", async () => {
    const queue = queueOf();
    await queue.keep(message("a"), clock.nowMs() + 100);
    await clock.pass(500);
    expect(tried).to.deep.equal([]);
    await add(queue, "b", 100);
    expect(tried).to.deep.equal([]);
    await clock.pass(100);
    expect(tried).to.deep.equal(["b"]);
    let isTried = false;
    void queue.release("id-a").then(() => (isTried = true));
    await settle();
    expect([tried, isTried]).to.deep.equal([["b", "a"], true]);
  });

  it("tries again by its ladder, until it is accepted", async () => {
    const queue = queueOf();
    refuses.add("a");
    await add(queue, "a");
    const triesAfter = [];
    for (const ms of [999, 1, 1_999, 1, 2_000]) {
      await clock.pass(ms);
      triesAfter.push(tried.length);
    }
    expect(triesAfter).to.deep.equal([1, 2, 2, 3, 4]);
    refuses.clear();
    await clock.pass(2_000);
    expect(queue.state()).to.deep.include({ pending: 0, accepted: 1, failedTries: 4, givenUp: 0 });
  });

  it("gives up in the end", async () => {
    const queue = queueOf();
    refuses.add("a");
    await add(queue, "a");
    for (let n = 0; n < 8; n++) await clock.pass(2_000);
    expect(queue.state()).to.deep.include({ pending: 0, accepted: 0, givenUp: 1 });
  });

  it("without order: one that fails holds up nobody", async () => {
    const queue = queueOf();
    refuses.add("a");
    for (const type of ["a", "b", "c"]) await add(queue, type);
    expect(tried).to.deep.equal(["a", "b", "c"]);
    expect(queue.state()).to.deep.include({ pending: 1, blockedBy: null });
  });

  it("blocking: nothing passes one that fails, and everything follows when it is accepted", async () => {
    const queue = queueOf({ blocksBehindFailure: true });
    refuses.add("a");
    for (const type of ["a", "b", "c"]) await add(queue, type);
    await clock.pass(1_000);
    await clock.pass(2_000);
    expect(tried).to.deep.equal(["a", "a", "a"]);
    expect(queue.state()).to.deep.include({ pending: 3, blockedBy: "a" });
    refuses.clear();
    await clock.pass(2_000);
    expect(tried).to.deep.equal(["a", "a", "a", "a", "b", "c"]);
    expect(queue.state()).to.deep.include({ pending: 0, accepted: 3, blockedBy: null });
  });

  it("blocking: of several that fail together one blocks, and none is forgotten", async () => {
    const queue = queueOf({ blocksBehindFailure: true });
    queue.isPaused = true;
    for (const type of ["a", "b", "c", "d"]) {
      refuses.add(type);
      await add(queue, type);
    }
    queue.isPaused = false;
    await settle();
    expect(tried).to.deep.equal(["a", "b", "c", "d"]);
    await clock.pass(1_000);
    expect(tried.slice(4)).to.deep.equal(["a"]);
    refuses.clear();
    await clock.pass(2_000);
    expect(tried.slice(4)).to.deep.equal(["a", "a", "b", "c", "d"]);
    expect(queue.state()).to.deep.include({ pending: 0, accepted: 4 });
  });

  it("sends in batches where it is told to, and a batch that fails goes again as it was", async () => {
    const queue = queueOf({ blocksBehindFailure: true });
    queue.batchMax = 2;
    queue.isPaused = true;
    refuses.add("b");
    for (const type of ["a", "b", "c"]) await add(queue, type);
    queue.isPaused = false;
    await settle();
    expect(tried).to.deep.equal(["a+b", "c"]);
    refuses.clear();
    await clock.pass(1_000);
    expect(tried).to.deep.equal(["a+b", "c", "a+b"]);
    expect(queue.state()).to.deep.include({ pending: 0, accepted: 3 });
  });

  it("remembers what was not accepted, in its order, and forgets the rest", async () => {
    const queue = queueOf({ blocksBehindFailure: true });
    await add(queue, "done");
    refuses.add("a");
    for (const type of ["a", "b"]) await add(queue, type);
    await queue.keep(message("kept"), clock.nowMs());
    await open.pop()?.close();
    refuses.clear();
    tried = [];
    const again = queueOf({ blocksBehindFailure: true });
    await settle();
    expect(tried).to.deep.equal(["a", "b", "kept"]);
    expect(again.state()).to.deep.include({ pending: 0 });
  });

  it("a file that is rewritten while it is in use forgets nothing that is open", async () => {
    let file = new PendingFile<string>(path, 2_000);
    const names = Array.from({ length: 200 }, (_, n) => `item-${n}`);
    for (const [n, name] of names.entries()) {
      await file.add(name, "x".repeat(20));
      if (n % 10 !== 0) await file.end(name);
    }
    const open10th = names.filter((_, n) => n % 10 === 0);
    await file.close();
    expect(statSync(path).size).to.be.lessThan(5_000);
    expect(existsSync(`${path}.next`)).to.equal(false);
    // A crash between the new file and its taking the old one's place.
    writeFileSync(`${path}.next`, `["item-new","y"]\n["item-0"]\n["item-torn`);
    file = new PendingFile<string>(path);
    expect([...file.items.keys()]).to.have.members([...open10th.slice(1), "item-new"]);
    await file.close();
    expect(readFileSync(path, "utf8").split("\n")).to.have.length(open10th.length + 1);
  });
});
