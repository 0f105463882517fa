/** One cluster measured: the floor rate, the search for the largest that holds, with the yardsticks in between. */
import { join } from "node:path";
import { Auditor } from "./audit.ts";
import { startCluster } from "./cluster.ts";
import type { ClusterTarget } from "./cluster.ts";
import { readServerSettings } from "./machine.ts";
import { measure } from "./measure.ts";
import type { Measurement, MeasureTerms } from "./measure.ts";
import { startNaive } from "./naive-target.ts";
import type { BenchOptions } from "./options.ts";
import { PgbenchYardstick } from "./pgbench.ts";
import type { Pgbench, PgbenchRound } from "./pgbench.ts";
import { FLOOR_RATE } from "./plan.ts";
import type { Plan } from "./plan.ts";
import type { ClusterReport } from "./report.ts";
import { searchRate } from "./step-search.ts";
import type { Target } from "./target.ts";

/** The naive service is kept busy by so many clients, ten for each of its connections to the database. */
const NAIVE_CONNECTIONS = 200;
/** More than it can do by far: what is due and not sent is dropped. */
const NAIVE_RATE = 3000;
const PAYMENT_METHOD = "tok_visa";

export interface BenchContext {
  readonly root: string;
  readonly dataDir: string;
  readonly options: BenchOptions;
  readonly plan: Plan;
  /** Undefined: cannot be had, or not asked for. */
  readonly pgbench: Pgbench | undefined;
  readonly startedMs: number;
  readonly say: (line: string) => void;
  /** What must be stopped however the command ends. */
  readonly stops: Set<() => Promise<void>>;
}

/** A cluster under measurement with everything beside it. */
class Stage {
  readonly runs: Measurement[] = [];
  readonly naiveRuns: Measurement[] = [];
  readonly pgbenchRounds: PgbenchRound[] = [];
  readonly #context: BenchContext;
  readonly #cluster: ClusterTarget;
  readonly #auditor = new Auditor();
  #naive: readonly Target[] = [];
  #yardstick: PgbenchYardstick | undefined;

  constructor(context: BenchContext, cluster: ClusterTarget) {
    this.#context = context;
    this.#cluster = cluster;
  }

  /** Prepares the yardsticks; fills a database of 750 MB. */
  async prepareYardsticks(dataDir: string): Promise<void> {
    const { pgbench, options, plan, stops } = this.#context;
    if (pgbench !== undefined) {
      this.#yardstick = new PgbenchYardstick(pgbench, this.#cluster.serverDsn);
      await this.#yardstick.prepare();
    }
    if (!options.naive) return;
    for (const careful of plan.careful ? [false, true] : [false]) {
      const naive = await startNaive(this.#cluster, dataDir, careful);
      stops.add(naive.stop);
      this.#naive = [...this.#naive, naive];
    }
  }

  async endYardsticks(): Promise<void> {
    for (const naive of this.#naive) {
      this.#context.stops.delete(naive.stop);
      await naive.stop();
    }
  }

  /** One round of pgbench and of the naive services. */
  async yardsticks(): Promise<void> {
    const { plan, say } = this.#context;
    if (this.#yardstick !== undefined) {
      const round = await this.#yardstick.round(plan.pgbenchS);
      this.pgbenchRounds.push(round);
      say(`pgbench: ${round.tps.toFixed(0)} tps`);
    }
    for (const naive of this.#naive) {
      const terms = { ...plan.naive, rate: NAIVE_RATE, checkpoint: false, capacityConnections: NAIVE_CONNECTIONS };
      this.naiveRuns.push(await this.#measure(naive, { ...terms, paymentMethod: PAYMENT_METHOD, profileDir: null }));
    }
  }

  /** Measures the cluster at a rate. */
  async cluster(
    terms: Pick<MeasureTerms, "rate" | "warmupS" | "measureS">,
    profileDir: string | null,
  ): Promise<Measurement> {
    const measured = await this.#measure(this.#cluster, {
      ...terms,
      checkpoint: terms.measureS >= 30,
      capacityConnections: null,
      paymentMethod: PAYMENT_METHOD,
      profileDir,
    });
    this.runs.push(measured);
    return measured;
  }

  async #measure(target: Target, terms: MeasureTerms): Promise<Measurement> {
    const measured = await measure(target, this.#auditor, terms);
    this.#context.say(lineOf(measured));
    for (const sample of measured.load.samples) this.#context.say(`  wrong answer: ${sample}`);
    return measured;
  }
}

function lineOf({ target, terms, load, verdict, foreignCores }: Measurement): string {
  const rate = terms.capacityConnections === null ? `${terms.rate}/s offered, ` : "";
  const p99 = terms.capacityConnections === null ? `P99 net ${(load.net.p99Us / 1000).toFixed(0)} ms, ` : "";
  const verdicts = [...verdict.against, ...verdict.voidFor.map((why) => `void: ${why}`)].join("; ");
  return `${target}: ${rate}${load.achieved.toFixed(0)}/s achieved, ${p99}foreign ${foreignCores.toFixed(2)}${verdicts === "" ? "" : ` - ${verdicts}`}`;
}

/** Starts a cluster of `shards` on fresh data and measures what the plan says. Its processes are gone afterwards. */
export async function benchCluster(context: BenchContext, shards: number): Promise<ClusterReport> {
  const { options, plan, root, stops } = context;
  const dataDir = join(context.dataDir, `shards-${shards}`);
  const { merchants, profile, workers, postgresSettings } = options;
  const cluster = await startCluster({ root, dataDir, shards, merchants, profile, workers, postgresSettings });
  stops.add(cluster.stop);
  context.say(`cluster with ${shards} shards is up`);
  const stage = new Stage(context, cluster);
  const heldRate = options.rate === null ? await searchAll(context, stage, dataDir) : await onePoint(options.rate);
  const settings = await readServerSettings(cluster.serverDsn);
  await stage.endYardsticks();
  stops.delete(cluster.stop);
  await cluster.stop();
  return {
    shards,
    workers: cluster.workers,
    settings,
    runs: stage.runs,
    naive: stage.naiveRuns,
    pgbench: context.pgbench === undefined ? null : stage.pgbenchRounds,
    heldRate,
  };

  async function onePoint(rate: number): Promise<number | null> {
    const window = { warmupS: options.warmupS ?? plan.full.warmupS, measureS: options.seconds ?? plan.full.measureS };
    const { verdict } = await stage.cluster({ rate, ...window }, options.cpuProf);
    return verdict.holds ? rate : null;
  }
}

async function searchAll(
  { options, plan, startedMs }: BenchContext,
  stage: Stage,
  dataDir: string,
): Promise<number | null> {
  const full = { warmupS: options.warmupS ?? plan.full.warmupS, measureS: options.seconds ?? plan.full.measureS };
  const late = (): boolean => performance.now() - startedMs > plan.probesUntilS * 1000;
  await stage.prepareYardsticks(dataDir);
  await stage.yardsticks();
  const floor = await stage.cluster({ rate: FLOOR_RATE, ...full }, options.cpuProf);
  let roundsLeft = plan.rounds - 2;
  const heldRate = await searchRate(plan.search, async (rate, length) => {
    if (rate === FLOOR_RATE) return floor.verdict.holds; // measured above, in full
    if (length === "probe") return !late() && (await stage.cluster({ rate, ...plan.probe }, null)).verdict.holds;
    if (roundsLeft-- > 0) await stage.yardsticks();
    return (await stage.cluster({ rate, ...full }, null)).verdict.holds;
  });
  await stage.yardsticks();
  return heldRate;
}
