/** An actor on a clock that the test turns, a store in memory and a scripted gateway. */
import {
  type Command,
  type MerchantId,
  mintId,
  type PaymentId,
  SLOT_COUNT,
  slotOfMerchant,
} from "../../../actors/domain/index.ts";
import { GATEWAY_CAPABILITIES, tokensByForm } from "../../../actors/gateways/index.ts";
import {
  allowAll,
  type BudgetLimits,
  type Dispatch,
  type GatewayAnswer,
  type GatewayCall,
  type GatewayDesk,
  GatewayGate,
  type GatewayObservation,
  NO_GATEWAY_METER,
  NO_SHARD,
  type GatewayNotice,
  type Log,
  type NoticeReceipt,
  type NoticeRow,
  ShardActor,
  type ShardParts,
  type ShardReply,
  type ShardStore,
} from "../../../actors/index.ts";
import { PUBLIC_ENDPOINTS } from "../../../actors/webhooks/index.ts";
import { createPresenter, createRequestReader } from "../../../router/index.ts";
import { createMemoryStore, type MemoryDatabase, memoryDatabase } from "../../../storage/index.ts";
import { DEFAULT_LIMITS, type NodeLimits } from "../../config.ts";

/** Where every clock begins. */
export const START_MS = 1_750_000_000_000;
/** The one merchant of these tests. */
export const merchantId: MerchantId = mintId("mer", 0, START_MS, new Uint8Array(8));
/** The failure of an observed refusal. */
export const DECLINED = { code: "card_declined", retryable: false, customerAction: null, gatewayCode: "05" } as const;
const noMeter = {
  commit: () => {},
  gatewayAnswered: () => {},
  paymentEnded: () => {},
  operationEnded: () => {},
  refused: () => {},
};
/** Waits that only real databases and gateways need; a gateway that a test scripts is never taken for broken. */
const QUICK = { lingerMs: 0, commitPaceMs: 0, lookUpPaceMs: 0, breakerFailuresMin: 1_000_000 } as const;
/** Signs cursors in these tests. */
const cursorKey = new Uint8Array(32);

/** Lets every promise that can settle do so. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** What a test changes of an actor's world. */
type Changes = Partial<Omit<ShardParts, "limits" | "store">> & {
  /** Breakers open only where a test sets when. */
  readonly limits?: Partial<NodeLimits>;
  /** Of each gateway account. */
  readonly budget?: BudgetLimits;
  readonly store?: (store: ShardStore) => ShardStore;
};

export class Rig {
  readonly calls: GatewayCall[] = [];
  readonly replies: ShardReply[] = [];
  readonly receipts: NoticeReceipt[] = [];
  readonly forwards: NoticeRow[] = [];
  /** Webhooks on their way to merchants. */
  readonly dispatches: Dispatch[] = [];
  readonly database: MemoryDatabase;
  readonly actor: ShardActor;
  readonly gateway: "stripe" | "adyen";
  /** Journal rows on disk when each call was made. */
  readonly rowsAtCall: number[] = [];
  /** Messages logged as errors. */
  readonly errors: string[] = [];
  readonly gate: GatewayGate;
  #nowMs = START_MS;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];
  #ticket = 0;
  #random = 0;

