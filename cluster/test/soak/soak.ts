/**
 * Chaos soak: payments at both gateways while everything around them fails in turn, then peace. Within 120 s of it nothing
 * is pending but what was planted, and charge logs, ledger and API agree to the minor unit (faults.md §2, §3, §6).
 */
import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { broken, verify, type VerifyReport } from "../../../ops/verify/verify.ts";
import { checkInvariants, readOperations, readPayments, withShards } from "../../../storage/index.ts";
import { paymentNameOf } from "../../../storage/index.ts";
import { Cluster } from "../rig/cluster.ts";
import { inParallel } from "../rig/in-parallel.ts";
import { limitRate, Merchant } from "../rig/merchant.ts";
import { backlogOf } from "../rig/simulators.ts";
import { diagnose, listParked } from "./diagnosis.ts";
import { Faults } from "./faults.ts";
import { OwnRedis } from "./own-redis.ts";
import { planSoak, type SoakPlan, type SoakTerms } from "./plan.ts";
import { Purchases } from "./purchases.ts";
import { Shop } from "./shop.ts";

export interface SoakOptions extends Omit<SoakTerms, "merchants"> {
  /** Purchases that are begun at once. */
  readonly hands: number;
  readonly withRedis: boolean;
  /** Where the logs of a run that failed are copied to; null: nowhere. */
  readonly keepIn: string | null;
}

export interface SoakVerdict {
  readonly passed: boolean;
  /** One line. */
  readonly line: string;
  /** Everything that should not be. */
  readonly faults: readonly string[];
}

const MERCHANTS = 3;
const RATE_LIMIT = 100_000;
const PEACE_WITHIN_MS = 120_000;
/**
 * Some tokens bring their trouble with a call that comes after the heal, and the resolver's ladder has a step of two
 * minutes with its jitter: a payment that had news since is waited for so much longer, counted from that news.
 */
const SINCE_NEWS_MS = 150_000;
const LOOK_EVERY_MS = 1_000;
/** Keys whose answers are asked for once more. */
const REPEATED_MAX = 1_000;
const CHECKERS = 24;
const FAULTS_SHOWN = 20;
const LOG_MAX = 200_000_000;

/** Runs it in a sandbox of its own. `say`: what goes on, line by line. Throws when there could be no soak at all. */
export async function runSoak(options: SoakOptions, say: (line: string) => void): Promise<SoakVerdict> {
  const plan = planSoak({ ...options, merchants: MERCHANTS });
  const redis = options.withRedis ? await OwnRedis.start() : null;
  try {
    const cluster = await Cluster.start(
      "--merchants",
      String(MERCHANTS),
      ...(redis === null ? [] : ["--redis", redis.url]),
    );
    try {
      const verdict = await new Soak(cluster, redis, plan, say).run(options.hands);
      if (!verdict.passed && options.keepIn !== null) keepLogs(cluster.dataDir, options.keepIn);
      return verdict;
    } finally {
      await cluster.dispose();
    }
  } finally {
    await redis?.stop();
  }
}

/** All but the databases. */
const keepLogs = (from: string, to: string): void =>
  cpSync(from, to, {
    recursive: true,
    filter: (path) => !path.startsWith(join(from, "postgres")) && statSync(path).size < LOG_MAX,
  });

class Soak {
  readonly #cluster: Cluster;
  readonly #plan: SoakPlan;
  readonly #faults: Faults;
  readonly #say: (line: string) => void;
  readonly #found: string[] = [];
  #merchants: readonly Merchant[] = [];

  constructor(cluster: Cluster, redis: OwnRedis | null, plan: SoakPlan, say: (line: string) => void) {
    this.#cluster = cluster;
    this.#plan = plan;
    this.#say = say;
    this.#faults = new Faults(cluster, plan, redis, say);
  }

