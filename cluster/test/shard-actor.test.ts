/** What an actor does with time, doubt and repeats: on a clock that the test turns, a store in memory and a scripted gateway. */
import { expect } from "chai";
import { gatewayKeyOf, type MerchantId, mintId, SLOT_COUNT, slotOfMerchant } from "../../actors/domain/index.ts";
import { GATEWAY_CAPABILITIES } from "../../actors/gateways/index.ts";
import {
  type GatewayCall,
  type GatewayObservation,
  type MerchantProfile,
  ShardActor,
  type ShardLimits,
  type ShardParts,
  type ShardReply,
  type ShardStore,
} from "../../actors/index.ts";
import { createPresenter, createRequestReader } from "../../router/index.ts";
import { createMemoryStore, type MemoryDatabase, memoryDatabase } from "../../storage/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";

const START_MS = 1_750_000_000_000;
const merchantId: MerchantId = mintId("mer", 0, START_MS, new Uint8Array(8));
const noMeter = { commit: () => {}, gatewayAnswered: () => {}, paymentEnded: () => {}, refused: () => {} };
const FAILURE = { code: "card_declined", retryable: false, customerAction: null, gatewayCode: "05" } as const;

/** Lets every promise that can settle do so. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** The store's methods on a plain object: some of them can then be replaced. */
const bound = (store: ShardStore): ShardStore => ({
  activate: (claim, signal) => store.activate(claim, signal),
  commit: (lease, batch) => store.commit(lease, batch),
  renew: (lease) => store.renew(lease),
  findKeys: (keys) => store.findKeys(keys),
  scanKeys: (after, limit) => store.scanKeys(after, limit),
  findPayments: (ids) => store.findPayments(ids),
  confirmEpoch: (lease) => store.confirmEpoch(lease),
  saveDoubts: (lease, upserts, closed) => store.saveDoubts(lease, upserts, closed),
  release: (lease) => store.release(lease),
  close: () => store.close(),
});

/** A store whose commits wait until the test lets them go. */
function gated(): { readonly store: (as: ShardStore) => ShardStore; close(): void; open(): void } {
  const waiting: (() => void)[] = [];
  let closed = false;
  return {
    store: (as) => ({
      ...bound(as),
      commit: async (lease, batch) => {
        const outcome = await as.commit(lease, batch);
        if (closed) await new Promise<void>((resolve) => waiting.push(resolve));
        return outcome;
      },
    }),
    close: () => {
      closed = true;
    },
    open: () => {
      closed = false;
      for (const go of waiting.splice(0)) go();
    },
  };
}

/** What a test changes of an actor's world. */
type Changes = Partial<Omit<ShardParts, "limits" | "store">> & {
  readonly limits?: Partial<ShardLimits>;
  readonly store?: (store: ShardStore) => ShardStore;
};

class Rig {
  readonly calls: GatewayCall[] = [];
  readonly replies: ShardReply[] = [];
  readonly database: MemoryDatabase;
  readonly actor: ShardActor;
  readonly gateway: "stripe" | "adyen";
  /** Journal rows on disk when each call was made. */
  readonly rowsAtCall: number[] = [];
  /** Messages logged as errors. */
  readonly errors: string[] = [];
  #nowMs = START_MS;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];
  #ticket = 0;
  #random = 0;

