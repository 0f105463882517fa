/** Does to a running cluster what a plan says, one thing after the other, and makes all of it good in the end. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedGateway } from "../../../ops/sandbox/gateways/tokens.ts";
import { type Cluster, isReady, queryOne, until } from "../rig/cluster.ts";
import { order } from "../rig/simulators.ts";
import type { OwnRedis } from "./own-redis.ts";
import { describeFault, type PlannedFault, type SoakPlan } from "./plan.ts";

const ORDER_WITHIN_MS = 15_000;
const BACK_WITHIN_MS = 60_000;
const SESSIONS_EVERY_MS = 200;
const GATEWAYS: readonly SimulatedGateway[] = ["stripe", "adyen"];
/** What the control API calls each. */
const SECONDS_OF = {
  dark: "darkSeconds",
  refuse: "refuseSeconds",
  status500: "status500Seconds",
  rateLimit: "rateLimitSeconds",
  readsDown: "readsDownSeconds",
  notFound: "notFoundSeconds",
} as const;
const NO_WEBHOOK_FAULTS = { mute: false, duplicate: 1, reorder: false, delayMs: 0, batch: 1 } as const;
const SOUND = {
  ...NO_WEBHOOK_FAULTS,
  latencyMs: 0,
  ...Object.fromEntries(Object.values(SECONDS_OF).map((name) => [name, 0])),
};

export class Faults {
  readonly #cluster: Cluster;
  readonly #redis: OwnRedis | null;
  readonly #say: (line: string) => void;
  readonly #begunAtMs = performance.now();
  #left: SoakPlan["faults"];
  #muteCount: number;
  #running: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  readonly counts = new Map<PlannedFault["kind"], number>();

  constructor(cluster: Cluster, plan: SoakPlan, redis: OwnRedis | null, say: (line: string) => void) {
    this.#cluster = cluster;
    this.#redis = redis;
    this.#say = say;
    this.#left = plan.faults;
    this.#muteCount = plan.muteCount;
  }

  /** Before the first purchase. */
  async begin(): Promise<void> {
    if (this.#muteCount > 0) await this.#tellBoth({ mute: true });
  }

  /**
   * Purchase number `index` is about to begin: what the plan has for it begins too. Waits for the end of what went on
   * before, so that the same faults come in the same order at the same purchases. Throws what could not be done or did
   * not heal.
   */
  async reach(index: number): Promise<void> {
    if (index === this.#muteCount && index > 0) await this.#tellBoth({ mute: false });
    while (this.#left[0] !== undefined && this.#left[0].at <= index) {
      const [{ fault }, ...rest] = this.#left as [SoakPlan["faults"][number]];
      this.#left = rest;
      const before = this.#running;
      this.#running = before
        .then(() => this.#do(fault))
        .catch((error: unknown) => void (this.#failure ??= error as Error));
      await before;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends everything that still goes wrong. Throws when something did not heal. */
  async heal(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#tellBoth(SOUND);
    await this.#untilReady();
  }

  count(...kinds: readonly PlannedFault["kind"][]): number {
    return kinds.reduce((sum, kind) => sum + (this.counts.get(kind) ?? 0), 0);
  }

  async #do(fault: PlannedFault): Promise<void> {
    const atS = ((performance.now() - this.#begunAtMs) / 1_000).toFixed(1);
    if (fault.kind === "killRedis" && this.#redis === null) return;
    this.#say(`${atS} s: ${describeFault(fault)}`);
    this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
    switch (fault.kind) {
      case "killNode":
        return await this.#killNode();
      case "killPostgres":
        return await this.#killPostgres();
      case "killBackend":
        process.kill(await this.#backend(), "SIGKILL");
        return await this.#untilReady();
      case "killRedis":
        return await this.#redis?.killAndRestart();
      case "freezeNode":
        return await this.#freezeNode(fault.ms);
      case "endSessions":
        return await this.#endSessions(fault.times);
      case "slow":
        await this.#order(fault.gateway, "mode", { latencyMs: fault.latencyMs });
        await sleep(fault.ms); // how long it lasts
        await this.#order(fault.gateway, "mode", { latencyMs: 0 });
        return;
      case "webhooks": {
        const { duplicate, reorder, delayMs, batch, gateway } = fault;
        await this.#order(gateway, "mode", { duplicate, reorder, delayMs, batch });
        return;
      }
      default:
        await this.#order(fault.gateway, "mode", { [SECONDS_OF[fault.kind]]: fault.ms / 1_000 });
        await sleep(fault.ms); // it ends by itself
    }
  }

  async #killNode(): Promise<void> {
    const pid = this.#cluster.nodePid;
    process.kill(pid, "SIGKILL");
    await until("the node is started again", BACK_WITHIN_MS, async () => this.#cluster.nodePid !== pid);
    await this.#untilReady();
  }

  /** SIGKILL to the first of its processes; the others end when they see it. */
  async #killPostgres(): Promise<void> {
    const [row] = await this.#cluster.query<{ pid: number }>(
      "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int AS pid",
    );
    process.kill(row?.pid as number, "SIGKILL");
    const { ownerDsn } = this.#cluster.info.postgres.control;
    const isBack = (): Promise<boolean> =>
      queryOne<{ pid: number }>(
        ownerDsn,
        "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int AS pid",
      ).then(
        ([now]) => now?.pid !== row?.pid,
        () => false,
      );
    await until("PostgreSQL is started again", BACK_WITHIN_MS, isBack);
    await this.#untilReady();
  }

  async #backend(): Promise<number> {
    const [row] = await this.#cluster.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE usename = 'paycluster_app' AND datname = current_database() LIMIT 1",
    );
    if (row === undefined) throw new Error("no session of the node is left");
    return row.pid;
  }

  async #freezeNode(ms: number): Promise<void> {
    const pid = this.#cluster.nodePid;
    process.kill(pid, "SIGSTOP");
    await sleep(ms); // how long it lasts
    process.kill(pid, "SIGCONT");
  }

  async #endSessions(times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      await this.#cluster.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'paycluster_app' AND datname = current_database()",
      );
      await sleep(SESSIONS_EVERY_MS); // the fault's rhythm
    }
  }

  /** A simulator that has just come back may still cut a connection. */
  async #order(gateway: SimulatedGateway, what: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    let failure = new Error("it was not asked");
    const isDone = (): Promise<boolean> =>
      order(this.#cluster, gateway, what, fields).then(
        () => true,
        (error: Error) => {
          failure = error;
          return false;
        },
      );
    await until(`${gateway} takes an order`, ORDER_WITHIN_MS, isDone).catch(() => {
      throw failure;
    });
  }
  async #tellBoth(fields: Readonly<Record<string, unknown>>): Promise<void> {
    for (const gateway of GATEWAYS) await this.#order(gateway, "mode", fields);
  }
  #untilReady(): Promise<void> {
    return until("every shard commits", BACK_WITHIN_MS, () => isReady(this.#cluster.info));
  }
}
