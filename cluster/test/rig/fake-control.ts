/** The control database's part in membership, in memory and by a hand clock: what several nodes in one test share. */
import type { Clock } from "../../../actors/index.ts";
import type { AssignmentView, ClusterView, Heartbeat, MembershipStore, NodeIdentity } from "../../../storage/index.ts";

interface NodeRow extends Heartbeat {
  readonly draining: boolean;
  readonly startedAtMs: number;
  readonly heartbeatAtMs: number;
}
type Assignment = Omit<AssignmentView, "ageMs"> & { readonly atMs: number; readonly term: bigint };

export class FakeControl {
  readonly #clock: Clock;
  readonly nodes = new Map<string, NodeRow>();
  readonly assignments = new Map<number, Assignment>();
  readonly overrides = new Map<number, string>();
  readonly shards: readonly number[];
  leader = { node: "", process: "", term: 0n, expiresAtMs: Number.NEGATIVE_INFINITY };
  #generation = 0n;
  readonly #listeners = new Set<() => void>();
  /** Every call rejects. */
  isAway = false;
  /** Calls that were answered, in order: `beat n1`, `lead n1`, `assign n1`. */
  readonly calls: string[] = [];
  /** Runs before each `assign` is looked at. */
  beforeAssign = (): void => {};
  /** The answer to `lead` takes this long to come back. */
  leadAnswersAfterMs = 0;

  constructor(clock: Clock, shardCount: number) {
    this.#clock = clock;
    this.shards = Array.from({ length: shardCount }, (_, shard) => shard);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  setDraining(name: string, draining: boolean): void {
    const row = this.nodes.get(name);
    if (row === undefined) throw new Error(name);
    this.nodes.set(name, { ...row, draining });
    this.tell();
  }

  /** `node: shard shard …` for every node that was given some. */
  given(): Readonly<Record<string, readonly number[]>> {
    const given: Record<string, number[]> = {};
    for (const shard of this.shards) {
      const owner = this.assignments.get(shard)?.node;
      if (owner !== undefined) (given[owner] ??= []).push(shard);
    }
    return given;
  }

  /** One node's connection. `isCut`: its calls reject; `awake`: its calls wait for it, as those of a frozen process do. */
  connect(
    isCut: () => boolean = () => false,
    awake: () => Promise<void> = () => Promise.resolve(),
  ): Pick<MembershipStore, "beat" | "lead" | "assign" | "leave" | "onChange"> {
    const now = (): number => this.#clock.monotonicMs();
    const answering = async <T>(call: string, work: () => T): Promise<T> => {
      await awake();
      if (this.isAway || isCut()) throw new Error("the control database is away");
      this.calls.push(call);
      return work();
    };
    return {
      beat: (own) =>
        answering(`beat ${own.name}`, () => {
          const row = this.nodes.get(own.name);
          if (row === undefined || row.process === own.process || own.isFirst) {
            const startedAtMs = row?.process === own.process ? row.startedAtMs : now();
            this.nodes.set(own.name, { ...own, draining: row?.draining ?? false, startedAtMs, heartbeatAtMs: now() });
            if (row?.process !== own.process || row.leaving !== own.leaving) this.tell();
          }
          return this.#view();
        }),
      lead: async (node, ttlMs) => {
        const term = await answering(`lead ${node.name}`, () => this.#lead(node, ttlMs));
        await new Promise<void>((resolve) => {
          if (this.leadAnswersAfterMs === 0) resolve();
          else this.#clock.after(this.leadAnswersAfterMs, resolve);
        });
        return term;
      },
      assign: (node, term, changes) =>
        answering(`assign ${node}`, () => {
          this.beforeAssign();
          const { leader } = this;
          if (leader.node !== node || leader.term !== term || leader.expiresAtMs <= now()) return false;
          for (const change of changes) {
            const process = this.nodes.get(change.node)?.process ?? "";
            const generation = ++this.#generation;
            this.assignments.set(change.shard, { ...change, process, generation, term, atMs: now() });
          }
          this.tell();
          return true;
        }),
      leave: ({ name, process }) =>
        answering(`leave ${name}`, () => {
          const row = this.nodes.get(name);
          if (this.leader.process === process)
            this.leader = { ...this.leader, node: "", process: "", expiresAtMs: Number.NEGATIVE_INFINITY };
          if (row?.process === process) this.nodes.set(name, { ...row, process: "", serving: [] });
          this.tell();
        }),
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }

  #lead({ name, process }: NodeIdentity, ttlMs: number): bigint | null {
    const { leader } = this;
    const nowMs = this.#clock.monotonicMs();
    const isOver = leader.expiresAtMs <= nowMs;
    if (leader.node !== name && !isOver) return null;
    const term = leader.term + (leader.process === process && !isOver ? 0n : 1n);
    this.leader = { node: name, process, term, expiresAtMs: nowMs + ttlMs };
    return term;
  }

  #view(): ClusterView {
    const nowMs = this.#clock.monotonicMs();
    const { node, term, expiresAtMs } = this.leader;
    return {
      nodes: [...this.nodes.values()].map((row) => ({
        ...row,
        ageMs: nowMs - row.heartbeatAtMs,
        upMs: nowMs - row.startedAtMs,
      })),
      assignments: [...this.assignments.values()].map((row) => ({ ...row, ageMs: nowMs - row.atMs })),
      overrides: [...this.overrides].map(([shard, owner]) => ({ shard, node: owner })),
      leader: expiresAtMs > nowMs ? { node, term, leftMs: expiresAtMs - nowMs } : null,
      shards: this.shards.map((id) => ({ id, state: "active" })),
      gatewayStops: [],
      slotMapVersion: 1n,
    };
  }
}
