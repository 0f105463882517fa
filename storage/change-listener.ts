/**
 * Hears that the cluster changed. States: closed until the first listener, connecting, listening; a lost session is
 * opened again for as long as it takes, and its listeners are then called once, for what they did not hear. A word that
 * is lost nevertheless costs only time: who listens also looks every second.
 */
import { Socket } from "node:net";
import pg from "pg";
import type { Clock, Log } from "../actors/index.ts";
import { reasonOf } from "./pg-errors.ts";

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 4_000;
const ANSWER_WITHIN_MS = 2_000;

export interface ChangeListenerOptions {
  readonly dsn: string;
  readonly applicationName: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class ChangeListener {
  readonly #options: ChangeListenerOptions;
  readonly #listeners = new Set<() => void>();
  #socket: Socket | undefined;
  #cancelRetry = (): void => {};
  #retryMs = RETRY_FIRST_MS;
  #isStarted = false;
  #isAway = false;
  #isClosed = false;

  constructor(options: ChangeListenerOptions) {
    this.#options = options;
  }

  /** Calls `listener` after each change, and after each time that changes may have gone unheard. Returns how to stop it. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isStarted) this.#open();
    this.#isStarted = true;
    return () => void this.#listeners.delete(listener);
  }

  /** At once: a session that only listens has nothing to say good-bye for. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry();
    this.#listeners.clear();
    this.#socket?.destroy();
  }

  #open(): void {
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.#options.dsn,
      application_name: this.#options.applicationName,
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      stream: () => socket,
    });
    this.#socket = socket;
    client.on("notification", () => this.#tell());
    client.on("error", (error) => this.#lost(socket, error));
    client.on("end", () => this.#lost(socket, new Error("the session ended")));
    void this.#listen(client, socket);
  }

  async #listen(client: pg.Client, socket: Socket): Promise<void> {
    try {
      await client.connect();
      await client.query("LISTEN cluster_change");
      this.#retryMs = RETRY_FIRST_MS;
      this.#isAway = false;
      this.#tell();
    } catch (error) {
      this.#lost(socket, error);
    }
  }

  /** Once for each session, whichever of its ways to say so comes first. */
  #lost(socket: Socket, error: unknown): void {
    if (this.#socket !== socket || this.#isClosed) return;
    this.#socket = undefined;
    socket.destroy();
    const { log, clock } = this.#options;
    if (!this.#isAway) log.warn({ reason: reasonOf(error) }, "changes of the cluster are not heard, only looked for");
    this.#isAway = true;
    this.#cancelRetry = clock.after(this.#retryMs, () => this.#open());
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
