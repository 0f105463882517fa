/** Prometheus series of a thread's webhooks to merchants. No series names a merchant, an endpoint or a host. */
import prom from "prom-client";
import type { ActorSnapshot, WebhookMeter } from "../actors/index.ts";

const SECONDS = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class WebhookSeries implements WebhookMeter {
  readonly #tries: prom.Counter<"outcome">;
  readonly #seconds: prom.Histogram;
  readonly #gauges: { readonly [G in "waiting" | "inFlight" | "oldest" | "endpoints" | "down"]: prom.Gauge<"shard"> };

  constructor(registry: prom.Registry) {
    const registers = [registry];
    this.#tries = new prom.Counter({
      name: "webhook_tries_total",
      help: "Tries to deliver an event to a merchant's endpoint, by how they ended",
      labelNames: ["outcome"],
      registers,
    });
    this.#seconds = new prom.Histogram({
      name: "webhook_try_seconds",
      help: "One try, from the request to the end of the answer",
      buckets: SECONDS,
      registers,
    });
    const gauge = (name: string, help: string, aggregator: "sum" | "max"): prom.Gauge<"shard"> =>
      new prom.Gauge({ name, help, labelNames: ["shard"], aggregator, registers });
    this.#gauges = {
      waiting: gauge("webhook_deliveries_waiting", "Deliveries that wait in memory: at least so many wait", "sum"),
      inFlight: gauge("webhook_deliveries_in_flight", "Tries under way", "sum"),
      oldest: gauge("webhook_oldest_waiting_seconds", "Age of the oldest event that an endpoint still lacks", "max"),
      endpoints: gauge("webhook_endpoints", "Endpoints that events are sent to", "sum"),
      down: gauge("webhook_endpoints_down", "Endpoints that failed several times in a row", "sum"),
    };
  }

  tried(outcome: string, tookMs: number): void {
    this.#tries.labels(outcome).inc();
    this.#seconds.observe(tookMs / 1_000);
  }

  /** Sets the gauges. */
  show({ shard, webhooks }: Pick<ActorSnapshot, "shard" | "webhooks">): void {
    const of = { shard: String(shard) };
    this.#gauges.waiting.set(of, webhooks.waiting);
    this.#gauges.inFlight.set(of, webhooks.inFlight);
    this.#gauges.oldest.set(of, webhooks.oldestAgeMs / 1_000);
    this.#gauges.endpoints.set(of, webhooks.endpoints);
    this.#gauges.down.set(of, webhooks.down);
  }
}
