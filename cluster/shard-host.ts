/**
 * Starts, feeds, watches and stops the shard threads and gateway threads of a node, and gives them the shards that the
 * node owns from time to time. Of a thread that dies, callers get 503 although their payments may be stored or charged,
 * and it is rebuilt; its actors read everything back from their databases, so the same key gets the truth.
 */
import { extname } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { type OperationId, type PaymentId, type Refusal, refuse } from "../actors/domain/index.ts";
import {
  type ActorInspection,
  type ActorSnapshot,
  type Clock,
  type GatewayAnswer,
  type GatewayStop,
  type Log,
  type MerchantProfile,
  type NoticeDelivery,
  type OpenBreaker,
  type PaymentCheckup,
  PaymentClusterError,
  type Presenter,
  type ShardReply,
  type ShardRequest,
} from "../actors/index.ts";
import type { NodeConfig } from "./config.ts";
import type { Tagged } from "./gateway-desk.ts";
import type { GatewayThread } from "./gateway-thread.ts";
import type { MetricValues } from "./metrics.ts";
import type { NoticeReplies } from "./notice-desk.ts";
import { OwedTickets } from "./owed-tickets.ts";
import { refusedReply } from "./refused-reply.ts";
import { proxy, type Remote, transfer } from "./remote.ts";
import type { ServedShard, ShardMode, ShardProbe, ShardThread, ThreadSetup } from "./shard-thread.ts";
import { type Addressed, packRequests, type ReplyBatch, unpackReplies } from "./thread-batch.ts";
import { TickBatch } from "./tick-batch.ts";
import { WatchedThread } from "./watched-thread.ts";

export interface HostParts {
  readonly config: NodeConfig;
  /** Shards of the whole cluster: there are never more threads. */
  readonly shardCount: number;
  readonly merchants: () => readonly MerchantProfile[];
  readonly presenter: Presenter;
  readonly onReplies: (replies: readonly ShardReply[]) => void;
  /**
   * A request that its shard did not take, because it is not served here now: nothing came of it. `refused` is its answer,
   * unless somebody else can be asked.
   */
  readonly onUnserved: (addressed: Addressed, refused: ShardReply) => void;
  readonly onNotices: (replies: NoticeReplies) => void;
  /** The set of shards that are served changed. */
  readonly onServing: () => void;
  /** A gateway's answer about a shard that is not served here any more. */
  readonly onStray: (shard: number, answer: GatewayAnswer) => void;
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
const AWAY: ReadonlySet<ShardMode["mode"]> = new Set(["activating", "failed", "fenced", "closed", "gone"]);
const NOT_SERVED = refuse("shard_unavailable", "the shard is not served here now; send it again with the same key");
/** To callers of a thread that died: their payment may be stored, and charged. */
const DIED = refuse(
  "shard_unavailable",
  "the shard's thread ended; it is not known yet whether the payment was stored or charged, send it again with the same key",
);
const OWES_TOO_MUCH = refuse("overloaded", "the shard has more work than it can take; send it again later");

const threadFile = (name: string): URL => new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url);

