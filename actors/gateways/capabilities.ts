/** What each gateway can do, as data for the resolver (gateways.md §3.3). No SDK is loaded to read it. */
import type { GatewayName } from "../domain/index.ts";
import type { GatewayCapabilities } from "../ports.ts";

const HOUR_MS = 3_600_000;

export const GATEWAY_CAPABILITIES: Readonly<Record<GatewayName, GatewayCapabilities>> = {
  stripe: {
    name: "stripe",
    queryById: true,
    twoStepCharge: true,
    replayReturnsStored5xx: true,
    cancelByMerchantReference: false,
    keyTtlMs: 23 * HOUR_MS, // documented: at least 24 h; a replay on the edge could execute anew
  },
  adyen: {
    name: "adyen",
    queryById: false,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
    cancelByMerchantReference: true,
    keyTtlMs: (7 * 24 - 1) * HOUR_MS, // documented: at least 7 days
  },
  "fixed-latency": {
    name: "fixed-latency",
    queryById: true,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
    cancelByMerchantReference: true,
    keyTtlMs: Number.MAX_SAFE_INTEGER,
  },
};
