import { expect } from "chai";
import { describeMissing } from "./capabilities.ts";
import type { TestResult } from "./protocol.ts";
import { judgeStrictly } from "./strict.ts";

const result = (title: string, state: TestResult["state"]): TestResult => ({
  kind: "test",
  title,
  state,
  file: "f.ts",
});

describe("a strict run", () => {
  const cases: readonly (readonly [
    string,
    readonly TestResult[],
    Record<string, string>,
    boolean,
    readonly string[],
  ])[] = [
    ["is content when all tests ran", [result("a", "passed")], {}, true, []],
    ["leaves failures to the runner", [result("a", "failed")], {}, true, []],
    ["refuses a skipped test", [result("a", "pending")], {}, true, ["f.ts: skipped, but not in waiting.json: a"]],
    ["takes a skipped test that is listed", [result("a", "pending")], { a: "Kafka" }, true, []],
    ["refuses a listed test that ran", [result("a", "passed")], { a: "Kafka" }, true, ["ran, but in waiting.json: a"]],
    [
      "refuses a listed test that ran and failed",
      [result("a", "failed")],
      { a: "x" },
      true,
      ["ran, but in waiting.json: a"],
    ],
    ["refuses a title that no test has", [], { a: "Kafka" }, true, ["waiting.json lists no test of ours: a"]],
    ["does not miss tests that a filter left out", [], { a: "Kafka" }, false, []],
  ];
  for (const [name, results, waiting, whole, expected] of cases)
    it(name, () => expect(judgeStrictly(results, waiting, whole)).to.deep.equal(expected));
});

describe("the summary of skipped tests", () => {
  it("counts by what is missing and names the command that brings it", () => {
    expect(describeMissing(["x (needs pgbench)", "y (needs pgbench)", "z (needs luck)", "plain"])).to.deep.equal([
      "2 tests skipped: pgbench is missing; to have it: apt-get install postgresql-contrib",
      "1 test skipped: luck is missing",
      "1 test skipped without a named need",
    ]);
  });
});
