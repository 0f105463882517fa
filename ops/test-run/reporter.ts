/**
 * What a run of mocha prints, and what it tells the runner: every result, over IPC. Printed is mocha's spec list, or
 * with the option `quiet` only the failures, so that the record of a red CI run begins with what is red.
 */
import Mocha from "mocha";
import { relative } from "node:path";
import type { TestResult } from "./protocol.ts";

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;
const { Base, Spec } = Mocha.reporters;

export class RunReporter extends Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const tell = (state: TestResult["state"]) => (test: Mocha.Runnable) => {
      const file = test.file === undefined ? "" : relative(process.cwd(), test.file);
      process.send?.({ kind: "test", state, title: test.fullTitle(), file } satisfies TestResult);
    };
    runner.on(EVENT_TEST_PASS, tell("passed"));
    runner.on(EVENT_TEST_FAIL, tell("failed"));
    runner.on(EVENT_TEST_PENDING, tell("pending"));
    const { quiet } = (options.reporterOptions ?? {}) as { quiet?: unknown };
    const printer = quiet === undefined ? new Spec(runner, options) : this;
    if (printer === this) runner.on(EVENT_RUN_END, () => Base.list(this.failures));
  }
}

export { RunReporter as default }; // mocha looks for a default
