/**
 * Starts, feeds, watches and stops the shard threads and gateway threads of a node. Of a thread that dies, callers get
 * 503 although their payments may be stored or charged, and it is rebuilt; its actors read everything back from their
 * databases, so the same key gets the truth.
 */
import { extname } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { type Refusal, REFUSALS, refuse } from "../actors/domain/index.ts";
import {
  type ActorSnapshot,
  type Clock,
  type Log,
  type MerchantProfile,
  type NoticeDelivery,
  PaymentClusterError,
  type Presenter,
  type ShardReply,
  type ShardRequest,
} from "../actors/index.ts";
import type { NodeConfig } from "./config.ts";
import type { GatewayThread } from "./gateway-thread.ts";
import type { MetricValues } from "./metrics.ts";
import type { NoticeReplies } from "./notice-desk.ts";
import { OwedTickets } from "./owed-tickets.ts";
import { proxy, type Remote, transfer } from "./remote.ts";
import type { ShardProbe, ShardThread, ThreadSetup } from "./shard-thread.ts";
import { type Addressed, packRequests, type ReplyBatch, unpackReplies } from "./thread-batch.ts";
import { TickBatch } from "./tick-batch.ts";
import { WatchedThread } from "./watched-thread.ts";

export interface HostParts {
  readonly config: NodeConfig;
  readonly generation: bigint;
  readonly shards: readonly { readonly id: number; readonly dsn: string }[];
  readonly merchants: () => readonly MerchantProfile[];
  readonly presenter: Presenter;
  readonly onReplies: (replies: readonly ShardReply[]) => void;
  readonly onNotices: (replies: NoticeReplies) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const CALL_DEADLINE_MS = 5_000;
const PROBE_WITHIN_MS = 2_000;
/** Answers that one thread may owe: its actors refuse long before, unless the thread itself is slow. */
const OWED_MAX = 16_384;
/** Room for what lives as long as a gateway call: three semi-spaces. Less was dearer in a series on a noisy machine. */
const YOUNG_MB = 192;
const WATCH_EVERY_MS = 1_000;
const NOT_SERVED = refuse("shard_unavailable", "the shard is not served here now; send it again with the same key");
/** To callers of a thread that died: their payment may be stored, and charged. */
const DIED = refuse(
  "shard_unavailable",
  "the shard's thread ended; it is not known yet whether the payment was stored or charged, send it again with the same key",
);
const OWES_TOO_MUCH = refuse("overloaded", "the shard has more work than it can take; send it again later");

const threadFile = (name: string): URL => new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url);

/** One shard thread, with the tickets that it owes an answer. */
interface Seat {
  readonly thread: WatchedThread<ShardThread>;
  readonly owed: OwedTickets;
  readonly outgoing: TickBatch<Addressed>;
  readonly notices: TickBatch<AddressedNotice>;
}
interface AddressedNotice {
  readonly shard: number;
  readonly delivery: NoticeDelivery;
}

export class ShardHost {
  readonly #parts: HostParts;
  readonly #seats: Seat[] = [];
  readonly #seatOfShard = new Map<number, Seat>();
  readonly #gateways: WatchedThread<GatewayThread>[] = [];
  #watch: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** Starts all threads. The shards are served a little later: see `snapshots`. */
  start(): void {
    const { config, shards } = this.#parts;
    const usesSdks = config.gateways.stripe !== null || config.gateways.adyen !== null;
    const gatewayCount = usesSdks ? config.gatewayThreads : 1; // for webhooks alone one is enough
    for (let i = 0; i < gatewayCount; i++) this.#gateways.push(this.#startGateway(i));
    const count = this.#threadCount;
    for (let i = 0; i < count; i++) this.#seat(shards.filter((_, n) => n % count === i));
    this.#watch = setInterval(() => this.#threads().forEach((thread) => thread.look()), WATCH_EVERY_MS);
  }