  async run(hands: number): Promise<SoakVerdict> {
    const startMs = performance.now();
    this.#merchants = await Merchant.signInMany(this.#cluster.info, MERCHANTS);
    await limitRate(this.#cluster, this.#merchants, RATE_LIMIT);
    const shop = new Shop(this.#merchants, () => this.#cluster.info.apiUrl);
    const purchases = new Purchases(shop, this.#plan.purchases);
    try {
      const peaceMs = await this.#live(purchases, hands).catch((error: unknown) => this.#fail("the run", error));
      await purchases.stop();
      await this.#judge(shop, purchases).catch((error: unknown) => this.#fail("the look at the end", error));
      if (this.#found.length > 0) for (const line of await listParked(this.#cluster)) this.#say(line);
      for (const line of await diagnose(this.#cluster, this.#plan.purchases, this.#found)) this.#say(line);
      return this.#verdict(shop, purchases, startMs, peaceMs ?? Number.NaN);
    } finally {
      await purchases.stop();
      await shop.close();
      await Promise.all(this.#merchants.map((merchant) => merchant.close()));
    }
  }

  /** The stated phase of faults, and peace. How long that took, milliseconds. */
  async #live(purchases: Purchases, hands: number): Promise<number> {
    await this.#faults.begin();
    await purchases.begin(hands, this.#faults);
    await this.#faults.heal();
    this.#say(`healed; ${purchases.openCount} of ${purchases.begun} purchases have no end yet`);
    const healedMs = performance.now();
    for (let why = "it was not looked yet"; ; await sleep(LOOK_EVERY_MS)) {
      const tookMs = performance.now() - healedMs;
      const isLate = tookMs > PEACE_WITHIN_MS && (tookMs > 2 * PEACE_WITHIN_MS || !(await this.#hasNews()));
      if (isLate) throw new Error(`no peace within ${PEACE_WITHIN_MS / 1_000} s: ${why}`);
      why = await this.#unrest(purchases);
      if (why === "") return tookMs;
    }
  }

  /** What still goes on; nothing: "". */
  async #unrest(purchases: Purchases): Promise<string> {
    if (purchases.openCount > 0) return `${purchases.openCount} purchases have no end`;
    const backlog = await backlogOf(this.#cluster).catch(() => Number.NaN);
    if (backlog !== 0) return `${backlog} notifications are on their way`;
    const found = await withShards(this.#dsns, (ask) =>
      checkInvariants(ask, { graceMs: 0, silent: [] }, [
        "I5 a payment is still pending",
        "I5 an operation is still open",
        "I10 a late success was not given back",
        "H6 a notice waits longer than it may",
      ]),
    );
    return found
      .flatMap((one) => (one.found === 0 ? [] : [`${one.name}: ${one.found}, as ${one.offenders[0]}`]))
      .join("; ");
  }

  /** Whatever is still open was told something new not long ago. */
  async #hasNews(): Promise<boolean> {
    const rows = await this.#cluster.query(
      `SELECT FROM operation o JOIN payment_current p ON p.id = o.payment_id WHERE o.state IN ('submitted', 'unknown')
          AND p.updated_at < now() - $1 * interval '1 ms' AND NOT EXISTS (
                SELECT FROM discrepancy d WHERE d.payment_id = p.id AND d.state = 'open')`,
      [SINCE_NEWS_MS],
    );
    return rows.length === 0;
  }

  get #dsns(): readonly string[] {
    return this.#cluster.info.postgres.shards.map(({ ownerDsn }) => ownerDsn);
  }

  async #judge(shop: Shop, purchases: Purchases): Promise<void> {
    const calls = this.#plan.purchases.flatMap((planned) =>
      Purchases.callsOf(planned).map((call) => ({ call, merchant: planned.merchant })),
    );
    const step = Math.ceil(calls.length / REPEATED_MAX);
    const limit = AbortSignal.timeout(PEACE_WITHIN_MS);
    await inParallel(
      calls.filter((_, n) => n % step === 0),
      CHECKERS,
      async ({ call, merchant }) => void (await shop.repeat(merchant, call, limit)),
    );
    this.#found.push(...shop.faults, ...purchases.failures);
    await this.#judgePayments(shop, purchases);
    const report = await this.#verify();
    for (const { name, found, offenders } of broken(report))
      this.#found.push(`${name}: ${found}, as ${offenders.join("; ")}`);
    for (const { name, found, isNote } of report.verdicts) if (isNote) this.#say(`${name}: ${found}`);
    const { counted } = report;
    this.#say(
      `${counted.payments} payments, ${counted.operations} operations, ${counted.charges} charges, ${counted.hashes} hashes`,
    );
  }

  #verify(): Promise<VerifyReport> {
    const { gateways, apiUrl, merchants } = this.#cluster.info;
    const chargeLogs = [gateways.stripe.chargeLog, gateways.adyen.chargeLog];
    const site = { dsns: this.#dsns, chargeLogs, api: { url: apiUrl, merchants } };
    return verify(site, { graceMs: 0, silent: [], chains: "all" });
  }

  /** Nothing acknowledged was lost, and only what was planted waits for people. */
  async #judgePayments(shop: Shop, purchases: Purchases): Promise<void> {
    const [payments, operations] = await withShards(this.#dsns, async (ask) => [
      await readPayments(ask),
      await readOperations(ask),
    ]);
    const versions = new Map(payments.map(({ id, version }) => [paymentNameOf(id), version]));
    for (const [id, version] of shop.acknowledged)
      if ((versions.get(id) ?? 0) < version) this.#found.push(`I4 ${id} was acknowledged as version ${version}`);
    const reviewed = new Set(operations.filter((row) => row.in_review).map((row) => paymentNameOf(row.payment_id)));
    const planted = new Set(purchases.planted);
    for (const id of planted) if (!reviewed.has(id)) this.#found.push(`G6 ${id} was planted and is not in review`);
    for (const id of reviewed) if (!planted.has(id)) this.#found.push(`G6 ${id} is in review and was not planted`);
  }

  #fail(what: string, error: unknown): undefined {
    this.#found.push(`${what}: ${(error as Error).message}`);
  }

  #verdict(shop: Shop, purchases: Purchases, startMs: number, peaceMs: number): SoakVerdict {
    const passed = this.#found.length === 0;
    const faults = this.#faults;
    const said = {
      seed: this.#plan.seed,
      payments: purchases.ended,
      kills: faults.count("killNode"),
      storage: faults.count("killPostgres", "killBackend", "endSessions"),
      faults: [...faults.counts.values()].reduce((sum, n) => sum + n, 0),
      resets: shop.resets,
      planted: purchases.planted.length,
      peace_s: (peaceMs / 1_000).toFixed(1),
      took_s: ((performance.now() - startMs) / 1_000).toFixed(0),
    };
    const line = ["chaos", ...Object.entries(said).map(([name, value]) => `${name}=${value}`), passed ? "PASS" : "FAIL"]
      .concat(passed ? [] : [String(this.#found[0])])
      .join(" ");
    this.#say(
      [...shop.statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, n]) => `${status}: ${n}`)
        .join(", "),
    );
    return { passed, line, faults: this.#found.slice(0, FAULTS_SHOWN) };
  }
}
