/** How test files are dealt out to processes. */

/** Runs of mocha, of one process each, and how many go on at once. */
export interface Phase {
  readonly name: string;
  /** Files of a process. */
  readonly jobs: readonly (readonly string[])[];
  readonly atOnce: number;
}

const UNIT_PROCESSES = 2;
/** Two fill two cores; with three, sandboxes met at the same ports. */
const LIVE_PROCESSES = 2;
/** To start a process and read the modules takes two seconds: worth it for the long files only. */
const SHORT_FILES_PER_PROCESS = 5;

/**
 * The phases of a run over `files`: unit tests, then those on real services, of which those that wait longest begin. A
 * filtered run (`isWhole` false) has few tests in many files and takes few processes.
 */
export function planPhases(files: readonly string[], isWhole: boolean): readonly Phase[] {
  const units = files.filter((path) => path.endsWith(".test.ts"));
  const live = files.filter((path) => /\.(it|chaos)\.ts$/.test(path));
  const long = live.filter((path) => path.includes("/chaos/"));
  const short = live.filter((path) => !path.includes("/chaos/"));
  return [
    { name: "unit tests", jobs: deal(units, isWhole ? UNIT_PROCESSES : 1), atOnce: UNIT_PROCESSES },
    {
      name: "tests on real services",
      jobs: isWhole
        ? [...long.map((file) => [file]), ...deal(short, Math.ceil(short.length / SHORT_FILES_PER_PROCESS))]
        : [...deal(long, 1), ...deal(short, 1)],
      atOnce: LIVE_PROCESSES,
    },
  ].filter(({ jobs }) => jobs.length > 0);
}

/** Like cards, so that neighbours in a folder, which are alike, do not all lie in one hand. */
function deal(files: readonly string[], hands: number): readonly (readonly string[])[] {
  return Array.from({ length: hands }, (_, hand) => files.filter((_file, n) => n % hands === hand)).filter(
    (hand) => hand.length > 0,
  );
}

/** Runs `run` for each of `jobs`, `atOnce` beside each other, in their order. */
export async function runJobs<Job, End>(
  jobs: readonly Job[],
  atOnce: number,
  run: (job: Job) => Promise<End>,
): Promise<readonly End[]> {
  const waiting = [...jobs];
  const ends: End[] = [];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) ends.push(await run(job));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return ends;
}
