/**
 * One shard's database behind the port ShardStore: a writing connection, a reading one for what requests wait for, another
 * for what merchants look up, and activations on new ones.
 */
import { PaymentClusterError } from "../actors/index.ts";
import type {
  Activation,
  Claim,
  Clock,
  CommitOutcome,
  DecisionBatch,
  DoubtRow,
  Lease,
  Log,
  OutboxRows,
  ShardStore,
  SideRows,
} from "../actors/index.ts";
import type { MerchantId, OperationId } from "../actors/domain/index.ts";
import {
  awaitRelease,
  calledOff,
  endLeftovers,
  loadActivation,
  pause,
  readServeWait,
  renewLease,
  takeLease,
} from "./activation.ts";
import { Scratch } from "./binary-arrays.ts";
import { rollUp } from "./balances.ts";
import { anchorOf, commitStatement } from "./commit-statement.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { saveDoubtsStatement } from "./doubt-statement.ts";
import { findNotices, findWaitingNotices } from "./inbox-reads.ts";
import { readForMerchant } from "./merchant-reads.ts";
import { findOperations } from "./operation-reads.ts";
import { findDeliveries } from "./outbox-reads.ts";
import { saveOutboxStatement } from "./outbox-statement.ts";
import type { ReadSource } from "./pages.ts";
import { reasonOf } from "./pg-errors.ts";
import { ReadConnection } from "./read-connection.ts";
import { Reader } from "./reader.ts";
import { leaseCall } from "./renewing-statement.ts";
import { loadRowTypes } from "./row-types.ts";
import type { RowTypes } from "./row-types.ts";
import { saveSideStatement } from "./side-statement.ts";
import { UNSETTLED, Writer } from "./writer.ts";
import type { Statement } from "./transaction.ts";
import type { WriteOutcome } from "./writer.ts";

/** Times of one store; each has a reason beside its default. */
export interface ShardStoreTimes {
  /** Time to open a connection. */
  readonly connectMs: number;
  /** The server gives a statement up: below `commitMs`, so that it usually says so itself. */
  readonly statementMs: number;
  /** The wait for a lock: only a frozen owner holds one. */
  readonly lockMs: number;
  /** A commit that was not acknowledged by then is in doubt. */
  readonly commitMs: number;
  /** One statement of an activation's load: it reads every open operation, and nobody is served before it ends. */
  readonly loadMs: number;
  /** A read; the merchant's answer is due at 10 s. */
  readonly readMs: number;
  /** Between tries of an activation. */
  readonly retryMs: number;
  /** How long an owner may answer from memory after its last renewal, and a margin (design §5: 3 s, so 4 s). */
  readonly takeOverWaitMs: number;
}
const TIMES: ShardStoreTimes = {
  connectMs: 2_000,
  statementMs: 5_000,
  lockMs: 1_000,
  commitMs: 8_000,
  loadMs: 30_000,
  readMs: 2_000,
  retryMs: 200,
  takeOverWaitMs: 4_000,
};

/** Long statements of a load, so that the server gives up first. */
const LOAD_STATEMENTS = 4;

export interface ShardStoreOptions {
  readonly shard: number;
  readonly dsn: string;
  /** Name of this node, shown in pg_stat_activity. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: Partial<ShardStoreTimes>;
}

/** Opens the store of a shard. Nothing is connected and nothing can be written until `activate`. */
export function openShardStore(options: ShardStoreOptions): ShardStore {
  return new PostgresShardStore(options);
}

class PostgresShardStore implements ShardStore {
  readonly #shard: number;
  readonly #times: ShardStoreTimes;
  readonly #connectionOptions: ConnectionOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #readConnection: ReadConnection;
  /** Lists and sums: a look-up of a key never waits behind one. */
  readonly #reads: ReadSource;
  readonly #scratch = new Scratch();
  /** The newest acknowledged anchor: what renewals answer. */
  #anchor: Uint8Array = new Uint8Array(32);
  #rowTypes: RowTypes | undefined;

