/** Mocha's spec reporter, which also tells the runner each result. */
import Mocha from "mocha";
import { relative } from "node:path";
import type { TestResult } from "./protocol.ts";

const { EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;

export class RunReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const tell = (state: TestResult["state"]) => (test: Mocha.Runnable) => {
      const file = test.file === undefined ? "" : relative(process.cwd(), test.file);
      process.send?.({ kind: "test", state, title: test.fullTitle(), file } satisfies TestResult);
    };
    runner.on(EVENT_TEST_PASS, tell("passed"));
    runner.on(EVENT_TEST_FAIL, tell("failed"));
    runner.on(EVENT_TEST_PENDING, tell("pending"));
  }
}

export { RunReporter as default }; // mocha looks for a default
