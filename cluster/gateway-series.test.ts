import { expect } from "chai";
import { mergeMetrics, ThreadMetrics } from "./metrics.ts";

describe("series of the way to the gateways", () => {
  it("are summed over the threads, and show no breaker that has closed since", async () => {
    const threads = [new ThreadMetrics(), new ThreadMetrics()];
    const open = { gateway: "stripe", account: "a", kind: "sale", state: "open" } as const;
    for (const { gatewayMeter } of threads) {
      gatewayMeter.breakerTurned("stripe", "sale", "open");
      gatewayMeter.queueRefused("adyen");
      gatewayMeter.callWaited("adyen", "charge", 20);
      gatewayMeter.callDropped("adyen", "late");
      gatewayMeter.rateCut("adyen");
      gatewayMeter.retryAsked("stripe", false);
    }
    const queues = [
      { gateway: "adyen" as const, waiting: 3, inFlight: 1 },
      { gateway: "adyen" as const, waiting: 4, inFlight: 0 },
    ];
    const text = async (): Promise<string> =>
      await mergeMetrics(
        await Promise.all(threads.map((thread) => thread.values([], { breakers: [open, open], queues }))),
      );
    await text();
    const lines = (await text()).split("\n");
    for (const line of [
      'gateway_breakers{gateway="stripe",kind="sale",state="open"} 4',
      'gateway_breaker_turns_total{gateway="stripe",kind="sale",state="open"} 2',
      'gateway_calls_waiting{gateway="adyen"} 14',
      'gateway_calls_in_flight{gateway="adyen"} 2',
      'gateway_queue_refusals_total{gateway="adyen"} 2',
      'gateway_call_wait_seconds_count{gateway="adyen",priority="charge"} 2',
      'gateway_calls_dropped_total{gateway="adyen",why="late"} 2',
      'gateway_rate_cuts_total{gateway="adyen"} 2',
      'gateway_retries_total{gateway="stripe",granted="false"} 2',
    ])
      expect(lines).to.include(line);
    const quiet = await mergeMetrics([await (threads[0] as ThreadMetrics).values([], { breakers: [], queues: [] })]);
    expect(quiet).not.to.include("gateway_breakers{");
  });
});
