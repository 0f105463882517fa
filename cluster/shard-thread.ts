/** Thread entry: joins store, gateways and actors, and speaks with the main thread in one batch per tick each way. */
import type { MessagePort } from "node:worker_threads";
import { randomUUID } from "node:crypto";
import { type MerchantId, type OperationId, type PaymentId, refuse as refusal } from "../actors/domain/index.ts";
import { createFixedLatencyGateway, GATEWAY_CAPABILITIES, tokensByForm } from "../actors/gateways/index.ts";
import {
  type ActorInspection,
  type ActorSnapshot,
  allowAll,
  type Dispatched,
  type GatewayAnswer,
  type GatewayGate,
  type GatewayStop,
  type MerchantProfile,
  type NoticeDelivery,
  type NoticeReceipt,
  type OpenBreaker,
  type PaymentCheckup,
  ShardActor,
  type ShardReply,
  type ShardRequest,
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
import { refusedReply } from "./refused-reply.ts";
import { exposeToParent, transfer } from "./remote.ts";
import { makeGate } from "./thread-gate.ts";
import { packReplies, type ReplyBatch, type RequestBatch, unpackRequests } from "./thread-batch.ts";
import { TickBatch } from "./tick-batch.ts";

/** A shard that a thread is to serve. */
export interface ServedShard {
  readonly id: number;
  readonly dsn: string;
  /** Of its assignment: the database refuses an older one than it has seen. */
  readonly generation: bigint;
  /** So long its present owner, who is alive and giving it up, is waited for; 0: it is taken at once. */
  readonly patienceMs: number;
}

/** What a shard thread needs to begin. `gatewayPorts`: one to each gateway thread that runs, under its index. */
export interface ThreadSetup {
  readonly config: NodeConfig;
  /** Shard threads of the node: they share its budgets. */
  readonly threads: number;
  readonly shards: readonly ServedShard[];
  readonly merchants: readonly MerchantProfile[];
  readonly gatewayStops: readonly GatewayStop[];
  readonly gatewayPorts: readonly { readonly index: number; readonly port: MessagePort }[];
}

/** What an actor is about now; "gone": it is no more. */
export interface ShardMode {
  readonly shard: number;
  readonly mode: ActorSnapshot["mode"] | "gone";
}

export interface ShardProbe {
  readonly shard: number;
  readonly mode: ActorSnapshot["mode"];
  readonly committed: boolean;
}

/** What the node asks of a shard thread. */
export interface ShardThread {
  /** Begins to take the shards; `onModes` tells when they are served. `onReplies` gets the replies of each tick. */
  start(
    setup: ThreadSetup,
    onReplies: (batch: ReplyBatch) => Promise<void>,
    onNotices: (replies: NoticeReplies) => Promise<void>,
    onModes: (modes: readonly ShardMode[]) => Promise<void>,
    onStrays: (answers: readonly Tagged<GatewayAnswer>[]) => Promise<void>,
  ): void;
  /** Takes one more shard. An actor of an older generation of it ends first. */
  serve(shard: ServedShard): void;
  /** Ends the shard's actor: what runs is answered within that time, the lease is released. */
  release(shard: number, withinMs: number): Promise<void>;
  submitBatch(batch: RequestBatch): void;
  /** Verified notices for these shards. Each gets one receipt, unless the thread dies. */
  submitNotices(deliveries: readonly { readonly shard: number; readonly delivery: NoticeDelivery }[]): void;
  /** What became of a notice that the shard had spooled. */
  forwarded(shard: number, key: string, taken: boolean): void;
  /** Answers of gateways to an earlier owner of the shard, on whichever node. */
  submitAnswers(shard: number, answers: readonly GatewayAnswer[]): void;
  setMerchants(merchants: readonly MerchantProfile[]): void;
  /** Gateway accounts that are out of use, all of them. */
  setGatewayStops(stops: readonly GatewayStop[]): void;
  /** Those of the thread that are not closed. */
  breakers(): readonly OpenBreaker[];
  attachGateway(index: number, port: MessagePort): void;
  detachGateway(index: number): void;
  snapshot(): readonly ActorSnapshot[];
  /** Undefined: the thread has no such shard. */
  inspect(shard: number): ActorInspection | undefined;
  /** As the actor's; undefined: it has no such shard, or does not serve it. */
  checkNow(shard: number, id: PaymentId | OperationId, withinMs: number): Promise<PaymentCheckup | undefined>;
  /** Commits on every shard, and tells which could. */
  probe(withinMs: number): Promise<readonly ShardProbe[]>;
  metrics(): Promise<MetricValues>;
  drain(withinMs: number): Promise<void>;
}

/** An actor in these modes drops what gateways say. */
const HEARS_NOTHING: ReadonlySet<ActorSnapshot["mode"]> = new Set(["fenced", "closed", "failed"]);
const NO_ACTOR = refusal("shard_unavailable", "the shard is not served here now");
/** How often deadlines and checks are looked at. */
const SWEEP_EVERY_MS = 50;

const actors = new Map<number, ShardActor>();
const generations = new Map<number, bigint>();
/** Actors that end. */
const leaving = new Map<number, Promise<void>>();
/** What is to be served here once the actor before has ended. */
const wanted = new Map<number, ServedShard>();
// Set by `start`:
/** Makes the actor of a shard and starts it. */
let serve: (shard: ServedShard) => void = () => {};
/** Answers a request for a shard that has no actor here. */
let refuse: (request: ShardRequest) => void = () => {};
let receipt: (receipt: NoticeReceipt) => void = () => {};
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
  config: NodeConfig,
  { id, dsn, generation, patienceMs }: ServedShard,
  { replies, notices }: Outgoing,
  gateways: GatewayGate,
): ShardActor {
  let patience = patienceMs; // of the first activation only: afterwards the shard is ours
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
    claim: () => {
      const claim = {
        node,
        generation,
        patienceMs: patience,
        activationId: randomUUID(),
        process: nameOfThisProcess(),
        isGone: isProcessGone,
      };
      patience = 0;
      return claim;
    },
  });
}