  constructor(options: ShardStoreOptions) {
    this.#shard = options.shard;
    this.#times = { ...TIMES, ...options.times };
    this.#clock = options.clock;
    this.#log = options.log;
    this.#connectionOptions = {
      dsn: options.dsn,
      applicationName: `paycluster:${options.shard}:${options.node}`,
      statementTimeoutMs: this.#times.statementMs,
      lockTimeoutMs: this.#times.lockMs,
      connectTimeoutMs: this.#times.connectMs,
      pipeline: false,
      clock: options.clock,
      log: options.log,
    };
    this.#writer = new Writer(this.#connectionOptions, this.#times.commitMs);
    const readOptions = { ...this.#connectionOptions, statementTimeoutMs: this.#times.readMs, pipeline: true };
    const newConnection = () => new ReadConnection(readOptions, this.#times.readMs + 500); // the server says so first
    this.#readConnection = newConnection();
    this.#reader = new Reader(this.#readConnection, options.log);
    this.#reads = { connection: newConnection(), shard: options.shard, log: options.log };
  }

  async activate(claim: Claim, signal: AbortSignal): Promise<Activation | "fenced"> {
    this.#writer.drop("a new activation begins");
    for (;;) {
      if (signal.aborted) throw calledOff();
      const result = await this.#tryActivate(claim, signal);
      if (result !== "again") return result;
      await pause(this.#clock, this.#times.retryMs, signal);
    }
  }

  /** "again": the attempt was not acknowledged. */
  async #tryActivate(claim: Claim, signal: AbortSignal): Promise<Activation | "fenced" | "again"> {
    let connection: Connection | undefined;
    const dropOnAbort = (): void => connection?.destroy("the activation was called off");
    signal.addEventListener("abort", dropOnAbort, { once: true });
    try {
      connection = await Connection.open(this.#connectionOptions);
      if (signal.aborted) throw calledOff(); // while it connected there was nothing to drop
      const result = await this.#takeOver(connection, claim, signal);
      if (result === "fenced") connection.destroy("fenced");
      return result;
    } catch (error) {
      connection?.destroy("the activation failed");
      if (signal.aborted) throw calledOff();
      if (error instanceof PaymentClusterError && error.code === "INVARIANT_BROKEN") throw error;
      this.#log.warn(
        { shard: this.#shard, reason: reasonOf(error) },
        "an activation was not acknowledged: trying again",
      );
      return "again";
    } finally {
      signal.removeEventListener("abort", dropOnAbort);
    }
  }

  /** Takes the lease, loads, waits out earlier owners, and hands the connection to the writer. */
  async #takeOver(connection: Connection, claim: Claim, signal: AbortSignal): Promise<Activation | "fenced"> {
    const { commitMs, loadMs, takeOverWaitMs } = this.#times;
    if (claim.patienceMs > 0)
      await this.#limited(connection, claim.patienceMs + commitMs, () =>
        awaitRelease(connection, claim, this.#clock, signal),
      );
    const taken = await this.#limited(connection, commitMs, async () => {
      await endLeftovers(connection, this.#shard, claim, [this.#readConnection.pid, this.#reads.connection.pid]);
      return takeLease(connection, this.#shard, claim, takeOverWaitMs);
    });
    if (taken === "fenced") return taken;
    const activation = await this.#limited(connection, LOAD_STATEMENTS * loadMs, () =>
      loadActivation(connection, taken, loadMs, this.#log),
    );
    const [rowTypes, waitMs] = await this.#limited(connection, commitMs, async () => [
      await loadRowTypes(connection),
      await readServeWait(connection),
    ]);
    if (waitMs > 0) {
      await pause(this.#clock, waitMs, signal);
      await this.#limited(connection, commitMs, () => renewLease(connection, activation.lease)); // its reader counts from now
    }
    if (signal.aborted) throw calledOff(); // the store may be closed already: it would never be released
    this.#writer.adopt(connection);
    this.#anchor = activation.lastAnchor;
    this.#rowTypes = rowTypes;
    return activation;
  }

