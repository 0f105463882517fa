/**
 * `npm test`: brings a PostgreSQL and a Redis, runs the unit tests and then those on real services, counts, and leaves
 * nothing running. `--strict`: a skipped test is a failure unless waiting.json lists it; only failures are printed. Other
 * arguments go to mocha.
 */
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMissing } from "./capabilities.ts";
import { removeShelters } from "../sandbox/index.ts";
import { planPhases, runJobs } from "./jobs.ts";
import { endLeftOversOf } from "./leftovers.ts";
import { describeLongest, type MochaEnd, runMocha } from "./mocha-process.ts";
import { judgeStrictly, type WaitingList } from "./strict.ts";
import { startTestPostgres } from "./test-postgres.ts";
import { bringTestRedis } from "./test-redis.ts";

const RUN_LIMIT_MS = 45 * 60_000;
const ROOMS = "{actors,storage,router,cluster,reconcile,ops}";

const projectDir = join(import.meta.dirname, "../..");
process.chdir(projectDir);
const strict = process.argv.includes("--strict");
const extra = process.argv.slice(2).filter((argument) => argument !== "--strict");

const ending = new AbortController();
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    interrupted = true;
    ending.abort();
  });
const limit = setTimeout(() => {
  console.error(`tests took longer than ${RUN_LIMIT_MS / 60_000} minutes`);
  ending.abort();
}, RUN_LIMIT_MS);

/** Data folders of tests lie below it, so what they leave running is found and ended. */
const tmp = mkdtempSync(join(tmpdir(), "payment-cluster-test-"));
chmodSync(tmp, 0o755); // PostgreSQL's user must look into it
const stack = join(projectDir, ".stack");
const given = process.env["TEST_POSTGRES_URL"];
const server = given === undefined ? await startTestPostgres(stack) : undefined;
const redis = await bringTestRedis({
  given: process.env["REDIS_URL"],
  dockerHost: process.env["DOCKER_HOST"],
  stack,
  folder: tmp,
});
console.log(`Redis: ${"failed" in redis ? `none (${redis.failed})` : redis.from}`);
const environment = {
  ...process.env,
  TMPDIR: tmp,
  TEST_POSTGRES_URL: given ?? server?.ownerUrl,
  ...("url" in redis && { TEST_REDIS_URL: redis.url }),
};

const ends: MochaEnd[] = [];
try {
  const files = globSync(`${ROOMS}/**/*.ts`).sort();
  for (const { name, jobs, atOnce } of planPhases(files, extra.length === 0)) {
    console.log(`\n== ${name}: ${jobs.flat().length} files`);
    const mochaArgs = [...(strict ? ["--forbid-only", "--reporter-option", "quiet"] : []), ...extra];
    ends.push(...(await runJobs(jobs, atOnce, (job) => runMocha([...mochaArgs, ...job], environment, ending.signal))));
  }
} finally {
  clearTimeout(limit);
  if ("url" in redis) await redis.stop();
  await endLeftOversOf(tmp);
  await server?.stop();
  for (const folder of [tmp, stack]) removeShelters(folder);
  rmSync(tmp, { recursive: true, force: true });
}
process.exit(report());

/** Prints the summary; its last line counts. Returns the exit code. */
function report(): number {
  const results = ends.flatMap((end) => end.results);
  const titlesIn = (state: string): readonly string[] =>
    results.filter((result) => result.state === state).map(({ title }) => title);
  const waiting = JSON.parse(readFileSync(join(import.meta.dirname, "waiting.json"), "utf8")) as WaitingList;
  const troubles = [
    ...ends.flatMap(({ crash }) => (crash === null ? [] : [crash])),
    ...(results.length === 0 ? ["no test ran"] : []),
    ...(strict ? judgeStrictly(results, waiting, extra.length === 0) : []),
    ...(ending.signal.aborted ? ["the run was ended before its end"] : []),
  ];
  console.log("");
  if (extra.length === 0) console.log(`took longest: ${describeLongest(ends)}`);
  for (const line of describeMissing(titlesIn("pending"))) console.log(line);
  for (const title of titlesIn("failed")) console.log(`failed: ${title}`);
  for (const trouble of troubles) console.log(`failed: ${trouble}`);
  const failed = titlesIn("failed").length + troubles.length;
  console.log(`${titlesIn("passed").length} passed, ${failed} failed, ${titlesIn("pending").length} skipped`);
  if (interrupted) return 130;
  return failed === 0 ? 0 : 1;
}
