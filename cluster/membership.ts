/**
 * This node among the others. It says every second, and at once after a change, that it lives, and keeps the view that
 * comes back. One node leads and gives shards out. Modes: a follower; a leader, while its lease was renewed less than
 * its life ago; away, while the control database does not answer: the last view stays and nothing is given out, for a
 * failed heartbeat demotes nobody (design §5). Afterwards it must listen for as long as a node may be silent before it
 * calls one dead: all others were away too.
 */
import type { Clock, Log } from "../actors/index.ts";
import type { ClusterView, Heartbeat, MembershipStore } from "../storage/index.ts";
import { candidatesOf, isHeard, shardStandings, type StandingLimits } from "./node-standing.ts";
import { planPlacement } from "./placement.ts";
import { changesNow } from "./placement-changes.ts";

export interface MembershipTimes extends StandingLimits {
  readonly beatEveryMs: number;
  readonly leadTtlMs: number;
  /** Changes that are told within this time are looked at together. */
  readonly changeAfterMs: number;
}
export const MEMBERSHIP_TIMES: MembershipTimes = {
  beatEveryMs: 1_000,
  deadAfterMs: 3_000,
  leadTtlMs: 3_000,
  joinAfterMs: 1_000,
  changeAfterMs: 10,
  // An activation waits for up to 4 s after the last renewal, and loads; later it is the shard that has trouble.
  arriveWithinMs: 15_000,
};

/** Shards that may be on their way between living nodes at a time: each costs its merchants a short wait. */
const MOVES_MAX = 2;

export interface MembershipOptions {
  readonly store: Pick<MembershipStore, "beat" | "lead" | "assign" | "leave" | "onChange">;
  readonly self: Omit<Heartbeat, "leaving" | "serving" | "isFirst">;
  /** Shards that this node serves now. */
  readonly serving: () => readonly number[];
  /** After each heartbeat that was answered, with what `view` is from then on. */
  readonly onView: (view: ClusterView) => void;
  readonly times?: Partial<MembershipTimes>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ShardOwner {
  readonly node: string;
  readonly peerAddress: string;
  readonly generation: bigint;
}
export interface OwnShard {
  readonly shard: number;
  readonly generation: bigint;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #times: MembershipTimes;
  #view: ClusterView | undefined;
  #owners: ReadonlyMap<number, ShardOwner> = new Map();
  #isLeaving = false;
  #isStopped = false;
  #isAway = false;
  #isReplaced = false;
  /** Monotonic: since when every heartbeat was answered, and when the last one was. */
  #listensSinceMs = 0;
  #viewedAtMs = 0;
  #hasMissed = true;
  #term: bigint | null = null;
  #leadSentAtMs = Number.NEGATIVE_INFINITY;
  #plan = { question: "", wanted: new Map<number, string>() as ReadonlyMap<number, string> };
  #running: Promise<void> | undefined;
  #isSoon = false;
  #cancelTimer = (): void => {};
  #unsubscribe = (): void => {};

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#times = { ...MEMBERSHIP_TIMES, ...options.times };
  }

  /** Resolves with the first view there. Rejects when the control database does not answer; nothing goes on then. */
  async start(): Promise<void> {
    await this.#beat();
    this.#unsubscribe = this.#options.store.onChange(() => this.beatSoon());
    this.#schedule(0); // its first turn as a leader; before, nobody knew that it lives
  }

