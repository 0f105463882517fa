/**
 * The directory of a node: a complete snapshot of the control database in memory, refreshed every few seconds. When the
 * control database is away the node goes on with what it knows (design §5).
 */
import type { GatewayName } from "../actors/domain/index.ts";
import type { Log, MerchantProfile } from "../actors/index.ts";
import type { ClientEntry, Directory, MerchantEntry, SigningKeyEntry } from "../router/index.ts";
import type { ControlStore, DirectorySnapshot } from "../storage/index.ts";

const REFRESH_EVERY_MS = 2_000;

export class NodeDirectory implements Directory {
  readonly #control: ControlStore;
  readonly #log: Log;
  readonly #benchGateway: GatewayName | null;
  #snapshot: DirectorySnapshot;
  #clients = new Map<string, ClientEntry>();
  #merchants = new Map<string, MerchantEntry>();
  #keys: readonly SigningKeyEntry[] = [];
  #keyText = "";
  /** `gateway:account` of every merchant. */
  #accounts: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  private constructor(control: ControlStore, snapshot: DirectorySnapshot, benchGateway: GatewayName | null, log: Log) {
    this.#control = control;
    this.#log = log;
    this.#benchGateway = benchGateway;
    this.#snapshot = snapshot;
    this.#take(snapshot);
  }

  /** Loads the first snapshot. `benchGateway`: takes the place of every merchant's gateways, for benchmarks only. */
  static async open(control: ControlStore, benchGateway: GatewayName | null, log: Log): Promise<NodeDirectory> {
    return new NodeDirectory(control, await control.loadDirectory(), benchGateway, log);
  }

  /** Refreshes until `stop`; `changed` is told when merchants came or changed. */
  keepFresh(changed: (merchants: readonly MerchantProfile[]) => void): void {
    const again = async (): Promise<void> => {
      try {
        const before = JSON.stringify(this.profiles());
        this.#take(await this.#control.loadDirectory());
        if (JSON.stringify(this.profiles()) !== before) changed(this.profiles());
      } catch (error) {
        this.#log.warn({ reason: String(error) }, "the control database does not answer; the last snapshot stays");
      }
      if (this.#timer !== undefined) this.#timer = setTimeout(() => void again(), REFRESH_EVERY_MS);
    };
    this.#timer = setTimeout(() => void again(), REFRESH_EVERY_MS);
  }
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get shards(): DirectorySnapshot["shards"] {
    return this.#snapshot.shards;
  }
  /** What the actors need to know of each merchant. */
  profiles(): readonly MerchantProfile[] {
    const own = this.#benchGateway;
    return this.#snapshot.merchants.map(({ id, slot, gateways, currencies, rateLimitPerSecond }) => ({
      id,
      slot,
      gateways: own === null ? gateways : [{ name: own, account: "bench" }],
      currencies,
      rateLimitPerSecond,
    }));
  }

  /** The account is one of our merchants'. */
  knowsAccount(gateway: GatewayName, account: string): boolean {
    return this.#accounts.has(`${gateway}:${account}`);
  }

  /** Every account of every merchant, each once. */
  gatewayAccounts(): readonly { readonly gateway: GatewayName; readonly account: string }[] {
    const own = new Map(
      this.profiles().flatMap(({ gateways }) =>
        gateways.map(({ name, account }) => [`${name}:${account}`, { gateway: name, account }]),
      ),
    );
    return [...own.values()];
  }

  client(id: string): ClientEntry | undefined {
    return this.#clients.get(id);
  }
  merchant(id: string): MerchantEntry | undefined {
    return this.#merchants.get(id);
  }
  get signingKeys(): readonly SigningKeyEntry[] {
    return this.#keys;
  }
  slotToShard(slot: number): number | undefined {
    return this.#snapshot.slotMap?.shardOfSlot[slot];
  }

  #take(snapshot: DirectorySnapshot): void {
    this.#snapshot = snapshot;
    this.#clients = new Map(snapshot.clients.map((client) => [client.id, client]));
    this.#merchants = new Map(snapshot.merchants.map(({ id, status, slot }) => [id, { id, status, slot }]));
    this.#accounts = new Set(
      snapshot.merchants.flatMap(({ gateways }) => gateways.map(({ name, account }) => `${name}:${account}`)),
    );
    // The array is replaced only when keys changed: verified keys are remembered by it.
    const keyText = JSON.stringify(snapshot.signingKeys);
    if (keyText !== this.#keyText) this.#keys = snapshot.signingKeys;
    this.#keyText = keyText;
  }
}
