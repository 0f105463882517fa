/**
 * The proof by enumeration: one undisturbed run counts the messages of a scenario, then for each of them a run is stopped
 * behind it, the node is killed and started again, the client goes on, and everything is looked at. Runs of several lanes
 * share a kill: each is stopped behind its own message, and nothing more of it passes until the node is dead.
 */
import { chargesOf, type FinishedRun, troublesOf } from "./checks.ts";
import { Client } from "./client.ts";
import { type ProvenGateway, SCENARIOS } from "./scenario.ts";
import type { Seat } from "./seats.ts";
import type { Site } from "./site.ts";

/** A message of an undisturbed run. */
export interface Boundary {
  readonly gateway: ProvenGateway;
  /** From 1. */
  readonly k: number;
  readonly text: string;
}

/** `boundary` null: the undisturbed run. */
export interface Failure {
  readonly gateway: ProvenGateway | "all";
  readonly boundary: Boundary | null;
  readonly trouble: string;
}

export interface Tally {
  /** Boundaries that were tried. */
  readonly tried: number;
  readonly kills: number;
  /** Commits of dead nodes that were refused when they arrived. */
  readonly refused: number;
  readonly failures: readonly Failure[];
}

/** A message may come in another order once: the boundary is then tried again. */
const TRIES = 3;

interface Run {
  readonly seat: Seat;
  readonly client: Client;
  readonly gateway: ProvenGateway;
  readonly boundary: Boundary | null;
  readonly chargesBefore: number;
}

export class Proof {
  readonly #site: Site;
  #runs = 0;
  #tried = 0;
  #kills = 0;
  #refused = 0;
  readonly #failures: Failure[] = [];
  readonly #onFailure: (failure: Failure) => void;

  /** `onFailure` is told each failure when it is found. */
  constructor(site: Site, onFailure: (failure: Failure) => void) {
    this.#site = site;
    this.#onFailure = onFailure;
  }

  get tally(): Tally {
    return { tried: this.#tried, kills: this.#kills, refused: this.#refused, failures: this.#failures };
  }

  /** The messages of an undisturbed run, which is checked too. Two runs beside each other must have the same. */
  async count(gateway: ProvenGateway): Promise<readonly Boundary[]> {
    await this.#site.refresh();
    const runs = this.#site.seats.slice(0, 2).map((seat) => this.#begin(seat, gateway, null));
    await this.#finish(
      runs,
      runs.map((run) => run.client.run(run.seat.lane, this.#site.isUp)),
    );
    const [seen, other] = runs.map(({ seat }) => seat.lane.seen);
    if (other !== undefined && other.join("\n") !== seen?.join("\n"))
      this.#fail({ gateway, boundary: null, trouble: `two runs differ: ${firstDifference(seen, other)}` });
    return (seen ?? []).map((text, i) => ({ gateway, k: i + 1, text }));
  }

  /** Tries all of them. `stopEarly`: one failure is enough. */
  async tryAll(boundaries: readonly Boundary[], stopEarly = false): Promise<void> {
    let left = [...boundaries];
    for (let round = 1; round <= TRIES && left.length > 0; round++) {
      const missed: Boundary[] = [];
      for (const batch of inBatches(left, this.#site.seats.length)) {
        missed.push(...(await this.#tryBatch(batch)));
        if (stopEarly && this.#failures.length > 0) return;
      }
      left = missed;
    }
    for (const boundary of left)
      this.#fail({ gateway: boundary.gateway, boundary, trouble: "the message did not come" });
  }

  #fail(failure: Failure): void {
    this.#failures.push(failure);
    this.#onFailure(failure);
  }

  /** Stops each run behind its message, and kills the node. Gives those whose message did not come. */
  async #tryBatch(batch: readonly Boundary[]): Promise<readonly Boundary[]> {
    await this.#site.refresh();
    const started = batch.map((boundary, i) => {
      const run = this.#begin(this.#site.seats[i] as Seat, boundary.gateway, boundary);
      const stopped = run.seat.lane.begin(run.client.gatewayKeys, boundary.text);
      const ended = run.client.run(run.seat.lane, this.#site.isUp);
      ended.catch(() => undefined); // told when all are finished
      return { run, ended, still: Promise.race([stopped, ended.catch(() => undefined)]) };
    });
    await Promise.all(started.map(({ still }) => still));
    await this.#site.killAndRestart();
    this.#kills++;
    await this.#finish(
      started.map(({ run }) => run),
      started.map(({ ended }) => ended),
    );
    const missed = started.filter(({ run }) => !run.seat.lane.isReached).map(({ run }) => run.boundary as Boundary);
    this.#tried += batch.length - missed.length;
    return missed;
  }

  #begin(seat: Seat, gateway: ProvenGateway, boundary: Boundary | null): Run {
    const { lane, merchant, accounts } = seat;
    const client = new Client(merchant, SCENARIOS[gateway], `lane-${lane.index}-${++this.#runs}`);
    const chargesBefore = chargesOf(this.#site, accounts[gateway]).length;
    if (boundary === null) void lane.begin(client.gatewayKeys, null);
    return { seat, client, gateway, boundary, chargesBefore };
  }

  /** Waits for the clients' last answers and looks at everything. */
  async #finish(runs: readonly Run[], ends: readonly Promise<void>[]): Promise<void> {
    const outcomes = await Promise.allSettled(ends);
    for (const [i, run] of runs.entries()) {
      const { gateway, boundary, seat } = run;
      const fail = (trouble: string): void => this.#fail({ gateway, boundary, trouble });
      const outcome = outcomes[i];
      await this.#site.deliverLateRequests(seat.lane);
      const finished: FinishedRun = { ...run, lane: seat.lane, site: this.#site, account: seat.accounts[gateway] };
      if (outcome?.status === "rejected") fail(`I30 everyone gets an answer: ${String(outcome.reason)}`);
      for (const trouble of await troublesOf(finished)) fail(trouble);
      this.#refused += seat.lane.lateCommits.filter((how) => how === "PC001").length;
    }
    await this.#site.expectInvariants().catch((error: Error) => {
      const names = runs.map(({ gateway, boundary }) => `${gateway} ${boundary?.k ?? 0}`).join(", ");
      this.#fail({ gateway: "all", boundary: null, trouble: `${error.message} (behind one of ${names})` });
    });
  }
}

function* inBatches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

function firstDifference(one: readonly string[] = [], other: readonly string[]): string {
  const at = one.findIndex((text, i) => other[i] !== text);
  return `${one.length} and ${other.length} messages, ${JSON.stringify(one[at])} and ${JSON.stringify(other[at])}`;
}
