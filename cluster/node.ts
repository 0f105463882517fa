/** Process entry of a node: router on this thread, actors and gateway adapters in worker threads. */
import { startAdmin } from "./admin/start-admin.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { loadConfig, type NodeConfig } from "./config.ts";
import { KEY_PURPOSES } from "./key-purposes.ts";
import { createLog } from "./log.ts";
import { mergeMetrics } from "./metrics.ts";
import { noticeReaders } from "./notice-readers.ts";
import { NodeDirectory } from "./node-directory.ts";
import { NodePlace } from "./node-place.ts";
import { RouterSeries } from "./router-metrics.ts";
import { onShutdown } from "./shutdown.ts";
import type { Log } from "../actors/index.ts";
import {
  createPresenter,
  type HttpServer,
  loadDocuments,
  loadIdempotencyCache,
  startAdminListener,
  startHttpServer,
} from "../router/index.ts";
import { fileKeyProvider, openControlStore } from "../storage/index.ts";

/** For other nodes to take this one's shards over. */
const LEAVE_WITHIN_MS = 12_000;
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
  const routerSeries = new RouterSeries();
  const presenter = createPresenter();
  let http: HttpServer | undefined;
  const place = new NodePlace({
    config,
    shards: () => directory.shards,
    merchants: () => directory.profiles(),
    slotToShard: (slot) => directory.slotToShard(slot),
    presenter,
    onReplies: (replies) => http?.answer(replies),
    clock: systemClock,
    random: systemRandom(),
    log,
  });
  const readers = noticeReaders(config.gateways, directory);
  await place.open();
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
    issuer: config.issuer,
    audience: AUDIENCE,
    tokenLifeS: TOKEN_LIFE_S,
    clientSecretKey: keys.clientSecretKey,
    directory,
    submit: (shard, request) => place.submit(shard, request),
    answerDeadlineMs: config.limits.answerWithinMs,
    exposeGatewayTime: config.mode === "sandbox",
    cursorKey: keys.derive(KEY_PURPOSES.cursors),
    replyCache: cache,
    edgeRequestsPerSecond: config.edgeRequestsPerSecond,
    webhooks: { readers, deliver: (notices, done) => place.deliver(notices, done) },
    documents: await loadDocuments(config.sandboxTokens),
    clock: systemClock,
    random: systemRandom(),
    log,
    metrics: routerSeries,
  });
  const admin = await startAdminListener({
    ...config.admin,
    livez: () => true,
    readyz: () => place.readiness(),
    metrics: async () => await mergeMetrics([await routerSeries.values(), ...(await place.host.metrics())]),
  });
  const operators = await startAdmin({
    host: config.admin.host,
    port: config.admin.grpcPort ?? 0,
    node,
    controlDsn: config.control.dsn,
    keys,
    view: () => place.look(),
    snapshots: () => place.host.snapshots(),
    inspect: (shard) => place.host.inspect(shard),
    dsnOf: (shard) => directory.shards.find(({ id }) => id === shard)?.dsn,
    setDraining: (name, draining, by) => place.setDraining(name, draining, by),
    setGatewayStop: (stop, isStopped, by) => place.setGatewayStop(stop, isStopped, by),
    gatewayAccounts: () => directory.gatewayAccounts(),
    breakers: () => place.host.breakers(),
    checkNow: (shard, id, withinMs) => place.host.checkNow(shard, id, withinMs),
    trace: (entry) => place.trace(entry),
    merchantSlot: (id) => directory.merchant(id)?.slot,
    shardOfSlot: (slot) => directory.slotToShard(slot),
    addressOf: (name) => place.adminAddressOf(name),
    clock: systemClock,
    log,
  });
  directory.keepFresh((merchants) => place.host.setMerchants(merchants));
  await place.join({ apiUrl: http.url, adminAddress: operators.address });

  const door = http;
  onShutdown(log, async () => {
    await place.leave(LEAVE_WITHIN_MS);
    await door.drain(DRAIN_WITHIN_MS);
    await place.close(DRAIN_WITHIN_MS);
    directory.stop();
    await operators.close();
    admin.close();
    cache?.close();
    await control.close();
  });

  const served = await place.served(SERVE_WITHIN_MS);
  if (!served) log.error({ node }, "not every shard is served; the node goes on trying");
  process.send?.({
    kind: "ready",
    apiUrl: door.url,
    adminUrl: admin.url,
    adminGrpcAddress: operators.address,
  });
  log.info({ node, apiUrl: door.url, adminUrl: admin.url, shards: place.host.serving }, "node is ready");
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
