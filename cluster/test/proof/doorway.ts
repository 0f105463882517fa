/** The door to the node: while it is shut, who comes waits, as behind a load balancer that knows that its node is down. */
import type { GatewayProxy, HttpExchange } from "../rig/gateway-proxy.ts";

export class Doorway {
  readonly hook: GatewayProxy["hook"];
  #waiting: HttpExchange[] | null = null;

  /** `hook`: decides on everything while it is open. */
  constructor(hook: GatewayProxy["hook"]) {
    this.hook = (moment, exchange) => {
      if (this.#waiting === null || moment !== "connect") return hook(moment, exchange);
      this.#waiting.push(exchange);
      return "hold";
    };
  }

  shut(): void {
    this.#waiting ??= [];
  }

  /** Lets in who waits. */
  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const exchange of waiting) exchange.release();
  }
}
