/** What each gateway can do, as data for the resolver (gateways.md §3.3). No SDK is loaded to read it. */
import type { GatewayName } from "../domain/index.ts";
import type { GatewayCapabilities } from "../ports/gateway.ts";
import { toGatewayUnits } from "./amounts.ts";

const takesBy =
  (gateway: GatewayName) =>
  (currency: string, amountMinor: bigint): boolean =>
    toGatewayUnits(gateway, currency, amountMinor) !== undefined;

const HOUR_MS = 3_600_000;

export const GATEWAY_CAPABILITIES: Readonly<Record<GatewayName, GatewayCapabilities>> = {
  stripe: {
    name: "stripe",
    takes: takesBy("stripe"),
    queryById: true,
    queryByMerchantRef: false, // its search is behind by a minute, in an outage by an hour: never used for a decision
    cancelByMerchantRef: false,
    twoStepCharge: true,
    replayReturnsStored5xx: true,
    keyTtlMs: 23 * HOUR_MS, // documented: at least 24 h
    keyScope: "account",
  },
  adyen: {
    name: "adyen",
    takes: takesBy("adyen"),
    queryById: false,
    queryByMerchantRef: false,
    cancelByMerchantRef: true,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
    keyTtlMs: (7 * 24 - 1) * HOUR_MS, // documented: at least 7 days; an older text says 31
    keyScope: "account and region",
  },
  "fixed-latency": {
    name: "fixed-latency",
    takes: takesBy("fixed-latency"),
    queryById: true,
    queryByMerchantRef: true,
    cancelByMerchantRef: true,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
    keyTtlMs: Number.POSITIVE_INFINITY,
    keyScope: "process",
  },
};
