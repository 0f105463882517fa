import { expect } from "chai";
import { readRetryAfterMs } from "./retry-after.ts";

const NOW_MS = Date.UTC(2026, 3, 1, 12, 0, 0);

describe("Retry-After", () => {
  const cases: readonly (readonly [value: string | readonly string[] | undefined, expectedMs: number | null])[] = [
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7_000],
    ["999999999", 999_999_999_000],
    ["Wed, 01 Apr 2026 12:01:00 GMT", 60_000],
    ["Wed, 01 Apr 2026 11:00:00 GMT", 0], // over already
    [undefined, null],
    ["", null],
    ["-5", null],
    ["1.5", null],
    ["1e3", null],
    ["99999999999", null],
    ["soon", null],
    ["2026-04-01T12:01:00Z", null],
    ["Wed, 99 Apr 2026 12:01:00 GMT", null],
    [["5", "6"], null],
  ];
  for (const [value, expectedMs] of cases)
    it(`${JSON.stringify(value)} -> ${expectedMs}`, () => expect(readRetryAfterMs(value, NOW_MS)).to.equal(expectedMs));
});
