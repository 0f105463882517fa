/** A merchant's endpoints at an actor whose clock the test turns, and receivers that do as they are told. */
import { type EndpointId, type EventId, type MerchantId, mintId } from "../../../actors/domain/index.ts";
import type { Delivery, Dispatch, Dispatched, ShardReply } from "../../../actors/index.ts";
import { merchantId, type Rig, settle, START_MS } from "./actor-rig.ts";

export type Outcome = Dispatched["outcome"];
export const OK: Outcome = { kind: "answered", status: 204, retryAfterMs: null };
export const status = (code: number, retryAfterMs: number | null = null): Outcome => ({
  kind: "answered",
  status: code,
  retryAfterMs,
});
export const TIMEOUT: Outcome = { kind: "failed", reason: "timeout" };

/** What a receiver got. */
export interface Sent {
  readonly url: string;
  readonly id: string;
  readonly atMs: number;
  readonly secrets: readonly string[];
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly payment_id: string;
    readonly sequence: number;
  };
  readonly text: string;
}
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly bytes: string;
  readonly replayed: boolean;
}
type Asked = Readonly<Record<string, unknown>> & { readonly kind: string };

export const URL_A = "https://a.example/hooks";
export const URL_B = "https://b.example/hooks";
export const NOBODYS: EndpointId = mintId("whe", 1, START_MS, new Uint8Array(8).fill(9));
export const STRANGER: MerchantId = mintId("mer", 0, START_MS, new Uint8Array(8).fill(7));

/** A receiver that takes its time. */
interface Late {
  readonly afterMs: number;
  readonly outcome: Outcome;
}
/** The sender does not wait any longer. */
export const HANGS: Late = { afterMs: 10_000, outcome: TIMEOUT };

export class WebhookRig {
  readonly rig: Rig;
  readonly sent: Sent[] = [];
  /** `lost`: the try is never answered. */
  receive: (sent: Sent) => Outcome | Late | "lost" = () => OK;
  #late: (Dispatched & { readonly atMs: number })[] = [];
  #ticket = 1_000_000;
  #payments = 0;

  constructor(rig: Rig) {
    this.rig = rig;
  }

  /** Asks the shard, lets everything settle and gives the answer. */
  async ask(asked: Asked, merchant: MerchantId = merchantId): Promise<Answer> {
    const ticket = ++this.#ticket;
    this.submit(ticket, asked, merchant);
    await settle();
    await this.rig.pass(50);
    const reply = this.rig.replies.find((one) => one.ticket === ticket) as ShardReply;
    const bytes = Buffer.from(reply.body).toString();
    const body = (bytes === "" ? {} : JSON.parse(bytes)) as Answer["body"];
    return { status: reply.status, body, bytes, replayed: reply.replayed };
  }

  /** Asks without waiting. */
  submit(ticket: number, asked: Asked, merchant: MerchantId = merchantId): void {
    const { body, ...rest } = asked;
    const common = { ticket, requestId: "r", merchantId: merchant, receivedAtMs: this.rig.nowMs, rate: null };
    const keyed = { body: Buffer.from(JSON.stringify(body ?? {})), handedOverAtMs: this.rig.nowMs };
    this.rig.actor.submit([{ ...common, ...keyed, ...rest } as never]); // the tests say which kind it is
  }

  create(key: string, body: Readonly<Record<string, unknown>> = { url: URL_A }): Promise<Answer> {
    return this.ask({ kind: "createEndpoint", idempotencyKey: key, body });
  }
  /** An endpoint that is made: its id and secret. */
  async made(url = URL_A, more: Readonly<Record<string, unknown>> = {}) {
    const { status, body } = await this.create(`endpoint ${++this.#payments}`, { url, ...more });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return { id: body["id"] as EndpointId, secret: String(body["secret"]) };
  }
  rotate(key: string, endpointId: EndpointId): Promise<Answer> {
    return this.ask({ kind: "rotateEndpointSecret", idempotencyKey: key, endpointId });
  }
  resend(key: string, endpointId: EndpointId, eventId: string): Promise<Answer> {
    return this.ask({ kind: "resendEvent", idempotencyKey: key, endpointId, body: { event_id: eventId } });
  }
  remove(endpointId: EndpointId, merchant: MerchantId = merchantId): Promise<Answer> {
    return this.ask({ kind: "deleteEndpoint", endpointId }, merchant);
  }

  /** A captured payment: two events, unless the shard's database is harmed. */
  async pay(): Promise<void> {
    await this.rig.create(`payment ${++this.#payments}`);
    await this.#charge();
  }

  /** The gateway captures whatever it is asked. */
  async #charge(): Promise<void> {
    for (const call of this.rig.calls.splice(0))
      this.rig.observe({ kind: "captured", reference: call.paymentId }, call);
    await settle();
  }

  /** Receivers answer what was sent, until nothing more is. */
  async exchange(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      await this.#charge();
      const due = this.#late.filter(({ atMs }) => atMs <= this.rig.nowMs);
      this.#late = this.#late.filter((one) => !due.includes(one));
      this.rig.actor.onDispatched(due);
      await settle();
      const tries = this.rig.dispatches.splice(0);
      if (tries.length === 0) return;
      this.answer(tries);
    }
    throw new Error("webhooks without end");
  }

  /** Time passes; receivers answer all the while. */
  async pass(ms: number): Promise<void> {
    await this.rig.pass(ms, () => this.exchange());
  }

  answer(tries: readonly Dispatch[]): void {
    const answers = tries.flatMap((dispatch): Dispatched[] => {
      const text = Buffer.from(dispatch.body).toString();
      const { url, eventId: id, secrets, deliveryKey } = dispatch;
      const one = { url, id, secrets, text, atMs: this.rig.nowMs, event: JSON.parse(text) as Sent["event"] };
      this.sent.push(one);
      const outcome = this.receive(one);
      if (outcome === "lost") return [];
      if ("kind" in outcome) return [{ deliveryKey, outcome, tookMs: 5 }];
      const { afterMs } = outcome;
      this.#late.push({ deliveryKey, outcome: outcome.outcome, tookMs: afterMs, atMs: this.rig.nowMs + afterMs });
      return [];
    });
    this.rig.actor.onDispatched(answers);
  }

  /** As it stands on disk. */
  deliveries(endpointId: EndpointId): readonly Delivery[] {
    return [...this.rig.database.side.deliveries.values()].filter((row) => row.endpointId === endpointId);
  }
  delivery(endpointId: EndpointId, eventId: EventId | string): Delivery | undefined {
    return this.deliveries(endpointId).find((row) => row.eventId === eventId);
  }
}

/** What reached a URL, without repeats. */
export const idsAt = (sent: readonly Sent[], url: string): readonly string[] => [
  ...new Set(sent.filter((one) => one.url === url).map(({ id }) => id)),
];
