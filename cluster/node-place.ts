/**
 * A node's place in the cluster: its shards and the way to all others. `open` listens for peers, `join` makes it known,
 * `leave` gives its shards to others while it goes on serving what its clients ask, `close` ends it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  Clock,
  GatewayAnswer,
  GatewayNotice,
  GatewayStop,
  Log,
  MerchantProfile,
  NoticeDelivery,
} from "../actors/index.ts";
import type { Presenter, Random, ShardReply, ShardRequest } from "../actors/index.ts";
import type { PeerAnswer } from "../actors/wire/index.ts";
import type { Readiness } from "../router/index.ts";
import { type AuditEntry, type ClusterView, type MembershipStore, openMembershipStore } from "../storage/index.ts";
import type { NodeConfig } from "./config.ts";
import { Forwarder } from "./forwarder.ts";
import { Membership } from "./membership.ts";
import { Neighbours } from "./neighbours.ts";
import { NoticeDesk } from "./notice-desk.ts";
import { PeerDesk } from "./peer-desk.ts";
import { type PeerServer, startPeerServer } from "./peers/index.ts";
import { nameOfThisProcess } from "./process-name.ts";
import { refusedReply } from "./refused-reply.ts";
import { ShardHost } from "./shard-host.ts";
import { ShardKeeper } from "./shard-keeper.ts";

export interface NodePlaceParts {
  readonly config: NodeConfig;
  /** As the directory knows them now. */
  shards(): readonly { readonly id: number; readonly dsn: string }[];
  merchants(): readonly MerchantProfile[];
  slotToShard(slot: number): number | undefined;
  readonly presenter: Presenter;
  /** Answers to this node's own clients. */
  readonly onReplies: (replies: readonly ShardReply[]) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Waiting longer would not change these. */
const DECIDED: ReadonlySet<string> = new Set(["serving", "fenced", "failed"]);
const NOTHING_SEEN: ClusterView = {
  nodes: [],
  assignments: [],
  overrides: [],
  leader: null,
  shards: [],
  gatewayStops: [],
  slotMapVersion: 0n,
};
const LOOK_EVERY_MS = 50;
const ARRIVES_WITHIN_MS = 15_000;
/** An owner answers a client within its deadline; the answer's way back comes to it. */
const ANSWER_GRACE_MS = 2_000;
const INSECURE = { kind: "insecure" } as const; // links are not encrypted yet: the configuration refuses production

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
  readonly version: string;
};

export class NodePlace {
  readonly host: ShardHost;
  readonly #parts: NodePlaceParts;
  readonly #forwarder: Forwarder;
  readonly #peerDesk: PeerDesk;
  readonly #neighbours: Neighbours;
  readonly #noticeDesk: NoticeDesk;
  readonly #keeper: ShardKeeper;
  readonly #store: MembershipStore;
  readonly #self: { readonly node: string; readonly process: string };
  #server: PeerServer | undefined;
  #membership: Membership | undefined;
  /** Every shard had an owner once: before, the cluster is only starting. */
  #wasPlaced = false;
  /** It was ready once: from then on a shard that arrives does not make it unready. */
  #wasReady = false;

