import { expect } from "chai";
import fc from "fast-check";
import { type MerchantId, mintId, type OperationId, type Payment, post, slotOfMerchant } from "./domain/index.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Pending, Settlement } from "./pending.ts";
import type { CommitOutcome, Decision, DecisionBatch, DoubtRow } from "./ports/decisions.ts";
import type { Activation, ShardStore } from "./ports/shard-store.ts";
import { sampleAcceptance, sampleMerchant } from "./sample-payment.ts";

const slot = slotOfMerchant(sampleMerchant);

const COMMITTED: CommitOutcome = { kind: "committed", anchor: new Uint8Array(32) };

/** A store whose answers the test gives; it records what was asked and refuses two commits at once. */
class ScriptedStore {
  readonly rolledUp: MerchantId[] = [];
  answerRollUp: () => CommitOutcome = () => COMMITTED;
  readonly batches: DecisionBatch[] = [];
  running = 0;
  answer: (batch: DecisionBatch) => CommitOutcome = () => COMMITTED;

  async rollUpBalances(_lease: unknown, merchants: readonly MerchantId[]): Promise<CommitOutcome> {
    this.rolledUp.push(...merchants);
    return this.answerRollUp();
  }

  async commit(_lease: unknown, batch: DecisionBatch): Promise<CommitOutcome> {
    expect(++this.running, "commits in flight").to.equal(1);
    await Promise.resolve();
    this.running--;
    const outcome = this.answer(batch);
    if (outcome.kind === "committed") this.batches.push(batch);
    return outcome;
  }

  readonly slices: (readonly DoubtRow[])[] = [];
  readonly removed: OperationId[] = [];
  answerDoubts: (rows: readonly DoubtRow[]) => CommitOutcome = () => COMMITTED;
  renewals = 0;

  async saveDoubts(_lease: unknown, rows: readonly DoubtRow[], closed: readonly OperationId[]): Promise<CommitOutcome> {
    expect(++this.running, "writes in flight").to.equal(1);
    await Promise.resolve();
    this.running--;
    const outcome = this.answerDoubts(rows);
    if (outcome.kind === "committed") {
      this.slices.push(rows);
      this.removed.push(...closed);
    }
    return outcome;
  }

  async renew(): Promise<CommitOutcome> {
    this.renewals++;
    return COMMITTED;
  }
}

interface Rig {
  readonly store: ScriptedStore;
  readonly commit: GroupCommit;
  readonly stops: string[];
  /** Timers that the loop asked for, in order; a test runs them. */
  readonly timers: (() => void)[];
  /** Payments whose row of doubt was refused. */
  readonly refused: string[];
  /** Monotonic milliseconds. */
  nowMs: number;
  /** Unix milliseconds. */
  wallMs: number;
}

function rig(batchMax = 512): Rig {
  const store = new ScriptedStore();
  const stops: string[] = [];
  const timers: (() => void)[] = [];
  const refused: string[] = [];
  const clock = {
    nowMs: () => made.wallMs,
    monotonicMs: () => made.nowMs,
    after: (_delayMs: number, task: () => void) => {
      timers.push(task);
      return () => {};
    },
  };
  const meter = {
    commit: () => {},
    gatewayAnswered: () => {},
    paymentEnded: () => {},
    operationEnded: () => {},
    refused: () => {},
  };
  const limits = { lingerMs: 0, commitPaceMs: 0, batchMax, renewEveryMs: 1_000, retryDelayMs: 10 };
  const hooks = {
    openFloorSeq: () => undefined,
    doubtsSaved: () => {},
    doubtRefused: (id: string) => refused.push(id),
    rowCommitted: () => {},
    stopped: (why: string) => stops.push(why),
  };
  const commit = new GroupCommit(store as unknown as ShardStore, clock, limits, meter, hooks); // only writes are called
  const activation: Activation = {
    lease: { shard: 0, epoch: 1n, slotsVersion: 1n },
    lastSeq: 41n,
    lastAnchor: new Uint8Array(32),
    lastRecordedAtMs: 0,
    slots: new Set([slot]),
    open: [],
    ended: [],
    waiting: [],
    endpoints: [],
    forsaken: [],
  };
  commit.begin(activation, 0);
  const made: Rig = { store, commit, stops, timers, refused, nowMs: 0, wallMs: 1_750_000_000_000 };
  return made;
}