  constructor(
    gateway: "stripe" | "adyen",
    database = memoryDatabase(Array.from({ length: SLOT_COUNT }, (_, slot) => slot)),
    generation = 1n,
    nowMs = START_MS,
    { limits, budget, store, ...changes }: Changes = {},
  ) {
    this.database = database;
    this.gateway = gateway;
    this.#nowMs = nowMs;
    const profile = {
      id: merchantId,
      slot: slotOfMerchant(merchantId),
      gateways: [{ name: gateway, account: "a" }],
      currencies: null,
      rateLimitPerSecond: 1_000_000,
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
    const desk: GatewayDesk = {
      submit: (calls) => {
        this.calls.push(...calls);
        this.rowsAtCall.push(database.rows.length);
      },
    };
    const ownLimits = { ...DEFAULT_LIMITS, ...QUICK, ...limits };
    const random = { bytes: (count: number) => new Uint8Array(count).fill(++this.#random), fraction: () => 0 };
    const log: Log = { info: () => {}, warn: () => {}, error: (_, message) => void this.errors.push(message) };
    this.gate = new GatewayGate({
      deskOf: () => desk,
      giveBack: (_, answer) => this.#take(answer),
      clock,
      random,
      meter: NO_GATEWAY_METER,
      log,
      limits: ownLimits,
      budget,
    });
    this.actor = new ShardActor({
      shard: 0,
      store: (store ?? ((as) => as))(createMemoryStore({ shard: 0, database })),
      vault: { seal: (_, plain) => plain, open: (_, sealed) => sealed },
      reader: createRequestReader(),
      presenter: createPresenter({ cursorKey }),
      desk: this.gate.desk(0),
      gate: this.gate,
      merchants: () => profile,
      tokens: tokensByForm,
      risk: allowAll,
      capabilities: (name) => GATEWAY_CAPABILITIES[name],
      reply: (reply) => this.replies.push(reply),
      receipt: (receipt) => this.receipts.push(receipt),
      forward: (row) => this.forwards.push(row),
      webhooks: {
        desk: { submit: (tries) => void this.dispatches.push(...tries) },
        vault: { seal: (_, plain) => plain, open: (_, sealed) => sealed },
        rules: PUBLIC_ENDPOINTS,
        meter: { tried: () => {} },
        timeoutMs: 10_000,
      },
      clock,
      random,
      meter: noMeter,
      log,
      limits: ownLimits,
      claim: () => ({
        node: "n",
        generation,
        activationId: "00000000-0000-4000-8000-000000000000",
        process: String(generation),
        patienceMs: 0,
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
      { ...this.#asked(), kind: "createPayment", idempotencyKey: key, body, handedOverAtMs: this.#nowMs },
    ]);
  }

  /** Asks for something more of a payment; `settle` or `pass` lets it be written. */
  ask(
    kind: Command,
    paymentId: PaymentId,
    key: string,
    body: Readonly<Record<string, unknown>> = {},
    merchant = merchantId,
  ): void {
    const request = { ...this.#asked(), kind, paymentId, idempotencyKey: key, handedOverAtMs: this.#nowMs };
    this.actor.submit([{ ...request, merchantId: merchant, body: Buffer.from(JSON.stringify(body)) }]);
  }

  /** Asks for something more of a payment, and lets its intent be written. */
  async modify(
    kind: Command,
    paymentId: PaymentId,
    key: string,
    body: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.ask(kind, paymentId, key, body);
    await settle();
  }

  /** Reads a payment, `times` times in one tick. */
  get(paymentId: PaymentId, times = 1): void {
    this.actor.submit(
      Array.from({ length: times }, () => ({ ...this.#asked(), kind: "getPayment" as const, paymentId })),
    );
  }

  #asked(): { ticket: number; requestId: string; merchantId: MerchantId; receivedAtMs: number; rate: null } {
    return { ticket: ++this.#ticket, requestId: "r", merchantId, receivedAtMs: this.#nowMs, rate: null };
  }

  /** The gateway notifies of something, `times` times at once. Whether each delivery was taken. */
  async notify(notice: GatewayNotice, times = 1, more: { readonly spool?: boolean; readonly slot?: number } = {}) {
    const tickets = Array.from({ length: times }, () => ++this.#ticket);
    const { spool = false, slot = slotOfMerchant(merchantId) } = more;
    this.actor.onNotices(tickets.map((ticket) => ({ ticket, notice, slot, spool })));
    await settle();
    return tickets.map((ticket) => this.receipts.find((receipt) => receipt.ticket === ticket)?.taken);
  }

  /** The gateway says something to the newest call, and everything settles. */
  async answer(observation: GatewayObservation): Promise<void> {
    this.observe(observation);
    await settle();
  }

  /** The gateway says something to a call. */
  observe(observation: GatewayObservation, call = this.calls.at(-1) as GatewayCall): void {
    const { operationId, paymentId, action } = call;
    this.#take({ operationId, paymentId, try: call.try, action, observation, tookMs: 1 });
  }

  #take(answer: GatewayAnswer): void {
    const isProbe = answer.action === "probe";
    this.gate.answered(isProbe ? NO_SHARD : 0, answer);
    if (!isProbe) this.actor.onAnswers([answer]);
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
