/** Thread entry: joins store, gateways and actors, and speaks with the main thread in one batch per tick each way. */
import type { MessagePort } from "node:worker_threads";
import { randomUUID } from "node:crypto";
import type { MerchantId } from "../actors/domain/index.ts";
import { createFixedLatencyGateway, GATEWAY_CAPABILITIES, tokensByForm } from "../actors/gateways/index.ts";
import {
  type ActorSnapshot,
  allowAll,
  type Dispatched,
  type GatewayAnswer,
  type GatewayGate,
  type MerchantProfile,
  type NoticeDelivery,
  type NoticeReceipt,
  ShardActor,
  type ShardReply,
} from "../actors/index.ts";
import { PUBLIC_ENDPOINTS, SANDBOX_ENDPOINTS } from "../actors/webhooks/index.ts";
import { createPresenter, createRequestReader } from "../router/index.ts";
import { createEndpointVault, createVault, fileKeyProvider, openShardStore } from "../storage/index.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { COMMIT_TIMEOUT_MS, type NodeConfig } from "./config.ts";
import { DispatchDesks } from "./dispatch-desk.ts";
import { failStop } from "./fail-stop.ts";
import { GatewayDesks, type Tagged } from "./gateway-desk.ts";
import { KEY_PURPOSES } from "./key-purposes.ts";
import { createLog } from "./log.ts";
import { type MetricValues, ThreadMetrics } from "./metrics.ts";
import type { ForwardedNotice, NoticeReplies } from "./notice-desk.ts";
import { isProcessGone, nameOfThisProcess } from "./process-name.ts";
import { exposeToParent, transfer } from "./remote.ts";
import { makeGate } from "./thread-gate.ts";
import { packReplies, type ReplyBatch, type RequestBatch, unpackRequests } from "./thread-batch.ts";
import { TickBatch } from "./tick-batch.ts";

/** What a shard thread needs to begin. `gatewayPorts`: one to each gateway thread that runs, under its index. */
export interface ThreadSetup {
  readonly config: NodeConfig;
  readonly generation: bigint;
  /** Shard threads of the node: they share its budgets. */
  readonly threads: number;
  readonly shards: readonly { readonly id: number; readonly dsn: string }[];
  readonly merchants: readonly MerchantProfile[];
  readonly gatewayPorts: readonly { readonly index: number; readonly port: MessagePort }[];
}

export interface ShardProbe {
  readonly shard: number;
  readonly mode: ActorSnapshot["mode"];
  readonly committed: boolean;
}

/** What the node asks of a shard thread. */
export interface ShardThread {
  /** Begins to take the shards; `snapshot` tells when they are served. `onReplies` gets the replies of each tick. */
  start(
    setup: ThreadSetup,
    onReplies: (batch: ReplyBatch) => Promise<void>,
    onNotices: (replies: NoticeReplies) => Promise<void>,
  ): void;
  submitBatch(batch: RequestBatch): void;
  /** Verified notices for these shards. Each gets one receipt, unless the thread dies. */
  submitNotices(deliveries: readonly { readonly shard: number; readonly delivery: NoticeDelivery }[]): void;
  /** What became of a notice that the shard had spooled. */
  forwarded(shard: number, key: string, taken: boolean): void;
  setMerchants(merchants: readonly MerchantProfile[]): void;
  attachGateway(index: number, port: MessagePort): void;
  detachGateway(index: number): void;
  snapshot(): readonly ActorSnapshot[];
  /** Commits on every shard, and tells which could. */
  probe(withinMs: number): Promise<readonly ShardProbe[]>;
  metrics(): Promise<MetricValues>;
  drain(withinMs: number): Promise<void>;
}

/** How often deadlines and checks are looked at. */
const SWEEP_EVERY_MS = 50;

const actors = new Map<number, ShardActor>();
const merchants = new Map<MerchantId, MerchantProfile>();
const metrics = new ThreadMetrics();
let desks: GatewayDesks | undefined;
let gate: GatewayGate | undefined;
const dispatches = new DispatchDesks((answers) =>
  failStop(log, "what became of webhooks", () => {
    for (const [shard, ones] of Map.groupBy(answers, (one: Tagged<Dispatched>) => one.shard))
      actors.get(shard)?.onDispatched(ones.map(({ item }) => item));
  }),
);
/** Of the thread; each actor has one of its own. Without fields until `start` says whose thread it is. */
let log = createLog({});

function setMerchants(profiles: readonly MerchantProfile[]): void {
  for (const profile of profiles) merchants.set(profile.id, profile);
}

/** A gateway thread serves calls and webhooks over one port. */
function attach(index: number, port: MessagePort): void {
  desks?.attach(index, port, dispatches.offer);
  dispatches.attach(index, port);
}

/** What actors say, on its way to the main thread. */
interface Outgoing {
  readonly replies: TickBatch<ShardReply>;
  readonly notices: TickBatch<NoticeReceipt | ForwardedNotice>;
}