const toldModes = new Map<number, ShardMode["mode"]>();
/** What became of actors since the last call. */
function changedModes(): readonly ShardMode[] {
  const now = new Map<number, ShardMode["mode"]>([...actors].map(([shard, { mode }]) => [shard, mode]));
  for (const shard of toldModes.keys()) if (!now.has(shard)) now.set(shard, "gone");
  const changed = [...now].filter(([shard, mode]) => toldModes.get(shard) !== mode);
  for (const [shard, mode] of changed) {
    if (mode === "gone") toldModes.delete(shard);
    else toldModes.set(shard, mode);
  }
  return changed.map(([shard, mode]) => ({ shard, mode }));
}

/** Ends an actor; it is found by its shard until then. */
function endActor(shard: number, withinMs: number): Promise<void> {
  const actor = actors.get(shard);
  const begun = leaving.get(shard);
  if (begun !== undefined || actor === undefined) return begun ?? Promise.resolve();
  const ended = actor.drain(withinMs).finally(() => {
    actors.delete(shard);
    generations.delete(shard);
    leaving.delete(shard);
  });
  leaving.set(shard, ended);
  return ended;
}

const thread: ShardThread = {
  start: (setup, onReplies, onNotices, onModes, onStrays) => {
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
        // Of a shard that was given up meanwhile; if its next owner does not hear of them it asks.
        const strays = answers.filter(({ shard }) => HEARS_NOTHING.has(actors.get(shard)?.mode ?? "closed"));
        if (strays.length > 0) void onStrays(strays).catch(() => undefined);
      });
    const gateways = new GatewayDesks(local, onAnswers, systemClock.monotonicMs);
    const { config, threads } = setup;
    const own = makeGate({ config, threads, desks: gateways, onAnswers, meter: metrics.gatewayMeter, log });
    desks = gateways;
    gate = own;
    own.setStops(setup.gatewayStops);
    for (const { index, port } of setup.gatewayPorts) attach(index, port);
    setMerchants(setup.merchants);
    receipt = (one) => notices.add(one);
    const presenter = createPresenter();
    refuse = ({ kind, ticket, requestId }) => {
      if (kind !== "count") replies.add(refusedReply(NO_ACTOR, { ticket, requestId }, presenter));
    };
    serve = (shard) => {
      const actor = makeActor(config, shard, { replies, notices }, own);
      actors.set(shard.id, actor);
      generations.set(shard.id, shard.generation);
      void actor.start(); // never rejects: an actor that cannot take its shard says so in its mode and tries again
    };
    setup.shards.forEach(serve);
    setInterval(() => {
      for (const actor of actors.values()) actor.sweep();
      const modes = changedModes();
      if (modes.length > 0) void onModes(modes).catch(() => undefined);
    }, SWEEP_EVERY_MS);
  },
  serve: (shard) => {
    if (generations.get(shard.id) === shard.generation && !leaving.has(shard.id)) return;
    wanted.set(shard.id, shard);
    void endActor(shard.id, 0).then(() => {
      const newest = wanted.get(shard.id); // or it was given up meanwhile, or has begun
      wanted.delete(shard.id);
      if (newest !== undefined) serve(newest);
    });
  },
  release: (shard, withinMs) => {
    wanted.delete(shard);
    return endActor(shard, withinMs);
  },
  submitBatch: (batch) =>
    failStop(log, "a batch of requests", () => {
      for (const [shard, requests] of unpackRequests(batch)) {
        const actor = actors.get(shard);
        if (actor === undefined)
          requests.forEach(refuse); // it was given up while they were on their way
        else actor.submit(requests);
      }
    }),
  submitNotices: (deliveries) =>
    failStop(log, "a batch of notices", () => {
      for (const [shard, ones] of Map.groupBy(deliveries, (one) => one.shard)) {
        const actor = actors.get(shard);
        if (actor !== undefined) actor.onNotices(ones.map(({ delivery }) => delivery));
        else for (const { delivery } of ones) receipt({ ticket: delivery.ticket, taken: false });
      }
    }),
  forwarded: (shard, key, taken) =>
    failStop(log, "a forwarded notice", () => actors.get(shard)?.onForwarded(key, taken)),
  submitAnswers: (shard, answers) =>
    failStop(log, "an earlier owner's answers", () => actors.get(shard)?.onAnswers(answers)),
  setMerchants,
  setGatewayStops: (stops) => gate?.setStops(stops),
  breakers: () => gate?.snapshot().breakers ?? [],
  attachGateway: attach,
  detachGateway: (index) => {
    desks?.detach(index);
    dispatches.detach(index);
  },
  snapshot: () => [...actors.values()].map((actor) => actor.snapshot()),
  inspect: (shard) => actors.get(shard)?.inspect(),
  checkNow: async (shard, id, withinMs) => await actors.get(shard)?.checkNow(id, withinMs),
  probe: async (withinMs) =>
    await Promise.all(
      [...actors].map(async ([shard, actor]) => ({ shard, committed: await actor.probe(withinMs), mode: actor.mode })),
    ),
  metrics: async () => await metrics.values(thread.snapshot(), gate?.snapshot()),
  drain: async (withinMs) => {
    await Promise.all([...actors.keys()].map((shard) => endActor(shard, withinMs)));
  },
};
exposeToParent(thread);
