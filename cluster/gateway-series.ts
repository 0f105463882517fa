/** Prometheus series of a thread's way to the gateways. An account may be one merchant's, so no series names it. */
import prom from "prom-client";
import type { GatewayMeter, GateSnapshot } from "../actors/index.ts";

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export class GatewaySeries implements GatewayMeter {
  readonly #registry: prom.Registry;
  readonly #turns: prom.Counter<"gateway" | "kind" | "state">;
  readonly #waits: prom.Histogram<"gateway" | "priority">;
  readonly #dropped: prom.Counter<"gateway" | "why">;
  readonly #refused: prom.Counter<"gateway">;
  readonly #cuts: prom.Counter<"gateway">;
  readonly #retries: prom.Counter<"gateway" | "granted">;
  readonly #breakers: prom.Gauge<"gateway" | "kind" | "state">;
  readonly #waiting: prom.Gauge<"gateway">;
  readonly #inFlight: prom.Gauge<"gateway">;

  constructor(registry: prom.Registry) {
    this.#registry = registry;
    this.#turns = this.#counter(
      "gateway_breaker_turns_total",
      "Changes of circuit breakers, by the state they came to",
      ["gateway", "kind", "state"],
    );
    this.#dropped = this.#counter("gateway_calls_dropped_total", "Calls given back unsent", ["gateway", "why"]);
    this.#refused = this.#counter("gateway_queue_refusals_total", "Requests whose call would have waited too long", [
      "gateway",
    ]);
    this.#cuts = this.#counter("gateway_rate_cuts_total", "Times that a gateway made us call less often", ["gateway"]);
    this.#retries = this.#counter("gateway_retries_total", "Calls to make again, by whether the budget granted it", [
      "gateway",
      "granted",
    ]);
    this.#waits = new prom.Histogram({
      name: "gateway_call_wait_seconds",
      help: "How long calls waited for the budget of their gateway account",
      labelNames: ["gateway", "priority"],
      buckets: SECONDS,
      registers: [registry],
    });
    this.#breakers = this.#gauge("gateway_breakers", "Circuit breakers that are not closed", [
      "gateway",
      "kind",
      "state",
    ]);
    this.#waiting = this.#gauge("gateway_calls_waiting", "Calls that wait for a budget", ["gateway"]);
    this.#inFlight = this.#gauge("gateway_calls_in_flight", "Calls under way within a budget", ["gateway"]);
  }

  breakerTurned(...[gateway, kind, state]: Parameters<GatewayMeter["breakerTurned"]>): void {
    this.#turns.labels(gateway, kind, state).inc();
  }
  queueRefused(gateway: Parameters<GatewayMeter["queueRefused"]>[0]): void {
    this.#refused.labels(gateway).inc();
  }
  callWaited(...[gateway, priority, waitedMs]: Parameters<GatewayMeter["callWaited"]>): void {
    this.#waits.labels(gateway, priority).observe(waitedMs / 1_000);
  }
  callDropped(...[gateway, why]: Parameters<GatewayMeter["callDropped"]>): void {
    this.#dropped.labels(gateway, why).inc();
  }
  rateCut(gateway: Parameters<GatewayMeter["rateCut"]>[0]): void {
    this.#cuts.labels(gateway).inc();
  }
  retryAsked(...[gateway, granted]: Parameters<GatewayMeter["retryAsked"]>): void {
    this.#retries.labels(gateway, String(granted)).inc();
  }

  /** Sets the gauges. */
  show({ breakers, queues }: GateSnapshot): void {
    for (const gauge of [this.#breakers, this.#waiting, this.#inFlight]) gauge.reset();
    for (const { gateway, kind, state } of breakers) this.#breakers.labels(gateway, kind, state).inc();
    for (const { gateway, waiting, inFlight } of queues) {
      this.#waiting.labels(gateway).inc(waiting);
      this.#inFlight.labels(gateway).inc(inFlight);
    }
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): prom.Counter<L> {
    return new prom.Counter({ name, help, labelNames, registers: [this.#registry] });
  }
  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): prom.Gauge<L> {
    return new prom.Gauge({ name, help, labelNames, aggregator: "sum", registers: [this.#registry] });
  }
}
