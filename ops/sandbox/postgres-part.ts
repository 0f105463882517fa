/** An embedded PostgreSQL as a part of the sandbox: started again on the same port, because DSNs carry it. */
import { join } from "node:path";
import type { Part, PartEnd } from "./part.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from "./postgres.ts";

export class PostgresPart implements Part {
  readonly name: string;
  readonly logFile: string;
  readonly #options: EmbeddedPostgresOptions;
  #server: EmbeddedPostgres | undefined;
  #port: number | undefined;
  #starting: Promise<void> = Promise.resolve();

  constructor(name: string, options: EmbeddedPostgresOptions) {
    this.name = name;
    this.#options = options;
    this.logFile = join(options.dataDir, "postgres.log");
  }

  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  /** Throws before the first start. */
  get server(): EmbeddedPostgres {
    if (this.#server === undefined) throw new Error("PostgreSQL is not started");
    return this.#server;
  }

  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    await this.#server?.stop(); // gives the folder up, which the new start takes
    const again = this.#port === undefined ? {} : { port: this.#port, exactPort: true };
    this.#server = await startEmbeddedPostgres({ ...this.#options, ...again });
    this.#port = this.#server.port;
  }

  async ended(): Promise<PartEnd> {
    const signal = (await this.#server?.ended) ?? null;
    return { words: signal === null ? `see ${this.logFile}` : `signal ${signal}`, killed: signal === "SIGKILL" };
  }

  async stop(): Promise<void> {
    await this.#starting.catch(() => undefined);
    await this.#server?.stop();
  }

  kill(): void {
    this.#server?.abandon();
  }
}
