/** C1, C3: threads that die, hang or cannot start, each with an API of its own and times that are short. */
import { expect } from "chai";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../actors/index.ts";
import { systemClock } from "../clock.ts";
import type { Remote } from "../remote.ts";
import { WatchedThread, type WatchedParts, type WatchTimes } from "../watched-thread.ts";
import { until } from "./rig/cluster.ts";

const remote = new URL("../remote.ts", import.meta.url).href;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const TIMES: WatchTimes = {
  startWithinMs: 15_000,
  silentMaxMs: 200,
  rebuildAfterMs: 10,
  rebuildAfterMaxMs: 40,
  wellAfterMs: 60_000,
};

interface Odd {
  start(): void;
  ping(): void;
  /** Never comes back. */
  spin(): void;
}

type RemoteOdd = Remote<Odd>["api"];

describe("watched thread", function () {
  this.timeout(60_000);
  const threads: WatchedThread<Odd>[] = [];
  let spawned = 0;
  let died = 0;
  let rebuilt = 0;
  /** Waits before a rebuild, in order. */
  let waits: number[] = [];

  const clock: Clock = {
    ...systemClock,
    after: (delayMs, task) => {
      waits.push(delayMs);
      return systemClock.after(delayMs, task);
    },
  };

  /** A thread whose members are `api` (source text). */
  function make(api: string, more: Partial<WatchedParts<Odd>> = {}): WatchedThread<Odd> {
    const source = `import(${JSON.stringify(remote)}).then(({ exposeToParent }) => exposeToParent({ start() {}, ping() {}, spin() { for (;;); }, ${api} }))`;
    const thread = new WatchedThread<Odd>({
      name: "odd",
      spawn: () => {
        spawned++;
        return new Worker(source, { eval: true });
      },
      start: (remoteApi) => remoteApi.start(),
      ping: (remoteApi) => remoteApi.ping(),
      onDied: () => void died++,
      onRebuilt: () => void rebuilt++,
      times: TIMES,
      clock,
      log: quiet,
      ...more,
    });
    threads.push(thread);
    return thread;
  }
  const answers = (thread: WatchedThread<Odd>): Promise<boolean> =>
    thread
      .call(15_000, (api) => api.ping())
      .then(
        () => true,
        () => false,
      );

  beforeEach(() => {
    [spawned, died, rebuilt, waits] = [0, 0, 0, []];
  });
  afterEach(async () => {
    for (const thread of threads.splice(0)) await thread.end();
  });

  it("is closed from its death until it is rebuilt, and then answers again", async () => {
    let worker: Worker | undefined;
    let openAtDeath: boolean | undefined;
    const thread = make("", {
      spawn: () => {
        spawned++;
        worker = new Worker(
          `import(${JSON.stringify(remote)}).then(({ exposeToParent }) => exposeToParent({ start() {}, ping() {} }))`,
          { eval: true },
        );
        return worker;
      },
      onDied: () => {
        openAtDeath = thread.isOpen;
      },
    });
    expect(await answers(thread)).to.equal(true);
    await worker?.terminate();
    expect([openAtDeath, thread.isOpen]).to.deep.equal([false, false]);
    await until("it is rebuilt", 15_000, async () => thread.isOpen);
    expect(await answers(thread)).to.equal(true);
    expect([spawned, rebuilt]).to.deep.equal([2, 1]);
  });

  it("C3 is ended when it is stuck in a loop, and rebuilt", async () => {
    const thread = make("");
    expect(await answers(thread)).to.equal(true);
    const caller = thread.call(30_000, (api) => api.spin()).catch((error: unknown) => error);
    await until("its end", 20_000, async () => {
      thread.look();
      return died === 1;
    });
    expect(await caller).to.include({ code: "WORKER_DIED" });
    await until("it is rebuilt", 15_000, async () => thread.isOpen);
    expect(await answers(thread)).to.equal(true);
  });

  it("is not ended for one look without an answer: the process may have been frozen", async () => {
    const thread = make("ping: () => new Promise(() => {})");
    await until("its start", 15_000, async () => {
      await thread.call(15_000, (api) => api.start());
      return true;
    });
    thread.look();
    await thread.call(TIMES.silentMaxMs * 3, (api) => api.ping()).catch(() => undefined); // outlives the look
    expect([died, thread.isOpen]).to.deep.equal([0, true]);
  });

  it("counts an answer that is an error as an answer", async () => {
    // Its silence would show only after a while, an answer that did not count at the fourth look.
    const thread = make('ping() { throw new Error("no") }', { times: { ...TIMES, silentMaxMs: 10_000 } });
    expect(await answers(thread)).to.equal(false);
    let looks = 0;
    await until("many looks", 15_000, async () => {
      thread.look();
      return ++looks > 10;
    });
    expect(died).to.equal(0);
  });

  const untold: readonly (readonly [what: string, say: (api: RemoteOdd) => Promise<void>])[] = [
    ["the thread threw at", (api) => api.spin()],
    ["could not be sent", (api) => (api.ping as (hook: unknown) => Promise<void>)(() => {})],
  ];
  for (const [what, say] of untold)
    it(`is ended and rebuilt for a message that ${what}: whoever waits for it is answered by its end`, async () => {
      const thread = make('spin() { throw new Error("no") }');
      expect(await answers(thread)).to.equal(true);
      thread.tell(say);
      await until("its end", 20_000, async () => died === 1);
      await until("it is rebuilt", 15_000, async () => thread.isOpen);
      expect(await answers(thread)).to.equal(true);
    });

  it("is ended and rebuilt ever more slowly when its start is rejected", async () => {
    make('start() { throw new Error("no database") }');
    await until("four deaths", 40_000, async () => died >= 4);
    expect(waits.slice(0, 4)).to.deep.equal([10, 20, 40, 40]);
  });

  it("is ended and rebuilt when its start never ends", async () => {
    make("start: () => new Promise(() => {})", { times: { ...TIMES, startWithinMs: 100 } });
    await until("a death", 20_000, async () => died >= 1);
  });

  it("is rebuilt when its code cannot be loaded", async () => {
    make("", { spawn: () => new Worker("this is not code", { eval: true }) });
    await until("two deaths", 20_000, async () => died >= 2);
  });

  it("stays ended once it was ended", async () => {
    const thread = make("");
    await thread.end();
    expect([thread.isOpen, died, waits]).to.deep.equal([false, 0, []]);
  });
});
