/** Every link of a site, in front of PostgreSQL, of both gateways and of the node. */
import { GatewayProxy } from "../rig/gateway-proxy.ts";
import { Doorway } from "./doorway.ts";
import { frontHook, gatewayHook } from "./http-links.ts";
import type { Lane } from "./lane.ts";
import { PostgresLink } from "./postgres-link.ts";
import type { ProvenGateway } from "./scenario.ts";
import type { Seat } from "./seats.ts";

export interface LinkTargets {
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  readonly apiPort: number;
}

export class Links {
  readonly postgres: PostgresLink;
  readonly stripe: GatewayProxy;
  readonly adyen: GatewayProxy;
  readonly front: GatewayProxy;
  #doorway = new Doorway(() => "pass");

  private constructor(postgres: PostgresLink, stripe: GatewayProxy, adyen: GatewayProxy, front: GatewayProxy) {
    this.postgres = postgres;
    this.stripe = stripe;
    this.adyen = adyen;
    this.front = front;
  }

  /** The link in front of PostgreSQL comes first: the databases are made over it. */
  static postgres(port: number, lanes: readonly Lane[]): Promise<PostgresLink> {
    const laneOf = (database: string): Lane | undefined =>
      lanes[Number(/_shard_(\d+)$/.exec(database)?.[1] ?? Number.NaN)];
    return PostgresLink.start({ host: "127.0.0.1", port }, laneOf);
  }

  static async start(postgres: PostgresLink, targets: LinkTargets): Promise<Links> {
    const to = (url: string, closeAfterAnswer: boolean): Promise<GatewayProxy> =>
      GatewayProxy.start({ target: new URL(url), closeAfterAnswer });
    const [stripe, adyen, front] = await Promise.all([
      to(targets.stripeUrl, true),
      to(targets.adyenUrl, true),
      to(`http://127.0.0.1:${targets.apiPort}`, false),
    ]);
    return new Links(postgres, stripe, adyen, front);
  }

  /** From now on each message is asked of its lane. */
  watch(seats: readonly Seat[]): void {
    const laneAt = (gateway: ProvenGateway) => (account: string) =>
      seats.find(({ accounts }) => accounts[gateway] === account)?.lane;
    this.stripe.hook = gatewayHook("stripe", laneAt("stripe"));
    this.adyen.hook = gatewayHook("adyen", laneAt("adyen"));
    const laneOfKey = (key: string) => seats[Number(/^lane-(\d+)-/.exec(key)?.[1] ?? Number.NaN)]?.lane;
    this.#doorway = new Doorway(frontHook(laneOfKey, laneAt("adyen")));
    this.front.hook = this.#doorway.hook;
  }

  /** The node is dead: its clients are reset, and new ones wait. Resolves when none of its sockets is open. */
  async nodeDied(): Promise<void> {
    this.#doorway.shut();
    this.front.resetAll();
    await Promise.all([this.postgres, this.stripe, this.adyen].map((link) => link.allClosed()));
  }

  /** Its successor serves. What it had sent of commits arrives, then who waits comes in. */
  async nodeServes(): Promise<void> {
    await this.postgres.deliverLate();
    this.#doorway.open();
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgres, this.stripe, this.adyen, this.front].map((link) => link.stop()));
  }
}