  constructor(parts: NodePlaceParts) {
    this.#parts = parts;
    const { config, clock, random, log, presenter } = parts;
    const self = { node: config.node.id, process: nameOfThisProcess() };
    this.#self = self;
    this.#store = openMembershipStore({ dsn: config.control.dsn, who: self.node, clock, log });
    this.host = new ShardHost({
      config,
      shardCount: parts.shards().length,
      merchants: () => parts.merchants(),
      presenter,
      onReplies: (replies) => this.#forwarder.onReplies(this.#peerDesk.takeReplies(replies)),
      onUnserved: (addressed, refused) => {
        if (!this.#peerDesk.takeUnserved(addressed)) this.#forwarder.unserved(addressed, refused);
      },
      onNotices: (replies) => this.#noticeDesk.onReplies(this.#peerDesk.takeReceipts(replies)),
      onServing: () => {
        this.#membership?.beatSoon();
        this.#forwarder.tryAgain();
      },
      onStray: (shard, answer) => this.#pass(shard, answer),
      clock,
      log,
    });
    this.#peerDesk = new PeerDesk(this.host, clock);
    this.#forwarder = new Forwarder({
      self: self.node,
      ownerOf: (shard) => this.#membership?.ownerOf(shard),
      linkTo: (node) => this.#neighbours.linkTo(node),
      submitHere: (shard, request) => this.host.submit(shard, request),
      refused: (refusal, request) => refusedReply(refusal, request, presenter),
      onReplies: parts.onReplies,
      moveWaitMs: Math.min(config.limits.moveWaitMs, config.limits.answerWithinMs),
      clock,
    });
    this.#neighbours = new Neighbours({
      self,
      credentials: INSECURE,
      answerWithinMs: config.limits.answerWithinMs + ANSWER_GRACE_MS,
      onAnswers: (answers) => this.#take(answers),
      onBroken: (unknown, unsent) => {
        this.#forwarder.onLost(unknown);
        this.#forwarder.onRefused(unsent);
      },
      clock,
      random,
      log,
    });
    this.#noticeDesk = new NoticeDesk({
      slotToShard: (slot) => parts.slotToShard(slot),
      shards: () => this.host.serving,
      submit: (shard, delivery) => this.#submitNotice(shard, delivery),
      forwarded: (shard, key, taken) => this.host.forwarded(shard, key, taken),
      clock,
      log,
    });
    this.#keeper = new ShardKeeper({
      assigned: () => this.#membership?.assignedTo(self.node) ?? [],
      servedElsewhere: (shard) => this.#servedElsewhere(shard),
      dsnOf: (shard) => parts.shards().find(({ id }) => id === shard)?.dsn,
      host: this.host,
      released: () => this.#membership?.beatSoon(),
      log,
    });
  }

  /** Starts the threads, and listens for peers. Rejects when the port is taken. */
  async open(): Promise<void> {
    const { config, clock, log } = this.#parts;
    this.host.start();
    const handler = this.#peerDesk;
    this.#server = await startPeerServer({
      ...config.peers,
      credentials: INSECURE,
      self: this.#self,
      handler,
      clock,
      log,
    });
  }

  /** Makes the node known: from now on it may be given shards. Rejects when the control database does not answer. */
  async join({ apiUrl, adminAddress }: { readonly apiUrl: string; readonly adminAddress: string }): Promise<void> {
    const { clock, log } = this.#parts;
    const { node, process } = this.#self;
    const peerAddress = this.#server?.url ?? "";
    this.#membership = new Membership({
      store: this.#store,
      self: { name: node, process, address: adminAddress, apiAddress: apiUrl, peerAddress, version },
      serving: () => this.host.serving,
      onView: (view) => this.#look(view),
      clock,
      log,
    });
    await this.#membership.start();
    this.#look(this.#membership.view);
  }

  /** The newest view of the cluster, and how long ago it was read; before `join` an empty one. */
  look(): { readonly cluster: ClusterView; readonly readAgoMs: number } {
    const membership = this.#membership;
    if (membership === undefined || membership.viewedAtMs === 0) return { cluster: NOTHING_SEEN, readAgoMs: 0 };
    return { cluster: membership.view, readAgoMs: this.#parts.clock.monotonicMs() - membership.viewedAtMs };
  }

  /** `host:port` of another node's service for operators. */
  adminAddressOf(node: string): string | undefined {
    return this.look().cluster.nodes.find(({ name }) => name === node)?.address;
  }

  /** False: no such node, or so already. `by`: who and why, for the audit trail. */
  setDraining(
    node: string,
    draining: boolean,
    by: { readonly who: string; readonly reason: string },
  ): Promise<boolean> {
    return this.#store.setDraining(node, draining, by.reason, by.who);
  }

  /** As `setDraining`: takes a gateway account, or all of a gateway, out of use or back. */
  setGatewayStop(
    stop: GatewayStop,
    isStopped: boolean,
    by: { readonly who: string; readonly reason: string },
  ): Promise<boolean> {
    return this.#store.setGatewayStop(stop, isStopped, by.reason, by.who);
  }

  /** Writes a line of the audit trail. Throws when the control database does not take it. */
  trace(entry: AuditEntry): Promise<void> {
    return this.#store.trace(entry);
  }

  submit(shard: number, request: ShardRequest): void {
    this.#forwarder.submit(shard, request);
  }

  deliver(notices: readonly GatewayNotice[], done: (taken: boolean) => void): void {
    this.#noticeDesk.deliver(notices, done);
  }

  /** Ready: every shard that this node was given has just passed a commit of its own. */
  async readiness(): Promise<Readiness> {
    const probes = new Map((await this.host.probe()).map((probe) => [probe.shard, probe]));
    const shards = this.#assigned().map((shard) => {
      const { mode, committed } = probes.get(shard) ?? { mode: "activating" as const, committed: false };
      return { shard, mode, committed };
    });
    const arriving = new Set(this.#wasReady ? this.#arriving() : []);
    const counted = shards.filter(({ shard }) => !arriving.has(shard));
    const isReplaced = this.#membership?.isReplaced === true;
    const ready = this.#wasPlaced && !isReplaced && counted.every(({ committed }) => committed);
    this.#wasReady ||= ready;
    return { ready, detail: { shards, ...(isReplaced && { reason: "another process bears this node's name" }) } };
  }

  /** Given not long ago: their requests wait meanwhile, and those of the other shards are served. */
  #arriving(): readonly number[] {
    return this.look()
      .cluster.assignments.filter(({ node, ageMs }) => node === this.#self.node && ageMs < ARRIVES_WITHIN_MS)
      .filter(({ shard }) => !this.host.hasArrived(shard))
      .map(({ shard }) => shard);
  }

  /** False: not every shard of the cluster has an owner, or not every one of this node's is served, within that time. */
  async served(withinMs: number): Promise<boolean> {
    return await this.#until(withinMs, async () => {
      const modes = new Map((await this.host.snapshots()).map(({ shard, mode }) => [shard, mode]));
      return this.#wasPlaced && this.#assigned().every((shard) => DECIDED.has(modes.get(shard) ?? ""));
    });
  }

  /** Lets others take this node's shards, if there are any who may. What its clients ask goes on meanwhile. */
  async leave(withinMs: number): Promise<void> {
    const membership = this.#membership;
    if (membership === undefined) return;
    membership.leaving();
    const othersMayTake = (): boolean =>
      membership.view.nodes.some(
        ({ name, leaving, draining }) => name !== this.#self.node && !leaving && !draining && membership.isLive(name),
      );
    await this.#until(withinMs, () => !othersMayTake() || (this.host.given.size === 0 && this.#keeper.leaving === 0));
  }

  async close(withinMs: number): Promise<void> {
    this.#forwarder.close();
    this.#keeper.close();
    await this.host.drain(withinMs);
    await this.#server?.close();
    this.#neighbours.close();
    await this.#membership?.stop();
    await this.#store.close();
  }

  #look(view: ClusterView): void {
    this.#neighbours.look(view);
    this.host.setGatewayStops(view.gatewayStops);
    if (this.#membership === undefined) return;
    this.#wasPlaced ||= view.shards.every(({ id }) => this.#membership?.ownerOf(id) !== undefined);
    this.#keeper.look();
    this.#forwarder.tryAgain();
  }

  #assigned(): readonly number[] {
    return this.#membership?.assignedTo(this.#self.node).map(({ shard }) => shard) ?? [];
  }

  #servedElsewhere(shard: number): string | undefined {
    const membership = this.#membership;
    return membership?.view.nodes.find(
      ({ name, serving }) => name !== this.#self.node && serving.includes(shard) && membership.isLive(name),
    )?.name;
  }

  #take(answers: readonly PeerAnswer[]): void {
    const replies: ShardReply[] = [];
    const refused: number[] = [];
    const receipts: { ticket: number; taken: boolean }[] = [];
    for (const answer of answers)
      if (answer.kind === "reply") replies.push(answer.reply);
      else if (answer.kind === "refused") refused.push(answer.ticket);
      else receipts.push(answer.receipt);
    this.#forwarder.onAnswers(replies);
    this.#forwarder.onRefused(refused);
    if (receipts.length > 0) this.#noticeDesk.onReplies({ receipts, forwards: [] });
  }

  #submitNotice(shard: number, delivery: NoticeDelivery): void {
    const owner = this.#membership?.ownerOf(shard);
    if (owner?.node === this.#self.node) return this.host.submitNotice(shard, delivery);
    if (owner !== undefined && this.#neighbours.sendNotice(owner.node, shard, owner.generation, delivery)) return;
    this.#noticeDesk.onReplies({ receipts: [{ ticket: delivery.ticket, taken: false }], forwards: [] });
  }

  /** A gateway answered an owner that is no more: its successor should hear of it, or it will ask. */
  #pass(shard: number, answer: GatewayAnswer): void {
    const owner = this.#membership?.ownerOf(shard);
    if (owner === undefined) return;
    if (owner.node === this.#self.node) this.host.submitAnswer(shard, answer);
    else this.#neighbours.sendFact(owner.node, shard, owner.generation, answer);
  }

  async #until(withinMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const { clock } = this.#parts;
    const endAtMs = clock.monotonicMs() + withinMs;
    while (clock.monotonicMs() < endAtMs) {
      if (await holds()) return true;
      await new Promise<void>((resolve) => void clock.after(LOOK_EVERY_MS, resolve));
    }
    return false;
  }
}
