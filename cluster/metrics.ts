/**
 * Prometheus series of one thread, and their sum over the node. prom-client has no registry for worker threads: each
 * thread gives its values as JSON and the main thread merges them. No series has a payment or a merchant as label.
 */
import prom from "prom-client";
import type { ActorSnapshot, GatewayMeter, GateSnapshot, ShardMeter, WebhookMeter } from "../actors/index.ts";
import { GatewaySeries } from "./gateway-series.ts";
import { WebhookSeries } from "./webhook-series.ts";

export type MetricValues = Awaited<ReturnType<prom.Registry["getMetricsAsJSON"]>>;

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The series that one thread's actors write. */
export class ThreadMetrics {
  readonly #registry = new prom.Registry();
  readonly #commits = new prom.Counter({
    name: "shard_commits_total",
    help: "Commits by how they ended",
    labelNames: ["shard", "outcome"],
    registers: [this.#registry],
  });
  readonly #batchRows = new prom.Histogram({
    name: "shard_commit_batch_rows",
    help: "Journal rows in one commit",
    labelNames: ["shard"],
    buckets: ROWS,
    registers: [this.#registry],
  });
  readonly #commitSeconds = new prom.Histogram({
    name: "shard_commit_seconds",
    help: "From the first byte of a commit to its acknowledgement",
    labelNames: ["shard"],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #gatewaySeconds = new prom.Histogram({
    name: "gateway_latency_seconds",
    help: "One gateway call, the gateway's own time",
    labelNames: ["gateway", "action", "observed"],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #outcomes = new prom.Counter({
    name: "payment_outcomes_total",
    help: "Payments by the status in which their operation ended",
    labelNames: ["gateway", "currency", "status"],
    registers: [this.#registry],
  });
  readonly #operations = new prom.Counter({
    name: "gateway_operations_total",
    help: "Captures, voids and refunds by how they ended",
    labelNames: ["gateway", "kind", "state"],
    registers: [this.#registry],
  });
  readonly #refusals = new prom.Counter({
    name: "shard_refusals_total",
    help: "Requests that a shard refused, by code",
    labelNames: ["code"],
    registers: [this.#registry],
  });
  readonly #gauges = {
    mailboxDepth: this.#gauge("shard_mailbox_depth", "Requests and outcomes that wait for a commit", "sum"),
    openOperations: this.#gauge("shard_open_operations", "Operations that may still move money", "sum"),
    inDoubt: this.#gauge("shard_operations_in_doubt", "Operations whose fate at the gateway is unknown", "sum"),
    oldestDoubtSeconds: this.#gauge("shard_oldest_doubt_seconds", "Age of the oldest operation in doubt", "max"),
    serving: this.#gauge("shard_serving", "1 while the actor serves its shard", "sum"),
    epoch: this.#gauge("shard_epoch", "Fencing number of the shard's ownership", "max"),
  };

  readonly #gateways = new GatewaySeries(this.#registry);
  readonly #webhooks = new WebhookSeries(this.#registry);

  /** The meter of the thread's way to the gateways. */
  get gatewayMeter(): GatewayMeter {
    return this.#gateways;
  }
  /** The meter of the thread's webhooks to merchants. */
  get webhookMeter(): WebhookMeter {
    return this.#webhooks;
  }

  #gauge(name: string, help: string, aggregator: "sum" | "max"): prom.Gauge {
    return new prom.Gauge({ name, help, labelNames: ["shard"], aggregator, registers: [this.#registry] });
  }

  /** The meter of one shard. Label sets are resolved once: looking them up per event would show in a profile. */
  meterOf(shard: number): ShardMeter {
    const rows = this.#batchRows.labels(String(shard));
    const seconds = this.#commitSeconds.labels(String(shard));
    const counters = new Map<string, prom.Counter.Internal>();
    const counter = (of: prom.Counter, ...labels: string[]): prom.Counter.Internal => {
      const id = labels.join("|");
      const known = counters.get(id) ?? of.labels(...labels);
      counters.set(id, known);
      return known;
    };
    const histograms = new Map<string, prom.Histogram.Internal<string>>();
    return {
      commit: (count, tookMs, outcome) => {
        counter(this.#commits, String(shard), outcome).inc();
        rows.observe(count);
        seconds.observe(tookMs / 1_000);
      },
      gatewayAnswered: (gateway, action, observed, tookMs) => {
        const id = `${gateway}|${action}|${observed}`;
        const known = histograms.get(id) ?? this.#gatewaySeconds.labels(gateway, action, observed);
        histograms.set(id, known);
        known.observe(tookMs / 1_000);
      },
      paymentEnded: (gateway, currency, status) => counter(this.#outcomes, gateway, currency, status).inc(),
      operationEnded: (gateway, kind, state) => counter(this.#operations, gateway, kind, state).inc(),
      refused: (code) => counter(this.#refusals, code).inc(),
    };
  }

  /** The values now, with the gauges set from `snapshots` and `gate`. */
  async values(snapshots: readonly ActorSnapshot[], gate: GateSnapshot | undefined): Promise<MetricValues> {
    if (gate !== undefined) this.#gateways.show(gate);
    for (const snapshot of snapshots) {
      const shard = String(snapshot.shard);
      this.#gauges.mailboxDepth.set({ shard }, snapshot.mailboxDepth);
      this.#gauges.openOperations.set({ shard }, snapshot.openOperations);
      this.#gauges.inDoubt.set({ shard }, snapshot.inDoubt);
      this.#gauges.oldestDoubtSeconds.set({ shard }, snapshot.oldestDoubtAgeMs / 1_000);
      this.#gauges.serving.set({ shard }, snapshot.mode === "serving" ? 1 : 0);
      this.#gauges.epoch.set({ shard }, Number(snapshot.epoch ?? 0));
      this.#webhooks.show(snapshot);
    }
    return await this.#registry.getMetricsAsJSON();
  }
}

/** The values of all threads as one Prometheus text. */
export async function mergeMetrics(values: readonly MetricValues[]): Promise<string> {
  return await prom.AggregatorRegistry.aggregate([...values]).metrics();
}
