/** Process entry of a node: router on this thread, actors and gateway adapters in worker threads. */
import { systemClock, systemRandom } from "./clock.ts";
import { loadConfig, type NodeConfig } from "./config.ts";
import { KEY_PURPOSES } from "./key-purposes.ts";
import { createLog } from "./log.ts";
import { mergeMetrics } from "./metrics.ts";
import { NoticeDesk } from "./notice-desk.ts";
import { noticeReaders } from "./notice-readers.ts";
import { NodeDirectory } from "./node-directory.ts";
import { nameOfThisProcess } from "./process-name.ts";
import { RouterSeries } from "./router-metrics.ts";
import { ShardHost } from "./shard-host.ts";
import { onShutdown } from "./shutdown.ts";
import type { Log } from "../actors/index.ts";
import {
  createPresenter,
  type HttpServer,
  loadDocuments,
  loadIdempotencyCache,
  type Readiness,
  startAdminListener,
  startHttpServer,
} from "../router/index.ts";
import { fileKeyProvider, openControlStore } from "../storage/index.ts";

const HEARTBEAT_EVERY_MS = 1_000;
const DRAIN_WITHIN_MS = 15_000;
const SERVE_WITHIN_MS = 120_000;
const TOKEN_LIFE_S = 3_600;
const AUDIENCE = "payment-cluster";

/** Starts everything in the order in which it depends on each other, and tells the parent when all shards are served. */
async function run(config: NodeConfig, log: Log): Promise<void> {
  const node = config.node.id;
  const keys = fileKeyProvider(config.keys.file);
  const control = openControlStore({ dsn: config.control.dsn, who: node, log, keys });
  const directory = await NodeDirectory.open(
    control,
    config.gateways.fixedLatency === null ? null : "fixed-latency",
    log,
  );
  const shards = directory.shards.map(({ id, dsn }) => ({ id, dsn }));
  const generation = await control.claimShards(
    node,
    shards.map(({ id }) => id),
  );
  const routerSeries = new RouterSeries();

  let http: HttpServer | undefined;
  const host = new ShardHost({
    config,
    generation,
    shards,
    merchants: () => directory.profiles(),
    presenter: createPresenter(),
    onReplies: (replies) => http?.answer(replies),
    onNotices: (replies) => noticeDesk.onReplies(replies),
    clock: systemClock,
    log,
  });
  const noticeDesk = new NoticeDesk({
    slotToShard: (slot) => directory.slotToShard(slot),
    shards: shards.map(({ id }) => id),
    submit: (shard, delivery) => host.submitNotice(shard, delivery),
    forwarded: (shard, key, taken) => host.forwarded(shard, key, taken),
    clock: systemClock,
    log,
  });
  const readers = noticeReaders(config.gateways, directory);
  host.start();
  const cache =
    config.redis === null
      ? null
      : (await loadIdempotencyCache())({
          url: config.redis.url,
          macKey: keys.derive(KEY_PURPOSES.replies),
          clock: systemClock,
          log,
          metrics: routerSeries.cache,
        });
  http = await startHttpServer({
    ...config.api,
    issuer: null,
    audience: AUDIENCE,
    tokenLifeS: TOKEN_LIFE_S,
    clientSecretKey: keys.clientSecretKey,
    directory,
    submit: (shard, request) => host.submit(shard, request),
    answerDeadlineMs: config.limits.answerWithinMs,
    exposeGatewayTime: config.mode === "sandbox",
    cursorKey: keys.derive(KEY_PURPOSES.cursors),
    replyCache: cache,
    edgeRequestsPerSecond: config.edgeRequestsPerSecond,
    webhooks: { readers, deliver: (notices, done) => noticeDesk.deliver(notices, done) },
    documents: await loadDocuments(config.sandboxTokens),
    clock: systemClock,
    random: systemRandom(),
    log,
    metrics: routerSeries,
  });
  const admin = await startAdminListener({
    ...config.admin,
    livez: () => true,
    readyz: () => readiness(host, shards.length),
    metrics: async () => await mergeMetrics([await routerSeries.values(), ...(await host.metrics())]),
  });
  directory.keepFresh((merchants) => host.setMerchants(merchants));
  const beat = setInterval(() => {
    // A failed heartbeat demotes nothing: only the shard lease does (design §5).
    control.heartbeat({ name: node, address: admin.url, process: nameOfThisProcess() }).catch(() => undefined);
  }, HEARTBEAT_EVERY_MS);

  const door = http;
  onShutdown(log, async () => {
    await door.drain(DRAIN_WITHIN_MS);
    await host.drain(DRAIN_WITHIN_MS);
    clearInterval(beat);
    directory.stop();
    admin.close();
    cache?.close();
    await control.close();
  });

  const served = await waitUntilServed(host, shards.length);
  if (!served) log.error({ node }, "not every shard is served; the node goes on trying");
  process.send?.({ kind: "ready", apiUrl: door.url, adminUrl: admin.url });
  log.info({ node, apiUrl: door.url, adminUrl: admin.url, shards: shards.length }, "node is ready");
}

/** Ready: every shard that this node was given has just passed a commit of its own. */
async function readiness(host: ShardHost, shardCount: number): Promise<Readiness> {
  const shards = await host.probe();
  const ready = shards.length === shardCount && shards.every(({ committed }) => committed);
  return { ready, detail: { shards } };
}

/** Waiting longer would not change these. */
const DECIDED: ReadonlySet<string> = new Set(["serving", "fenced", "failed"]);

async function waitUntilServed(host: ShardHost, shardCount: number): Promise<boolean> {
  const endAtMs = systemClock.monotonicMs() + SERVE_WITHIN_MS;
  while (systemClock.monotonicMs() < endAtMs) {
    const snapshots = await host.snapshots();
    if (snapshots.length === shardCount && snapshots.every(({ mode }) => DECIDED.has(mode))) return true;
    await new Promise((resolve) => systemClock.after(50, () => resolve(undefined)));
  }
  return false;
}

const config = loadConfig();
const log = createLog({ node: config.node.id });
try {
  await run(config, log);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  log.error({ reason: message }, "the node could not start");
  process.send?.({ kind: "fatal", message });
  process.exit(1);
}
