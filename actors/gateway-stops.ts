/** The gateway accounts that an operator has taken out of use: asked before anything is written, and before a call is made. */
import type { GatewayName } from "./domain/index.ts";
import type { GatewayLine } from "./ports/gateway.ts";

/** `account` null: every account at the gateway. */
export interface GatewayStop {
  readonly gateway: GatewayName;
  readonly account: string | null;
}

/** Nothing is known of when it ends: so long a client is asked to wait. */
export const STOPPED_FOR_MS = 30_000;

export class GatewayStops {
  readonly #accounts = new Map<GatewayName, Set<string | null>>();

  /** They take the place of those before. */
  set(stops: readonly GatewayStop[]): void {
    this.#accounts.clear();
    for (const { gateway, account } of stops)
      this.#accounts.set(gateway, (this.#accounts.get(gateway) ?? new Set<string | null>()).add(account));
  }

  has(gateway: GatewayName, account: string): boolean {
    if (this.#accounts.size === 0) return false; // asked several times in every payment
    const stopped = this.#accounts.get(gateway);
    return stopped !== undefined && (stopped.has(null) || stopped.has(account));
  }

  /** A void only gives back: it goes on. */
  refuses({ gateway, account, kind }: GatewayLine): boolean {
    return kind !== "void" && this.has(gateway, account);
  }
}
