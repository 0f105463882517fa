/** A Redis of the soak's own, which it may kill; it comes back empty at the same place. */
import { setTimeout as sleep } from "node:timers/promises";
import { canStartRedis, startOwnRedis } from "../../../ops/test/redis.ts";

const AWAY_MS = 1_000;

export class OwnRedis {
  #server: Awaited<ReturnType<typeof startOwnRedis>>;

  private constructor(server: Awaited<ReturnType<typeof startOwnRedis>>) {
    this.#server = server;
  }

  /** Null: this machine has none. */
  static async start(): Promise<OwnRedis | null> {
    return canStartRedis() ? new OwnRedis(await startOwnRedis()) : null;
  }

  get url(): string {
    return this.#server.url;
  }

  async killAndRestart(): Promise<void> {
    const { port } = this.#server;
    this.#server.signal("SIGKILL");
    await this.#server.stop();
    await sleep(AWAY_MS); // how long it is away
    this.#server = await startOwnRedis(port);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