  constructor(
    gateway: "stripe" | "adyen",
    database = memoryDatabase(Array.from({ length: SLOT_COUNT }, (_, slot) => slot)),
    generation = 1n,
    nowMs = START_MS,
    { limits, store, ...changes }: Changes = {},
  ) {
    this.database = database;
    this.gateway = gateway;
    this.#nowMs = nowMs;
    const profile = {
      id: merchantId,
      slot: slotOfMerchant(merchantId),
      gateways: [{ name: gateway, account: "a" }],
      currencies: null,
    };
    const clock = {
      nowMs: () => this.#nowMs,
      monotonicMs: () => this.#nowMs,
      after: (delayMs: number, task: () => void) => {
        const timer = { atMs: this.#nowMs + delayMs, task };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
    };
    this.actor = new ShardActor({
      shard: 0,
      store: (store ?? ((as) => as))(createMemoryStore({ shard: 0, database })),
      vault: { seal: (_, plain) => plain, open: (_, sealed) => sealed },
      reader: createRequestReader(),
      presenter: createPresenter(),
      desk: {
        submit: (calls) => {
          this.calls.push(...calls);
          this.rowsAtCall.push(database.rows.length);
        },
      },
      merchants: () => profile,
      capabilities: (payment) => GATEWAY_CAPABILITIES[payment.terms.gateway],
      reply: (reply) => this.replies.push(reply),
      clock,
      random: { bytes: (count) => new Uint8Array(count).fill(++this.#random), fraction: () => 0 },
      meter: noMeter,
      log: { info: () => {}, warn: () => {}, error: (_, message) => this.errors.push(message) },
      limits: { ...DEFAULT_LIMITS, lingerMs: 0, commitPaceMs: 0, lookUpPaceMs: 0, ...limits },
      claim: () => ({
        node: "n",
        generation,
        activationId: "00000000-0000-4000-8000-000000000000",
        process: String(generation),
        isGone: () => true,
      }),
      ...changes,
    });
  }

  static async started(gateway: "stripe" | "adyen", changes: Changes = {}): Promise<Rig> {
    const rig = new Rig(gateway, undefined, 1n, START_MS, changes);
    await rig.actor.start();
    return rig;
  }

  /** The next owner of the same database. */
  async heir(generation: bigint, nowMs = this.#nowMs, changes: Changes = {}): Promise<Rig> {
    const heir = new Rig(this.gateway, this.database, generation, nowMs, changes);
    await heir.actor.start();
    return heir;
  }

  /** Sends a payment and lets its intent be written. */
  async create(key: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.send(key, more);
    await settle();
  }

  /** Sends a payment. */
  send(key: string, more: Readonly<Record<string, unknown>> = {}): void {
    const body = Buffer.from(JSON.stringify({ amount: 100, currency: "EUR", payment_method: "tok_visa", ...more }));
    this.actor.submit([
      {
        kind: "createPayment",
        ticket: ++this.#ticket,
        requestId: "r",
        merchantId,
        idempotencyKey: key,
        body,
        receivedAtMs: this.#nowMs,
        handedOverAtMs: this.#nowMs,
      },
    ]);
  }

  /** The gateway says something to the newest call, and everything settles. */
  async answer(observation: GatewayObservation): Promise<void> {
    this.observe(observation);
    await settle();
  }

  /** The gateway says something to a call. */
  observe(observation: GatewayObservation, call = this.calls.at(-1) as GatewayCall): void {
    const { operationId, paymentId, action } = call;
    this.actor.onAnswers([{ operationId, paymentId, try: call.try, action, observation, tookMs: 1 }]);
  }

  /** Turns the clock in small steps, running timers and the actor's sweeps; `tick` sees each step. */
  async pass(ms: number, tick: () => Promise<void> = async () => {}): Promise<void> {
    const endMs = this.#nowMs + ms;
    const stepMs = Math.max(50, Math.floor(ms / 2_000));
    while (this.#nowMs < endMs) {
      this.#nowMs = Math.min(endMs, this.#nowMs + stepMs);
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
      this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
      for (const { task } of due) task();
      // Twice: after a step as long as a standstill the first one only renews the lease.
      for (let sweep = 0; sweep < 2; sweep++) {
        this.actor.sweep();
        await settle();
      }
      await tick();
    }
  }

  /** Time passes while the actor is frozen. */
  turnClockWithoutSweep(ms: number): void {
    this.#nowMs += ms;
  }

  get last(): {
    readonly status: number;
    readonly body: Readonly<Record<string, unknown>>;
    readonly replayed: boolean;
  } {
    const reply = this.replies.at(-1) as ShardReply;
    return {
      status: reply.status,
      body: (reply.status === 0 ? {} : JSON.parse(Buffer.from(reply.body).toString())) as Record<string, unknown>,
      replayed: reply.replayed,
    };
  }
  get actions(): readonly string[] {
    return this.calls.map(({ action }) => action);
  }
  get nowMs(): number {
    return this.#nowMs;
  }
}

describe("shard actor", () => {
  it("calls the gateway only after the intent is on disk, with the key that it stored", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    expect(rig.rowsAtCall).to.deep.equal([1]);
    expect(rig.calls[0]?.gatewayKey).to.equal(gatewayKeyOf(merchantId, "k", "sale", 1));
    expect(rig.database.rows[0]?.decision.payment.operation.gatewayKey).to.equal(rig.calls[0]?.gatewayKey);
  });

  it("makes no call when the intent could not be written, and takes the key again", async () => {
    const rig = await Rig.started("adyen");
    rig.database.nextOutcomes.push({ kind: "unavailable", reason: "disk full" });
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"], rig.calls.length]).to.deep.equal([503, "storage_unavailable", 0]);
    await rig.pass(2_000);
    await rig.create("k");
    expect(rig.calls.length).to.equal(1);
  });

  it("commits Stripe's id between create and confirm", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    expect(rig.actions).to.deep.equal(["prepare", "execute"]);
    expect(rig.rowsAtCall).to.deep.equal([1, 2]);
    expect(rig.calls[1]?.gatewayReference).to.equal("pi_1");
    await rig.answer({ kind: "captured", reference: "pi_1" });
    expect([rig.last.status, rig.last.body["status"]]).to.deep.equal([201, "captured"]);
  });

  it("answers repeats: 409 while the first runs, 202 while in doubt, the stored bytes afterwards", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([409, "idempotency_key_in_use"]);
    await rig.answer({ kind: "unknown", reason: "time-out" });
    expect([rig.last.status, (rig.last.body["pending"] as { reason: string }).reason]).to.deep.equal([
      202,
      "outcome_unknown",
    ]);
    await rig.create("k");
    expect([rig.last.status, rig.replies.length]).to.deep.equal([202, 3]);
    await rig.pass(25_000);
    await rig.answer({ kind: "declined", failure: FAILURE, reference: null });
    await rig.create("k");
    const first = rig.last;
    expect([first.status, first.body["code"], first.replayed]).to.deep.equal([402, "payment_declined", true]);
    await rig.create("k");
    expect(rig.last).to.deep.equal(first);
    await rig.create("k", { amount: 101 });
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([422, "idempotency_key_reuse"]);
  });

  it("answers 202 after 10 s without an answer, and takes the late fact", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.pass(9_900);
    expect(rig.replies).to.have.length(0);
    await rig.pass(200);
    expect(rig.last.status).to.equal(202);
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.create("k");
    expect([rig.last.status, rig.last.body["status"], rig.last.replayed]).to.deep.equal([201, "captured", true]);
  });

  it("repeats a call of unknown fate only after the grace, with the same key", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "unknown", reason: "reset" });
    await rig.pass(19_000);
    expect(rig.calls).to.have.length(1);
    await rig.pass(3_000);
    expect(rig.actions).to.deep.equal(["execute", "execute"]);
    expect(rig.calls[1]).to.deep.include({ gatewayKey: rig.calls[0]?.gatewayKey, earlierTryOpen: true });
  });

  for (const gateway of ["stripe", "adyen"] as const) {
    it(`${gateway}: after the deadline flags for review, never executes, and never fails by time alone`, async () => {
      const rig = await Rig.started(gateway);
      await rig.create("k");
      if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
      await rig.answer({ kind: "unknown", reason: "time-out" });
      const late: string[] = [];
      let seen = rig.calls.length;
      await rig.pass(48 * 3_600_000, async () => {
        while (seen < rig.calls.length) {
          if (rig.nowMs > START_MS + DEFAULT_LIMITS.operationDeadlineMs) late.push(rig.calls[seen]?.action as string);
          seen++;
          await rig.answer({ kind: "unknown", reason: "time-out" });
        }
      });
      expect(late.length, "it goes on looking").to.be.greaterThan(5);
      expect(late).not.to.include("execute");
      await rig.create("k");
      expect([
        rig.last.status,
        rig.last.body["status"],
        (rig.last.body["pending"] as { needs_review: boolean }).needs_review,
      ]).to.deep.equal([202, "pending", true]);
    });
  }

  it("fails at the deadline when no try ever left the machine", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    let seen = 0;
    await rig.pass(DEFAULT_LIMITS.operationDeadlineMs + 2_000_000, async () => {
      for (; seen < rig.calls.length; seen++) await rig.answer({ kind: "notSubmitted", reason: "connection refused" });
    });
    expect(rig.replies[0]?.status, "202 in the meantime").to.equal(202);
    expect(new Set(rig.calls.map(({ gatewayKey }) => gatewayKey)).size).to.equal(1);
    await rig.create("k");
    expect([rig.last.status, (rig.last.body["decline"] as { code: string }).code]).to.deep.equal([
      402,
      "gateway_unreachable",
    ]);
  });

  it("does not fail what another owner tried: that try's fate is unknown", async () => {
    const first = await Rig.started("adyen");
    await first.create("k");
    await first.answer({ kind: "notSubmitted", reason: "connection refused" });
    const heir = new Rig("adyen", first.database, 2n, START_MS + 1_000);
    await heir.actor.start();
    let seen = 0;
    await heir.pass(DEFAULT_LIMITS.operationDeadlineMs + 2_000_000, async () => {
      for (; seen < heir.calls.length; seen++)
        await heir.answer({ kind: "notSubmitted", reason: "connection refused" });
    });
    await heir.create("k");
    expect([heir.last.status, heir.last.body["status"]]).to.deep.equal([202, "pending"]);
  });

  it("resumes open operations from the database alone, with no traffic", async () => {
    const first = await Rig.started("stripe");
    await first.create("k");
    await first.answer({ kind: "prepared", reference: "pi_1" });
    const heir = new Rig("stripe", first.database, 2n);
    await heir.actor.start();
    await heir.pass(2_000);
    expect(heir.actions).to.deep.equal(["query"]);
    expect(heir.calls[0]).to.deep.include({ gatewayReference: "pi_1", paymentMethod: "tok_visa" });
    await heir.answer({ kind: "captured", reference: "pi_1" });
    await heir.pass(5_000);
    expect([heir.actor.snapshot().openOperations, heir.database.doubts.size]).to.deep.equal([0, 0]);
  });

  it("settles an unknown COMMIT before it says anything final", async () => {
    for (const written of [true, false]) {
      const rig = await Rig.started("adyen");
      rig.database.nextOutcomes.push({ kind: "unknown", written });
      await rig.create("k");
      expect([rig.replies[0]?.status, rig.calls.length]).to.deep.equal([503, 0]);
      await settle();
      expect(rig.actor.mode).to.equal("serving");
      expect(rig.database.owner.epoch).to.equal(2n);
      await rig.create("k");
      // Written: the same operation goes on. Not written: the retry is the first.
      if (written) expect(rig.last.status).to.equal(202);
      else expect(rig.calls).to.have.length(1);
      expect(rig.database.rows).to.have.length(1);
    }
  });

  it("ends when another owner has the shard: no answer to who may be charged, no more writes", async () => {
    const old = await Rig.started("adyen");
    await old.create("k");
    const heir = new Rig("adyen", old.database, 2n);
    await heir.actor.start();
    const rows = old.database.rows.length;
    await old.answer({ kind: "captured", reference: "psp" });
    expect([old.actor.mode, old.last.status, old.database.rows.length]).to.deep.equal(["fenced", 0, rows]);
    await old.create("k");
    expect([old.last.status, old.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
  });

  it("sheds what waited too long on its way once that lasts, before reading it", async () => {
    const rig = await Rig.started("adyen");
    const { queueAgeMaxMs } = DEFAULT_LIMITS;
    const sendLate = (key: string): unknown[] => {
      const handedOverAtMs = rig.nowMs - queueAgeMaxMs - 1;
      rig.actor.submit([
        {
          kind: "createPayment",
          ticket: 99,
          requestId: "r",
          merchantId,
          idempotencyKey: key,
          body: Buffer.from("not even JSON"),
          receivedAtMs: handedOverAtMs,
          handedOverAtMs,
        },
      ]);
      return [rig.last.status, rig.last.body["code"]];
    };
    expect(sendLate("after a stall")).to.deep.equal([400, "invalid_json"]);
    await rig.pass(queueAgeMaxMs / 2);
    expect(sendLate("in a queue that stands")).to.deep.equal([503, "overloaded"]);
  });

  it("answers reads from memory for 3 s after the last acknowledged commit was sent, afterwards only after a check", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "captured", reference: "psp" });
    const paymentId = rig.calls[0]?.paymentId as GatewayCall["paymentId"];
    const read = async (): Promise<number> => {
      rig.actor.submit([{ kind: "getPayment", ticket: 7, requestId: "r", merchantId, paymentId }]);
      await settle();
      return rig.last.status;
    };
    expect(await read()).to.equal(200);
    const heir = new Rig("adyen", rig.database, 2n);
    await heir.actor.start();
    expect(await read(), "still certain: a new owner waits 4 s").to.equal(200);
    rig.turnClockWithoutSweep(3_001);
    expect(await read(), "no longer certain, and the epoch is another's").to.equal(503);
  });

  it("answers repeats from memory for 3 s, afterwards only after one look for all, and never as a zombie", async () => {
    let looks = 0;
    const counting = (store: ShardStore): ShardStore => {
      const confirmEpoch: ShardStore["confirmEpoch"] = (lease) => {
        looks++;
        return store.confirmEpoch(lease);
      };
      return { ...bound(store), confirmEpoch };
    };
    const rig = await Rig.started("adyen", { store: counting });
    await rig.create("done");
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.create("doubt");
    await rig.answer({ kind: "unknown", reason: "time-out" });
    rig.turnClockWithoutSweep(3_001);
    const seen = rig.replies.length;
    rig.send("done");
    rig.send("doubt");
    rig.send("doubt");
    await settle();
    expect(rig.replies.slice(seen).map(({ status }) => status)).to.deep.equal([201, 202, 202]);
    expect(looks, "the first sends at once, the others wait and share").to.equal(2);
    await rig.heir(2n);
    for (const key of ["done", "doubt"]) {
      await rig.create(key);
      expect([rig.last.status, rig.last.body["code"]], key).to.deep.equal([503, "storage_unavailable"]);
    }
  });

  it("closes the connection of a waiter whose time is up when it cannot be sure of being the owner", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    rig.turnClockWithoutSweep(10_001);
    await rig.heir(2n);
    rig.actor.sweep();
    await settle();
    expect(rig.replies.map(({ status, body }) => [status, body.length])).to.deep.equal([[0, 0]]);
    const owner = await Rig.started("adyen");
    await owner.create("k");
    owner.turnClockWithoutSweep(10_001);
    owner.actor.sweep();
    await settle();
    expect(owner.last.status, "frozen, but still the owner").to.equal(202);
  });

  it("answers who waits when a commit's fate is unknown only while it is sure of being the owner", async () => {
    for (const [frozenMs, status] of [
      [0, 202],
      [3_001, 0],
    ] as const) {
      const rig = await Rig.started("adyen");
      await rig.create("k");
      rig.turnClockWithoutSweep(frozenMs);
      rig.database.nextOutcomes.push({ kind: "unknown", written: false });
      await rig.answer({ kind: "captured", reference: "psp" });
      expect(rig.replies.map((reply) => reply.status)).to.deep.equal([status]);
    }
  });

  it("refuses merchants whose slot is not its own, before anything else", async () => {
    const other = (slotOfMerchant(merchantId) + 1) % SLOT_COUNT;
    const rig = new Rig("adyen", memoryDatabase([other]));
    await rig.actor.start();
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"], rig.database.rows.length]).to.deep.equal([
      503,
      "shard_unavailable",
      0,
    ]);
    const paymentId = mintId("pay", other, START_MS, new Uint8Array(8));
    rig.actor.submit([{ kind: "getPayment", ticket: 7, requestId: "r", merchantId, paymentId }]);
    await settle();
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
  });

  it("keeps the floor under the oldest open operation when ids and activation sort against the journal", async () => {
    const reversed = (as: ShardStore): ShardStore => {
      const store = bound(as);
      const activate: ShardStore["activate"] = async (claim, signal) => {
        const activation = await store.activate(claim, signal);
        return activation === "fenced" ? activation : { ...activation, open: activation.open.toReversed() };
      };
      // Rows of doubt never arrive, so that the floor is all that keeps an operation in sight.
      const saveDoubts = () => Promise.resolve({ kind: "rejected" as const, sqlState: "23514", constraint: null });
      return { ...store, activate, saveDoubts };
    };
    const change = { store: reversed };
    const first = new Rig("adyen", undefined, 1n, START_MS + 10_000, change);
    await first.actor.start();
    await first.create("k1");
    const second = await first.heir(2n, START_MS, change); // its clock is behind: smaller ids
    await second.create("k2");
    const third = await second.heir(3n, START_MS + 5_000, change);
    await third.create("k3");
    expect(third.database.openFloorSeq).to.equal(1n);
    const fourth = await third.heir(4n, START_MS, change);
    expect(fourth.actor.snapshot().openOperations).to.equal(3);
  });

  it("does not pull the floor back for an old doubt that is noted", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k1");
    await rig.answer({ kind: "unknown", reason: "time-out" });
    await rig.pass(1_000);
    expect(rig.database.doubts.size).to.equal(1);
    const heir = await rig.heir(2n);
    await heir.create("k2");
    expect(heir.database.openFloorSeq).to.equal(3n);
  });

  it("refuses what would open more operations than it may hold", async () => {
    const rig = await Rig.started("adyen", { limits: { openMax: 2 } });
    for (const key of ["a", "b", "c"]) await rig.create(key);
    expect([rig.last.status, rig.last.body["code"], rig.calls.length]).to.deep.equal([503, "overloaded", 2]);
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.create("c");
    expect(rig.calls.length).to.equal(3);
  });

  const courses = [
    ["stripe", ["query"], [1, 3, 10, 30, 120, 600, 900, 1_800, 5_400]],
    ["adyen", ["execute"], [20, 30, 120, 600, 900, 1_800, 5_400]],
  ] as const;
  for (const [gateway, [step], times] of courses) {
    it(`${gateway}: looks at an operation in doubt after ${times.join(", ")} s`, async () => {
      const rig = await Rig.started(gateway);
      await rig.create("k");
      if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
      await rig.answer({ kind: "unknown", reason: "reset" });
      let seen = rig.calls.length;
      const course: (readonly [string, number])[] = [];
      for (const untilMs of [60_000, 1_000_000, 6_000_000]) {
        await rig.pass(START_MS + untilMs - rig.nowMs, async () => {
          for (; seen < rig.calls.length; seen++) {
            course.push([rig.calls[seen]?.action as string, (rig.nowMs - START_MS) / 1_000]);
            await rig.answer({ kind: "unknown", reason: "reset" });
          }
        });
      }
      expect(course.map(([action]) => action)).to.deep.equal(times.map((s) => (s < 900 ? step : "abandon")));
      for (const [i, [, atS]] of course.entries()) expect(atS, `check ${i}`).to.be.closeTo(times[i] as number, 4);
      expect(course[0]?.[1]).to.be.closeTo(times[0], 0.2);
    });
  }

  it("serves later what it could not take at first, and refuses meanwhile", async () => {
    let broken = true;
    const failing = (store: ShardStore): ShardStore => {
      const activate: ShardStore["activate"] = (claim, signal) =>
        broken ? Promise.reject(new Error("the journal and the lease disagree")) : store.activate(claim, signal);
      return { ...bound(store), activate };
    };
    const rig = await Rig.started("adyen", { store: failing });
    expect(rig.actor.mode).to.equal("failed");
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
    await rig.pass(6_000);
    expect(rig.actor.mode).to.equal("failed");
    broken = false;
    await rig.pass(6_000);
    expect([rig.actor.mode, rig.errors.length]).to.deep.equal(["serving", 2]);
    await rig.create("k");
    expect(rig.calls).to.have.length(1);
  });

  it("serves a shard with a payment whose details cannot be opened: flagged, read, never executed", async () => {
    const lost = () => {
      throw new Error("the bytes were changed");
    };
    for (const gateway of ["stripe", "adyen"] as const) {
      const first = await Rig.started(gateway);
      await first.create("k");
      if (gateway === "stripe") await first.answer({ kind: "prepared", reference: "pi_1" });
      const heir = await first.heir(2n, START_MS, { vault: { seal: (_, plain) => plain, open: lost } });
      expect(heir.actor.mode).to.equal("serving");
      let seen = 0;
      await heir.pass(48 * 3_600_000, async () => {
        for (; seen < heir.calls.length; seen++) await heir.answer({ kind: "undecided", reference: "pi_1" });
      });
      expect([...new Set(heir.actions)]).to.deep.equal(gateway === "stripe" ? ["query"] : []);
      expect(heir.calls.length).to.be.lessThan(60);
      await heir.create("k");
      expect((heir.last.body["pending"] as { needs_review: boolean }).needs_review).to.equal(true);
    }
  });

  it("removes rows of operations that ended from the table of doubts: after a crash, and when it drains", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "unknown", reason: "time-out" });
    await rig.pass(1_000);
    await rig.answer({ kind: "captured", reference: "psp" });
    expect(rig.database.doubts.size, "ended, and its row still stands").to.equal(1);
    const heir = await rig.heir(2n);
    await heir.pass(100);
    expect(heir.database.doubts.size).to.equal(0);
    await heir.create("k2");
    await heir.answer({ kind: "unknown", reason: "time-out" });
    await heir.pass(1_000);
    await heir.answer({ kind: "captured", reference: "psp" });
    await heir.actor.drain(1_000);
    expect(heir.database.doubts.size).to.equal(0);
  });

  it("does not say that nothing was charged when it does not know whether the payment was stored", async () => {
    const rig = await Rig.started("adyen");
    rig.database.nextOutcomes.push({ kind: "unknown", written: true });
    await rig.create("k");
    const { code, detail } = rig.last.body as { code: string; detail: string };
    expect(code).to.equal("storage_unavailable");
    expect(detail).to.include("not known yet").and.not.to.include("nothing was charged");
  });

  it("goes on with what the gateway said while a fact was refused by the database", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    rig.database.nextOutcomes.push({ kind: "rejected", sqlState: "23514", constraint: "journal_amounts" });
    rig.observe({ kind: "declined", failure: FAILURE, reference: null });
    await rig.answer({ kind: "captured", reference: "psp" });
    expect([rig.last.status, rig.last.body["status"]]).to.deep.equal([201, "captured"]);
  });

  it("reads missing payments with one statement at a time, and refuses what would wait without end", async () => {
    const asked: number[] = [];
    const open: (() => void)[] = [];
    const slow = (store: ShardStore): ShardStore => {
      const findPayments: ShardStore["findPayments"] = (ids) => {
        asked.push(ids.length);
        return new Promise((resolve) => open.push(() => resolve(ids.map(() => undefined))));
      };
      return { ...bound(store), findPayments };
    };
    const rig = await Rig.started("adyen", { store: slow });
    const paymentId = mintId("pay", slotOfMerchant(merchantId), START_MS, new Uint8Array(8));
    const read = (count: number) =>
      rig.actor.submit(
        Array.from({ length: count }, () => ({
          kind: "getPayment" as const,
          ticket: 1,
          requestId: "r",
          merchantId,
          paymentId,
        })),
      );
    read(1);
    read(2);
    read(3);
    await settle();
    expect(asked).to.deep.equal([1]);
    open.shift()?.();
    await settle();
    expect(asked).to.deep.equal([1, 5]);
    read(4_097);
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "overloaded"]);
    while (open.length > 0) {
      open.shift()?.();
      await settle();
    }
    expect(rig.replies).to.have.length(6 + 4_097);
  });

  it("keeps what gateways say while it settles, and takes it afterwards", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("a");
    const answerA = rig.calls[0] as GatewayCall;
    rig.database.nextOutcomes.push({ kind: "unknown", written: false });
    rig.send("b");
    while (rig.actor.mode === "serving") await Promise.resolve();
    rig.observe({ kind: "captured", reference: "psp" }, answerA);
    await settle();
    await rig.create("a");
    expect([rig.last.status, rig.last.replayed]).to.deep.equal([201, true]);
  });

  it("takes a sale that was only authorized for a conflict, once, with an error in the log", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "authorized", reference: "psp" });
    expect([rig.last.status, (rig.last.body["pending"] as { needs_review: boolean }).needs_review]).to.deep.equal([
      202,
      true,
    ]);
    expect(rig.errors).to.deep.equal(["the gateway's answer conflicts with what was asked"]);
    await rig.pass(25_000);
    await rig.answer({ kind: "authorized", reference: "psp" });
    expect(rig.database.rows).to.have.length(2);
    expect(rig.actor.snapshot().inDoubt).to.equal(1);
  });

  it("says who found a fact: the gateway, or a check of the resolver", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    await rig.answer({ kind: "unknown", reason: "time-out" });
    await rig.pass(1_500);
    await rig.answer({ kind: "captured", reference: "pi_1" });
    const causes = rig.database.rows.map(({ decision: { entry } }) => entry.cause);
    expect(causes).to.deep.equal(["request:r", "gateway", "gateway", "resolver"]);
  });

  it("knows new keys without asking, once it has read every stored one, and asks for those it may know", async () => {
    const first = await Rig.started("adyen");
    await first.create("old");
    await first.answer({ kind: "captured", reference: "psp" });
    let asked = 0;
    const counting = (store: ShardStore): ShardStore => ({
      ...bound(store),
      findKeys: (keys) => {
        asked += keys.length;
        return store.findKeys(keys);
      },
    });
    const heir = new Rig("adyen", first.database, 2n, START_MS + 1_000, { store: counting });
    await heir.actor.start();
    await settle();
    await heir.create("new");
    expect([asked, heir.calls.length], "a new key").to.deep.equal([0, 1]);
    await heir.create("old");
    expect([asked, heir.last.status, heir.last.replayed], "a stored key").to.deep.equal([1, 201, true]);
    expect(heir.calls.length, "it was not charged again").to.equal(1);
  });

  it("answers repeats with the stored bytes whatever the merchant's profile has become, and refuses only new keys by it", async () => {
    const profile: MerchantProfile = {
      id: merchantId,
      slot: slotOfMerchant(merchantId),
      gateways: [{ name: "adyen", account: "a" }],
      currencies: null,
    };
    for (const knownKeysMax of [DEFAULT_LIMITS.knownKeysMax, 0]) {
      const first = await Rig.started("adyen");
      await first.create("k");
      await first.answer({ kind: "captured", reference: "psp" });
      const body = Buffer.from((first.replies.at(-1) as ShardReply).body);
      for (const [changed, code] of [
        [{ ...profile, currencies: ["USD"] }, "currency_not_enabled"],
        [{ ...profile, gateways: [] }, "validation_failed"],
      ] as const) {
        const heir = await first.heir(first.database.owner.generation + 1n, START_MS + 1_000, {
          merchants: () => changed,
          limits: { knownKeysMax },
        });
        await settle();
        await heir.create("k");
        expect([heir.last.status, heir.last.replayed], code).to.deep.equal([201, true]);
        expect(Buffer.from((heir.replies.at(-1) as ShardReply).body).equals(body)).to.equal(true);
        for (let time = 1; time <= 2; time++) {
          await heir.create("new"); // the second time nothing of the first may be left
          expect([heir.last.status, heir.last.body["code"]]).to.deep.equal([422, code]);
        }
        expect([heir.database.rows.length, heir.calls.length]).to.deep.equal([2, 0]);
      }
    }
  });

  it("answers 202 for an open payment that only the database knows, and tells operators", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    const found = await createMemoryStore({ shard: 0, database: rig.database }).findKeys([{ merchantId, key: "k" }]);
    const forgetful = (store: ShardStore): ShardStore => ({ ...bound(store), findKeys: () => Promise.resolve(found) });
    const other = await Rig.started("adyen", { store: forgetful, limits: { knownKeysMax: 0 } }); // every key is looked up
    await other.create("k");
    expect([other.last.status, other.errors]).to.deep.equal([
      202,
      ["an open operation is in the database and not in memory"],
    ]);
  });

  it("drains a payment whose intent is on its way to disk: to its final answer, when there is time", async () => {
    const gate = gated();
    const rig = await Rig.started("adyen", { store: gate.store });
    gate.close();
    await rig.create("k");
    const drained = rig.actor.drain(1_000);
    await rig.pass(100);
    expect([rig.calls.length, rig.replies.length]).to.deep.equal([0, 0]);
    gate.open();
    await rig.pass(100);
    expect(rig.actions).to.deep.equal(["execute"]);
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.pass(100);
    await drained;
    expect(rig.replies.map(({ status }) => status)).to.deep.equal([201]);
  });

  it("calls no gateway once the time to drain is over: the client hears 202, and a successor inherits the operation", async () => {
    for (const [lateMs, status] of [
      [1_500, 202],
      [3_500, 0], // its commit was sent too long ago to be sure of being the owner
    ] as const) {
      const gate = gated();
      const rig = await Rig.started("adyen", { store: gate.store });
      gate.close();
      await rig.create("k");
      const drained = rig.actor.drain(1_000);
      await rig.pass(lateMs);
      gate.open();
      await rig.pass(1_000);
      await drained;
      expect([rig.actor.mode, rig.calls.length], `${lateMs} ms`).to.deep.equal(["closed", 0]);
      expect(rig.replies.map((reply) => reply.status)).to.deep.equal([status]);
      const heir = await rig.heir(2n);
      await heir.pass(25_000);
      expect(heir.calls.length, "the successor's").to.be.greaterThan(0);
    }
  });

  it("makes no first call for an intent whose acknowledgement it read very late, and looks at it as the owner first", async () => {
    for (const [lateMs, owner] of [
      [DEFAULT_LIMITS.memoryAnswersForMs + 1, "itself"],
      [DEFAULT_LIMITS.memoryAnswersForMs + 1, "an heir"],
      [DEFAULT_LIMITS.operationDeadlineMs + 1, "itself"],
    ] as const) {
      const gate = gated();
      const rig = await Rig.started("adyen", { store: gate.store });
      gate.close();
      await rig.create("k");
      rig.turnClockWithoutSweep(lateMs);
      if (owner === "an heir") await rig.heir(2n);
      gate.open();
      await settle();
      expect(rig.calls, "before it is sure").to.deep.equal([]);
      await rig.pass(5_000);
      const late = lateMs > DEFAULT_LIMITS.operationDeadlineMs;
      expect(rig.actions, `${lateMs} ms, ${owner}`).to.deep.equal(late || owner === "an heir" ? [] : ["execute"]);
      expect(rig.actor.mode).to.equal(owner === "an heir" ? "fenced" : "serving");
      if (late) await rig.create("k");
      if (late) expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([402, "payment_declined"]);
    }
  });

  it("begins no check after a standstill before it knows that it is still the owner", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "notSubmitted", reason: "connection refused" });
    await rig.heir(2n);
    rig.turnClockWithoutSweep(DEFAULT_LIMITS.memoryAnswersForMs + 1);
    await rig.pass(5_000);
    expect([rig.actor.mode, rig.calls.length]).to.deep.equal(["fenced", 1]);
  });

  it("tells the gateway threads until when a call may begin: for its own time, and never to execute past the deadline", async () => {
    const { gatewayCallMs, operationDeadlineMs } = DEFAULT_LIMITS;
    const rig = await Rig.started("adyen");
    await rig.create("k");
    expect(rig.calls[0]?.notAfterMs).to.equal(START_MS + gatewayCallMs);
    let seen = 0;
    await rig.pass(operationDeadlineMs + 2_000_000, async () => {
      for (; seen < rig.calls.length; seen++) {
        const call = rig.calls[seen] as GatewayCall;
        if (call.action === "execute") expect(call.notAfterMs).to.be.at.most(START_MS + operationDeadlineMs);
        else expect(call.notAfterMs).to.be.within(rig.nowMs, rig.nowMs + gatewayCallMs);
        await rig.answer({ kind: "unknown", reason: "time-out" });
      }
    });
    expect(new Set(rig.actions)).to.deep.equal(new Set(["execute", "abandon"]));
  });

  it("takes Stripe's id once and confirms once, though the preparing call of an earlier activation answers late", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    rig.database.nextOutcomes.push({ kind: "unknown", written: false });
    await rig.create("other"); // its commit's fate is unknown: the actor reloads
    const [old] = rig.calls as [GatewayCall];
    await rig.pass(1_500);
    expect(rig.actions, "the check asks for the id again").to.deep.equal(["prepare", "prepare"]);
    const again = rig.calls[1] as GatewayCall;
    expect(again.try).not.to.equal(old.try);
    rig.observe({ kind: "prepared", reference: "pi_1" }, old);
    await settle();
    expect(rig.calls.length, "while the second still runs").to.equal(2);
    rig.observe({ kind: "prepared", reference: "pi_1" }, again);
    await settle();
    const facts = rig.database.rows.map(({ decision }) => decision.entry.fact);
    expect(facts.filter((fact) => fact === "gatewayPrepared")).to.have.length(1);
    await rig.pass(3_000);
    expect(rig.actions.slice(2)).to.deep.equal(["query"]);
  });

  it("gives no try a number that an earlier owner's had, noted or not", async () => {
    const refused = () => Promise.resolve({ kind: "rejected" as const, sqlState: "23514", constraint: null });
    const forgetful = { store: (store: ShardStore): ShardStore => ({ ...bound(store), saveDoubts: refused }) };
    for (const changes of [{}, forgetful]) {
      const numbers: number[] = [];
      let rig = await Rig.started("adyen", changes);
      await rig.create("k");
      await rig.answer({ kind: "unknown", reason: "time-out" });
      for (let owner = 2n; owner < 5n; owner++) {
        await rig.pass(25_000); // the check at 20 s gets no answer
        numbers.push(...rig.calls.map((call) => call.try));
        const [noted] = rig.database.doubts.values();
        expect(noted?.tries ?? numbers.length, "the noted count is that of all tries").to.equal(numbers.length);
        rig = await rig.heir(owner, undefined, changes);
      }
      expect(numbers).to.have.length(4);
      expect(numbers).to.deep.equal([...new Set(numbers)].sort((x, y) => x - y));
      const cancelKey = `${rig.database.rows[0]?.decision.payment.operation.gatewayKey}-cancel-${numbers.at(-1)}`;
      expect(cancelKey.length).to.be.at.most(64);
    }
  });

  it("shows one version of a payment with the same times, from memory, as its stored answer and from the database", async () => {
    const rig = await Rig.started("stripe", { limits: { commitPaceMs: 50 } });
    const reads: Record<string, unknown>[] = [];
    const read = async (of: Rig): Promise<void> => {
      const { paymentId } = rig.calls[0] as GatewayCall;
      of.actor.submit([{ kind: "getPayment", ticket: 7, requestId: "r", merchantId, paymentId }]);
      await settle();
      const { pending, ...shown } = of.last.body as { pending: { since: string } | null };
      reads.push({ ...shown, since: pending?.since });
    };
    await rig.create("before");
    rig.calls.length = 0;
    await rig.create("k"); // waits for its batch
    await rig.pass(100);
    await read(rig);
    const heir = await rig.heir(2n);
    await read(heir);
    expect(reads[0]?.["since"]).not.to.equal(reads[0]?.["updated_at"]);
    expect(reads[1]).to.deep.equal(reads[0]);
    reads.length = 0;
    heir.observe({ kind: "prepared", reference: "pi_1" }, rig.calls[0]);
    await heir.pass(60);
    heir.turnClockWithoutSweep(20);
    heir.observe({ kind: "captured", reference: "pi_1" }, rig.calls[0]);
    await heir.pass(200);
    await read(heir);
    await read(await heir.heir(3n));
    const last = await heir.heir(4n);
    await last.create("k");
    reads.push(last.last.body);
    const times = reads.map((shown) => shown["updated_at"]);
    expect(new Set(times).size, times.join()).to.equal(1);
  });
});
