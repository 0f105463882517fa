/** What each gateway can do, as data for the resolver (gateways.md §3.3). No SDK is loaded to read it. */
import type { GatewayName } from "../domain/index.ts";
import type { GatewayCapabilities } from "../ports/gateway.ts";

export const GATEWAY_CAPABILITIES: Readonly<Record<GatewayName, GatewayCapabilities>> = {
  stripe: {
    name: "stripe",
    queryById: true,
    twoStepCharge: true,
    replayReturnsStored5xx: true,
  },
  adyen: {
    name: "adyen",
    queryById: false,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
  },
  "fixed-latency": {
    name: "fixed-latency",
    queryById: true,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
  },
};