function makeActor(
  setup: ThreadSetup,
  { id, dsn }: ThreadSetup["shards"][number],
  { replies, notices }: Outgoing,
  gateways: GatewayGate,
): ShardActor {
  const { config } = setup;
  const node = config.node.id;
  const log = createLog({ node, shard: id });
  const keys = fileKeyProvider(config.keys.file);
  return new ShardActor({
    shard: id,
    store: openShardStore({ shard: id, dsn, node, clock: systemClock, log, times: { commitMs: COMMIT_TIMEOUT_MS } }),
    vault: createVault(keys),
    reader: createRequestReader(),
    presenter: createPresenter({ cursorKey: keys.derive(KEY_PURPOSES.cursors) }),
    desk: gateways.desk(id),
    gate: gateways,
    merchants: (merchant) => merchants.get(merchant),
    tokens: tokensByForm,
    risk: allowAll,
    capabilities: (gateway) => GATEWAY_CAPABILITIES[gateway],
    reply: (reply) => replies.add(reply),
    receipt: (receipt) => notices.add(receipt),
    forward: (row) => notices.add({ fromShard: id, row }),
    webhooks: {
      desk: dispatches.forShard(id),
      vault: createEndpointVault(keys),
      rules: config.webhooks.allowLoopback ? SANDBOX_ENDPOINTS : PUBLIC_ENDPOINTS,
      meter: metrics.webhookMeter,
      timeoutMs: config.webhooks.timeoutMs,
    },
    clock: systemClock,
    random: systemRandom(),
    meter: metrics.meterOf(id),
    log,
    limits: config.limits,
    claim: () => ({
      node,
      generation: setup.generation,
      activationId: randomUUID(),
      process: nameOfThisProcess(),
      isGone: isProcessGone,
    }),
  });
}

const thread: ShardThread = {
  start: (setup, onReplies, onNotices) => {
    log = createLog({ node: setup.config.node.id });
    const replies = new TickBatch<ShardReply>((items) => {
      const batch = packReplies(items);
      onReplies(transfer(batch, [batch.bytes.buffer as ArrayBuffer])).catch((error: unknown) => {
        log.error({ reason: String(error), replies: items.length }, "the main thread did not take replies");
      });
    });
    const notices = new TickBatch<NoticeReceipt | ForwardedNotice>((items) => {
      const receipts = items.filter((item) => "ticket" in item);
      const forwards = items.filter((item) => "row" in item);
      onNotices({ receipts, forwards }).catch((error: unknown) => {
        log.error({ reason: String(error), notices: items.length }, "the main thread did not take notices' receipts");
      });
    });
    const { fixedLatency } = setup.config.gateways;
    const local =
      fixedLatency === null
        ? undefined
        : {
            name: "fixed-latency" as const,
            gateway: createFixedLatencyGateway({ delayMs: fixedLatency.delayMs, clock: systemClock }),
          };
    const onAnswers = (answers: readonly Tagged<GatewayAnswer>[]): void =>
      failStop(log, "a gateway's answers", () => {
        for (const { shard, item } of answers) {
          own.answered(shard, item);
          actors.get(shard)?.onAnswers([item]);
        }
      });
    const gateways = new GatewayDesks(local, onAnswers, systemClock.monotonicMs);
    const { config, threads } = setup;
    const own = makeGate({ config, threads, desks: gateways, onAnswers, meter: metrics.gatewayMeter, log });
    desks = gateways;
    gate = own;
    for (const { index, port } of setup.gatewayPorts) attach(index, port);
    setMerchants(setup.merchants);
    for (const shard of setup.shards) actors.set(shard.id, makeActor(setup, shard, { replies, notices }, own));
    // Never rejects: an actor that cannot take its shard says so in its mode and tries again.
    for (const actor of actors.values()) void actor.start();
    setInterval(() => {
      for (const actor of actors.values()) actor.sweep();
    }, SWEEP_EVERY_MS);
  },
  submitBatch: (batch) =>
    failStop(log, "a batch of requests", () => {
      for (const [shard, requests] of unpackRequests(batch)) actors.get(shard)?.submit(requests);
    }),
  submitNotices: (deliveries) =>
    failStop(log, "a batch of notices", () => {
      for (const [shard, ones] of Map.groupBy(deliveries, (one) => one.shard)) {
        const actor = actors.get(shard);
        actor?.onNotices(ones.map(({ delivery }) => delivery));
      }
    }),
  forwarded: (shard, key, taken) =>
    failStop(log, "a forwarded notice", () => actors.get(shard)?.onForwarded(key, taken)),
  setMerchants,
  attachGateway: attach,
  detachGateway: (index) => {
    desks?.detach(index);
    dispatches.detach(index);
  },
  snapshot: () => [...actors.values()].map((actor) => actor.snapshot()),
  probe: async (withinMs) =>
    await Promise.all(
      [...actors].map(async ([shard, actor]) => ({ shard, committed: await actor.probe(withinMs), mode: actor.mode })),
    ),
  metrics: async () => await metrics.values(thread.snapshot(), gate?.snapshot()),
  drain: async (withinMs) => {
    await Promise.all([...actors.values()].map((actor) => actor.drain(withinMs)));
  },
};
exposeToParent(thread);