/** A row of doubt, named by its number of tries. */
const doubt = (tries: number): DoubtRow => ({
  paymentId: mintId("pay", slot, 1_750_000_000_000, Buffer.from(tries.toString().padStart(8, "0"))),
  operationId: mintId("op", slot, 1_750_000_000_000, Buffer.from(tries.toString().padStart(8, "0"))),
  slot,
  tries,
  nextCheckAtMs: 0,
  deadlineAtMs: 0,
});

const settleAll = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
};

/** An intent named by its amount, with a place for its settlement. */
function intent(amountMinor: bigint, settled: Map<bigint, Settlement>): Pending {
  const transition = sampleAcceptance(amountMinor);
  const { terms, operation } = transition.payment;
  const keyRow = {
    merchantId: sampleMerchant,
    key: String(amountMinor),
    route: "r",
    fingerprint: new Uint8Array(32),
    paymentId: terms.id,
    operationId: operation.id,
  };
  return {
    transition,
    cause: "test",
    data: null,
    reply: null,
    isIntent: true,
    accepted: { sealed: new Uint8Array(0) },
    keyRow,
    enqueuedAtMs: 0,
    settle: (how) => {
      expect(settled.has(amountMinor), "settled twice").to.equal(false);
      settled.set(amountMinor, how);
    },
  };
}

const amounts = (batch: { readonly decisions: readonly Decision[] }): readonly bigint[] =>
  batch.decisions.map(({ payment }) => payment.terms.amountMinor);

