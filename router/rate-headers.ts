/**
 * The state of a merchant's quota as headers, by draft-ietf-httpapi-ratelimit-headers-11 (May 2026): the draft may change
 * before it is a standard. One policy, `merchant`: requests of any kind in any one second.
 */
import type { RateState } from "../actors/index.ts";

/** Tiers are few; who invents thousands of them gets a text made for each answer. */
const POLICIES_MAX = 1_000;
const POLICIES = new Map<number, string>();

/** Value of RateLimit-Policy: the quota and its window of a second. */
export function ratePolicyOf(limit: number): string {
  const known = POLICIES.get(limit);
  if (known !== undefined) return known;
  const policy = `"merchant";q=${limit};w=1`;
  if (POLICIES.size < POLICIES_MAX) POLICIES.set(limit, policy);
  return policy;
}

/** Value of RateLimit: what is left, and in how many seconds there is more. `retryAfterS`: agrees with it where it is told. */
export const rateOf = (rate: RateState, retryAfterS: number | null): string =>
  `"merchant";r=${rate.remaining};t=${rate.remaining === 0 && retryAfterS !== null ? retryAfterS : secondsUntilReset(rate)}`;

/** Whole seconds until another request is allowed, at least one. */
export const secondsUntilReset = (rate: RateState | null): number =>
  rate === null ? 1 : Math.max(1, Math.ceil(rate.resetMs / 1_000));
