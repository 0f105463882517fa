/** What an actor does with time, doubt and repeats: on a clock that the test turns, a store in memory and a scripted gateway. */
import { expect } from "chai";
import { gatewayKeyOf, type MerchantId, mintId, SLOT_COUNT, slotOfMerchant } from "../../actors/domain/index.ts";
import { GATEWAY_CAPABILITIES } from "../../actors/gateways/index.ts";
import { type GatewayCall, type GatewayObservation, ShardActor, type ShardReply } from "../../actors/index.ts";
import { createPresenter, createRequestReader } from "../../router/index.ts";
import { createMemoryStore, type MemoryDatabase, memoryDatabase } from "../../storage/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";

const START_MS = 1_750_000_000_000;
const merchantId: MerchantId = mintId("mer", 0, START_MS, new Uint8Array(8));
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const noMeter = { commit: () => {}, gatewayAnswered: () => {}, paymentEnded: () => {}, refused: () => {} };
const FAILURE = { code: "card_declined", retryable: false, customerAction: null, gatewayCode: "05" } as const;

/** Lets every promise that can settle do so. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

class Rig {
  readonly calls: GatewayCall[] = [];
  readonly replies: ShardReply[] = [];
  readonly database: MemoryDatabase;
  readonly actor: ShardActor;
  /** Journal rows on disk when each call was made. */
  readonly rowsAtCall: number[] = [];
  #nowMs = START_MS;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];
  #ticket = 0;
  #random = 0;

  constructor(
    gateway: "stripe" | "adyen",
    database = memoryDatabase(Array.from({ length: SLOT_COUNT }, (_, slot) => slot)),
    generation = 1n,
    nowMs = START_MS,
  ) {
    this.database = database;
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
      store: createMemoryStore({ shard: 0, database }),
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
      log: quiet,
      limits: { ...DEFAULT_LIMITS, lingerMs: 0, commitPaceMs: 0, lookUpPaceMs: 0 },
      claim: () => ({
        node: "n",
        generation,
        activationId: "00000000-0000-4000-8000-000000000000",
        process: String(generation),
        isGone: () => true,
      }),
    });
  }

  static async started(gateway: "stripe" | "adyen"): Promise<Rig> {
    const rig = new Rig(gateway);
    await rig.actor.start();
    return rig;
  }

  /** Sends a payment and lets its intent be written. */
  async create(key: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
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
      },
    ]);
    await settle();
  }

  /** The gateway says something to the newest call. */
  async answer(observation: GatewayObservation): Promise<void> {
    const call = this.calls.at(-1) as GatewayCall;
    const { operationId, paymentId, action } = call;
    this.actor.onAnswers([{ operationId, paymentId, try: call.try, action, observation, tookMs: 1 }]);
    await settle();
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
      this.actor.sweep();
      await settle();
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
      body: JSON.parse(Buffer.from(reply.body).toString()) as Record<string, unknown>,
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

  it("ends when another owner has the shard: no reply of success, no more writes", async () => {
    const old = await Rig.started("adyen");
    await old.create("k");
    const heir = new Rig("adyen", old.database, 2n);
    await heir.actor.start();
    const rows = old.database.rows.length;
    await old.answer({ kind: "captured", reference: "psp" });
    expect([old.actor.mode, old.last.status, old.database.rows.length]).to.deep.equal(["fenced", 202, rows]);
    await old.create("k");
    expect([old.last.status, old.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
  });

  it("sheds what waited too long on its way, before reading it", async () => {
    const rig = await Rig.started("adyen");
    const receivedAtMs = rig.nowMs - DEFAULT_LIMITS.queueAgeMaxMs - 1;
    rig.actor.submit([
      {
        kind: "createPayment",
        ticket: 99,
        requestId: "r",
        merchantId,
        idempotencyKey: "k",
        body: Buffer.from("not even JSON"),
        receivedAtMs,
      },
    ]);
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "overloaded"]);
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
});
