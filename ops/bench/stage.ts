/** A cluster under measurement with everything beside it: the yardsticks, and the audit of all its runs. */
import { Auditor } from "./audit.ts";
import type { ClusterTarget } from "./cluster.ts";
import type { GroupRoot } from "./cpu.ts";
import { measure } from "./measure.ts";
import type { Measurement, MeasureTerms } from "./measure.ts";
import { UNIFORM } from "./merchant-pick.ts";
import { STANDARD_MIX } from "./mix.ts";
import { startNaive } from "./naive-target.ts";
import type { BenchOptions } from "./options.ts";
import { PgbenchYardstick } from "./pgbench.ts";
import type { Pgbench, PgbenchRound } from "./pgbench.ts";
import type { Plan, Window } from "./plan.ts";
import type { Profile } from "./profiles.ts";
import type { BenchRedis } from "./redis.ts";
import type { Target } from "./target.ts";

/** The naive service is kept busy by so many clients, ten for each of its connections to the database. */
const NAIVE_CONNECTIONS = 200;
/** More than it can do by far: what is due and not sent is dropped. */
const NAIVE_RATE = 3000;
const PAYMENT_METHOD = "tok_visa";
/** Shorter windows have no room for a checkpoint. */
const CHECKPOINT_FROM_S = 30;

export interface BenchContext {
  readonly root: string;
  readonly dataDir: string;
  readonly options: BenchOptions;
  readonly profile: Profile;
  readonly plan: Plan;
  /** Undefined: cannot be had, or not asked for. */
  readonly pgbench: Pgbench | undefined;
  /** Null: the clusters have none, unless they are compared with and without. */
  readonly redis: BenchRedis | null;
  readonly startedMs: number;
  readonly say: (line: string) => void;
  /** What must be stopped however the command ends. */
  readonly stops: Set<() => Promise<void>>;
}

/** What a run of the cluster is: everything else follows from the profile. */
export interface ClusterRun extends Window {
  readonly rate: number;
  /** As in MeasureTerms. */
  readonly capacityConnections?: number;
  readonly profileDir?: string | null;
}

export class Stage {
  readonly runs: Measurement[] = [];
  readonly naiveRuns: Measurement[] = [];
  readonly pgbenchRounds: PgbenchRound[] = [];
  readonly #context: BenchContext;
  readonly #cluster: ClusterTarget;
  readonly #beside: readonly GroupRoot[];
  readonly #auditor = new Auditor();
  #naive: readonly Target[] = [];
  #yardstick: PgbenchYardstick | undefined;

  /** `beside`: what idles on the machine meanwhile and is not foreign. */
  constructor(context: BenchContext, cluster: ClusterTarget, beside: readonly GroupRoot[] = []) {
    this.#context = context;
    this.#cluster = cluster;
    this.#beside = beside;
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
    for (const naive of this.#naive)
      this.naiveRuns.push(
        await this.#measure(naive, {
          ...plan.naive,
          rate: NAIVE_RATE,
          checkpoint: false,
          capacityConnections: NAIVE_CONNECTIONS,
          paymentMethod: PAYMENT_METHOD,
          mix: STANDARD_MIX,
          spread: UNIFORM,
          notices: null,
          beside: [],
          profileDir: null,
        }),
      );
  }

  /** Measures the cluster. */
  async cluster({ rate, warmupS, measureS, capacityConnections, profileDir }: ClusterRun): Promise<Measurement> {
    const { mix, spread } = this.#context.profile;
    const measured = await this.#measure(this.#cluster, {
      rate,
      warmupS,
      measureS,
      checkpoint: measureS >= CHECKPOINT_FROM_S,
      capacityConnections: capacityConnections ?? null,
      paymentMethod: PAYMENT_METHOD,
      mix,
      spread,
      notices: this.#context.options.notices,
      beside: this.#beside,
      profileDir: profileDir ?? null,
    });
    this.runs.push(measured);
    return measured;
  }

  async #measure(target: Target, terms: MeasureTerms): Promise<Measurement> {
    const measured = await measure(target, this.#auditor, terms);
    this.#context.say(lineOf(measured));
    for (const sample of [...measured.load.samples, ...(measured.load.notices?.samples ?? [])])
      this.#context.say(`  wrong answer: ${sample}`);
    return measured;
  }
}

function lineOf({ target, terms, load, verdict, foreignCores }: Measurement): string {
  const isOpenLoop = terms.capacityConnections === null;
  const { reads, notices } = load;
  const verdicts = [...(isOpenLoop ? verdict.against : []), ...verdict.voidFor.map((why) => `void: ${why}`)].join("; ");
  const parts = [
    ...(isOpenLoop ? [`${terms.rate}/s offered`] : []),
    `${load.achieved.toFixed(0)}/s achieved`,
    ...(isOpenLoop ? [`P99 net ${(load.net.p99Us / 1000).toFixed(0)} ms`] : []),
    ...(reads === null
      ? []
      : [`${reads.achieved.toFixed(0)} reads/s, their P99 ${(reads.latency.p99Us / 1000).toFixed(0)} ms`]),
    ...(notices === null
      ? []
      : [`${notices.achieved.toFixed(0)} notices/s, their P99 ${(notices.latency.p99Us / 1000).toFixed(0)} ms`]),
    `foreign ${foreignCores.toFixed(2)}`,
  ];
  return `${target}: ${parts.join(", ")}${verdicts === "" ? "" : ` - ${verdicts}`}`;
}