describe("group commit", () => {
  it("settles every decision once, keeps seq gapless over any mix of good and poisoned rows, and fails the poison alone", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (poisoned) => {
        const { store, commit } = rig();
        const settled = new Map<bigint, Settlement>();
        store.answer = (batch) =>
          amounts(batch).some((amount) => poisoned[Number(amount) - 1])
            ? { kind: "rejected", sqlState: "23514", constraint: null }
            : { kind: "committed", anchor: new Uint8Array(32) };
        poisoned.forEach((_, i) => commit.enqueue(intent(BigInt(i + 1), settled)));
        await commit.settled();
        poisoned.forEach((bad, i) => expect(settled.get(BigInt(i + 1))).to.equal(bad ? "rejected" : "committed"));
        let next = 42n;
        for (const batch of store.batches) {
          expect(batch.firstSeq).to.equal(next);
          next += BigInt(batch.decisions.length);
        }
        expect(commit.lastSeq).to.equal(next - 1n);
      }),
    ));

  it("gathers what comes while a commit is in flight into the next one", async () => {
    const { store, commit } = rig();
    const settled = new Map<bigint, Settlement>();
    for (let i = 1n; i <= 5n; i++) commit.enqueue(intent(i, settled));
    await commit.settled();
    expect(store.batches.map(amounts)).to.deep.equal([[1n], [2n, 3n, 4n, 5n]]);
  });

  it("stops on a commit of unknown fate: the batch is unsettled, what waited is not written", async () => {
    const { store, commit, stops } = rig();
    const settled = new Map<bigint, Settlement>();
    store.answer = () => ({ kind: "unknown" });
    commit.enqueue(intent(1n, settled));
    commit.enqueue(intent(2n, settled));
    await commit.settled();
    expect([...settled]).to.deep.equal([
      [1n, "unsettled"],
      [2n, "unavailable"],
    ]);
    expect(stops).to.deep.equal(["unknown"]);
    commit.enqueue(intent(3n, settled));
    expect(settled.get(3n)).to.equal("unavailable");
  });

  it("ends for good when fenced, writing nothing", async () => {
    const { store, commit, stops } = rig();
    const settled = new Map<bigint, Settlement>();
    store.answer = () => ({ kind: "fenced" });
    commit.enqueue(intent(1n, settled));
    await commit.settled();
    expect([settled.get(1n), stops, store.batches.length]).to.deep.equal(["unavailable", ["fenced"], 0]);
  });

  it("refuses intents while the database is away, but never loses an outcome", async () => {
    const { store, commit, timers } = rig();
    const settled = new Map<bigint, Settlement>();
    store.answer = () => ({ kind: "unavailable", reason: "disk full" });
    commit.enqueue(intent(1n, settled));
    const outcome: Pending = { ...intent(2n, settled), isIntent: false, accepted: null };
    commit.enqueue(outcome);
    while (settled.size === 0) await Promise.resolve();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect([...settled]).to.deep.equal([[1n, "unavailable"]]);
    expect(commit.healthy(1_000)).to.equal(false);
    store.answer = () => ({ kind: "committed", anchor: new Uint8Array(32) });
    timers.splice(0).forEach((run) => run());
    await commit.settled();
    expect(settled.get(2n)).to.equal("committed");
    expect(commit.healthy(1_000)).to.equal(true);
  });

  it("sends the next batch before it tells of the one before, and keeps the floor under what it has not told yet", async () => {
    const { store, commit } = rig();
    const events: string[] = [];
    store.answer = (batch) => {
      events.push(`sent ${amounts(batch).join()} floor ${batch.openFloorSeq}`);
      return { kind: "committed", anchor: new Uint8Array(32) };
    };
    const told = (amount: bigint): Pending => ({
      ...intent(amount, new Map()),
      settle: () => events.push(`told ${amount}`),
    });
    for (const amount of [1n, 2n, 3n]) commit.enqueue(told(amount));
    await commit.settled();
    expect(events).to.deep.equal(["sent 1 floor 42", "told 1", "sent 2,3 floor 42", "told 2", "told 3"]);
  });

  it("tells of the half that is on disk before it stops for the other half", async () => {
    const { store, commit, stops } = rig();
    const settled = new Map<bigint, Settlement>();
    const outcomes: CommitOutcome[] = [
      { kind: "committed", anchor: new Uint8Array(32) },
      { kind: "rejected", sqlState: "23514", constraint: null },
      { kind: "committed", anchor: new Uint8Array(32) },
      { kind: "unknown" },
    ];
    store.answer = () => outcomes.shift() as CommitOutcome;
    for (let amount = 1n; amount <= 3n; amount++) commit.enqueue(intent(amount, settled));
    await commit.settled();
    expect([...settled]).to.deep.equal([
      [1n, "committed"],
      [2n, "committed"],
      [3n, "unsettled"],
    ]);
    expect(stops).to.deep.equal(["unknown"]);
  });

  it("gives payment, answer and row one time, that of the row, also when it is made again", async () => {
    const made = rig();
    const { store, commit, timers } = made;
    const rendered: number[] = [];
    let after: Payment | undefined;
    const body = Buffer.from("the answer");
    const outcome: Pending = {
      ...intent(1n, new Map()),
      isIntent: false,
      accepted: null,
      reply: (payment) => {
        rendered.push(payment.updatedAtMs);
        return { status: 201, body };
      },
      settle: (_how, payment) => (after = payment),
    };
    store.answer = () => ({ kind: "unavailable", reason: "disk full" });
    commit.enqueue(outcome);
    await settleAll();
    made.wallMs += 5_000;
    store.answer = () => COMMITTED;
    timers.splice(0).forEach((run) => run());
    await commit.settled();
    const entry = store.batches[0]?.decisions[0]?.entry;
    expect(rendered).to.deep.equal([made.wallMs - 5_000, made.wallMs]);
    expect([after?.updatedAtMs, entry?.recordedAtMs]).to.deep.equal([made.wallMs, made.wallMs]);
    expect(entry?.reply?.body).to.equal(body);
  });

  it("keeps the floor at a row that is not told yet, when one told before it has the next batch sent", async () => {
    const { store, commit } = rig();
    commit.enqueue(intent(1n, new Map()));
    const more = (): void => commit.enqueue(intent(4n, new Map()));
    commit.enqueue({ ...intent(2n, new Map()), settle: more }); // in one batch with the next
    commit.enqueue(intent(3n, new Map()));
    await commit.settled();
    const batches = store.batches.map(({ firstSeq, openFloorSeq, decisions }) => [
      firstSeq,
      openFloorSeq,
      decisions.length,
    ]);
    expect(batches).to.deep.equal([
      [42n, 42n, 1],
      [43n, 42n, 2],
      [45n, 43n, 1], // 44 may be open, and its actor does not know
    ]);
  });

  it("chains each payment's head to the hash of its row", async () => {
    const { store, commit } = rig();
    let after: Payment | undefined;
    commit.enqueue({ ...intent(1n, new Map()), settle: (_how, payment) => (after = payment) });
    await commit.settled();
    expect(after?.chainHead).to.deep.equal(store.batches[0]?.decisions[0]?.entry.hash);
    expect(after?.chainHead.length).to.equal(32);
  });

  it("writes doubts between the batches when it is never idle, in slices, one write at a time", async () => {
    const made = rig();
    const { store, commit } = made;
    let left = 200;
    const next = (): void => {
      if (left-- > 0) commit.enqueue({ ...intent(BigInt(left + 1), new Map()), settle: next });
    };
    store.answer = () => {
      made.nowMs += 10;
      return COMMITTED;
    };
    next();
    next();
    for (let tries = 1; tries <= 1_100; tries++) commit.noteDoubt(doubt(tries).operationId, doubt(tries));
    await commit.settled();
    expect(left).to.be.lessThan(1);
    expect(store.slices.map(({ length }) => length)).to.deep.equal([512, 512, 76]);
  });

  it("never mentions an operation to the table of doubts that ended before its row was sent, and removes one that was", async () => {
    const { store, commit } = rig();
    const [quick, sent] = [doubt(1), doubt(2)];
    commit.noteDoubt(quick.operationId, quick);
    commit.noteDoubt(quick.operationId, null);
    await commit.flushed();
    expect([store.slices, store.removed]).to.deep.equal([[], []]);
    commit.noteDoubt(sent.operationId, sent);
    commit.keepAlive();
    commit.noteDoubt(sent.operationId, null); // while its row is being written
    await commit.flushed();
    expect([store.slices.flat(), store.removed]).to.deep.equal([[sent], [sent.operationId]]);
  });

  it("keeps up with doubts that begin and end as fast as payments are written", async () => {
    const made = rig(4);
    const { store, commit } = made;
    const written = (): number => store.slices.flat().length;
    let begun = 0;
    let ended = 0;
    let left = 1_000;
    const next = (): void => {
      const row = doubt(++begun);
      commit.noteDoubt(row.operationId, row);
      // Each ends some time after its row was written, as with a gateway slower than the time to note it.
      if (ended < written() - 8) commit.noteDoubt(doubt(++ended).operationId, null);
      if (left-- > 0) commit.enqueue({ ...intent(BigInt(left + 1), new Map()), settle: next });
    };
    store.answer = () => {
      made.nowMs += 10;
      return COMMITTED;
    };
    for (let i = 0; i < 4; i++) next();
    await commit.settled();
    expect(begun - written(), "rows that wait").to.be.lessThan(50);
    expect(ended, "operations that ended").to.be.greaterThan(900);
    expect(ended - store.removed.length, "removals that wait").to.be.lessThan(50);
  });

  it("has a merchant's entries summed up when they are many, beside the commits, and again after a failure", async () => {
    const { store, commit, timers } = rig();
    const postings = [post("capture", 1n), post("capture", 2n)];
    const write = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const one = intent(BigInt(++made), new Map());
        commit.enqueue({ ...one, transition: { ...one.transition, postings } });
      }
      await commit.settled();
      commit.keepAlive();
      await settleAll();
    };
    let made = 0;
    await write(2_900);
    expect(store.rolledUp, "not many yet").to.deep.equal([]);
    store.answerRollUp = () => ({ kind: "unavailable", reason: "time-out" });
    await write(200);
    expect(store.rolledUp).to.deep.equal([sampleMerchant]);
    store.answerRollUp = () => COMMITTED;
    await write(1);
    expect(store.rolledUp, "not at once").to.have.length(1);
    for (const task of timers.splice(0)) task();
    await settleAll();
    await write(1);
    expect(store.rolledUp).to.deep.equal([sampleMerchant, sampleMerchant]);
    await write(1);
    expect(store.rolledUp).to.have.length(2);
  });

  it("drops a refused row of doubt alone, stays healthy, and renews in time", async () => {
    const made = rig();
    const { store, commit } = made;
    const bad = doubt(7);
    store.answerDoubts = (rows) =>
      rows.some(({ tries }) => tries === 7) ? { kind: "rejected", sqlState: "23514", constraint: null } : COMMITTED;
    for (let tries = 1; tries <= 10; tries++) commit.noteDoubt(doubt(tries).operationId, doubt(tries));
    commit.keepAlive();
    await settleAll();
    expect(made.refused).to.deep.equal([bad.operationId]);
    const saved = store.slices.flatMap((rows) => rows.map(({ tries }) => tries));
    expect(saved.sort((a, b) => a - b)).to.deep.equal([1, 2, 3, 4, 5, 6, 8, 9, 10]);
    expect(commit.healthy(1_000)).to.equal(true);
    store.answerDoubts = () => ({ kind: "unavailable", reason: "time-out" });
    made.nowMs += 1_000;
    commit.noteDoubt(bad.operationId, doubt(8));
    commit.keepAlive();
    await settleAll();
    expect(store.renewals).to.equal(1);
  });
});
