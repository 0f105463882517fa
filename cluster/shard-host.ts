/**
 * Starts, feeds, watches and stops the shard threads and gateway threads of a node. A thread that dies answers its
 * callers with 503 and is rebuilt; its actors read everything back from their databases.
 */
import { extname } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { refuse } from "../actors/domain/index.ts";
import type {
  ActorSnapshot,
  Clock,
  Log,
  MerchantProfile,
  Presenter,
  ShardReply,
  ShardRequest,
} from "../actors/index.ts";
import type { NodeConfig } from "./config.ts";
import { TickBatch } from "./gateway-desk.ts";
import type { GatewayThread } from "./gateway-thread.ts";
import type { MetricValues } from "./metrics.ts";
import { proxy, Remote, transfer } from "./remote.ts";
import type { ShardProbe, ShardThread, ThreadSetup } from "./shard-thread.ts";
import { type Addressed, packRequests, type ReplyBatch, unpackReplies } from "./thread-batch.ts";

export interface HostParts {
  readonly config: NodeConfig;
  readonly generation: bigint;
  readonly shards: readonly { readonly id: number; readonly dsn: string }[];
  readonly merchants: () => readonly MerchantProfile[];
  readonly presenter: Presenter;
  readonly onReplies: (replies: readonly ShardReply[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const CALL_DEADLINE_MS = 5_000;
const PROBE_WITHIN_MS = 2_000;
/** A busy loop in a thread is ended after this long without an answer (faults.md C3). */
const STUCK_AFTER_MS = 10_000;
const REBUILD_AFTER_MS = 250;
/** A payment's objects live as long as its gateway call: a small young generation would copy each of them twice. */
const YOUNG_MB = 96;
const WATCH_EVERY_MS = 1_000;

const threadFile = (name: string): URL => new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url);

/** One shard thread, with the tickets that it owes an answer. */
interface Seat {
  readonly shards: ThreadSetup["shards"];
  worker: Worker;
  remote: Remote<ShardThread>;
  readonly owed: Map<number, string>;
  readonly outgoing: TickBatch<Addressed>;
  heardAtMs: number;
}

export class ShardHost {
  readonly #parts: HostParts;
  readonly #seats: Seat[] = [];
  readonly #seatOfShard = new Map<number, Seat>();
  readonly #gateways: { worker: Worker; remote: Remote<GatewayThread> }[] = [];
  #watch: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** Starts all threads. The shards are served a little later: see `snapshots`. */
  start(): void {
    const { config, shards } = this.#parts;
    const usesSdks = config.gateways.stripe !== null || config.gateways.adyen !== null;
    if (usesSdks) this.#gateways.push(this.#startGateway(0));
    const count = Math.min(config.workers, shards.length);
    for (let i = 0; i < count; i++) this.#seat(shards.filter((_, n) => n % count === i));
    this.#watch = setInterval(() => this.#look(), WATCH_EVERY_MS);
  }

  /** Hands a request to the thread of its shard, in this tick's batch. */
  submit(shard: number, request: ShardRequest): void {
    const seat = this.#seatOfShard.get(shard);
    if (seat === undefined || this.#ending) return this.#refuse([[request.ticket, request.requestId]]);
    seat.owed.set(request.ticket, request.requestId);
    seat.outgoing.add({ shard, request });
  }

  setMerchants(merchants: readonly MerchantProfile[]): void {
    for (const { remote } of this.#seats)
      remote.call(CALL_DEADLINE_MS, (api) => api.setMerchants(merchants)).catch(() => undefined); // a dead thread gets them anew
  }

  /** What the actors are about; a thread that does not answer is left out. */
  async snapshots(): Promise<readonly ActorSnapshot[]> {
    const all = await Promise.all(
      this.#seats.map(({ remote }) => remote.call(CALL_DEADLINE_MS, (api) => api.snapshot()).catch(() => [])),
    );
    return all.flat();
  }

  /** Whether each shard can commit now; the shards of a thread that does not answer are left out. */
  async probe(): Promise<readonly ShardProbe[]> {
    const all = await Promise.all(
      this.#seats.map(({ remote }) =>
        remote.call(2 * PROBE_WITHIN_MS, (api) => api.probe(PROBE_WITHIN_MS)).catch(() => []),
      ),
    );
    return all.flat();
  }

  async metrics(): Promise<readonly MetricValues[]> {
    const all = await Promise.all(
      this.#seats.map(({ remote }) => remote.call(CALL_DEADLINE_MS, (api) => api.metrics()).catch(() => undefined)),
    );
    return all.filter((values) => values !== undefined);
  }

  /** Every accepted request is answered, every lease given up, every thread ended. */
  async drain(withinMs: number): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(
      this.#seats.map(({ remote }) =>
        remote.call(withinMs + CALL_DEADLINE_MS, (api) => api.drain(withinMs)).catch(() => undefined),
      ),
    );
    this.#ending = true;
    await Promise.all(
      this.#gateways.map(({ remote }) => remote.call(CALL_DEADLINE_MS, (api) => api.close()).catch(() => undefined)),
    );
    await Promise.all([...this.#seats, ...this.#gateways].map(({ worker }) => worker.terminate()));
  }

  #seat(shards: ThreadSetup["shards"]): void {
    const started = this.#startShards(shards);
    const seat: Seat = {
      shards,
      ...started,
      owed: new Map(),
      heardAtMs: this.#parts.clock.monotonicMs(),
      outgoing: new TickBatch((items) => this.#send(seat, items)),
    };
    this.#seats.push(seat);
    for (const { id } of shards) this.#seatOfShard.set(id, seat);
    this.#begin(seat);
  }

  #startShards(shards: ThreadSetup["shards"]): Pick<Seat, "worker" | "remote"> {
    const worker = new Worker(threadFile("shard-thread"), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    return { worker, remote: new Remote<ShardThread>(worker, (reason) => this.#died(shards, reason)) };
  }

  #begin(seat: Seat): void {
    const { config, generation, merchants } = this.#parts;
    const gatewayPorts = this.#gateways.map((gateway) => this.#connect(gateway.remote));
    const setup: ThreadSetup = { config, generation, shards: seat.shards, merchants: merchants(), gatewayPorts };
    const onReplies = proxy((batch: ReplyBatch) => this.#replied(seat, batch));
    seat.remote
      .call(STUCK_AFTER_MS, (api) => api.start(transfer(setup, [...gatewayPorts]), onReplies))
      .catch((error: unknown) => this.#parts.log.error({ error: String(error) }, "a shard thread did not start"));
  }

  #send(seat: Seat, items: readonly Addressed[]): void {
    const batch = packRequests(items);
    // Its callers are answered by #died when the thread dies; there is no other way for this call to fail.
    seat.remote.api.submitBatch(transfer(batch, [batch.bytes.buffer as ArrayBuffer])).catch(() => undefined);
  }

  #replied(seat: Seat, batch: ReplyBatch): void {
    const replies = unpackReplies(batch);
    for (const { ticket } of replies) seat.owed.delete(ticket);
    this.#parts.onReplies(replies);
  }

  /** The thread's callers get 503 (a retry with the key continues the same operation), and the thread is built anew. */
  #died(shards: ThreadSetup["shards"], reason: string): void {
    const seat = this.#seats.find((one) => one.shards === shards);
    if (seat === undefined || this.#ending) return;
    this.#parts.log.error({ shards: shards.map(({ id }) => id), reason }, "a shard thread died; it is rebuilt");
    const owed = [...seat.owed];
    seat.owed.clear();
    this.#refuse(owed);
    this.#parts.clock.after(REBUILD_AFTER_MS, () => {
      if (this.#ending) return;
      Object.assign(seat, this.#startShards(shards), { heardAtMs: this.#parts.clock.monotonicMs() });
      this.#begin(seat);
    });
  }

  #refuse(owed: readonly (readonly [number, string])[]): void {
    const refusal = refuse("shard_unavailable", "the shard is not served here now; send it again with the same key");
    this.#parts.onReplies(
      owed.map(([ticket, requestId]) => ({
        ticket,
        status: 503,
        body: this.#parts.presenter.refusal(refusal, requestId),
        problem: true,
        code: refusal.code,
        replayed: false,
        retryAfterS: 1,
        location: null,
        gatewayMs: null,
      })),
    );
  }

  #startGateway(index: number): { worker: Worker; remote: Remote<GatewayThread> } {
    const worker = new Worker(threadFile("gateway-thread"));
    const remote = new Remote<GatewayThread>(worker, (reason) => {
      if (this.#ending) return;
      this.#parts.log.error({ reason }, "a gateway thread died; it is rebuilt, its calls are in doubt");
      this.#parts.clock.after(REBUILD_AFTER_MS, () => {
        if (this.#ending) return;
        const made = this.#startGateway(index);
        this.#gateways[index] = made;
        for (const seat of this.#seats) {
          const port = this.#connect(made.remote);
          seat.remote
            .call(CALL_DEADLINE_MS, (api) => api.attachGateway(index, transfer(port, [port])))
            .catch(() => undefined); // a dead thread is rebuilt with its ports
        }
      });
    });
    remote
      .call(STUCK_AFTER_MS, (api) => api.start(this.#parts.config.gateways))
      .catch((error: unknown) => {
        this.#parts.log.error({ error: String(error) }, "a gateway thread did not start");
      });
    return { worker, remote };
  }

  /** A channel to a gateway thread; the shard thread's end. */
  #connect(remote: Remote<GatewayThread>): MessageChannel["port1"] {
    const { port1, port2 } = new MessageChannel();
    remote.call(CALL_DEADLINE_MS, (api) => api.connect(transfer(port2, [port2]))).catch(() => undefined); // a dead thread is rebuilt and connected anew
    return port1;
  }

  /** A thread that answers nothing for long is stuck in a loop: it is ended, and so rebuilt. */
  #look(): void {
    for (const seat of this.#seats) {
      const { worker } = seat;
      seat.remote
        .call(STUCK_AFTER_MS, (api) => api.snapshot())
        .then(
          () => {
            seat.heardAtMs = this.#parts.clock.monotonicMs();
          },
          () => {
            const silentMs = this.#parts.clock.monotonicMs() - seat.heardAtMs;
            if (seat.worker === worker && silentMs >= STUCK_AFTER_MS) void worker.terminate();
          },
        );
    }
  }
}