  /** Hands a request to the thread of its shard, in this tick's batch; refuses it at once when the thread takes none. */
  submit(shard: number, request: ShardRequest): void {
    const seat = this.#seatOfShard.get(shard);
    const { ticket, requestId } = request;
    if (request.kind === "count") {
      if (seat?.thread.isOpen === true && !this.#ending) seat.outgoing.add({ shard, request }); // nobody waits for it
    } else if (seat === undefined || this.#ending || !seat.thread.isOpen)
      this.#refuse(NOT_SERVED, [[ticket, requestId]]);
    else if (!seat.owed.owe(ticket, requestId)) this.#refuse(OWES_TOO_MUCH, [[ticket, requestId]]);
    else seat.outgoing.add({ shard, request });
  }

  /** Hands a notice to the thread of its shard. Its receipt comes through `onNotices`, or never when the thread dies. */
  submitNotice(shard: number, delivery: NoticeDelivery): void {
    const seat = this.#seatOfShard.get(shard);
    if (seat === undefined || this.#ending || !seat.thread.isOpen)
      this.#parts.onNotices({ receipts: [{ ticket: delivery.ticket, taken: false }], forwards: [] });
    else seat.notices.add({ shard, delivery });
  }

  /** Tells a shard what became of a notice that it had spooled. */
  forwarded(shard: number, key: string, taken: boolean): void {
    this.#seatOfShard.get(shard)?.thread.tell((api) => api.forwarded(shard, key, taken));
  }

  setMerchants(merchants: readonly MerchantProfile[]): void {
    for (const { thread } of this.#seats)
      thread.call(CALL_DEADLINE_MS, (api) => api.setMerchants(merchants)).catch(this.#missed("merchants"));
  }

  /** What the actors are about; a thread that does not answer is left out. */
  async snapshots(): Promise<readonly ActorSnapshot[]> {
    const all = await Promise.all(
      this.#seats.map(({ thread }) => thread.call(CALL_DEADLINE_MS, (api) => api.snapshot()).catch(() => [])),
    );
    return all.flat();
  }

  /** Whether each shard can commit now; the shards of a thread that does not answer are left out. */
  async probe(): Promise<readonly ShardProbe[]> {
    const all = await Promise.all(
      this.#seats.map(({ thread }) =>
        thread.call(2 * PROBE_WITHIN_MS, (api) => api.probe(PROBE_WITHIN_MS)).catch(() => []),
      ),
    );
    return all.flat();
  }

  async metrics(): Promise<readonly MetricValues[]> {
    const all = await Promise.all(
      this.#seats.map(({ thread }) => thread.call(CALL_DEADLINE_MS, (api) => api.metrics()).catch(() => undefined)),
    );
    return all.filter((values) => values !== undefined);
  }

  /** Every accepted request is answered, every lease given up, every thread ended. */
  async drain(withinMs: number): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(
      this.#seats.map(({ thread }) =>
        thread.call(withinMs + CALL_DEADLINE_MS, (api) => api.drain(withinMs)).catch(this.#missed("drain")),
      ),
    );
    this.#ending = true;
    await Promise.all(
      this.#gateways.map((thread) => thread.call(CALL_DEADLINE_MS, (api) => api.close()).catch(this.#missed("close"))),
    );
    await Promise.all(this.#threads().map((thread) => thread.end()));
  }

  #threads(): readonly (WatchedThread<ShardThread> | WatchedThread<GatewayThread>)[] {
    return [...this.#gateways, ...this.#seats.map(({ thread }) => thread)];
  }

  #seat(shards: ThreadSetup["shards"]): void {
    const { clock, log } = this.#parts;
    const owed = new OwedTickets(OWED_MAX);
    const thread = new WatchedThread<ShardThread>({
      clock,
      log,
      name: `shards ${shards.map(({ id }) => id).join(", ")}`,
      spawn: () => new Worker(threadFile("shard-thread"), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
      start: async (api) => {
        const setup = this.#setup(shards);
        const ports = setup.gatewayPorts.map(({ port }) => port);
        await api.start(
          transfer(setup, ports),
          proxy(async (batch: ReplyBatch) => this.#replied(owed, batch)),
          proxy(async (replies: NoticeReplies) => this.#parts.onNotices(replies)),
        );
      },
      ping: (api) => api.snapshot(),
      // A retry with the key continues the same operation.
      onDied: () => this.#refuse(DIED, owed.takeAll()),
    });
    const seat = {
      thread,
      owed,
      outgoing: new TickBatch<Addressed>((items) => this.#send(thread, items)),
      notices: new TickBatch<AddressedNotice>((items) => thread.tell((api) => api.submitNotices(items))),
    };
    this.#seats.push(seat);
    for (const { id } of shards) this.#seatOfShard.set(id, seat);
  }

  /** What a shard thread begins with: also a port to each gateway thread that runs now. */
  #setup(shards: ThreadSetup["shards"]): ThreadSetup {
    const { config, generation, merchants } = this.#parts;
    const gatewayPorts = this.#gateways.flatMap((gateway, index) =>
      gateway.isOpen ? [{ index, port: this.#connect(gateway) }] : [],
    );
    return { config, generation, shards, merchants: merchants(), gatewayPorts, threads: this.#threadCount };
  }

  get #threadCount(): number {
    const { config, shards } = this.#parts;
    return Math.min(config.workers, shards.length);
  }

  #send(thread: WatchedThread<ShardThread>, items: readonly Addressed[]): void {
    const batch = packRequests(items);
    thread.tell((api) => api.submitBatch(transfer(batch, [batch.bytes.buffer as ArrayBuffer])));
  }

  #replied(owed: OwedTickets, batch: ReplyBatch): void {
    const replies = unpackReplies(batch);
    for (const { ticket } of replies) owed.answered(ticket);
    this.#parts.onReplies(replies);
  }

  #refuse(refusal: Refusal, owed: readonly (readonly [ticket: number, requestId: string])[]): void {
    this.#parts.onReplies(
      owed.map(([ticket, requestId]) => ({
        ticket,
        status: REFUSALS[refusal.code].status,
        body: this.#parts.presenter.refusal(refusal, requestId),
        problem: true,
        code: refusal.code,
        replayed: false,
        retryAfterS: 1,
        location: null,
        gatewayMs: null,
        final: false,
        rate: null,
      })),
    );
  }

  #startGateway(index: number): WatchedThread<GatewayThread> {
    const { clock, log, config } = this.#parts;
    const thread: WatchedThread<GatewayThread> = new WatchedThread<GatewayThread>({
      clock,
      log,
      name: `gateways ${index}`,
      spawn: () => new Worker(threadFile("gateway-thread")),
      start: (api) => api.start({ gateways: config.gateways, webhooks: config.webhooks }),
      ping: (api) => api.ping(),
      // The calls that it ran are in doubt, and the resolver finds them; new ones go to the other threads.
      onDied: () => this.#tellSeats((api) => api.detachGateway(index)),
      onRebuilt: () =>
        this.#tellSeats((api) => {
          const port = this.#connect(thread);
          return api.attachGateway(index, transfer(port, [port]));
        }),
    });
    return thread;
  }

  #tellSeats(say: (api: Remote<ShardThread>["api"]) => Promise<void>): void {
    for (const { thread } of this.#seats)
      if (thread.isOpen) thread.call(CALL_DEADLINE_MS, say).catch(this.#missed("gateway ports"));
  }

  /** A channel to a gateway thread; the shard thread's end. */
  #connect(gateway: WatchedThread<GatewayThread>): MessageChannel["port1"] {
    const { port1, port2 } = new MessageChannel();
    gateway
      .call(CALL_DEADLINE_MS, (api) => api.connect(transfer(port2, [port2])))
      .catch(this.#missed("a shard's port"));
    return port1;
  }

  /** A thread that is rebuilt gets everything anew; one that lives on without it must be heard of. */
  #missed(what: string): (error: unknown) => void {
    return (error) => {
      if (error instanceof PaymentClusterError && error.code === "WORKER_DIED") return;
      this.#parts.log.warn({ what, reason: String(error) }, "a thread did not confirm what it was told");
    };
  }
}