  /** The newest. Throws before `start` has resolved. */
  get view(): ClusterView {
    if (this.#view === undefined) throw new Error("no view of the cluster before the start");
    return this.#view;
  }

  /** Monotonic time at which the newest view came. */
  get viewedAtMs(): number {
    return this.#viewedAtMs;
  }

  /** Leads, and is sure of it. */
  get isLeader(): boolean {
    return this.#term !== null && this.#isLeaseCertain();
  }

  /** Another process bears this node's name: this one is given nothing any more. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** False: it left, or counts as dead. A node that is only silent lives until this one has listened for long enough. */
  isLive(name: string): boolean {
    const node = this.#view?.nodes.find((one) => one.name === name);
    if (node === undefined || node.process === "") return false;
    return isHeard(node, this.#times) || !this.#judges();
  }

  /** Undefined: never given, or to a process that is no more. A dead owner stays the owner until it is replaced. */
  ownerOf(shard: number): ShardOwner | undefined {
    return this.#owners.get(shard);
  }

  /** What the present process of the node was given; of this node: what this process was given. */
  assignedTo(name: string): readonly OwnShard[] {
    const own = this.#options.self;
    if (name === own.name && this.#isReplaced) return [];
    return [...this.#owners]
      .filter(([, { node }]) => node === name)
      .map(([shard, { generation }]) => ({ shard, generation }));
  }

  /** Says that this process is about to end: its shards are moved as those of a draining node, and it gets no others. */
  leaving(): void {
    this.#isLeaving = true;
    this.beatSoon();
  }

  /** The next heartbeat, and with it a view, without waiting for its turn: for whoever knows of a change. */
  beatSoon(): void {
    if (this.#view === undefined || this.#isStopped || this.#isSoon) return;
    this.#isSoon = true;
    if (this.#running === undefined) this.#schedule(this.#times.changeAfterMs);
  }

  /** Gives leadership up and leaves: shards that are still its own go to others at once. Never rejects. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelTimer();
    this.#unsubscribe();
    await this.#running;
    this.#term = null;
    await this.#options.store
      .leave(this.#options.self)
      .catch((error: unknown) => this.#options.log.warn({ reason: String(error) }, "the node left without saying so"));
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#isStopped) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#running = this.#turn();
    });
  }

  /** One at a time; the next one is due a beat after this one's begin, or at once when something changed meanwhile. */
  async #turn(): Promise<void> {
    const { clock, log } = this.#options;
    const beganAtMs = clock.monotonicMs();
    this.#isSoon = false;
    try {
      await this.#beat();
      await this.#lead();
      if (this.#isAway) log.info({}, "the control database answers again");
      this.#isAway = false;
    } catch (error) {
      this.#hasMissed = true; // and so may all others have
      if (!this.#isAway)
        log.warn({ reason: String(error) }, "the control database does not answer: the last view stays");
      this.#isAway = true;
    }
    this.#running = undefined;
    const restMs = Math.max(0, this.#times.beatEveryMs - (clock.monotonicMs() - beganAtMs));
    this.#schedule(this.#isSoon && !this.#isAway ? this.#times.changeAfterMs : restMs);
  }

  async #beat(): Promise<void> {
    const { store, self, serving, onView, clock, log } = this.#options;
    const heartbeat = { ...self, leaving: this.#isLeaving, serving: serving(), isFirst: this.#view === undefined };
    const view = await store.beat(heartbeat);
    const nowMs = clock.monotonicMs();
    if (this.#hasMissed || nowMs - this.#viewedAtMs > this.#times.deadAfterMs) this.#listensSinceMs = nowMs;
    this.#hasMissed = false;
    this.#viewedAtMs = nowMs;
    this.#take(view);
    try {
      onView(view);
    } catch (error) {
      log.error({ reason: String(error) }, "a view of the cluster was not taken");
    }
  }

  #take(view: ClusterView): void {
    const { self, log } = this.#options;
    const nodes = new Map(view.nodes.map((node) => [node.name, node]));
    const isReplaced = nodes.get(self.name)?.process !== self.process;
    if (isReplaced && !this.#isReplaced) log.error({ node: self.name }, "another process has taken this node's name");
    this.#isReplaced = isReplaced;
    this.#view = view;
    this.#owners = new Map(
      view.assignments.flatMap(({ shard, node, process, generation }) => {
        const owner = nodes.get(node);
        if (owner === undefined || owner.process !== process) return [];
        return [[shard, { node, peerAddress: owner.peerAddress, generation }]];
      }),
    );
  }

  /** Takes or renews the lease when it may, and gives shards out over a view that was read under the same term. */
  async #lead(): Promise<void> {
    const { store, self, clock, log } = this.#options;
    const { leader } = this.view;
    if (this.#isReplaced || this.#isStopped || (leader !== null && leader.node !== self.name)) {
      this.#term = null;
      return;
    }
    const sentAtMs = clock.monotonicMs();
    const before = this.#term;
    this.#term = await store.lead(self, this.#times.leadTtlMs);
    if (this.#term === null) return;
    this.#leadSentAtMs = sentAtMs;
    if (this.#term !== before) {
      log.info({ node: self.name, term: this.#term }, "this node leads");
      this.#isSoon = true;
      return;
    }
    const changes = this.#changes();
    if (changes.length === 0 || !this.#isLeaseCertain()) return;
    if (await store.assign(self.name, this.#term, changes)) log.info({ changes }, "shards were given out");
    else this.#term = null;
    this.#isSoon = true;
  }

  #changes(): ReturnType<typeof changesNow> {
    const { view } = this;
    const question = {
      shards: view.shards.map(({ id }) => id),
      nodes: candidatesOf(view, this.#times),
      overrides: view.overrides.map(({ shard, node }) => [shard, node] as const),
    };
    const text = JSON.stringify(question);
    if (this.#plan.question !== text) {
      const wanted = planPlacement({ ...question, overrides: new Map(question.overrides) });
      this.#plan = { question: text, wanted };
    }
    return changesNow(shardStandings(view, this.#plan.wanted, this.#times, this.#judges()), MOVES_MAX);
  }

  /** It has listened for as long as a node may be silent. */
  #judges(): boolean {
    return this.#viewedAtMs - this.#listensSinceMs >= this.#times.deadAfterMs;
  }

  #isLeaseCertain(): boolean {
    return this.#options.clock.monotonicMs() - this.#leadSentAtMs < this.#times.leadTtlMs;
  }
}
