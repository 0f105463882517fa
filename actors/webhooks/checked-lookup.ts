/**
 * The look-up of a socket: a name is resolved once, all its addresses are judged, and the socket gets exactly those that
 * were judged. Nothing resolves again between check and use, so a name that changes its address gains nothing.
 */
import { Resolver } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { type EndpointRules, isAllowedAddress, isLoopbackName } from "./endpoint-url.ts";
import type { WebhookFault, WebhookOutcome } from "./webhook-outcome.ts";

/** All addresses of a name, IPv4 first; empty or a rejection: it has none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

type Refusal = Extract<WebhookOutcome, { kind: "refused" }>["reason"];

/** Why a socket was not opened. It travels through undici, which hands on what the look-up raised. */
export class LookupError extends Error {
  readonly reason: Extract<Refusal, "address_not_allowed"> | Extract<WebhookFault, "name_not_resolved">;
  constructor(reason: LookupError["reason"]) {
    super(reason);
    this.name = "LookupError";
    this.reason = reason;
  }
}

/** Sockets try a handful of addresses within their time; all are judged nevertheless. */
const ADDRESSES_MAX = 8;
const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];
/** One repetition, twice as long: 3 s in all, within the time to connect. */
const QUERY_TIMEOUT_MS = 1_000;
const QUERY_TRIES = 2;

/** For `connect.lookup`. One address that is not allowed refuses the name: who mixes them is up to something. */
export function createCheckedLookup(rules: EndpointRules, resolve: ResolveName): LookupFunction {
  return (name, options, callback) => {
    const refuse = (reason: LookupError["reason"]): void => callback(new LookupError(reason), []);
    const answer = (addresses: readonly string[]): void => {
      if (addresses.length === 0) return refuse("name_not_resolved");
      if (!addresses.every((one) => isAllowedAddress(one, rules))) return refuse("address_not_allowed");
      const found = addresses.slice(0, ADDRESSES_MAX).map((address) => ({ address, family: familyOf(address) }));
      const [first] = found as [(typeof found)[0]];
      if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    };
    if (rules.allowLoopback && isLoopbackName(name)) return answer(LOOPBACK);
    resolve(name).then(answer, () => refuse("name_not_resolved"));
  };
}

/**
 * Asks the name servers directly. Not `dns.lookup`: that holds one of the process's four pool threads for as long as a
 * merchant's slow name server likes, and it knows search lists and a hosts file that merchants have no business with.
 */
export function createNameResolver(): ResolveName {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES });
  return async (name) => {
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  };
}

const familyOf = (address: string): 4 | 6 => (address.includes(":") ? 6 : 4);
