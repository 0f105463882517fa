/**
 * Merchants who pay on and on, each time at a node of their choice, as through a load balancer: a node that refuses the
 * connection is not asked, for nothing left. What is not final is sent again with its key, anywhere.
 */
import { Agent, request } from "undici";
import { slotOfMerchant } from "../../../actors/domain/index.ts";
import { planSlotMap } from "../../../router/index.ts";
import type { Cluster } from "./cluster.ts";
import type { Merchant } from "./merchant.ts";
import { payment } from "./merchant.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** One try. `status` 0: the connection was reset after something had been sent. */
export interface Try {
  readonly key: string;
  readonly merchant: Merchant;
  readonly shard: number;
  readonly node: string;
  readonly sentAtMs: number;
  readonly tookMs: number;
  readonly status: number;
  readonly text: string;
}

const AGAIN_AFTER_MS = 100;
const NOT_CONNECTED: ReadonlySet<string> = new Set(["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"]);

export class Crowd {
  /** In the order in which they ended. */
  readonly tries: Try[] = [];
  readonly #cluster: Cluster;
  readonly #merchants: readonly Merchant[];
  readonly #random: SeededRandom;
  readonly #agent = new Agent({ connections: 64, headersTimeout: 30_000, bodyTimeout: 30_000, connectTimeout: 2_000 });
  readonly #shards: ReadonlyMap<Merchant, number>;
  #serial = 0;

  constructor(cluster: Cluster, merchants: readonly Merchant[], random: SeededRandom) {
    this.#cluster = cluster;
    this.#merchants = merchants;
    this.#random = random;
    const map = planSlotMap(cluster.info.postgres.shards.map(({ id }) => id));
    this.#shards = new Map(
      merchants.map((one) => [one, map.shardOf(slotOfMerchant(one.id as Parameters<typeof slotOfMerchant>[0]))]),
    );
  }

  shardOf(merchant: Merchant): number {
    return this.#shards.get(merchant) as number;
  }

  /** `hands` pay while `goesOn`, one after the other; resolves when each payment has its final answer. */
  async pay(hands: number, goesOn: () => boolean, paceMs: number, nodes: () => readonly string[]): Promise<void> {
    await Promise.all(
      Array.from({ length: hands }, async () => {
        while (goesOn()) {
          const merchant = this.#merchants[this.#serial % this.#merchants.length] as Merchant;
          await this.#payOnce(merchant, `crowd-${this.#random.seed}-${this.#serial++}`, nodes);
          await pause(paceMs);
        }
      }),
    );
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #payOnce(merchant: Merchant, key: string, nodes: () => readonly string[]): Promise<void> {
    for (;;) {
      const ids = nodes();
      const node = ids[Math.floor(this.#random.next() * ids.length)] as string;
      const one = await this.#try(merchant, key, node);
      if (one !== undefined) this.tries.push(one);
      if (one !== undefined && [201, 402].includes(one.status)) return;
      if (one !== undefined) await pause(AGAIN_AFTER_MS);
    }
  }

  /** Undefined: nothing was sent. */
  async #try(merchant: Merchant, key: string, node: string): Promise<Try | undefined> {
    const sentAtMs = performance.now();
    const told = { key, merchant, shard: this.shardOf(merchant), node, sentAtMs };
    try {
      const response = await request(`${this.#cluster.nodeOf(node).apiUrl}/v1/payments`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${merchant.token}`,
          "content-type": "application/json",
          "x-idempotency-key": key,
        },
        body: JSON.stringify(payment()),
        dispatcher: this.#agent,
      });
      const text = await response.body.text();
      return { ...told, tookMs: performance.now() - sentAtMs, status: response.statusCode, text };
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (NOT_CONNECTED.has(code)) return undefined;
      return { ...told, tookMs: performance.now() - sentAtMs, status: 0, text: String(error) };
    }
  }
}

/** Pace of a client, decides nothing. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