  /** A server that stopped answering must not hold an attempt for ever. */
  async #limited<T>(connection: Connection, withinMs: number, work: () => Promise<T>): Promise<T> {
    const cancel = this.#clock.after(withinMs, () => connection.destroy("activation timed out"));
    try {
      return await work();
    } finally {
      cancel();
    }
  }

  async commit(lease: Lease, batch: DecisionBatch): Promise<CommitOutcome> {
    if (batch.decisions.length === 0) throw new PaymentClusterError("INVARIANT_BROKEN", "a batch has decisions");
    const anchor = anchorOf(batch);
    const rowTypes = this.#rowTypes;
    if (rowTypes === undefined) return { kind: "unavailable", reason: "not activated" };
    const outcome = await this.#write(() => commitStatement(lease, batch, anchor, rowTypes, this.#scratch));
    if (outcome.kind !== "committed") return outcome;
    this.#anchor = anchor;
    return { kind: "committed", anchor };
  }

  renew(lease: Lease): Promise<CommitOutcome> {
    return this.#writeSmall(() => leaseCall("shard_renew", lease));
  }

  saveDoubts(lease: Lease, upserts: readonly DoubtRow[], closed: readonly OperationId[]): Promise<CommitOutcome> {
    return this.#writeSmall(() => saveDoubtsStatement(lease, { upserts, closed }, this.#scratch));
  }

  saveSide(lease: Lease, rows: SideRows): Promise<CommitOutcome> {
    return this.#writeSmall(() => saveSideStatement(lease, rows, this.#scratch));
  }

  saveOutbox(lease: Lease, rows: OutboxRows): Promise<CommitOutcome> {
    return this.#writeSmall(() => saveOutboxStatement(lease, rows, this.#scratch));
  }

  async release(lease: Lease): Promise<void> {
    const outcome = await this.#write(() => leaseCall("shard_release", lease));
    if (outcome.kind !== "committed")
      this.#log.warn(
        { shard: this.#shard, outcome: outcome.kind },
        "the lease was not released; its successor waits it out",
      );
  }

  findKeys: ShardStore["findKeys"] = (keys) => this.#reader.findKeys(keys);
  scanKeys: ShardStore["scanKeys"] = (after, limit) => this.#reader.scanKeys(after, limit);

  findPayments: ShardStore["findPayments"] = (ids) => this.#reader.findPayments(ids);

  findOperations: ShardStore["findOperations"] = (ids) => findOperations(this.#readConnection, ids, this.#log);
  findNotices: ShardStore["findNotices"] = (keys) => findNotices(this.#readConnection, keys);

  findWaitingNotices: ShardStore["findWaitingNotices"] = (beforeMs, limit) =>
    findWaitingNotices(this.#reads, beforeMs, limit);
  findDeliveries: ShardStore["findDeliveries"] = (endpointId, limit) => findDeliveries(this.#reads, endpointId, limit);

  read: ShardStore["read"] = (merchant, query) => readForMerchant(this.#reads, merchant, query);

  async rollUpBalances(lease: Lease, merchants: readonly MerchantId[]): Promise<CommitOutcome> {
    if (!this.#writer.settled) return UNSETTLED;
    const outcome = await rollUp(this.#reads, lease, merchants);
    return outcome.kind === "committed" ? { kind: "committed", anchor: this.#anchor } : outcome;
  }

  async confirmEpoch(lease: Lease): Promise<boolean> {
    return (await this.#reader.epoch()) === lease.epoch;
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#readConnection.close(), this.#reads.connection.close()]);
  }

  /** Writes that leave the chain of anchors as it is. */
  async #writeSmall(make: () => Statement): Promise<CommitOutcome> {
    const outcome = await this.#write(make);
    return outcome.kind === "committed" ? { kind: "committed", anchor: this.#anchor } : outcome;
  }

  /** A value that does not fit its column is found before anything was sent: the batch is refused as by the server. */
  async #write(make: () => Statement): Promise<WriteOutcome> {
    try {
      return await this.#writer.run(make);
    } catch (error) {
      if (error instanceof RangeError) return { kind: "rejected", sqlState: "22003", constraint: null };
      throw error;
    }
  }
}
