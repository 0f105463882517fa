/** The router's series, on the main thread. */
import prom from "prom-client";
import type { GatewayName } from "../actors/domain/index.ts";
import type { IdempotencyCacheMetrics, NoticeResult, RouterMetrics } from "../router/index.ts";
import type { MetricValues } from "./metrics.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export class RouterSeries implements RouterMetrics {
  readonly #registry = new prom.Registry();
  readonly #seconds = new prom.Histogram({
    name: "http_request_seconds",
    help: "From a request's headers to its answer",
    labelNames: ["route", "status"],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #dropped = new prom.Counter({
    name: "http_requests_dropped_total",
    help: "Requests that got no answer",
    labelNames: ["route", "reason"],
    registers: [this.#registry],
  });
  readonly #notices = new prom.Counter({
    name: "webhook_notices_total",
    help: "Notices of gateways by what became of them at the door",
    labelNames: ["gateway", "result"],
    registers: [this.#registry],
  });
  readonly #noticeSeconds = new prom.Histogram({
    name: "webhook_ack_seconds",
    help: "From the headers of a gateway's delivery to its acknowledgement",
    labelNames: ["gateway"],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #looks = new prom.Counter({
    name: "reply_cache_looks_total",
    help: "Looks for a finished reply by how they ended",
    labelNames: ["outcome"],
    registers: [this.#registry],
  });
  readonly #keeps = new prom.Counter({
    name: "reply_cache_keeps_total",
    help: "Finished replies by whether they were kept",
    labelNames: ["outcome"],
    registers: [this.#registry],
  });
  readonly #breaker = new prom.Gauge({
    name: "reply_cache_breaker_open",
    help: "1 while the reply cache is not asked",
    aggregator: "max",
    registers: [this.#registry],
  });
  /** What the reply cache counts. */
  readonly cache: IdempotencyCacheMetrics = {
    looked: (outcome, count) => this.#looks.inc({ outcome }, count),
    kept: (outcome, count) => this.#keeps.inc({ outcome }, count),
    breakerChanged: (state) => this.#breaker.set(state === "closed" ? 0 : 1),
  };
  readonly #known = new Map<string, prom.Histogram.Internal<string>>();

  constructor() {
    prom.collectDefaultMetrics({ register: this.#registry });
  }

  requestEnded(route: string, status: number, tookMs: number): void {
    const id = `${route} ${status}`;
    const series = this.#known.get(id) ?? this.#seconds.labels(route, String(status));
    this.#known.set(id, series);
    series.observe(tookMs / 1_000);
  }
  requestDropped(route: string, reason: "aborted" | "deadline" | "uncertain"): void {
    this.#dropped.labels(route, reason).inc();
  }
  noticesEnded(gateway: GatewayName, result: NoticeResult, count: number): void {
    this.#notices.labels(gateway, result).inc(count);
  }
  noticeAcknowledged(gateway: GatewayName, tookMs: number): void {
    this.#noticeSeconds.labels(gateway).observe(tookMs / 1_000);
  }
  async values(): Promise<MetricValues> {
    return await this.#registry.getMetricsAsJSON();
  }
}