/** One shard thread, its shards, and the tickets that it owes an answer. */
interface Seat {
  /** Read whenever the thread is built anew. */
  readonly shards: Map<number, ServedShard>;
  readonly thread: WatchedThread<ShardThread>;
  readonly owed: OwedTickets;
  readonly outgoing: TickBatch<Addressed>;
  readonly notices: TickBatch<AddressedNotice>;
  /** The stops that its thread has confirmed; undefined: none yet. */
  stops: readonly GatewayStop[] | undefined;
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
  /** As their threads have said. */
  readonly #modes = new Map<number, ShardMode["mode"]>();
  /** Served at least once since they were given. */
  readonly #arrived = new Set<number>();
  /** Gateway accounts that are out of use. */
  #stops: readonly GatewayStop[] = [];
  #watch: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** Starts all threads: those of shards too, since a shard that comes later must not wait for one to load its code. */
  start(): void {
    const { config } = this.#parts;
    const usesSdks = config.gateways.stripe !== null || config.gateways.adyen !== null;
    const gatewayCount = usesSdks ? config.gatewayThreads : 1; // for webhooks alone one is enough
    for (let i = 0; i < gatewayCount; i++) this.#gateways.push(this.#startGateway(i));
    for (let i = 0; i < this.#threadCount; i++) this.#seats.push(this.#seat());
    this.#watch = setInterval(() => this.#threads().forEach((thread) => thread.look()), WATCH_EVERY_MS);
  }

  /** The shards that this node was given, with the generation of each. They may not be served yet: see `snapshots`. */
  get given(): ReadonlyMap<number, bigint> {
    return new Map([...this.#seatOfShard].map(([id, { shards }]) => [id, shards.get(id)?.generation ?? 0n]));
  }

  /** The shards whose actors take requests, as far as their threads have said. */
  get serving(): readonly number[] {
    return [...this.#modes].filter(([, mode]) => mode === "serving").map(([shard]) => shard);
  }

  /** The generation under which this node was given the shard; undefined: it was not. */
  generationOf(shard: number): bigint | undefined {
    return this.#seatOfShard.get(shard)?.shards.get(shard)?.generation;
  }

  /** False: it was given, and has not been served since; its requests wait for that. */
  hasArrived(shard: number): boolean {
    return this.#arrived.has(shard);
  }

  /** From now on the shard is served here, a little later than at once. An older generation of it ends first. */
  serve(shard: ServedShard): void {
    const seat = this.#seatOfShard.get(shard.id) ?? this.#seatWithRoom();
    if ((seat.shards.get(shard.id)?.generation ?? -1n) >= shard.generation) return;
    seat.shards.set(shard.id, shard);
    this.#seatOfShard.set(shard.id, seat);
    if (seat.thread.isOpen) seat.thread.tell((api) => api.serve(shard)); // a thread that is rebuilt reads them all
  }

  /** Gives the shard up: what runs is answered within that time, the lease is released. Resolves when that is done. */
  async release(shard: number, withinMs: number): Promise<void> {
    const seat = this.#seatOfShard.get(shard);
    if (seat === undefined) return;
    this.#seatOfShard.delete(shard);
    this.#arrived.delete(shard);
    seat.shards.delete(shard);
    await seat.thread
      .call(withinMs + CALL_DEADLINE_MS, (api) => api.release(shard, withinMs))
      .catch(this.#missed("a shard's release"));
    if (!this.#seatOfShard.has(shard)) this.#noteModes([{ shard, mode: "gone" }]); // also of a thread that died meanwhile
  }

  /** Hands a request to the thread of its shard, in this tick's batch; refuses it at once when the thread takes none. */
  submit(shard: number, request: ShardRequest): void {
    const seat = this.#seatOfShard.get(shard);
    const addressed = { shard, request };
    if (request.kind === "count") {
      if (seat?.thread.isOpen === true && !this.#ending) seat.outgoing.add(addressed); // nobody waits for it
    } else if (seat === undefined || this.#ending || !seat.thread.isOpen || this.#isAway(shard))
      this.#parts.onUnserved(addressed, this.#refused(NOT_SERVED, request));
    else if (!seat.owed.owe(addressed)) this.#parts.onReplies([this.#refused(OWES_TOO_MUCH, request)]);
    else seat.outgoing.add(addressed);
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

  /** Hands a gateway's answer to the shard, if it is here; else it is dropped, and the shard's owner asks the gateway. */
  submitAnswer(shard: number, answer: GatewayAnswer): void {
    this.#seatOfShard.get(shard)?.thread.tell((api) => api.submitAnswers(shard, [answer]));
  }

  setMerchants(merchants: readonly MerchantProfile[]): void {
    for (const { thread } of this.#seats)
      thread.call(CALL_DEADLINE_MS, (api) => api.setMerchants(merchants)).catch(this.#missed("merchants"));
  }

  /**
   * What operators have taken out of use, all of it. Called again and again with the newest word: a thread that did not
   * confirm one is told again.
   */
  setGatewayStops(stops: readonly GatewayStop[]): void {
    if (!isSame(stops, this.#stops)) this.#stops = stops;
    const told = this.#stops;
    for (const seat of this.#seats) {
      if (seat.stops === told || !seat.thread.isOpen) continue;
      seat.thread
        .call(CALL_DEADLINE_MS, (api) => api.setGatewayStops(told))
        .then(() => (seat.stops = told), this.#missed("gateways out of use"));
    }
  }

  /** Breakers of this node's threads that are not closed; a thread that does not answer is left out. */
  async breakers(): Promise<readonly OpenBreaker[]> {
    const all = await Promise.all(
      this.#seats.map(({ thread }) => thread.call(CALL_DEADLINE_MS, (api) => api.breakers()).catch(() => [])),
    );
    return all.flat();
  }

  /** What the actors are about; a thread that does not answer is left out. */
  async snapshots(): Promise<readonly ActorSnapshot[]> {
    const all = await Promise.all(
      this.#seats.map(({ thread }) => thread.call(CALL_DEADLINE_MS, (api) => api.snapshot()).catch(() => [])),
    );
    return all.flat();
  }

  /** A look into a shard's actor; undefined: it has none here, or its thread does not answer. */
  async inspect(shard: number): Promise<ActorInspection | undefined> {
    const seat = this.#seatOfShard.get(shard);
    return await seat?.thread.call(CALL_DEADLINE_MS, (api) => api.inspect(shard)).catch(() => undefined);
  }

  /** Has a payment's open operations looked at now; undefined: the shard is not served here, or its thread is silent. */
  async checkNow(shard: number, id: PaymentId | OperationId, withinMs: number): Promise<PaymentCheckup | undefined> {
    const seat = this.#seatOfShard.get(shard);
    return await seat?.thread
      .call(withinMs + CALL_DEADLINE_MS, (api) => api.checkNow(shard, id, withinMs))
      .catch(() => undefined);
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

  /** That with the fewest shards. */
  #seatWithRoom(): Seat {
    const [emptiest] = this.#seats.toSorted((a, b) => a.shards.size - b.shards.size);
    if (emptiest === undefined) throw new Error("no shard before the start");
    return emptiest;
  }

  #seat(): Seat {
    const { clock, log, onReplies } = this.#parts;
    const owed = new OwedTickets(OWED_MAX);
    const shards = new Map<number, ServedShard>();
    const thread = new WatchedThread<ShardThread>({
      clock,
      log,
      name: `shard thread ${this.#seats.length}`,
      spawn: () => new Worker(threadFile("shard-thread"), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
      start: async (api) => {
        const setup = this.#setup(shards);
        const ports = setup.gatewayPorts.map(({ port }) => port);
        await api.start(
          transfer(setup, ports),
          proxy(async (batch: ReplyBatch) => this.#replied(owed, batch)),
          proxy(async (replies: NoticeReplies) => this.#parts.onNotices(replies)),
          proxy(async (modes: readonly ShardMode[]) => {
            // Of a shard that has another thread by now, the old one's word says nothing.
            this.#noteModes(modes.filter(({ shard }) => shards.has(shard) || !this.#seatOfShard.has(shard)));
          }),
          proxy(async (strays: readonly Tagged<GatewayAnswer>[]) =>
            strays.forEach(({ shard, item }) => this.#parts.onStray(shard, item)),
          ),
        );
      },
      ping: (api) => api.snapshot(),
      // A retry with the key continues the same operation.
      onDied: () => {
        onReplies(owed.takeAll().map((one) => this.#refused(DIED, one)));
        this.#noteModes([...shards.keys()].map((shard) => ({ shard, mode: "gone" })));
      },
    });
    const seat: Seat = {
      shards,
      stops: undefined,
      thread,
      owed,
      outgoing: new TickBatch<Addressed>((items) => this.#send(thread, items)),
      notices: new TickBatch<AddressedNotice>((items) => thread.tell((api) => api.submitNotices(items))),
    };
    return seat;
  }

  /** Its actor would refuse it: why wake the thread. */
  #isAway(shard: number): boolean {
    const mode = this.#modes.get(shard);
    return mode === undefined || AWAY.has(mode);
  }

  #noteModes(modes: readonly ShardMode[]): void {
    let hasChanged = false;
    for (const { shard, mode } of modes) {
      hasChanged ||= (this.#modes.get(shard) === "serving") !== (mode === "serving");
      if (mode === "gone") this.#modes.delete(shard);
      else this.#modes.set(shard, mode);
      if (mode === "serving" && this.#seatOfShard.has(shard)) this.#arrived.add(shard);
    }
    if (hasChanged) this.#parts.onServing();
  }

  /** What a shard thread begins with: also a port to each gateway thread that runs now. */
  #setup(shards: ReadonlyMap<number, ServedShard>): ThreadSetup {
    const { config, merchants } = this.#parts;
    const gatewayPorts = this.#gateways.flatMap((gateway, index) =>
      gateway.isOpen ? [{ index, port: this.#connect(gateway) }] : [],
    );
    return {
      config,
      shards: [...shards.values()],
      merchants: merchants(),
      gatewayStops: this.#stops,
      gatewayPorts,
      threads: this.#threadCount,
    };
  }

  get #threadCount(): number {
    const { config, shardCount } = this.#parts;
    return Math.max(1, Math.min(config.workers, shardCount));
  }

  #send(thread: WatchedThread<ShardThread>, items: readonly Addressed[]): void {
    const batch = packRequests(items);
    thread.tell((api) => api.submitBatch(transfer(batch, [batch.bytes.buffer as ArrayBuffer])));
  }

  #replied(owed: OwedTickets, batch: ReplyBatch): void {
    const told: ShardReply[] = [];
    for (const reply of unpackReplies(batch)) {
      const again = reply.code === "shard_unavailable" ? (owed.take(reply.ticket)?.again ?? null) : null;
      if (again !== null) this.#parts.onUnserved(again, reply);
      else {
        owed.answered(reply.ticket);
        told.push(reply);
      }
    }
    this.#parts.onReplies(told);
  }

  #refused(refusal: Refusal, asked: Pick<ShardRequest, "ticket" | "requestId">): ShardReply {
    return refusedReply(refusal, asked, this.#parts.presenter);
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

const isSame = (some: readonly GatewayStop[], others: readonly GatewayStop[]): boolean =>
  some.length === others.length &&
  some.every(({ gateway, account }, i) => gateway === others[i]?.gateway && account === others[i].account);
