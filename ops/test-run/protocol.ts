/** What the test process tells the runner, over IPC. */
export interface TestResult {
  readonly kind: "test";
  readonly state: "passed" | "failed" | "pending";
  /** Titles of all suites and of the test, joined by spaces. */
  readonly title: string;
  readonly file: string;
}
