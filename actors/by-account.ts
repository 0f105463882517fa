/** Something of each gateway account, found without making a key: it is asked several times in every payment. */
import type { GatewayName } from "./domain/index.ts";

export class ByAccount<T> {
  readonly #byGateway = new Map<GatewayName, Map<string, T>>();

  get(gateway: GatewayName, account: string): T | undefined {
    return this.#byGateway.get(gateway)?.get(account);
  }

  getOrMake(gateway: GatewayName, account: string, make: () => T): T {
    let accounts = this.#byGateway.get(gateway);
    if (accounts === undefined) this.#byGateway.set(gateway, (accounts = new Map()));
    let found = accounts.get(account);
    if (found === undefined) accounts.set(account, (found = make()));
    return found;
  }

  delete(gateway: GatewayName, account: string): void {
    this.#byGateway.get(gateway)?.delete(account);
  }

  *entries(): Iterable<readonly [GatewayName, account: string, T]> {
    for (const [gateway, accounts] of this.#byGateway)
      for (const [account, item] of accounts) yield [gateway, account, item];
  }
}
