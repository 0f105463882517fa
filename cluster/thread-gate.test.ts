import { expect } from "chai";
import { budgetShare } from "./thread-gate.ts";

describe("a thread's share of a gateway account's budget", () => {
  const cases: ReadonlyArray<
    readonly [
      string,
      readonly [number | null, number | null, number],
      readonly [number | null, number | null] | undefined,
    ]
  > = [
    ["none is configured", [null, null, 4], undefined],
    ["a rate alone", [500, null, 4], [125, null]],
    ["calls at once alone", [null, 10, 4], [null, 2]],
    ["both, in one thread", [25, 8, 1], [25, 8]],
    ["less than one call at once each", [25, 2, 4], [6.25, 1]],
  ];
  for (const [name, [gatewayCallsPerSecond, gatewayCallsInFlight, threads], expected] of cases)
    it(name, () => {
      const share = budgetShare({ gatewayCallsPerSecond, gatewayCallsInFlight }, threads);
      expect(share).to.deep.equal(
        expected === undefined ? undefined : { callsPerSecond: expected[0], callsInFlight: expected[1] },
      );
    });
});
